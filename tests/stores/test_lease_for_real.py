"""The same in real time: threads at the sandbox's sockets, processes stopped and killed.

What is checked holds whatever the machine is busy with: times are only compared where one thing
surely came after another.
"""

from __future__ import annotations

import bisect
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from remediate.gcp.connection import Wire
from remediate.gcp.retry import Patience
from remediate.gcp.sandbox import Sandbox
from remediate.gcp.session import sandbox_session
from remediate.gcp.storage import Objects
from remediate.model.chance import Chance
from remediate.model.clock import SystemClock
from remediate.model.errors import RemediateError
from remediate.model.ref import parse_ref
from remediate.stores import journal, lock
from remediate.stores.actor import Actor
from remediate.stores.bucket import Bucket
from remediate.stores.folder import Folder
from remediate.stores.journal import Journal, Kind
from remediate.stores.ledger import Entry, Ledger
from remediate.stores.lock_break import break_lock
from tests.stores.buckets import NAME, Cloud

WORKERS = 6
OPERATIONS = int(os.environ.get("REMEDIATE_LEASE_OPERATIONS", "1500"))  # each some 3 ms
RECORDS = 10_000
REF = parse_ref("UrlMap/main")
CLOCK = SystemClock()
ME = Actor("ada", "desk", 42, "/")


class Died(BaseException):
    """This worker does nothing any more."""


class Register:
    """When who had the lock, and when what was sent that was then taken."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._turn = threading.Lock()
        self.acquired: list[tuple[float, str]] = []
        self.taken: list[tuple[float, str, str]] = []
        self.asked = 0
        self.takeovers = 0

    @property
    def goes_on(self) -> bool:
        return self.asked < self._most

    def note_acquired(self, run: str, notice: str) -> None:
        with self._turn:
            self.acquired.append((CLOCK.monotonic(), run))
            self.takeovers += bool(notice)

    def note(self, sent: float, run: str, name: str, *, taken: bool) -> None:
        with self._turn:
            self.asked += 1
            if taken:
                self.taken.append((sent, run, name))

    def stale(self) -> list[str]:
        """What was sent when somebody who came later had the lock already, and was taken."""
        order = {run: at for at, (_, run) in enumerate(self.acquired)}
        times = [moment for moment, _ in self.acquired]
        found = []
        for sent, run, name in self.taken:
            by_then = bisect.bisect_left(times, sent) - 1
            if run not in order or by_then > order[run]:
                found.append(f"{name} by {run}")
        return found


class Line(requests.Session):
    """A worker's line: it loses requests and answers, delivers late, stands still and goes dead."""

    def __init__(self, register: Register, seed: int) -> None:
        super().__init__()
        self.trust_env = False
        self.run = ""
        self._register = register
        self._chance = random.Random(seed)
        self._still = 0.0
        self._dead = False

    def stand_still(self) -> None:
        """As a process does that is stopped: its heartbeat too."""
        self._still = CLOCK.monotonic() + self._chance.uniform(0, 3 * lock.LIFE)

    def request(self, method: str, url: str, **more: Any) -> requests.Response:  # type: ignore[override] # as it is called here
        if (rest := self._still - CLOCK.monotonic()) > 0:
            CLOCK.sleep(rest)
        fate = self._chance.random()
        if self._dead or fate < 0.002:
            self._dead = True
            raise Died
        if fate < 0.02:
            raise requests.ConnectionError("lost")
        if fate < 0.025 and method == "POST":
            threading.Timer(lock.LIFE, self._late, (self.run, method, url, more)).start()
            raise requests.ConnectionError("late")
        answer = self._sent(self.run, method, url, more)
        if fate < 0.04:
            raise requests.ConnectionError("unanswered")
        return answer

    def _late(self, run: str, method: str, url: str, more: dict[str, Any]) -> None:
        self._sent(run, method, url, more)

    def _sent(self, run: str, method: str, url: str, more: dict[str, Any]) -> requests.Response:
        moment = CLOCK.monotonic()
        answer = super().request(method, url, **more)
        if "/upload/" in url:
            name = parse_qs(urlsplit(url).query)["name"][0]
            content = json.loads(more["data"])
            ours = name.startswith("locks/") or content.get("fenced")
            if not ours and content.get("kind") != Kind.RUN_FENCED:
                run = name.split("/")[1] if name.startswith("runs/") else run
                self._register.note(moment, run, name, taken=answer.ok)
        return answer


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases a hundred times shorter."""
    for name, seconds in (("HEARTBEAT", 0.1), ("SURE", 0.45), ("LIFE", 0.6), ("_LOOK", 0.05)):
        monkeypatch.setattr(lock, name, seconds)


def work(url: str, number: int, register: Register) -> None:
    """Take the lock, write, let go; again, with a new line where the last one died."""
    life = 0
    while register.goes_on:
        life += 1
        line = Line(register, number * 1000 + life)
        pace = Sandbox(sandbox_session(), url).clock()
        wire = Wire(line, pace, Patience(pace, Chance(number), each=8.0))
        bucket = Bucket(Objects(wire, NAME, url), "", pace)
        try:
            for attempt in range(10_000):
                if not register.goes_on:
                    return
                line.run = f"RUN-{number}-{life}-{attempt}"
                once(bucket, line, register)
        except Died:
            continue


def once(bucket: Bucket, line: Line, register: Register) -> None:
    chance = random.Random(line.run)
    try:
        with lock.lock(bucket, "staging", line.run, CLOCK, ME) as lease:
            register.note_acquired(line.run, lease.notice)
            log, ledger = Journal(bucket, line.run, CLOCK), Ledger(bucket, "staging")
            for step in range(chance.randrange(5, 40)):
                lease.check()
                log.note(Kind.STEP_BEGUN, step=step)
                if chance.random() < 0.01:
                    line.stand_still()
            ledger.remember(REF, Entry("main", {"run": line.run}))
            ledger.save()
            log.note(Kind.RUN_ENDED, outcome="done")
    except RemediateError:
        return


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # they die
@pytest.mark.usefixtures("hasty")
def test_no_stale_write_is_taken_by_cloud_storage(cloud: Cloud) -> None:
    register = Register(OPERATIONS)
    workers = [
        threading.Thread(target=work, args=(cloud.url, number, register))
        for number in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert register.stale() == []
    assert register.asked >= OPERATIONS
    assert register.takeovers


WORKER = """
import sys, time
from pathlib import Path
from remediate.model.clock import SystemClock
from remediate.model.errors import RemediateError
from remediate.stores.folder import Folder
from remediate.stores.journal import Journal, Kind
from remediate.stores.lock import lock

