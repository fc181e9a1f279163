"""`remediate drift`: what somebody moved since the last apply, and how to take it over."""

from __future__ import annotations

import os
import sys

import click

from remediate.cli.options import Settings, global_options, target_options
from remediate.cli.outputs import colour, report_options, tell, width, write
from remediate.cli.session import choices, loaded, opened
from remediate.cli.showing import say
from remediate.cli.unfinished import unfinished_note
from remediate.model.resource import Desired
from remediate.pipeline.accepting import accepted
from remediate.pipeline.drift import Drift, Sight, look
from remediate.stores.desired_files import desired_files, environment_folder, rewrite
from remediate.stores.ledger import Ledger
from remediate.stores.read_only import ReadOnly


@click.command("drift")
@global_options
@target_options
@click.option(
    "--accept",
    multiple=True,
    metavar="REF",
    help="Write what is live of `Kind/name` into the YAML; repeatable.",
)
@click.option("-y", "--yes", is_flag=True, help="What is gone live may leave the YAML; do not ask.")
@click.option("--quiet", is_flag=True, help="One line and no more, for cron.")
@report_options
def command(
    settings: Settings,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    accept: tuple[str, ...],
    *,
    yes: bool,
    quiet: bool,
) -> int:
    """Tell what somebody moved on the live side since it was last applied; exit 2 if anything.

    Reads only: its client sends nothing but GET, and nothing is written to the store. What waits
    for an apply is no drift. Where nothing was applied yet, the two cannot be told apart: exit 1
    if anything differs. With --accept nothing but files below `desired/` is written, and only if
    they then say what is live.
    """
    from remediate.report.drift import (
        drift_json,
        drift_line,
        drift_remarks,
        drift_text,
    )

    desired = loaded(settings)
    about = desired.environment
    chosen = choices(settings, desired, target, exclude)
    with opened(settings, about.name, about.project) as session:
        kept, endpoint = ReadOnly(session.store), session.google.endpoint
        ledger = Ledger(kept, about.name, endpoint, about.project)
        reader, watchers = session.google.reader(), [] if quiet else session.watchers
        sight = look(reader, desired, ledger, chosen, watchers, again=bool(accept))
        if accept:
            return _accept(settings, desired, sight, accept, yes=yes)
        found, _ = sight.compared()
        if not quiet:
            say(unfinished_note(settings, about.name, session.google, kept))
    tell(
        environment=about.name,
        headline=drift_line(found),
        said=drift_remarks(found),
        facts={"drifted": str(bool(found.moved)).lower()},
    )
    write(
        lambda: (
            f"{drift_line(found)}\n"
            if quiet
            else drift_text(found, width=width(), colour=colour(), typed=settings.command)
        ),
        lambda: drift_json(found),
    )
    return _exit_code(found)


def _exit_code(found: Drift) -> int:
    if not found.is_known:
        return 1 if found.pending else 0
    return 2 if found.moved else 0


def _accept(
    settings: Settings, desired: Desired, sight: Sight, names: tuple[str, ...], *, yes: bool
) -> int:
    from remediate.report.drift import accepted_json, accepted_text

    def confirmed(question: str) -> bool:
        return yes or (sys.stdin.isatty() and click.confirm(question, err=True))

    root = settings.root
    files = desired_files(environment_folder(root, desired.environment.name), root, [])
    back = accepted(names, sight, files, os.environ, confirmed)
    rewrite(root, back.before, back.after)
    write(lambda: accepted_text(back, width()), lambda: accepted_json(back))
    return 0
