"""One command at work: the product's own code on a simulated machine, which may die anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Any, Self, TypeVar

from gcp_sandbox.server import Message, Reply
from remediate.gcp.connection import Wire
from remediate.gcp.google import Google
from remediate.gcp.retry import Patience
from remediate.gcp.sandbox import Sandbox
from remediate.model.chance import Chance
from remediate.model.errors import Locked, RemediateError
from remediate.model.plan import Plan
from remediate.model.resource import Desired
from remediate.model.rules import OF_A_PLAN, OF_A_RUN
from remediate.pipeline.choices import Choices
from remediate.pipeline.gc import sweep
from remediate.pipeline.half_done import HalfDone, find
from remediate.pipeline.history import cut_short
from remediate.pipeline.observe import Observed
from remediate.pipeline.preparing import planned_now, to_apply, to_resume
from remediate.pipeline.rollback import OnConflict, to_go_back
from remediate.pipeline.undertaking import Prepare, Prepared, Site, undertake
from remediate.stores.ledger import Ledger
from remediate.stores.lock import HEARTBEAT, Lease
from remediate.stores.snapshots import LATEST, Snapshots
from remediate.stores.store import Store
from tests.simulator.cloud import URL, Cloud
from tests.simulator.memory import Disk, Memory
from tests.simulator.platter import OnPlatter, Platter
from tests.simulator.wire import STALE, Direct, is_mutation, path_of
from tests.workbench import NAME, PROJECT

if TYPE_CHECKING:
    from tests.simulator.history import History

T = TypeVar("T")
ALLOWED = dict.fromkeys(OF_A_PLAN | OF_A_RUN, "simulated")


LISTS = frozenset(
    (
        *("addresses", "backendServices", "connectors", "forwardingRules", "healthChecks"),
        *("instances", "managedZones", "rrsets", "services", "sslCertificates", "sslPolicies"),
        *("targetHttpProxies", "targetHttpsProxies", "urlMaps"),
    )
)


class Died(BaseException):
    """SIGKILL: not even `finally` has any effect on the world after this."""


@dataclass(frozen=True)
class Ending:
    """How a command ended: its exit code, or -9 if it was killed."""

    code: int
    error: BaseException | None = None

    @property
    def killed(self) -> bool:
        return self.code == -9


class Inline:
    """An executor whose tasks are done when they are handed in: one thing at a time."""

    def __init__(self, max_workers: int | None = None) -> None: ...

    def submit(self, task: Callable[..., T], *args: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(task(*args))
        except BaseException as error:  # noqa: BLE001 - the future tells, as a thread's would
            future.set_exception(error)
        return future

    def shutdown(self, **_how: bool) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None: ...


class Unattended:
    """Whoever has the command done is away: agrees to all, stops nothing, keeps what is said."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def say(self, sentence: str) -> None:
        if sentence:
            self._process.history.say(self._process, f"says: {sentence}")

    def cut_short(self, half: HalfDone) -> None:
        self.say(f"run {half.run} was cut short")

    def planned(self, plan: Plan) -> None: ...

    def show(self, plan: Plan) -> None: ...

    def agree(self, plan: Plan) -> None: ...

    def expect(self, steps: int) -> None: ...

    def stopping(self) -> AbstractContextManager[Event]:
        return nullcontext(Event())


@dataclass
class ProcessClock:
    """The machine's: its wall clock can be set, its monotonic one goes on with the world."""

    process: Process

    def now(self) -> datetime:
        seconds = self.process.cloud.now
        return datetime.fromtimestamp(seconds, UTC) + timedelta(seconds=self.process.skew)

    def monotonic(self) -> float:
        return self.process.cloud.now

    def sleep(self, seconds: float) -> None:
        self.process.passing("sleeping")
        self.process.wait(seconds)


