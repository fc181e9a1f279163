"""`remediate plan`: what would change, and why it may not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from remediate.cli.options import (
    Asked,
    Settings,
    choice_options,
    global_options,
)
from remediate.cli.outputs import colour, planned, report_options, width, write
from remediate.cli.plan_files import FILE_TO_WRITE, insist_on_plan_file, keep, told
from remediate.cli.session import chosen_by, loaded, opened
from remediate.cli.unfinished import unfinished_note
from remediate.model.plan import Plan
from remediate.pipeline.guard import refused
from remediate.pipeline.this_hour import is_closed


@click.command("plan")
@global_options
@choice_options
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
@FILE_TO_WRITE
@report_options
def command(
    settings: Settings,
    asked: Asked,
    *,
    detailed_exitcode: bool,
    file: Path | None,
) -> int:
    """Compare the YAML with the live side. Reads only; exit 4 if a guard denies."""
    from remediate.report.human import plan_text
    from remediate.report.machine import plan_json

    desired = loaded(settings)
    about = desired.environment
    chosen = chosen_by(settings, desired, asked)
    if file:
        insist_on_plan_file(file, settings.root)
    with opened(settings, about.name, about.project) as session:
        plan, seen = session.plan(desired, session.ledger(), chosen)
        if note := unfinished_note(settings, about.name, session.google, session.store):
            plan = replace(plan, notes=[note, *plan.notes])
        kept = told(file, keep(session, file, plan, seen, desired, chosen)) if file else ""
    following = _following(settings, plan, file)
    planned(plan, following=following)
    write(
        lambda: plan_text(plan, width=width(), colour=colour(), next_command=following, kept=kept),
        lambda: plan_json(plan),
    )
    if refused(plan.objections):
        return 4
    return 2 if detailed_exitcode and not plan.is_empty else 0


def _following(settings: Settings, plan: Plan, file: Path | None) -> str:
    """What to type next: a file holds what was chosen, so it is written anew to choose more."""
    if file and refused(plan.objections):
        return settings.command("plan", "--out", str(file))
    line = settings.applying(str(file)) if file else settings.command("apply")
    return f"{line} --incident TEXT" if is_closed(plan) else line
