"""The write-ahead log of one run: what was meant, before it was done, and what came of it."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import cast

from remediate.model.clock import Clock, rfc3339
from remediate.model.errors import InvalidInput, Locked, StoreDamaged
from remediate.model.failpoint import passing
from remediate.model.json import Body
from remediate.stores.actor import Actor
from remediate.stores.store import FORMAT_VERSION, Store, sealed, unsealed
from remediate.stores.veil import Veil
from remediate.version import __version__

_OWN = frozenset({"format_version", "run", "seq", "time", "kind", "previous", "writer", "cut"})


class Kind(StrEnum):
    RUN_BEGUN = "run-begun"
    RUN_RESUMED = "run-resumed"
    RUN_FENCED = "run-fenced"  # by whoever took the lock over: its writer can write no more
    STEP_BEGUN = "step-begun"
    STEP_DONE = "step-done"
    STEP_FAILED = "step-failed"
    RUN_ENDED = "run-ended"
    NOTED = "noted"


@dataclass(frozen=True, slots=True)
class Record:
    """`facts` are what the kind calls for; see `Journal`."""

    seq: int  # from 1
    kind: str
    time: str  # RFC 3339
    facts: Body


@dataclass(frozen=True, slots=True)
class Story:
    """A run as it was written. `torn`: its last record was cut off by a crash, and left out."""

    run: str
    records: Sequence[Record]
    torn: bool = False

    @property
    def begun(self) -> Body:
        return self.records[0].facts if self.records else {}

    @property
    def ending(self) -> Record | None:
        """Its last word, if it had one: whoever fenced it off afterwards takes nothing back."""
        written = [record for record in self.records if record.kind != Kind.RUN_FENCED]
        return written[-1] if written and written[-1].kind == Kind.RUN_ENDED else None

    @property
    def outcome(self) -> str | None:
        """How it ended; None if it was killed, or still goes on."""
        return str(self.ending.facts.get("outcome")) if self.ending else None


class Journal:
    """`runs/<run>/<seq>.json`: one new file a record, created only if absent, which is the fence.

    Each record holds the SHA-256 of the bytes before it (`previous`) and of itself; the first of
    each process, who writes (`writer`, a nonce) and which torn record it leaves out (`cut`, a
    number). So no two processes ever write the same bytes. Facts by kind:
    run-begun {who, host, pid, origin, version, verb, environment, project, digest, snapshot,
    endpoint},
    step-begun {step, ref, method, note, request, before}, step-done {step, after, operations},
    step-failed {step, why}, run-fenced {by, reason, who, host, pid,
    origin}, run-ended {outcome}.
    """

    def __init__(self, store: Store, run: str, clock: Clock) -> None:
        self.run = run
        self._store = store
        self._veil = Veil(store)
        self._clock = clock
        self._seq = 0
        self._previous: str | None = None
        self._mine: Body = {"writer": secrets.token_hex(8)}  # what the first record says besides
        self._due = b""  # a record of which it is not known whether it was written
        self._turn = Lock()  # the steps of a wave write side by side

    @classmethod
    def begin(  # noqa: PLR0913 - what a run is known by
        cls,
        store: Store,
        run: str,
        clock: Clock,
        actor: Actor,
        *,
        verb: str,
        environment: str,
        project: str,
        digest: str,
        snapshot: str | None,
        endpoint: str = "google",
        more: Mapping[str, object] | None = None,
    ) -> Journal:
        """A new run's journal, its first record durable. `snapshot` is its id, if one was taken."""
        journal = cls(store, run, clock)
        journal.note(
            Kind.RUN_BEGUN,
            **actor.to_json(),
            version=__version__,
            verb=verb,
            environment=environment,
            project=project,
            digest=digest,
            snapshot=snapshot,
            endpoint=endpoint,
            **(more or {}),
        )
        return journal

    @classmethod
    def resume(cls, store: Store, run: str, clock: Clock) -> Journal:
        """A run's journal, to go on writing after its last whole record."""
        journal = cls(store, run, clock)
        story = read(store, run)
        whole = len(_keys(store, run))
        journal._follow(whole, _bytes(store, key_of_record(run, whole)), torn=story.torn)
        return journal

    def _follow(self, seq: int, data: bytes, *, torn: bool) -> None:
        """Go on behind this record."""
        self._seq, self._previous = seq, sha256(data)
        self._mine |= {"cut": seq} if torn else {}

    def note(self, kind: Kind, **facts: object) -> Record:
        """Write one record of JSON facts; durable on return.

        Raises Locked if another process has written this run's next record: then it is not ours.
        """
        if clash := _OWN & facts.keys():
            raise ValueError(f"{sorted(clash)} are the journal's own")
        with self._turn:
            return self._append(kind, cast("Body", self._veil.veiled(facts)))

    def _append(self, kind: Kind, facts: Body) -> Record:
        self._settle()
        seq, time = self._seq + 1, rfc3339(self._clock.now())
        content: Body = {
            "format_version": FORMAT_VERSION,
            "run": self.run,
            "seq": seq,
            "time": time,
            "kind": str(kind),
            "previous": self._previous,
            **self._mine,
            **facts,
        }
        self._due = sealed(content)
        passing("journal.record.before")
        self._settle()
        passing("journal.record.after")
        return Record(seq, str(kind), time, dict(facts))

    def _settle(self) -> None:
        """Write what is due, also if an answer was lost before; raises Locked if it is too late."""
        if not self._due:
            return
        key = key_of_record(self.run, self._seq + 1)
        if not self._store.create(key, self._due):
            there = self._store.get(key)
            if there is None or there.data != self._due:
                if there and _is(there.data, Kind.RUN_FENCED):
                    raise Locked(f"run {self.run} was fenced off: its lock was taken from it")
                raise Locked(f"another process goes on with run {self.run}; this one stops here")
        self._seq, self._previous = self._seq + 1, sha256(self._due)
        self._mine, self._due = {}, b""


