"""`remediate gc`: delete what was set aside, once its retention is over."""

from __future__ import annotations

import sys

import click

from remediate.cli.carrying_out import carried_out
from remediate.cli.consent import consent_options
from remediate.cli.options import NO_QUESTION, Settings, global_options, target_options
from remediate.cli.outputs import colour, planned, report_options, width, write
from remediate.cli.session import choices, loaded, opened
from remediate.kinds.documents.lifecycle import duration
from remediate.model.plan import Plan
from remediate.pipeline.guard import denied


def _seconds(_context: click.Context, _option: click.Parameter, said: str | None) -> float | None:
    try:
        return None if said is None else duration(said)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command("gc")
@global_options
@target_options
@consent_options
@click.option(
    "--retention",
    metavar="7d",
    callback=_seconds,
    help="Only what was set aside so long ago; the Environment's, or 7 days, if not said.",
)
@click.option("--dry-run", is_flag=True, help="Only show the plan.")
@click.option("--detailed-exitcode", is_flag=True, help="With --dry-run: exit 2 if anything goes.")
@click.option("-y", "--yes", is_flag=True, help=NO_QUESTION)
@report_options
def command(
    settings: Settings,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    retention: float | None,
    *,
    dry_run: bool,
    detailed_exitcode: bool,
    yes: bool,
) -> int:
    """Delete what was set aside, once its retention is over, and nothing else.

    Shows the plan and asks first, if a terminal is there to ask. What is in use again, declared
    again, or not as it was when it was set aside, stays, and is named. A snapshot is taken first,
    as ever.
    """
    from remediate.report.human import outcome_text
    from remediate.report.machine import outcome_json

    desired = loaded(settings)
    about = desired.environment
    chosen = choices(settings, desired, target, exclude)
    with opened(settings, about.name, about.project) as session:
        if dry_run:
            ledger = session.ledger()
            plan = session.sweep(desired, ledger, chosen, retention, writes=False).plan
            _show(plan, settings.command("gc"))
            if denied(plan.objections):
                return 4
            return 2 if detailed_exitcode and not plan.is_empty else 0
        asking = sys.stdin.isatty() and not yes
        plan, outcome = carried_out(
            session,
            lambda ledger: session.sweep(desired, ledger, chosen, retention).prepared(),
            "Delete these?" if asking else "",
            "not deleted",
        )
    write(
        lambda: outcome_text(outcome, plan, verb="gc", width=width(), typed=settings.command),
        lambda: outcome_json(outcome, plan, verb="gc"),
    )
    return 0


def _show(plan: Plan, following: str) -> None:
    from remediate.report.human import plan_text
    from remediate.report.machine import plan_json

    planned(plan, following=following)
    write(
        lambda: plan_text(plan, width=width(), colour=colour(), next_command=following),
        lambda: plan_json(plan),
    )
