"""Carry a plan out under the lock: shown, asked for where somebody is there, and remembered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from remediate.cli.outputs import planned
from remediate.cli.session import Session
from remediate.cli.showing import ask, insist_on_guards, say, show
from remediate.cli.signals import first_signal_stops
from remediate.cli.store import bring
from remediate.model.clock import SystemClock
from remediate.model.errors import RemediateError
from remediate.model.plan import Plan
from remediate.pipeline.apply import Order, Outcome, apply, settle
from remediate.pipeline.left_over import await_end, under_way, unfinished, way_on
from remediate.pipeline.undoing import answers_to_undo
from remediate.stores.ledger import Ledger
from remediate.stores.lock import Lease, lock

Carry = Callable[..., Outcome]
"""As `pipeline.apply.apply`."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan with the order that comes of it, and what the ledger has to learn afterwards.

    `begin` is told the run, before anything is written. `shown`: it was reviewed already.
    `waits`: where nothing is to be written, what was begun before has to become ready all the same.
    `carry` goes on with a run that was begun before, also where nothing is left to be written.
    `takes_back`: where it fails after something was written, that is rolled back at once.
    """

    plan: Plan
    order: Callable[[], Order]
    remember: Callable[[Ledger], None] = lambda _ledger: None
    begin: Callable[[str], None] = lambda _run: None
    shown: bool = False
    waits: bool = False
    carry: Carry | None = None
    takes_back: bool = False


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
        bring(session.store, session.environment, lease.check)
        if lease.after and run not in lease.after:
            _heed(session)
        ledger = session.ledger()
        made = prepare(ledger)
        planned(made.plan)
        if not made.shown:
            show(made.plan)
        insist_on_guards(made.plan)
        outcome = None
        if question and not made.plan.is_empty:
            ask(question, otherwise)
        session.watcher.expect(len(made.plan.steps))
        with first_signal_stops() as stopping:
            if made.carry is not None or not made.plan.is_empty:
                made.begin(run)
                outcome = _carried(made, run, session, ledger, stopping, lease)
            elif made.waits:
                settle(made.order(), google, session.watchers, stopping)
        made.remember(ledger)
    answers, _more = answers_to_undo(made.plan.steps)
    back = ("rollback", "--snapshot", outcome.snapshot, *answers) if outcome else ()
    planned(made.plan, outcome, session.settings.command(*back) if back else "")
    return made.plan, outcome


def _heed(session: Session) -> None:
    """Say how to go on with what died before, and wait for what it has left under way.

    That may be a run before the last one, which died before it had begun anything.
    """
    half = unfinished(session.store, session.environment, session.google.endpoint)
    if half is None:
        return
    if session.settings.own.verb == "apply" and (words := way_on(half)):
        line = session.settings.command(*words)
        say(f"run {half.run} was cut short: `{line}` goes on with it; this apply plans anew")
    if open_ := under_way(half):
        say(f"what run {half.run} may have under way at Google is waited for")
        if not await_end(session.google, open_):
            say("nobody here may list operations, so that is not known")


def _carried(
    made: Prepared,
    run: str,
    session: Session,
    ledger: Ledger,
    stopping: threading.Event,
    lease: Lease,
) -> Outcome:
    google, store, carry = session.google, session.store, made.carry or apply
    held = lease.check
    try:
        return carry(
            made.order(), run, google, store, ledger, session.watchers, stopping, held=held
        )
    except RemediateError as failed:
        if not made.takes_back:
            raise
        from remediate.cli.taking_back import take_back  # noqa: PLC0415 - only when it failed

        take_back(session, run, ledger, failed, stopping, lease)
