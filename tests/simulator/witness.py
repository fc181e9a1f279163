"""Who looks on: the laws that hold at every single write, whoever dies in between."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from gcp_sandbox.server import Message, Reply
from tests.simulator.memory import Disk
from tests.simulator.wire import path_of
from tests.workbench import PROJECT

if TYPE_CHECKING:
    from tests.simulator.history import History
    from tests.simulator.process import Process

GONE = "gone"
_COMPARED = (b'"fingerprint"', b'"labelFingerprint"', b'"etag"', b'"settingsVersion"')


class Broken(AssertionError):
    """A law that does not hold."""


@dataclass
class Edit:
    """What somebody else wrote: `at` leads to it in what a GET of `path` answers."""

    path: str
    at: tuple[Any, ...]
    value: Any
    when: int
    by: str
    hidden: bool = False  # it came between a write of ours and the look at what that has left


@dataclass(frozen=True)
class Intent:
    """One `step-begun`, as it is durable in the store."""

    run: str
    seq: int
    key: str
    live: str
    request: str


@dataclass
class Witness:
    """`edits` are those that stand; `takeovers` say who took the lock, when."""

    history: History
    disk: Disk
    names: Sequence[str] = ()  # that lead somewhere all the while
    proxies: Sequence[str] = ()  # that show a certificate all the while
    edits: list[Edit] = field(default_factory=list)
    effects: dict[tuple[str, str, str], str] = field(default_factory=dict)
    before_it: dict[int, Any] = field(default_factory=dict)
    begun: Process | None = None  # whose run began last
    remembered: Mapping[str, Any] | None = None  # by Ref, what the ledger says
    _intents: list[Intent] = field(default_factory=list)
    _open: dict[tuple[str, str], str] = field(default_factory=dict)  # Refs of steps on their way
    _covering: list[Intent] = field(default_factory=list)

    def before(self, process: Process, message: Message) -> None:
        """Just before a request has its effect."""
        asked = _request_id(message)
        ours = [one for one in self._intents if self.disk.writers.get(one.key) is process]
        ours = [one for one in ours if self._record(one.key)]
        covering = [one for one in ours if self._covers(one, asked, message)]
        if not covering:
            raise Broken(f"no durable intent before {message.method} {message.target}")
        self._covering = covering[-1:] if not asked else covering
        self._insist_on_a_snapshot(covering[-1])
        self._insist_on_the_lock(process)
        self.before_it = {n: self.value(edit) for n, edit in enumerate(self.edits)}

    def after(self, process: Process, message: Message, reply: Reply) -> None:
        if reply.status < 300:
            self._insist_on_once(message, reply)
        for number, was in self.before_it.items():
            edit = self.edits[number]
            if was == edit.value != (now := self.value(edit)):
                self._overwritten(process, message, edit, now)
        self.look_around(message.target)

    def kept(self, process: Process, key: str, data: bytes) -> None:
        """A run that has lost its lock writes no more once another one has begun."""
        if key.startswith("runs/"):
            self._follow(process, key, _read(data))
            begun = self.begun
            if b'"kind":"run-fenced"' in data:  # it ends what has ended, and begins nothing
                return
            if begun is not None and begun is self.disk.holder is not process:
                raise Broken(f"{process.name} writes {key} after {begun.name} has begun")
        if key.startswith("ledger/"):
            self._insist_on_done(process, _read(data))

    def _follow(self, process: Process, key: str, record: Mapping[str, Any]) -> None:
        """Heed one more record of a run; a torn one says nothing."""
        kind, run, step = (str(record.get(name)) for name in ("kind", "run", "step"))
        if kind == "run-begun":
            self.begun = process
        if not kind.startswith("step-"):
            return
        self._open.pop((run, step), None)
        if kind == "step-begun":
            request = str((record.get("request") or {}).get("requestId") or "")
            ref, live, seq = str(record["ref"]), str(record["live"]), int(record["seq"])
            self._intents.append(Intent(run, seq, key, live, request))
            self._open[run, step] = ref

    def _insist_on_done(self, process: Process, ledger: Mapping[str, Any]) -> None:
        """What is on its way is remembered as it was before."""
        before, self.remembered = self.remembered, entries(ledger)
        if before is None or self.begun is not process:
            return
        for (run, _step), ref in self._open.items():
            if run == process.at and before.get(ref) != self.remembered.get(ref):
                raise Broken(f"the ledger knows of {ref} before it is done")

    def read(self, process: Process, path: str) -> None:
        """A known limit: what is read back after a write is taken for what that has left."""
        wrote = process.wrote.get(path)
        for edit in self.edits:
            if wrote is not None and edit.path == path and edit.when >= wrote:
                edit.hidden = True

    def look_around(self, where: str) -> None:
        """What clients outside see at this moment."""
        cloud = self.history.cloud
        for name in self.names:
            types = ("A", "AAAA", "CNAME")
            if not any(cloud.world.lookup(name, rrtype) for rrtype in types):
                raise Broken(f"{name} leads nowhere after {where}")
        for name in self.proxies:
            if not _shows(self.history, name):
                raise Broken(f"{name} has no certificate after {where}")

    def value(self, edit: Edit) -> Any:
        body: Any = self.history.cloud.get(edit.path)
        if body is None:
            return GONE
        for part in edit.at:
            try:
                body = body[part]
            except (KeyError, IndexError):
                return GONE
        return body

    def _overwritten(self, process: Process, message: Message, edit: Edit, now: Any) -> None:
        if edit.hidden or process.planned is None or process.overwrites:
            return
        if edit.when <= process.planned:
            return  # it was seen: what becomes of it was decided knowing it
        compares = any(one in message.body for one in _COMPARED) or b"additions" in message.body
        compares = compares or "etag=" in message.target
        read = process.reads.get(edit.path.partition("?")[0], 0)
        if not compares and edit.when > read:
            return  # Google compares nothing here, and it came after our last look
        raise Broken(
            f"{message.method} {message.target} made {now!r} of {edit.by}'s {edit.value!r}"
        )

    def _insist_on_once(self, message: Message, reply: Reply) -> None:
        """The same answer again says that it was known there, and done before."""
        told = f"{message.method} {path_of(message)}"
        body = _read(reply.body)
        came = str(body.get("id") or body.get("name"))
        for one in self._covering:
            key = (one.run, one.request or f"{one.seq}", told)
            if self.effects.setdefault(key, came) != came:
                raise Broken(f"{told} took effect twice for {key}")

    def _insist_on_a_snapshot(self, intent: Intent) -> None:
        begun = self._record(f"runs/{intent.run}/000001.json")
        held = self._record(f"snapshots/{begun.get('snapshot')}.json")
        if held.get("run") != intent.run:
            raise Broken(f"no durable snapshot before the first write of {intent.run}")

    def _insist_on_the_lock(self, process: Process) -> None:
        """Nothing is sent, nor sent again, once somebody else has taken the lock."""
        taken = [at for at, writer in self.disk.takeovers if writer is not process]
        ours = [at for at, writer in self.disk.takeovers if writer is process]
        since = max(taken, default=0)
        if process.sending >= since > max(ours, default=0):
            raise Broken(f"{process.name} writes after its lock was taken away")

    def _covers(self, intent: Intent, asked: str, message: Message) -> bool:
        if asked:
            return intent.request == asked
        name = intent.live.rpartition("/")[2]
        return name in unquote(message.target) or name.encode() in message.body

    def _record(self, key: str) -> Mapping[str, Any]:
        return _read(self.disk.value(key) or b"")


def entries(ledger: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a ledger remembers, by Ref."""
    found: dict[str, Any] = dict(ledger.get("resources", {}))
    for zone, sets in ledger.get("records", {}).items():
        for name, values in sets.items():
            fqdn, _, rrtype = name.rpartition(" ")
            found[f"DnsZone/{zone}/{fqdn}/{rrtype}"] = values
    return found


def _shows(history: History, name: str) -> bool:
    around = f"/compute/v1/projects/{PROJECT}/global"
    proxy = history.cloud.get(f"{around}/targetHttpsProxies/{name}")
    if proxy is None:
        return False
    held = [str(link).rpartition("/")[2] for link in proxy.get("sslCertificates", [])]
    bodies = [history.cloud.get(f"{around}/sslCertificates/{one}") or {} for one in held]
    return any(
        body.get("type") == "SELF_MANAGED" or (body.get("managed") or {}).get("status") == "ACTIVE"
        for body in bodies
    )


def _request_id(message: Message) -> str:
    query = parse_qs(message.target.partition("?")[2])
    return next(
        (query[name][0] for name in ("requestId", "clientOperationId") if name in query), ""
    )


def _read(data: bytes) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(data)
    except ValueError:
        return {}
    return found