@dataclass
class Process:
    """A command from its start to its end. `points` counts the places that it has passed."""

    name: str
    history: History
    cloud: Cloud
    disk: Disk
    calm: bool = False  # nothing goes wrong with it
    skew: float = 0.0  # seconds that its wall clock is ahead
    points: int = 0
    full: int = 0  # so many of the next writes find no room
    torn: bool = False
    dead: bool = False
    planned: int | None = None  # the moment at which all that its plan is made from was read
    early: bool = False  # what a command before has begun had not ended yet
    misled: bool = False  # a list was not up to date
    overwrites: bool = False  # somebody has told it to
    lease: Lease | None = None
    run: str = ""  # that it goes on with
    at: str = ""  # the run that is its own
    doomed: bool = False  # what its last request has begun will fail
    sending: int = 0  # the moment at which it began to send its last request
    changed: int = 0  # requests of its that have had an effect
    reads: dict[str, int] = field(default_factory=dict)
    wrote: dict[str, int] = field(default_factory=dict)  # and not read since
    _asked: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        session = Direct(self)
        clock = ProcessClock(self)
        chance = Chance(self.history.number(self.name))
        wire = Wire(session, clock, Patience(clock, chance))
        sandbox = Sandbox(session, URL)
        self.google = Google(wire, PROJECT, chance, base_url=URL, sandbox=sandbox)
        self.store = _store(self)
        self.site = Site(NAME, PROJECT, self.google, self.store, lock_clock=clock, pulse=beating)

    # What may happen to it

    def passing(self, place: str) -> None:
        """A point at which it may be killed, or at which others may come in."""
        if self.dead:
            raise Died
        self.points += 1
        self.history.passed(self, place)
        if self.dead:
            raise Died

    def wait(self, seconds: float) -> None:
        """Time passes for everybody; as long as this one lives, its lock is renewed meanwhile."""
        while self.lease is not None and seconds > HEARTBEAT:
            self.cloud.advance(HEARTBEAT)
            seconds -= HEARTBEAT
            try:
                self.lease.renew()
            except Locked:
                self.lease = None
            except RemediateError:
                continue
        self.cloud.advance(seconds)

    def die(self) -> None:
        self.dead = True
        self.disk.abandoned(self)

    def may_write(self, key: str) -> bool:
        if self.full > 0:
            self.full -= 1
            self.history.say(self, f"no room for {key}")
            return False
        return True

    def tears(self) -> bool:
        if not self.torn:
            return False
        self.history.say(self, "dies in the middle of a record")
        self.die()
        return True

    # Its dealings with Google

    def begins(self) -> None:
        self.sending = self.disk.now

    def fault(self, message: Message) -> str:
        path = path_of(message)
        if self.calm or path.startswith("/_sandbox/"):
            return ""
        about = f"{message.method} {path}"
        nth = self._asked[about] = self._asked.get(about, 0) + 1
        found = self.history.weather.fault(f"{self.name} {about} {nth}", is_mutation(message))
        self.doomed = found == "failed-operation"
        self.history.doomed |= self.doomed
        if found:
            self.history.say(self, f"{found}: {about}")
        return found

    def former(self, message: Message) -> Reply | None:
        found = self.history.lists.get(message.target)
        if found is not None:
            self.misled = True
            self.history.say(self, f"{STALE} list {path_of(message)}")
        return found

    def read(self, message: Message, reply: Reply) -> None:
        path = path_of(message)
        self.history.witness.read(self, path)
        self.wrote.pop(path, None)
        self.reads[path] = self.history.now
        is_list = message.method == "GET" and path.rpartition("/")[2] in LISTS
        if is_list and reply.status == 200 and "name=" not in message.target:
            self.history.lists[message.target] = reply

    def about_to_write(self, message: Message) -> None:
        self.history.witness.before(self, message)

    def written(self, message: Message, reply: Reply) -> None:
        self.history.say(self, f"{message.method} {message.target} -> {reply.status}")
        self.history.writes.append((self.history.now, self))
        self.wrote[path_of(message)] = self.history.now
        self.changed += reply.status < 300 and not self.doomed
        self.history.witness.after(self, message, reply)

    def kept(self, key: str, data: bytes) -> None:
        self.history.witness.kept(self, key, data)

    # Verbs

    def apply(self, desired: Desired, choices: Choices) -> Ending:
        def planned(ledger: Ledger) -> tuple[Plan, Observed, Choices]:
            return *self.plan(desired, ledger, choices), choices

        return self.ended(lambda: self._undertaken(to_apply(self.site, desired, planned)))

    def resume(self, desired: Desired) -> Ending:
        """The newest run, as `apply --resume latest` does."""

        def planned(half: HalfDone, ledger: Ledger) -> tuple[Plan, Observed]:
            return self.plan(desired, ledger, half.choices)

        def resumed() -> None:
            run = self.run = find(self.store, LATEST, self.site.whose).run
            self.planned = self.history.planned.get(run, 0)
            self._undertaken(to_resume(self.site, desired, run, planned), run)

        return self.ended(resumed)

    def rollback(self, snapshot: str, on_conflict: OnConflict = "stop") -> Ending:
        def rolled_back() -> None:
            found = Snapshots(self.store).find(snapshot, NAME)
            if snapshot == LATEST and (to := cut_short(self.store, found)):
                found = Snapshots(self.store).load(to)
            self._undertaken(to_go_back(self.site, found, on_conflict, ALLOWED))

        return self.ended(rolled_back)

    def gc(self, desired: Desired, choices: Choices) -> Ending:
        def prepare(ledger: Ledger) -> Prepared:
            return sweep(self.site, desired, ledger, choices, 0).prepared()

        return self.ended(lambda: self._undertaken(prepare))

    def plan(self, desired: Desired, ledger: Ledger, choices: Choices) -> tuple[Plan, Observed]:
        return planned_now(self.site, desired, ledger, choices)

    def newest(self) -> HalfDone | None:
        """The run that could be gone on with, if the newest one is an apply."""
        try:
            return find(self.store, LATEST, self.site.whose)
        except RemediateError:
            return None

    def _undertaken(self, prepare: Prepare, run: str = "") -> None:
        """As every verb of the command line has it done; the laws hear what it is about."""
        run = run or self.site.new_run()

        def prepared(ledger: Ledger) -> Prepared:
            made = prepare(ledger)
            if self.planned is None:
                self.planned = self.history.now
            self.at = run
            self.history.planned.setdefault(run, self.history.now)
            return made

        undertake(self.site, prepared, Unattended(self), run)

    def ended(self, command: Callable[[], object]) -> Ending:
        """Anything but an error of ours on purpose comes out: it is a bug."""
        try:
            command()
        except RemediateError as error:
            return Ending(error.exit_code, error)
        except Died:
            return Ending(-9)
        finally:
            self.disk.abandoned(self)
        return Ending(0)


def _store(process: Process) -> Store:
    if isinstance(process.disk, Platter):
        return OnPlatter(process.disk, process)
    return Memory(process.disk, process)


@contextmanager
def beating(lease: Lease) -> Iterator[None]:
    """In place of a thread: `Process.wait` renews the lease for as long as the process lives."""
    process: Process = lease._clock.process  # type: ignore[attr-defined] # its clock is always a seeded one
    process.lease = lease
    try:
        yield
    finally:
        process.lease = None
        with suppress(RemediateError):
            lease.release()


def choices(**more: Any) -> Choices:
    return Choices(ALLOWED, **more)