store, clock, count = Folder(Path(sys.argv[1])), SystemClock(), 0
while True:
    count += 1
    run = f"RUN-{sys.argv[2]}-{count:05}"
    try:
        with lock(store, "staging", run, clock) as lease:
            log = Journal(store, run, clock)
            log.note(Kind.RUN_BEGUN, acquired=time.monotonic())
            for step in range(200):
                lease.check()
                log.note(Kind.NOTED, sent=time.monotonic())
    except RemediateError:
        time.sleep(0.002)
"""


@pytest.fixture
def root(quick_folder: Path) -> Iterator[Path]:
    path = quick_folder / "processes"
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_no_stale_record_is_taken_by_a_folder_of_processes(root: Path) -> None:
    broken, killed = meddle(Folder(root), RECORDS)
    assert stale_records(Folder(root)) == []
    assert broken
    assert killed


def test_without_a_fence_they_are(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine not at every try: who was stopped may have been about to write nothing."""
    monkeypatch.setattr(journal, "fence", lambda *_, **__: None)
    assert any(stale_after_meddling(Folder(root / str(attempt))) for attempt in range(20))


def stale_after_meddling(store: Folder) -> list[str]:
    meddle(store, RECORDS // 10)
    return stale_records(store)


def meddle(store: Folder, records: int) -> tuple[int, int]:
    """Six processes at work; one after the other is stopped, and its lock broken, or killed."""
    chance, names = random.Random(1), iter(range(1000))

    def start() -> subprocess.Popen[bytes]:
        words = [sys.executable, "-c", WORKER, str(store.root), str(next(names))]
        return subprocess.Popen(words)

    workers = [start() for _ in range(WORKERS)]
    broken = killed = 0
    try:
        while len(store.list("runs/")) < records:
            CLOCK.sleep(0.05)
            one = chance.randrange(WORKERS)
            with stopped(workers[one]), suppress(RemediateError):
                broken += break_lock(store, "staging", CLOCK, ME, "impatient") is not None
                CLOCK.sleep(0.02)
            if chance.random() < 0.1:
                workers[one].kill()
                workers[one].wait()
                workers[one], killed = start(), killed + 1
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    return broken, killed


@contextmanager
def stopped(worker: subprocess.Popen[bytes]) -> Iterator[None]:
    """Not for ever: what it was at may be what others wait for."""
    worker.send_signal(signal.SIGSTOP)
    goes_on = threading.Timer(0.3, worker.send_signal, (signal.SIGCONT,))
    goes_on.start()
    try:
        yield
    finally:
        goes_on.cancel()
        worker.send_signal(signal.SIGCONT)


def stale_records(store: Folder) -> list[str]:
    register = Register(0)
    stories = [journal.read(store, run) for run in journal.runs(store)]
    for story in stories:
        begun = story.records[0].facts.get("acquired")
        if isinstance(begun, float):
            register.acquired.append((begun, story.run))
        for record in story.records:
            if isinstance(sent := record.facts.get("sent"), float):
                register.taken.append((sent, story.run, f"record {record.seq}"))
    register.acquired.sort()
    assert register.taken
    return register.stale()
