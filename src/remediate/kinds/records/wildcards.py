"""Which names a wildcard answers for: RFC 4592."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeAlias

from remediate.model.ref import Ref, record_ref
from remediate.model.resource import Zone

Key: TypeAlias = tuple[str, str]


def covered(
    zone: Zone, missing: Iterable[Key], wildcards: Mapping[Key, int], unwritten: Iterable[Key]
) -> dict[Ref, int]:
    """Of record sets that are `missing`: those that a wildcard answers for, and its TTL.

    `wildcards` are live, `unwritten` all the live sets that the YAML does not have.
    """
    there = {*unwritten, *(zone.records.keys() - {*missing})}
    names = {name for owner, _ in there for name in _upwards(owner, zone.dns_name)}
    refs = [record_ref(zone.ref.name, *key) for key in missing]
    found = {ref: _by_wildcard(ref, wildcards, names, zone.dns_name) for ref in refs}
    return {ref: ttl for ref, ttl in found.items() if ttl is not None}


def _by_wildcard(
    ref: Ref, wildcards: Mapping[Key, int], names: Collection[str], apex: str
) -> int | None:
    """The nearest name above that there is decides (the closest encloser, section 3.3.1)."""
    fqdn, rrtype = ref.record
    if fqdn in names:
        return None
    above = fqdn.partition(".")[2]
    while above not in names and above != apex and above:
        above = above.partition(".")[2]
    found = (wildcards.get((f"*.{above}", kind)) for kind in (rrtype, "CNAME"))
    return next((ttl for ttl in found if ttl is not None), None)


def _upwards(owner: str, apex: str) -> Iterator[str]:
    """A name and all above it in its zone: they are there as well, with or without data."""
    while owner and owner != apex:
        yield owner
        owner = owner.partition(".")[2]
