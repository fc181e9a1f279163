"""`remediate apply`: make live as the YAML says."""

from __future__ import annotations

import sys

import click

from remediate.cli.carrying_out import carried_out
from remediate.cli.gating import gate_options, gated
from remediate.cli.options import (
    NO_QUESTION,
    Asked,
    Settings,
    choice_options,
    global_options,
)
from remediate.cli.outputs import report_options, width, write
from remediate.cli.plan_files import Reviewed, as_shown, review_options
from remediate.cli.resuming import gone_on_with, insist_on_nothing_else, resume_options
from remediate.cli.session import Session, chosen_by, loaded, opened
from remediate.cli.showing import ask, say, show
from remediate.cli.unfinished import unfinished_note
from remediate.model.plan import Plan
from remediate.model.resource import Desired
from remediate.pipeline.apply import Outcome
from remediate.pipeline.choices import Choices
from remediate.pipeline.guard import denied
from remediate.pipeline.observe import Observed
from remediate.pipeline.preparing import to_apply
from remediate.stores.ledger import Ledger


@click.command("apply")
@global_options
@choice_options
@click.option("-y", "--yes", is_flag=True, help=NO_QUESTION)
@review_options
@resume_options
@gate_options
@report_options
def command(
    settings: Settings,
    asked: Asked,
    before: Reviewed | None,
    *,
    resume: str | None,
    on_failure: str | None,
    yes: bool,
) -> int:
    """Plan, take a snapshot, then carry the plan out. Asks first, if a terminal is there to ask."""
    from remediate.report.human import outcome_text
    from remediate.report.machine import outcome_json

    desired = loaded(settings)
    about = desired.environment
    if resume is not None:
        insist_on_nothing_else(asked, reviewed=before is not None)
        return gone_on_with(settings, desired, resume, on_failure, yes=yes)
    chosen = chosen_by(settings, desired, asked)
    back = (on_failure or about.on_failure) == "rollback"
    with opened(settings, about.name, about.project) as session:
        if before is not None:
            with before.again_with_its_choices():
                before.insist(session, desired)
        elif sys.stdin.isatty() and not yes:
            before = review(session, desired, chosen)
        plan, outcome = _applied(session, desired, chosen, before, back=back)
    write(
        lambda: outcome_text(outcome, plan, width=width(), typed=settings.command),
        lambda: outcome_json(outcome, plan),
    )
    return 0


def review(session: Session, desired: Desired, chosen: Choices) -> Reviewed:
    """Show the plan and ask; raises Declined for a no."""
    plan, _seen = session.plan(desired, session.ledger(), chosen)
    show(plan)
    say(unfinished_note(session.settings, session.environment, session.google, session.store))
    if not plan.is_empty and not denied(plan.objections):
        ask("Apply this plan?", "not applied")
    return Reviewed(plan.digest, as_shown(plan), was_shown=True)


def _applied(
    session: Session, desired: Desired, chosen: Choices, reviewed: Reviewed | None, *, back: bool
) -> tuple[Plan, Outcome | None]:
    def planned(ledger: Ledger) -> tuple[Plan, Observed, Choices]:
        if reviewed is None:
            return *session.plan(desired, ledger, chosen), chosen
        with reviewed.again_with_its_choices():
            return reviewed.planned(session, desired, ledger, chosen)

    def begin(run: str) -> None:
        if reviewed is not None:
            reviewed.begin(session, run)

    shown = reviewed is not None and reviewed.was_shown
    prepare = to_apply(session, desired, planned, begin, shown=shown, takes_back=back)
    return carried_out(session, gated(prepare, desired))
