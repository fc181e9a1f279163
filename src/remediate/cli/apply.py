"""`remediate apply`: make live as the YAML says."""

from __future__ import annotations

import sys

import click

from remediate.cli.carrying_out import Prepared, ask, carried_out, show
from remediate.cli.options import (
    NO_QUESTION,
    Settings,
    change_options,
    global_options,
    target_options,
)
from remediate.cli.outputs import output_options, width, write
from remediate.cli.session import Session, choices, loaded, opened
from remediate.model.plan import Plan
from remediate.model.resource import Desired
from remediate.pipeline.apply import Outcome, adopt, insist_on_same, order_of
from remediate.pipeline.choices import Choices
from remediate.pipeline.guard import denied
from remediate.stores.ledger import Ledger


@click.command("apply")
@global_options
@target_options
@change_options
@click.option("-y", "--yes", is_flag=True, help=NO_QUESTION)
@output_options
def command(
    settings: Settings,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    *,
    prune: bool,
    lower_ttl: bool,
    yes: bool,
    **out: object,
) -> int:
    """Plan, take a snapshot, then carry the plan out. Asks first, if a terminal is there to ask."""
    from remediate.report.human import outcome_text  # noqa: PLC0415 - late, for start-up
    from remediate.report.machine import outcome_json  # noqa: PLC0415 - late, for start-up

    desired = loaded(settings)
    about = desired.environment
    chosen = choices(settings, desired, target, exclude, prune=prune, lower_ttl=lower_ttl)
    with opened(settings, about.name, about.project) as session:
        reviewed = None if yes or not sys.stdin.isatty() else review(session, desired, chosen)
        plan, outcome = _applied(session, desired, chosen, reviewed)
    write(
        lambda: outcome_text(outcome, plan, width=width(), typed=settings.command),
        lambda: outcome_json(outcome, plan),
        **out,
    )
    return 0


def review(session: Session, desired: Desired, chosen: Choices) -> Plan:
    """Show the plan and ask; raises Declined for a no."""
    plan, _seen = session.plan(desired, session.ledger(), chosen)
    show(plan)
    if not plan.is_empty and not denied(plan.objections):
        ask("Apply this plan?", "not applied")
    return plan


def _applied(
    session: Session, desired: Desired, chosen: Choices, reviewed: Plan | None
) -> tuple[Plan, Outcome | None]:
    def prepared(ledger: Ledger) -> Prepared:
        plan, seen = session.plan(desired, ledger, chosen)
        if reviewed is not None:
            insist_on_same(reviewed, plan)
        return Prepared(
            plan,
            lambda: order_of("apply", plan, desired, seen),
            lambda known: adopt(plan, desired, seen, known, chosen, session.google.clock.now()),
            shown=reviewed is not None,
            waits=True,
        )

    return carried_out(session, prepared)
