"""One managed zone: its body, its record sets in order, and what happened to them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from gcp_sandbox.dns import names, recordset
from gcp_sandbox.request import Body, Json

_FEW: Final = 32
"""So many keys are put into the sorted list one by one; more are cheaper to sort in."""
_SERIAL: Final = 2
_SERIALS: Final = 2**32


@dataclass(slots=True)
class Zone:
    """`body` is the managed zone as answered; `sets` maps sort keys to stored record sets.

    `changes` and `operations` are answered oldest first; each keeps, beside its body, the time
    on the clock at which it is done.
    """

    body: Body
    sets: dict[str, Body] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    changes: list[Event] = field(default_factory=list)
    operations: list[Event] = field(default_factory=list)

    @property
    def apex(self) -> str:
        return str(self.body["dnsName"])

    @property
    def is_public(self) -> bool:
        return bool(self.body["visibility"] == "public")

    def get(self, name: str, rrtype: str) -> Body | None:
        return self.sets.get(names.set_key(name, rrtype))

    def keys_of(self, name: str) -> list[str]:
        """The sort keys of the sets of exactly this name."""
        start = names.tree_key(name) + "\0\0"
        found = []
        for at in range(bisect_left(self.keys, start), len(self.keys)):
            if not self.keys[at].startswith(start):
                break
            found.append(self.keys[at])
        return found

    def of(self, name: str) -> list[Body]:
        """The sets of exactly this name."""
        return [self.sets[key] for key in self.keys_of(name)]

    def has_below(self, name: str) -> bool:
        """Whether any set belongs to `name` or to a name below it."""
        start = names.tree_key(name) + "\0"
        at = bisect_left(self.keys, start)
        return at < len(self.keys) and self.keys[at].startswith(start)

    def replace(self, gone: Iterable[Body], new: Iterable[Body]) -> None:
        """Take some sets out and put others in; whoever calls has checked that it may be."""
        lost, won = {recordset.key_of(old) for old in gone}, {}
        for key in lost:
            del self.sets[key]
        for stored in new:
            won[recordset.key_of(stored)] = stored
        self.sets.update(won)
        self._reindex(lost - won.keys(), won.keys() - lost)

    def _reindex(self, lost: set[str], won: set[str]) -> None:
        if len(lost) > _FEW:
            self.keys = [key for key in self.keys if key not in lost]
        else:
            for key in lost:
                del self.keys[bisect_left(self.keys, key)]
        if len(won) > _FEW:
            self.keys.extend(won)
            self.keys.sort()
        else:
            for key in won:
                insort(self.keys, key)

    def bump_serial(self) -> None:
        """What the server does to the SOA at each change that leaves it alone."""
        soa = self.get(self.apex, "SOA")
        if soa is None:
            return
        words = soa["rrdatas"][0].split()
        words[_SERIAL] = str((int(words[_SERIAL]) + 1) % _SERIALS)
        self.sets[recordset.key_of(soa)] = {**soa, "rrdatas": [" ".join(words)]}

    def before(self, number: int) -> Zone:
        """The zone as it was before a change and all after it: what their bodies say, undone."""
        sets = dict(self.sets)
        for event in reversed(self.changes[number:]):
            for stored in event.body["additions"]:
                sets.pop(recordset.key_of(stored), None)
            sets |= {recordset.key_of(stored): stored for stored in event.body["deletions"]}
        earlier = Zone(self.body)
        earlier.replace((), sets.values())
        return earlier

    def ordered(self) -> Iterator[Body]:
        return (self.sets[key] for key in self.keys)

    def dump(self) -> Json:
        return {
            "body": self.body,
            "rrsets": list(self.ordered()),
            "changes": [[event.done_at, event.body] for event in self.changes],
            "operations": [[event.done_at, event.body] for event in self.operations],
        }

    @classmethod
    def from_dump(cls, state: Json) -> Zone:
        zone = cls(state["body"])
        zone.replace((), state["rrsets"])
        zone.changes = [Event(body, done_at) for done_at, body in state["changes"]]
        zone.operations = [Event(body, done_at) for done_at, body in state["operations"]]
        return zone

    def comparable(self) -> Json:
        """The zone and its sets without ids, times and the SOA's serial."""
        body = {name: value for name, value in self.body.items() if name not in _VOLATILE}
        return {**body, "rrsets": [_without_serial(stored) for stored in self.ordered()]}


_VOLATILE: Final = frozenset({"id", "creationTime"})


def _without_serial(stored: Body) -> Body:
    if stored["type"] != "SOA":
        return stored
    words = stored["rrdatas"][0].split()
    words[_SERIAL] = "0"
    return {**stored, "rrdatas": [" ".join(words)]}


@dataclass(frozen=True, slots=True)
class Event:
    """A change or an operation: `pending` until the clock says `done_at`."""

    body: Body
    done_at: float

    def at(self, now: float) -> Body:
        """As it is answered at this time."""
        return {**self.body, "status": "done" if now >= self.done_at else "pending"}
