"""Six workers on one store, on a line that fails them: one seed, one history.

Every worker is a thread, but only one runs at a time: whoever waits says until when, and the next
in time goes on. So pauses cost nothing, and a history is the same whenever it is told.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from remediate.model.errors import Locked, RemediateError, Unreachable
from remediate.stores.lock import HEARTBEAT, Lease
from remediate.stores.store import Hold, Store, Stored

T = TypeVar("T")
START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
LONG = 200.0  # seconds: longer than any lease


class Died(BaseException):
    """The process is gone; nothing of it runs any more."""


@dataclass
class _Task:
    wake: float
    gate: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


class World:
    """Time, and who goes on next."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = 0.0
        self.failed: list[BaseException] = []
        self._tasks: list[_Task] = []
        self._here = threading.local()
        self._turn = threading.Semaphore(0)

    def spawn(self, work: Callable[[], object], after: float = 0.0) -> None:
        task = _Task(self.now + after)

        def life() -> None:
            self._here.task = task
            task.gate.acquire()
            try:
                work()
            except Died:
                pass
            except BaseException as error:  # noqa: BLE001 - told to whoever runs the history
                self.failed.append(error)
            self._tasks.remove(task)
            self._turn.release()

        self._tasks.append(task)
        threading.Thread(target=life, daemon=True).start()

    def sleep(self, seconds: float) -> None:
        task: _Task = self._here.task
        task.wake = self.now + seconds
        self._turn.release()
        task.gate.acquire()

    def run(self) -> None:
        while self._tasks:
            following = min(self._tasks, key=lambda task: task.wake)
            self.now = max(self.now, following.wake)
            following.gate.release()
            self._turn.acquire()
            if self.failed:
                raise self.failed[0]


@dataclass(frozen=True)
class Odds:
    """How often a request meets what."""

    lost: float = 0.03  # without an effect
    unanswered: float = 0.03
    late: float = 0.01  # it takes effect long after its sender has given up
    stall: float = 0.01  # the process stands still for longer than a lease
    death: float = 0.005


CALM = Odds(0, 0, 0, 0, 0)


class Process:
    """One worker's life: its clocks, its line to the store, and its end."""

    def __init__(self, world: World, odds: Odds) -> None:
        self.world = world
        self.odds = odds
        self.run = ""
        self._dead = False
        self._stalled = 0.0
        self._rate = 1 + world.chance.uniform(-0.01, 0.01)  # two clocks never agree
        self._ahead = timedelta(seconds=world.chance.uniform(-1e6, 1e6))

    def now(self) -> datetime:
        return START + self._ahead + timedelta(seconds=self.world.now)

    def monotonic(self) -> float:
        return self.world.now * self._rate

    def sleep(self, seconds: float) -> None:
        """At least this long; a process that stands still does not wake before it goes on."""
        self.world.sleep(max(seconds / self._rate, self._stalled - self.world.now))
        if self._dead:
            raise Died

    def pause(self) -> None:
        """What happens between any two things that a process does."""
        chance, odds = self.world.chance, self.odds
        if chance.random() < odds.stall:
            self._stalled = self.world.now + chance.uniform(0, LONG)
        self.sleep(chance.uniform(0.001, 0.2))

    def ask(self, act: Callable[[], T]) -> T:
        """Send a request, which may be lost, go unanswered, come late, or be the last."""
        chance, odds = self.world.chance, self.odds
        self.pause()
        if chance.random() < odds.death:
            self._dead = True
            if chance.random() < 0.5:
                raise Died
            act()
            raise Died
        if chance.random() < odds.lost:
            raise _unheard("lost")
        if chance.random() < odds.late:
            self.world.spawn(_quietly(act), chance.uniform(0, LONG))
            raise _unheard("late")
        result = act()
        if chance.random() < 0.3:
            self.pause()
        if chance.random() < odds.unanswered:
            raise _unheard("unanswered")
        return result

    @contextmanager
    def pulse(self, lease: Lease) -> Iterator[None]:
        """`beating`, in this world's time."""
        on, busy = True, False

        def beat() -> None:
            nonlocal busy
            while on:
                self.sleep(HEARTBEAT)
                if not on:
                    return
                busy = True
                try:
                    lease.renew()
                except Locked:
                    return
                except RemediateError:
                    continue
                finally:
                    busy = False

        self.world.spawn(beat)
        try:
            yield
        finally:
            on = False
            while busy and not self._dead:
                self.sleep(0.1)
            if not self._dead:
                with suppress(RemediateError):
                    lease.release()


def _unheard(what: str) -> Unreachable:
    error = Unreachable(what)
    error.unsure = True
    return error


def _quietly(act: Callable[[], object]) -> Callable[[], None]:
    def done() -> None:
        with suppress(RemediateError):
            act()

    return done


class Oracle:
    """Sees what the store takes, in the order in which it takes it."""

    def __init__(self) -> None:
        self.holder = ""  # the last run that had the lock
        self.operations = 0
        self.stale: list[str] = []
        self.takeovers = 0

    def acquired(self, run: str, *, notice: str) -> None:
        self.holder = run
        self.takeovers += bool(notice)

    def nobody(self) -> None:
        self.holder = ""

    def taken(self, run: str, key: str, data: bytes) -> None:
        """A write of this run's was taken: it had better be the last that had the lock."""
        self.operations += 1
        if key.startswith("locks/") or json.loads(data).get("fenced"):
            return
        if key.startswith("runs/"):
            if json.loads(data)["kind"] == "run-fenced":
                return
            run = key.split("/")[1]
        if run != self.holder:
            self.stale.append(f"{key} by {run} while {self.holder} has the lock")

    def refused(self) -> None:
        self.operations += 1


class Watched:
    """A store as one process reaches it, and as the oracle sees it."""

    def __init__(self, store: Store, process: Process, oracle: Oracle) -> None:
        self._store = store
        self.in_doubt = False
        self._process = process
        self._oracle = oracle

    def create(self, key: str, data: bytes) -> bool:
        run = self._process.run

        def act() -> bool:
            created = self._store.create(key, data)
            self._oracle.taken(run, key, data) if created else self._oracle.refused()
            return created

        return self._process.ask(act)

    def get(self, key: str) -> Stored | None:
        return self._process.ask(lambda: self._store.get(key))

    def compare_and_swap(self, key: str, data: bytes, generation: str | None) -> str | None:
        run = self._process.run

        def act() -> str | None:
            swapped = self._store.compare_and_swap(key, data, generation)
            self._oracle.taken(run, key, data) if swapped else self._oracle.refused()
            return swapped

        return self._process.ask(act)

    def list(self, prefix: str) -> list[str]:
        return self._process.ask(lambda: self._store.list(prefix))

    def hold(self, key: str) -> Hold | None:
        return self._store.hold(key)

    def evict(self, key: str) -> None:
        self._store.evict(key)
