"""Six workers, lost requests and answers, long pauses and deaths: no stale write is taken."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gcp_sandbox.chance import Chance
from gcp_sandbox.clock import Clock as SandboxClock
from gcp_sandbox.errors import GoogleError
from gcp_sandbox.storage.section import Storage
from gcp_sandbox.storage.uploads import Upload
from gcp_sandbox.world import Options
from gcp_sandbox.world import World as SandboxWorld
from remediate.gcp.errors import PreconditionFailed, RateLimited
from remediate.gcp.storage import Object, Objects
from remediate.model.errors import RemediateError, Unreachable
from remediate.model.ref import parse_ref
from remediate.stores import journal, ledger, lock
from remediate.stores.actor import Actor
from remediate.stores.bucket import Bucket
from remediate.stores.folder import Folder
from remediate.stores.journal import Journal, Kind
from remediate.stores.ledger import Entry, Ledger
from remediate.stores.lock_break import break_lock
from remediate.stores.store import Store
from tests.stores.histories import Died, Odds, Oracle, Process, Watched, World

WORKERS = 6
OPERATIONS = 10_000
REF = parse_ref("UrlMap/main")


@dataclass(frozen=True)
class Place:
    """A store: `reach` as processes have it, `lock` as it really is."""

    reach: Callable[[Process, Oracle], Store]
    lock: Callable[[], bytes]


class _Time(SandboxClock):
    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def time(self) -> float:
        return 1.8e9 + self._world.now


class Line(Objects):
    """The sandbox's Cloud Storage without sockets, over a process's line to it."""

    def __init__(self, section: Storage, process: Process, oracle: Oracle) -> None:
        self.bucket = "state"
        self._section = section
        self._process = process
        self._oracle = oracle

    def read(self, name: str) -> Object | None:
        found = self._process.ask(lambda: self._section.objects["state"].get(name))
        return Object(found.content, str(found.body["generation"])) if found else None

    def names(self, prefix: str) -> list[str]:
        every = self._process.ask(lambda: sorted(self._section.objects["state"]))
        return [name for name in every if name.startswith(prefix)]

    def write(self, name: str, data: bytes, generation: str) -> str:
        """As `Objects.write`: tried again for a while, and told whether a refusal is `unsure`."""
        run, doubt = self._process.run, False

        def act() -> str:
            upload = Upload({"name": name}, data, {"ifGenerationMatch": generation})
            try:
                body = self._section.write("state", upload)
            except GoogleError as refused:
                self._oracle.refused()
                kind = PreconditionFailed if refused.status == 412 else RateLimited
                raise kind(refused.message, status=refused.status) from None
            self._oracle.taken(run, name, data)
            return str(body["generation"])

        while True:
            try:
                return self._process.ask(act)
            except PreconditionFailed as refused:
                refused.unsure = doubt
                raise
            except RateLimited:
                self._process.sleep(2.0)
            except Unreachable:
                doubt = True  # as far as its sender can know
                if self._process.world.chance.random() < 0.3:
                    raise


def in_a_bucket(world: World) -> Place:
    section = Storage(SandboxWorld(_Time(world), Chance(1), Options()))
    section.create_bucket("p", {"name": "state"})

    def reach(process: Process, oracle: Oracle) -> Store:
        return Bucket(Line(section, process, oracle), "", process)

    return Place(reach, lambda: section.objects["state"]["locks/staging.json"].content)


def in_a_folder(root: Path) -> Callable[[World], Place]:
    def reach(process: Process, oracle: Oracle) -> Store:
        return Watched(Folder(root), process, oracle)

    return lambda _world: Place(reach, (root / "locks/staging.json").read_bytes)


class History:
    """Workers that take the lock, write to their journals and to the ledger, and let go or die."""

    def __init__(self, seed: int, place: Callable[[World], Place], odds: Odds) -> None:
        self.world = World(seed)
        self.oracle = Oracle()
        self.breaks = 0
        self._odds = odds
        self._place = place(self.world)
        self._runs = 0

    def tell(self, operations: int, *, breaking: bool = False) -> Oracle:
        self._most = operations
        for number in range(WORKERS):
            self.world.spawn(lambda number=number: self._live(number))  # type: ignore[misc] # mypy cannot type the default
        if breaking:
            self.world.spawn(self._meddle)
        self.world.run()
        return self.oracle

    @property
    def _goes_on(self) -> bool:
        return self.oracle.operations < self._most

    def _live(self, number: int) -> None:
        while self._goes_on:
            process = Process(self.world, self._odds)
            actor = Actor(f"worker-{number}", "host", number, "/")
            try:
                while self._goes_on:
                    self._work(process, actor)
            except Died:
                self.world.sleep(self.world.chance.uniform(0, 30))

    def _work(self, process: Process, actor: Actor) -> None:
        self._runs += 1
        run = process.run = f"RUN-{self._runs:06}"
        store = self._place.reach(process, self.oracle)
        try:
            with lock.lock(store, "staging", run, process, actor, pulse=process.pulse) as lease:
                if json.loads(self._place.lock())["run"] == run:  # and not broken already
                    self.oracle.acquired(run, notice=lease.notice)
                known, log = Ledger(store, "staging"), Journal(store, run, process)
                log.note(Kind.RUN_BEGUN, environment="staging")
                for step in range(self.world.chance.randrange(1, 12)):
                    log.note(Kind.STEP_BEGUN, step=step)
                    process.pause()
                    lease.check()
                    self._request(run)
                    known.remember(REF, Entry("main", {"step": step, "run": run}))
                    known.save()
                log.note(Kind.RUN_ENDED, outcome="done")
        except RemediateError:
            process.sleep(self.world.chance.uniform(0, 20))

    def _request(self, run: str) -> None:
        """What Google is sent, right after the check: nobody else may have the lock by now."""
        if run != self.oracle.holder and not self.breaks:
            self.oracle.stale.append(f"a request of {run} while {self.oracle.holder} has the lock")

    def _meddle(self) -> None:
        """Somebody who has no patience with locks."""
        process = Process(self.world, self._odds)
        while self._goes_on:
            self.world.sleep(self.world.chance.uniform(0, 60))
            self.breaks += 1
            try:
                store = self._place.reach(process, self.oracle)
                broken = break_lock(store, "staging", process, Actor("eve", "h", 1, "/"), "bored")
                if broken and "released" in json.loads(self._place.lock()):
                    self.oracle.nobody()
            except RemediateError:
                continue
            except Died:
                process = Process(self.world, self._odds)


@pytest.mark.parametrize("seed", range(4))
def test_no_stale_write_is_taken_by_a_bucket(seed: int) -> None:
    told = History(seed, in_a_bucket, Odds()).tell(OPERATIONS // 4)
    assert told.stale == []
    assert told.operations >= OPERATIONS // 4
    assert told.takeovers > 5


@pytest.mark.parametrize("seed", range(4))
def test_no_stale_write_is_taken_by_a_folder(seed: int, quick: Path) -> None:
    told = History(seed, in_a_folder(quick), Odds(late=0)).tell(OPERATIONS // 4)
    assert told.stale == []
    assert told.operations >= OPERATIONS // 4
    assert told.takeovers > 5


@pytest.mark.parametrize("where", ["folder", "bucket"])
def test_nor_where_somebody_breaks_locks_of_the_living(where: str, quick: Path) -> None:
    reach = in_a_folder(quick) if where == "folder" else in_a_bucket
    history = History(5, reach, Odds(late=0))
    assert history.tell(OPERATIONS // 4, breaking=True).stale == []
    assert history.breaks > 5


@pytest.mark.parametrize(
    ("what", "where"),
    [("journal", "bucket"), ("journal", "folder"), ("ledger", "bucket"), ("check", "bucket")],
)
def test_it_is_the_fence_that_keeps_them_out(
    what: str, where: str, quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one of its parts the same histories have stale writes in them."""
    if what == "check":
        monkeypatch.setattr(lock.Lease, "check", lambda _lease: None)
    else:
        monkeypatch.setattr({"journal": journal, "ledger": ledger}[what], "fence", _no_fence)
    found: list[str] = []
    for seed in range(12):
        reach = in_a_folder(quick / str(seed)) if where == "folder" else in_a_bucket
        told = History(seed, reach, Odds(stall=0.03)).tell(1500, breaking=where == "folder")
        found += told.stale
        if found:
            return
    pytest.fail("nobody would notice")


def _no_fence(*_: object, **__: object) -> None:
    pass


@pytest.fixture
def quick(quick_folder: Path) -> Iterator[Path]:
    """Empty, and gone afterwards: histories leave many files."""
    path = quick_folder / "leases"
    yield path
    shutil.rmtree(path, ignore_errors=True)
