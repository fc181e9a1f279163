"""One run at a time for each environment, and no word of a run that has lost it.

In a folder the claim is a file lock of the kernel's, which ends with the process however it ends:
the next command takes over at once. In a bucket it is a lease: whoever has it renews it, and who
wants it has to see the same generation for the whole life of a lease, by its own clock, before it
takes over. Then it fences off the runs of the one before: they can write to their journals no more,
and so send nothing. A holder stops by itself when it could not renew in time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress

from remediate.model.clock import Clock, rfc3339
from remediate.model.errors import Locked, RemediateError
from remediate.stores import journal, ledger
from remediate.stores.actor import Actor, this_actor
from remediate.stores.claim import Claim, claim_in, key_of
from remediate.stores.store import Hold, Store, Stored

# Seconds. A beat may fail or be late a few times before the holder stops, and it has stopped for a
# while before anybody takes over, so that two clocks need not run at quite the same rate.
HEARTBEAT, SURE, LIFE = 10.0, 45.0, 60.0
_LOOK = 5.0  # between two looks at a lease that stands still
_TELL = Callable[[str], None]


class Lease:
    """A held environment. `notice` says whom it was taken over from, "" if from nobody.

    `after` are the runs of whoever had it before and did not let go of it.
    """

    def __init__(self, store: Store, claim: Claim, clock: Clock, *, exclusive: bool) -> None:
        self.environment, self.run, self.notice = claim.environment, claim.run, ""
        self.after: tuple[str, ...] = ()
        self._store = store
        self._clock = clock
        self._claim = claim
        self._generation: str | None = None
        self._exclusive = exclusive  # then nobody can take over while this process lives
        self._good_until = 0.0
        self._lost = ""
        self._turn = threading.Lock()

    def check(self) -> None:
        """Raise Locked unless it is surely still ours. Asks nobody: cheap, before every request."""
        if not self._lost and not self._exclusive and self._clock.monotonic() >= self._good_until:
            self._lost = f"the lock of {self.environment} could not be renewed for {SURE:.0f} s"
        if self._lost:
            raise Locked(f"{self._lost}; nothing more is sent", hint=_PERHAPS_WRITTEN)

    def renew(self) -> None:
        """Say that we are alive; raises Locked if it is too late."""
        self._write()

    def add(self, run: str) -> None:
        """One more run under this lock, to be fenced off with it. Before its journal begins."""
        self._write(runs=(*self._claim.runs, run))

    def release(self) -> None:
        """Let others in at once; what may yet take effect of ours they fence off first."""
        late = self._claim.runs if self._store.in_doubt else ()
        self._write(released=rfc3339(self._clock.now()), fences=late)

    def acquire(self, generation: str | None) -> bool:
        """Write the claim over what has this generation; False if somebody was quicker."""
        asked = self._clock.monotonic()
        key = key_of(self.environment)
        self._generation = self._store.compare_and_swap(key, self._claim.to_bytes(), generation)
        self._good_until = asked + SURE
        return self._generation is not None

    def fence(self, runs: Sequence[str]) -> None:
        """See to it that none of these runs, nor whoever saved the ledger, writes any more."""
        for run in runs:
            self.check()  # who is overtaken while fencing must not fence off the rightful holder
            actor = self._claim.actor
            journal.fence(self._store, run, self._clock, actor, by=self.run)
        self.check()
        ledger.fence(self._store, self.environment)
        self._write(fences=())

    def _write(self, **more: object) -> None:
        with self._turn:
            if self._lost:
                raise Locked(self._lost)
            asked = self._clock.monotonic()
            claim = self._claim.renewed_at(rfc3339(self._clock.now()), **more)
            key, data = key_of(self.environment), claim.to_bytes()
            swapped = self._store.compare_and_swap(key, data, self._generation)
            if swapped is None:  # perhaps an answer was lost, and what is there is ours
                there = self._insist_on_ours()
                swapped = self._store.compare_and_swap(key, data, there.generation)
            if swapped is None:
                self._insist_on_ours()
                raise Locked(f"the lock of {self.environment} moves under our hands")
            self._claim, self._generation = claim, swapped
            self._good_until = asked + SURE

    def _insist_on_ours(self) -> Stored:
        there = self._store.get(key_of(self.environment))
        claim = claim_in(there)
        if there is None or claim is None or claim.nonce != self._claim.nonce:
            self._lost = f"the lock of {self.environment} was taken away: {_whose(claim)}"
            raise Locked(self._lost)
        return there


_PERHAPS_WRITTEN = (
    "What was sent before stays in the journal. Type the same command again: it waits for whoever "
    "has the lock now, and reads first what is live."
)


def unheld() -> None:
    """In place of `Lease.check`, where nobody else can come in between."""


@contextmanager
def lock(
    store: Store,
    environment: str,
    run: str,
    clock: Clock,
    actor: Actor | None = None,
    tell: _TELL = lambda _sentence: None,
    pulse: Callable[[Lease], AbstractContextManager[None]] | None = None,
) -> Iterator[Lease]:
    """Hold an environment for one run, on the real clock. `tell` hears of what takes long.

    `pulse` renews the lease meanwhile and releases it, as `beating` does. Raises Locked, naming who
    has it and since when, as soon as that one shows that it is alive.
    """
    hold = store.hold(key_of(environment))
    if hold is None:
        raise _locked(environment, claim_in(store.get(key_of(environment))))
    try:
        lease = _acquired(store, environment, run, clock, actor or this_actor(), hold, tell)
        with (pulse or beating)(lease):
            lease.check()
            yield lease
    finally:
        hold.release()


def _acquired(
    store: Store,
    environment: str,
    run: str,
    clock: Clock,
    actor: Actor,
    hold: Hold,
    tell: _TELL,
) -> Lease:
    there = store.get(key_of(environment))
    before = claim_in(there)
    if before and before.is_held and not hold.exclusive:
        there = _outwaited(store, before, there, clock, tell)
        before = claim_in(there)
    to_fence = before.to_fence if before else ()
    now = rfc3339(clock.now())
    claim = Claim(environment, run, actor, now, now, runs=(run,), fences=to_fence)
    lease = Lease(store, claim, clock, exclusive=hold.exclusive)
    if not lease.acquire(there.generation if there else None):
        raise _locked(environment, claim_in(store.get(key_of(environment))))
    if before and to_fence:
        lease.fence(to_fence)
    if before and (before.is_held or before.reason):  # it died, or it was broken
        lease.after = (before.run, *before.runs)
    if before and before.is_held:
        lease.notice = f"run {before.run} ended without releasing {environment}; took over"
    return lease


def _outwaited(
    store: Store, claim: Claim, there: Stored | None, clock: Clock, tell: _TELL
) -> Stored | None:
    """What is there once its holder is out of time; raises Locked when that one is heard of."""
    seen = clock.monotonic()
    tell(f"{claim.environment} is locked: {claim}; seeing for up to {LIFE:.0f} s if it is alive")
    while True:
        clock.sleep(_LOOK)
        asked = clock.monotonic()
        now = store.get(key_of(claim.environment))
        held = claim_in(now)
        if held is None or not held.is_held:
            return now
        if there is None or now is None or now.generation != there.generation:
            raise _locked(claim.environment, held)
        if asked - seen >= LIFE:
            return now


@contextmanager
def beating(lease: Lease) -> Iterator[None]:
    """Renew it in the background; release it at the end, if that can be."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(HEARTBEAT):
            try:
                lease.renew()
            except Locked:
                return
            except RemediateError:
                continue  # the store is away; `check` knows when that is too long

    thread = threading.Thread(target=beat, name=f"lock of {lease.environment}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        with suppress(RemediateError):  # then it runs out by itself
            lease.release()


def _locked(environment: str, claim: Claim | None) -> Locked:
    return Locked(f"{environment} is locked: {_whose(claim)}")


def _whose(claim: Claim | None) -> str:
    if claim is None or (not claim.is_held and not claim.reason):
        return "another process has only just taken it"
    return f"{claim}" if claim.is_held else f"it was broken: {claim.reason}"
