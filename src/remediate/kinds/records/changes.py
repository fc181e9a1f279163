"""Packing what a zone needs into Cloud DNS changes, each of which is done whole or not at all.

A change holds whole record sets: an update is the live set deleted, word for word, and the wanted
one added. All that happens to one owner name is in one change, so that a name is never seen half
changed and a CNAME can give way to an address in the same instant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from remediate.kinds.records.rdata import size
from remediate.model.errors import InvalidInput
from remediate.model.json import Body
from remediate.model.plan import Difference
from remediate.model.ref import Ref
from remediate.model.values import Unknown

_PLACE = re.compile(r"(additions|deletions)\[(\d+)\]")
_SERVER_ADDS = frozenset({"kind", "signatureRrdatas"})


class Quota(NamedTuple):
    """What a change may hold, or does; the defaults are Google's (cloud.google.com/dns/quotas)."""

    additions: int = 1_000
    deletions: int = 1_000
    rrdata_bytes: int = 100_000

    @classmethod
    def of(cls, quota: Mapping[str, Any]) -> Quota:
        """From the `quota` of the project's resource; what it does not say stays the default."""
        names = ("rrsetAdditionsPerChange", "rrsetDeletionsPerChange", "totalRrdataSizePerChange")
        return cls(*(int(quota.get(name, most)) for name, most in zip(names, cls(), strict=True)))

    def with_more(self, more: Quota) -> Quota:
        return Quota(*(mine + others for mine, others in zip(self, more, strict=True)))

    def holds(self, load: Quota) -> bool:
        return all(used <= most for used, most in zip(load, self, strict=True))


DEFAULT_QUOTA = Quota()


@dataclass(frozen=True, slots=True)
class Change:
    """The body of one `changes.create`, and the record sets that it is about."""

    refs: list[Ref]
    additions: list[Body]
    deletions: list[Body]

    @property
    def load(self) -> Quota:
        data = sum(_rrdata_bytes(body) for body in (*self.additions, *self.deletions))
        return Quota(len(self.additions), len(self.deletions), data)

    def meant(self, message: str) -> Ref:
        """The record set that Google's message names by its place in the change; else the zone."""
        if said := _PLACE.search(message):
            listed, at = self.additions if said[1] == "additions" else self.deletions, int(said[2])
            owner = (listed[at]["name"], listed[at]["type"]) if at < len(listed) else None
            if found := [ref for ref in self.refs if ref.record == owner]:
                return found[0]
        return self.refs[0].zone


def pack(differences: Iterable[Difference], quota: Quota = DEFAULT_QUOTA) -> list[Change]:
    """Changes in the order in which to send them: owners that only lose something come last.

    The same for the same differences in any order. Raises InvalidInput when what one owner name
    needs is more than may be in one change.
    """
    packed: list[list[Change]] = []
    full = Quota(0, 0, 0)
    for owner, group in _by_owner(differences):
        change = _change(group)
        load = change.load
        if not quota.holds(load):
            raise _too_much(owner, load, quota)
        together = full.with_more(load)
        if packed and quota.holds(together):
            packed[-1].append(change)
            full = together
        else:
            packed.append([change])
            full = load
    return [_joined(parts) for parts in packed]


def _by_owner(differences: Iterable[Difference]) -> list[tuple[str, list[Difference]]]:
    owners: dict[str, list[Difference]] = {}
    for difference in sorted(differences, key=lambda each: each.ref.name):
        owners.setdefault(difference.ref.record[0], []).append(difference)
    return sorted(owners.items(), key=lambda item: (_only_loses(item[1]), item[0]))


def _only_loses(group: Sequence[Difference]) -> bool:
    return all(difference.after is None for difference in group)


def _change(group: Sequence[Difference]) -> Change:
    return Change(
        [each.ref for each in group],
        [_addition(each.after) for each in group if each.after is not None],
        [dict(each.before) for each in group if each.before is not None],
    )


def _addition(wanted: Mapping[str, Any]) -> Body:
    """The wanted set without what only the server writes."""
    values: Any = wanted.get("rrdatas") or []
    if "routingPolicy" in wanted:
        from remediate.kinds.records.routing import answers  # few sets have one

        values = answers(wanted)
    if any(isinstance(value, Unknown) for value in values):
        raise InvalidInput(f"{wanted['name']} {wanted['type']} holds a value that nobody knows yet")
    return {name: item for name, item in wanted.items() if name not in _SERVER_ADDS}


def _joined(parts: Sequence[Change]) -> Change:
    return Change(
        [ref for part in parts for ref in part.refs],
        [body for part in parts for body in part.additions],
        [body for part in parts for body in part.deletions],
    )


def _rrdata_bytes(value: object) -> int:
    """Bytes of data in a set, those inside a routing policy included."""
    if isinstance(value, Mapping):
        own = value.get("rrdatas") or []
        inside = [item for item in value.values() if isinstance(item, Mapping | list)]
        return sum(map(size, own)) + sum(map(_rrdata_bytes, inside))
    if isinstance(value, list):
        return sum(_rrdata_bytes(item) for item in value if isinstance(item, Mapping))
    return 0


def _too_much(owner: str, load: Quota, quota: Quota) -> InvalidInput:
    return InvalidInput(
        f"{owner} needs {load.additions} additions, {load.deletions} deletions and "
        f"{load.rrdata_bytes:,} bytes of data in one change; the project's quota is "
        f"{quota.additions}, {quota.deletions} and {quota.rrdata_bytes:,}"
    )
