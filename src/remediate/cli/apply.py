"""`remediate apply`: make live as the YAML says."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import click

from remediate.cli.options import (
    NO_QUESTION,
    Settings,
    change_options,
    global_options,
    target_options,
)
from remediate.cli.outputs import colour, output_options, width, write
from remediate.cli.session import Session, choices, loaded, opened
from remediate.cli.signals import first_signal_stops
from remediate.model.errors import Declined, PlanRefused
from remediate.model.plan import Plan
from remediate.model.resource import Desired
from remediate.pipeline.apply import (
    Order,
    Outcome,
    adopt,
    apply,
    insist_on_same,
    order_of,
    settle,
)
from remediate.pipeline.guard import denied
from remediate.pipeline.plan import Choices
from remediate.stores.ledger import Ledger
from remediate.stores.lock import lock


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


def ask(question: str, otherwise: str) -> None:
    """Go on only after a yes; a no is Declined, and Ctrl-C is click's Abort."""
    if not click.confirm(question, err=True):
        raise Declined(f"{otherwise}: nothing was changed")


def show(plan: Plan) -> None:
    """On stderr; where nothing is to be done and nothing stands in the way, the outcome says so."""
    if plan.is_idle and not denied(plan.objections):
        return
    from remediate.report.human import plan_text  # noqa: PLC0415 - late, for start-up

    there = sys.stderr
    there.write(plan_text(plan, width=width(there), colour=colour(there)))


def insist_on_guards(plan: Plan) -> None:
    if reasons := denied(plan.objections):
        lines = [f"{one.rule}: {one.message}\n  {one.allow}".rstrip() for one in reasons]
        refused = PlanRefused("\n".join(lines))
        number = "One objection stands" if len(reasons) == 1 else f"{len(reasons)} objections stand"
        refused.brief = f"{number} in the way, as shown above; nothing was changed"
        if not all(one.allow for one in reasons):
            refused.hint = "There is nothing to say that would go on with this. Mend what it names."
        raise refused


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan with the order that comes of it, and what the ledger has to learn afterwards."""

    plan: Plan
    order: Callable[[], Order]
    settle: Callable[[Ledger], None] = lambda _ledger: None


def carried_out(
    session: Session, prepare: Callable[[Ledger], Prepared], question: str, otherwise: str
) -> tuple[Plan, Outcome | None]:
    """Under the lock: plan, show, ask if there is a question, and carry it out."""
    google, run = session.google, session.new_run()
    with lock(session.store, session.environment, run, google.clock) as lease:
        if lease.notice:
            sys.stderr.write(f"{lease.notice}\n")
        ledger = session.ledger()
        made = prepare(ledger)
        show(made.plan)
        insist_on_guards(made.plan)
        outcome = None
        if not made.plan.is_empty:
            if question:
                ask(question, otherwise)
            session.watcher.expect(len(made.plan.steps))
            with first_signal_stops() as stopping:
                outcome = apply(
                    made.order(), run, google, session.store, ledger, session.watchers, stopping
                )
        made.settle(ledger)
    return made.plan, outcome


def _applied(
    session: Session, desired: Desired, chosen: Choices, reviewed: Plan | None
) -> tuple[Plan, Outcome | None]:
    google, name = session.google, desired.environment.name
    run = session.new_run()
    with lock(session.store, name, run, google.clock) as lease:
        if lease.notice:
            sys.stderr.write(f"{lease.notice}\n")
        ledger = session.ledger()
        plan, seen = session.plan(desired, ledger, chosen)
        if reviewed is None:
            show(plan)
        else:
            insist_on_same(reviewed, plan)
        insist_on_guards(plan)
        outcome, watchers = None, session.watchers
        order = order_of("apply", plan, desired, seen)
        session.watcher.expect(len(plan.steps))
        with first_signal_stops() as stopping:
            if plan.is_empty:
                settle(order, google, watchers, stopping)
            else:
                outcome = apply(order, run, google, session.store, ledger, watchers, stopping)
        adopt(plan, desired, seen, ledger, chosen, google.clock.now())
    return plan, outcome
