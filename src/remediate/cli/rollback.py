"""`remediate rollback`: take live back to a snapshot."""

from __future__ import annotations

import sys

import click

from remediate.cli.afterwards import checks_text
from remediate.cli.carrying_out import carried_out
from remediate.cli.options import NO_QUESTION, Settings, global_options
from remediate.cli.outputs import report_options, width, write
from remediate.cli.session import Session, allowances, opened
from remediate.cli.store import store
from remediate.cli.write_desired import Yaml
from remediate.model.plan import Plan
from remediate.pipeline.apply import Outcome
from remediate.pipeline.history import cut_short
from remediate.pipeline.rollback import OnConflict, to_go_back
from remediate.pipeline.taken_back import restored
from remediate.pipeline.way_back import Way
from remediate.stores.desired_files import environment_folder
from remediate.stores.holds import Holds
from remediate.stores.snapshots import LATEST, Snapshot, Snapshots


@click.command("rollback")
@global_options
@click.option(
    "--snapshot", "wanted", required=True, metavar="ID|latest", help="Where to go back to."
)
@click.option(
    "--on-conflict",
    type=click.Choice(["stop", "skip", "overwrite"]),
    default="stop",
    help="What to do with what somebody else has changed since.",
)
@click.option(
    "--write-desired",
    is_flag=True,
    help="Then print the patch that makes the YAML agree, and nothing else, on stdout.",
)
@click.option("-y", "--yes", is_flag=True, help=NO_QUESTION)
@report_options
def command(
    settings: Settings, wanted: str, on_conflict: OnConflict, *, write_desired: bool, yes: bool
) -> int:
    """Go back to a snapshot, whatever the YAML says. Takes its own snapshot first.

    Shows the plan and asks first, if a terminal is there to ask. A second
    `rollback --snapshot latest` takes the rollback back, or goes on with it if it was cut short.
    """
    from remediate.report.human import outcome_text
    from remediate.report.machine import outcome_json

    found = find(settings, wanted, settings.side)
    snapshot = goal(settings, found) if wanted == LATEST else found
    yaml = Yaml(settings, snapshot.environment) if write_desired else None
    with opened(settings, snapshot.environment, snapshot.project) as session:
        asking = sys.stdin.isatty() and not yes
        plan, outcome = _rolled_back(session, snapshot, on_conflict, yaml, asking=asking)
        if outcome is not None:
            _tell_of_hold(session, outcome)
        text = outcome_text(outcome, plan, verb="rollback", width=width(), typed=settings.command)
        if outcome is not None:
            text += "".join(f"{line}\n" for line in checks_text(plan, settings, width()))
        if yaml is not None:
            sys.stderr.write(text)
            text = yaml.patch(session)
    write(lambda: text, lambda: outcome_json(outcome, plan, verb="rollback"))
    return 0


def find(settings: Settings, wanted: str, side: str | None = None) -> Snapshot:
    """The snapshot by id; `latest` needs to know the environment, by name alone, and the side.

    `side` is whose one by id must be too: `google` or `sandbox`.
    """
    environment = environment_of(settings) if wanted == LATEST else settings.env or ""
    return Snapshots(store(settings)).find(
        wanted, environment, settings.side if wanted == LATEST else side
    )


def environment_of(settings: Settings) -> str:
    """The one that was named, or the only one in `desired/`; without that folder, in the store."""
    if settings.env:
        return settings.env
    if not (settings.root / "desired").is_dir():
        kept, _damaged = Snapshots(store(settings)).readable()
        known = {snapshot.environment for snapshot in kept}
        if len(known) == 1:
            return known.pop()
    return environment_folder(settings.root, None).name


def goal(settings: Settings, latest: Snapshot) -> Snapshot:
    """Where `latest` leads: a rollback that was cut short is gone on with, not taken back."""
    to = cut_short(store(settings), latest)
    if to is None:
        return latest
    sys.stderr.write(
        f"the rollback to {to} (run {latest.run}) was cut short, and goes on;\n"
        f"`{settings.command('rollback', '--snapshot', latest.id)}` would take it back instead\n"
    )
    return Snapshots(store(settings)).load(to)


def _rolled_back(
    session: Session,
    snapshot: Snapshot,
    on_conflict: OnConflict,
    yaml: Yaml | None,
    *,
    asking: bool,
) -> tuple[Plan, Outcome | None]:
    def tell(way: Way, plan: Plan) -> None:
        if yaml is not None:
            yaml.refs = restored(way, plan)

    prepare = to_go_back(session, snapshot, on_conflict, allowances(session.settings), tell)
    return carried_out(session, prepare, "Roll back?" if asking else "", "not rolled back")


def _tell_of_hold(session: Session, outcome: Outcome) -> None:
    """On stderr: stdout may be for a patch."""
    from remediate.report.holds import held_text

    holds = Holds(session.store, session.environment, session.google.endpoint)
    for hold in holds.active(session.google.clock.now()):
        if outcome.snapshot in hold.snapshots:
            release = session.settings.command("hold", "release", hold.id)
            sys.stderr.write(held_text(hold, release, width(sys.stderr)))