def fence(store: Store, run: str, clock: Clock, actor: Actor, *, by: str, reason: str = "") -> None:
    """Write a run's next record in its writer's stead, which can then write no more.

    `by` is the run on whose behalf, or what was typed. What is damaged is fenced all the same.
    """
    while True:
        journal, keys = Journal(store, run, clock), _keys(store, run)
        if keys:
            data = _bytes(store, keys[-1])
            if _is(data, Kind.RUN_FENCED, by=by):
                return  # by others, somebody may have gone on behind it since
            journal._follow(_seq(keys[-1]), data, torn=not is_whole(data))  # noqa: SLF001 - of this module
        with suppress(Locked):  # its writer was quicker: once more, behind that
            journal.note(Kind.RUN_FENCED, by=by, reason=reason, **actor.to_json())
            return


def read(store: Store, run: str) -> Story:
    """The whole run, its chain verified.

    Raises InvalidInput for an unknown run, StoreDamaged for a record that is missing or altered.
    """
    keys = _keys(store, run)
    if not keys:
        raise InvalidInput(f"there is no run {run!r}")
    records: list[Record] = []
    previous: str | None = None
    torn: int | None = None
    for seq, key in enumerate(keys, start=1):
        if key != key_of_record(run, seq):
            raise StoreDamaged(f"{key_of_record(run, seq)} is missing")
        data = _bytes(store, key)
        if not is_whole(data) and torn is None:
            torn = seq
        else:
            content = unsealed(key, data)
            follows = (content.get("seq"), content.get("previous"), content.get("cut"))
            if follows != (seq, previous, torn):
                raise StoreDamaged(f"{key} does not follow from the record before it")
            records.append(record_of(content))
            torn = None
        previous = sha256(data)
    return Story(run, records, torn=torn is not None)


def glimpse(store: Store, run: str) -> Story:
    """Its first record and its last whole one, to know whose it is and whether it has ended.

    Raises StoreDamaged where the first cannot be read.
    """
    first, *rest = _keys(store, run) or [key_of_record(run, 1)]
    last = next((key for key in reversed(rest) if is_whole(_bytes(store, key))), None)
    keys = [first, last] if last else [first]
    return Story(run, [record_of(unsealed(key, _bytes(store, key))) for key in keys])


def runs(store: Store) -> list[str]:
    """Every run, oldest first."""
    return sorted({key.split("/")[1] for key in store.list("runs/") if key.count("/") == 2})  # noqa: PLR2004 - runs/<run>/<seq>


def record_of(content: Body) -> Record:
    facts = {name: value for name, value in content.items() if name not in _OWN}
    return Record(
        cast("int", content["seq"]), str(content.get("kind")), str(content.get("time")), facts
    )


def _keys(store: Store, run: str) -> list[str]:
    return [key for key in store.list(f"runs/{run}/") if key.endswith(".json")]


def key_of_record(run: str, seq: int) -> str:
    return f"runs/{run}/{seq:06}.json"


def _seq(key: str) -> int:
    return int(key.rpartition("/")[2].removesuffix(".json"))


def _is(data: bytes, kind: Kind, **facts: str) -> bool:
    try:
        record = json.loads(data)
        return all(record[name] == it for name, it in {**facts, "kind": kind}.items())
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def is_whole(data: bytes) -> bool:
    """Whether it was written to its end: nothing else ends a line."""
    return data.endswith(b"\n")


def _bytes(store: Store, key: str) -> bytes:
    stored = store.get(key)
    if stored is None:
        raise StoreDamaged(f"{key} is missing")
    return stored.data


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
