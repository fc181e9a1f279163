"""Carry a plan out under the lock: shown, asked for where somebody is there, and remembered."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import click

from remediate.cli.outputs import colour, planned, width
from remediate.cli.session import Session
from remediate.cli.signals import first_signal_stops
from remediate.model.clock import SystemClock
from remediate.model.errors import Declined, PlanRefused
from remediate.model.plan import Plan
from remediate.pipeline.apply import Order, Outcome, apply, settle
from remediate.pipeline.guard import denied
from remediate.report.progress import fitted
from remediate.stores.ledger import Ledger
from remediate.stores.lock import lock

Carry = Callable[..., Outcome]
"""As `pipeline.apply.apply`."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan with the order that comes of it, and what the ledger has to learn afterwards.

    `begin` is told the run, before anything is written. `shown`: it was reviewed already.
    `waits`: where nothing is to be written, what was begun before has to become ready all the same.
    `carry` goes on with a run that was begun before, also where nothing is left to be written.
    """

    plan: Plan
    order: Callable[[], Order]
    remember: Callable[[Ledger], None] = lambda _ledger: None
    begin: Callable[[str], None] = lambda _run: None
    shown: bool = False
    waits: bool = False
    carry: Carry | None = None


def carried_out(
    session: Session,
    prepare: Callable[[Ledger], Prepared],
    question: str = "",
    otherwise: str = "",
    run: str = "",
) -> tuple[Plan, Outcome | None]:
    """Under the lock: plan, show, ask if there is a question, and carry it out.

    `run` is one that was begun before, if there is one.
    """
    google, run = session.google, run or session.new_run()
    # processes hold locks, and live in real time, whatever time it is in a sandbox
    with lock(session.store, session.environment, run, SystemClock(), tell=say) as lease:
        say(lease.notice)
        ledger = session.ledger()
        made = prepare(ledger)
        planned(made.plan)
        if not made.shown:
            show(made.plan)
        insist_on_guards(made.plan)
        outcome, watchers = None, session.watchers
        if question and not made.plan.is_empty:
            ask(question, otherwise)
        session.watcher.expect(len(made.plan.steps))
        with first_signal_stops() as stopping:
            if made.carry is not None or not made.plan.is_empty:
                made.begin(run)
                store, held, carry = session.store, lease.check, made.carry or apply
                outcome = carry(
                    made.order(), run, google, store, ledger, watchers, stopping, held=held
                )
            elif made.waits:
                settle(made.order(), google, watchers, stopping)
        made.remember(ledger)
    back = ("rollback", "--snapshot", outcome.snapshot) if outcome else ()
    planned(made.plan, outcome, session.settings.command(*back) if back else "")
    return made.plan, outcome


def say(sentence: str) -> None:
    """On stderr, broken for its width; nothing for nothing."""
    if sentence:
        sys.stderr.write(fitted(sentence, width(sys.stderr)) + "\n")


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
