"""From the lock to the ledger: how whatever writes to an environment goes about it.

What a run before left under way is heeded, the plan is made and insisted on, then it is carried
out and remembered. Who has it done is told, shown and asked through `Audience`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from remediate.gcp.google import Google
from remediate.model.clock import Clock, SystemClock
from remediate.model.errors import PlanRefused, RemediateError
from remediate.model.plan import Plan
from remediate.model.progress import Watcher
from remediate.pipeline.apply import Order, Outcome, apply, settle
from remediate.pipeline.guard import denied
from remediate.pipeline.half_done import HalfDone, Whose
from remediate.pipeline.left_over import await_end, under_way, unfinished
from remediate.stores.ledger import Ledger
from remediate.stores.lock import Lease, beating, lock
from remediate.stores.mirror import Mirrored
from remediate.stores.snapshots import Snapshots
from remediate.stores.store import Store

Carry: TypeAlias = Callable[..., Outcome]
"""As `pipeline.apply.apply`."""


@dataclass(slots=True)
class Site:
    """Where work is done: an environment, its Google, and the store that remembers it.

    Processes hold locks, and live in real time, whatever time it is in a sandbox: `lock_clock` is
    theirs. `pulse` keeps a lease alive, as `stores.lock.beating` does.
    """

    environment: str
    project: str
    google: Google
    store: Store
    watchers: Sequence[Watcher] = ()
    lock_clock: Clock = field(default_factory=SystemClock)
    pulse: Callable[[Lease], AbstractContextManager[None]] = beating

    def new_run(self) -> str:
        """An id that sorts behind all that was done here before."""
        return self.google.chance.ulid(self.google.clock.now(), Snapshots(self.store).newest)

    def ledger(self) -> Ledger:
        return Ledger(self.store, self.environment, self.google.endpoint, self.project)

    @property
    def whose(self) -> Whose:
        """Whose runs may be gone on with here."""
        return Whose(self.environment, self.project, self.google.endpoint)


class Audience(Protocol):
    """Whoever has something done: is told of it, sees the plan, agrees to it, and may stop it."""

    def say(self, sentence: str) -> None:
        """What there is to know meanwhile; "" for nothing."""

    def cut_short(self, half: HalfDone) -> None:
        """What died before, and could be gone on with."""

    def planned(self, plan: Plan) -> None:
        """What all this is about, whatever comes of it."""

    def show(self, plan: Plan) -> None: ...

    def agree(self, plan: Plan) -> None:
        """Raises Declined for a no."""

    def expect(self, steps: int) -> None:
        """So many are about to be taken."""

    def stopping(self) -> AbstractContextManager[threading.Event]:
        """An event that is set once no further step is to begin."""


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


Prepare: TypeAlias = Callable[[Ledger], Prepared]


def undertake(
    site: Site, prepare: Prepare, audience: Audience, run: str = ""
) -> tuple[Plan, Outcome | None]:
    """Under the lock: plan, show, agree, carry out, remember. No outcome: nothing was to be done.

    `run` is one that was begun before, if there is one. Raises Locked where somebody else is at
    work, PlanRefused where a guard stands in the way, and what `prepare` and `carry_out` raise.
    """
    run = run or site.new_run()
    clock, pulse = site.lock_clock, site.pulse
    with lock(site.store, site.environment, run, clock, tell=audience.say, pulse=pulse) as lease:
        audience.say(lease.notice)
        _bring(site, lease, audience)
        if lease.after and run not in lease.after:
            _heed(site, audience)
        ledger = site.ledger()
        made = prepare(ledger)
        audience.planned(made.plan)
        if not made.shown:
            audience.show(made.plan)
        insist_on_guards(made.plan)
        audience.agree(made.plan)
        audience.expect(len(made.plan.steps))
        outcome = None
        with audience.stopping() as stopping:
            if made.carry is not None or not made.plan.is_empty:
                made.begin(run)
                outcome = _carried(made, run, site, ledger, audience, stopping, lease)
            elif made.waits:
                settle(made.order(), site.google, site.watchers, stopping)
        made.remember(ledger)
    return made.plan, outcome


def insist_on_guards(plan: Plan) -> None:
    """Raise PlanRefused, with all that stands in the way of a plan at once."""
    if reasons := denied(plan.objections):
        lines = [f"{one.rule}: {one.message}\n  {one.allow}".rstrip() for one in reasons]
        refused = PlanRefused("\n".join(lines))
        number = "One objection stands" if len(reasons) == 1 else f"{len(reasons)} objections stand"
        refused.brief = f"{number} in the way, as shown above; nothing was changed"
        if not all(one.allow for one in reasons):
            refused.hint = "There is nothing to say that would go on with this. Mend what it names."
        raise refused


def _bring(site: Site, lease: Lease, audience: Audience) -> None:
    """To its bucket, what waits here for it; only who holds the environment may."""
    if isinstance(site.store, Mirrored):
        for sentence in site.store.deliver(site.environment):
            audience.say(sentence)
            lease.check()


def _heed(site: Site, audience: Audience) -> None:
    """Say how to go on with what died before, and wait for what it has left under way.

    That may be a run before the last one, which died before it had begun anything.
    """
    half = unfinished(site.store, site.environment, site.google.endpoint)
    if half is None:
        return
    audience.cut_short(half)
    if open_ := under_way(half):
        audience.say(f"what run {half.run} may have under way at Google is waited for")
        if not await_end(site.google, open_):
            audience.say("nobody here may list operations, so that is not known")


def _carried(
    made: Prepared,
    run: str,
    site: Site,
    ledger: Ledger,
    audience: Audience,
    stopping: threading.Event,
    lease: Lease,
) -> Outcome:
    google, store, carry = site.google, site.store, made.carry or apply
    held = lease.check
    try:
        return carry(made.order(), run, google, store, ledger, site.watchers, stopping, held=held)
    except RemediateError as failed:
        if not made.takes_back:
            raise
        from remediate.pipeline.on_failure import take_back  # only when it failed

        take_back(site, run, ledger, failed, audience, stopping, lease)
