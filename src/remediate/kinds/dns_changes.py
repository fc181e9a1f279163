"""Packing what a zone needs into Cloud DNS changes, each of which is done whole or not at all.

A change holds whole record sets: an update is the live set deleted, word for word, and the wanted
one added. All that happens to one owner name is in one change, so that a name is never seen half
changed and a CNAME can give way to an address in the same instant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from remediate.kinds.rdata import size
from remediate.model.errors import InvalidInput
from remediate.model.json import Body
from remediate.model.ref import Ref
from remediate.model.values import Unknown

Need: TypeAlias = tuple[Body | None, Body | None]
"""A record set as it is live and as it is to be; None where there is none."""

_SERVER_ADDS = frozenset({"kind", "signatureRrdatas"})


class Load(NamedTuple):
    """What a change holds, or may hold, of what the project's quota counts."""

    additions: int = 0
    deletions: int = 0
    rrdata_bytes: int = 0

    def with_more(self, more: Load) -> Load:
        return Load(*(mine + others for mine, others in zip(self, more, strict=True)))

    def fits(self, limit: Load) -> bool:
        return all(mine <= most for mine, most in zip(self, limit, strict=True))


DEFAULT_LIMIT = Load(1_000, 1_000, 100_000)  # cloud.google.com/dns/quotas


@dataclass(frozen=True, slots=True)
class Change:
    """The body of one `changes.create`, and the record sets that it is about."""

    refs: list[Ref]
    additions: list[Body]
    deletions: list[Body]

    @property
    def load(self) -> Load:
        data = sum(_rrdata_bytes(body) for body in (*self.additions, *self.deletions))
        return Load(len(self.additions), len(self.deletions), data)


def pack(needs: Mapping[Ref, Need], quota: Mapping[str, Any]) -> list[Change]:
    """Changes in the order in which to send them: owners that only lose something come last.

    `quota` is that of the project's resource; a limit that it does not name is Google's default.
    The same for the same needs in any order. Raises InvalidInput when what one owner name needs is
    more than may be in one change.
    """
    limit = Load(
        int(quota.get("rrsetAdditionsPerChange", DEFAULT_LIMIT.additions)),
        int(quota.get("rrsetDeletionsPerChange", DEFAULT_LIMIT.deletions)),
        int(quota.get("totalRrdataSizePerChange", DEFAULT_LIMIT.rrdata_bytes)),
    )
    packed: list[list[Change]] = []
    full = Load()
    for owner, refs in _by_owner(needs):
        change = _change(refs, needs)
        load = change.load
        if not load.fits(limit):
            raise _too_much(owner, load, limit)
        together = full.with_more(load)
        if packed and together.fits(limit):
            packed[-1].append(change)
            full = together
        else:
            packed.append([change])
            full = load
    return [_joined(parts) for parts in packed]


def _by_owner(needs: Mapping[Ref, Need]) -> list[tuple[str, list[Ref]]]:
    owners: dict[str, list[Ref]] = {}
    for ref in sorted(needs):
        owners.setdefault(ref.record[0], []).append(ref)
    only_loses = {
        owner: all(needs[ref][1] is None for ref in refs) for owner, refs in owners.items()
    }
    return sorted(owners.items(), key=lambda item: (only_loses[item[0]], item[0]))


def _change(refs: Sequence[Ref], needs: Mapping[Ref, Need]) -> Change:
    before = [needs[ref][0] for ref in refs]
    after = [needs[ref][1] for ref in refs]
    return Change(
        list(refs),
        [_addition(body) for body in after if body is not None],
        [body for body in before if body is not None],
    )


def _addition(wanted: Body) -> Body:
    """The wanted set without what only the server writes."""
    values: Any = wanted.get("rrdatas") or []
    if any(isinstance(value, Unknown) for value in values):
        raise InvalidInput(f"{wanted['name']} {wanted['type']} holds a value that nobody knows yet")
    return {name: item for name, item in wanted.items() if name not in _SERVER_ADDS}


def _joined(parts: Sequence[Change]) -> Change:
    return Change(
        [ref for part in parts for ref in part.refs],
        [body for part in parts for body in part.additions],
        [body for part in parts for body in part.deletions],
    )


def _rrdata_bytes(value: Any) -> int:  # noqa: ANN401 - a record set, its policy, or a part of one
    """Bytes of data in a set, those inside a routing policy included."""
    if isinstance(value, Mapping):
        own = value.get("rrdatas") or []
        inside = [item for item in value.values() if isinstance(item, Mapping | list)]
        return sum(map(size, own)) + sum(map(_rrdata_bytes, inside))
    if isinstance(value, list):
        return sum(_rrdata_bytes(item) for item in value if isinstance(item, Mapping))
    return 0


def _too_much(owner: str, load: Load, limit: Load) -> InvalidInput:
    return InvalidInput(
        f"{owner} needs {load.additions} additions, {load.deletions} deletions and "
        f"{load.rrdata_bytes:,} bytes of data in one change; the project's quota is "
        f"{limit.additions}, {limit.deletions} and {limit.rrdata_bytes:,}"
    )
