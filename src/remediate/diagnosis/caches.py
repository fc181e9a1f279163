"""Caches, judged: what they are to have of a name once all is right, and when they will."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from remediate.diagnosis.edge import Edge, spelled
from remediate.diagnosis.signs import NameSeen
from remediate.model.resource import RecordSet, Zone
from remediate.probes.propagation import Propagation, Truth, has, propagation, together, upper_bound
from remediate.probes.seen import DnsSeen

ASKED = ("A", "AAAA")  # what clients ask for
NOBODY_TOLD = 300  # seconds, where neither caches nor name servers have told any
_TOLD = frozenset({"ok", "wrong_answer", "nodata", "nxdomain"})


def wanted_addresses(edge: Edge, zone: Zone, fqdn: str) -> Mapping[str, frozenset[str]]:
    """The addresses that a name should have by record type, of each where they are known."""
    written = {rrtype: zone.records.get((fqdn, rrtype)) for rrtype in ASKED}
    found = {t: _rendered(edge, record) for t, record in written.items() if record is not None}
    return {rrtype: values for rrtype, values in found.items() if values}


def truths(edge: Edge, zone: Zone, name: NameSeen) -> Mapping[str, Truth]:
    """What is to be answered for a name, by type, as far as it is known.

    As the YAML says; where it leaves that to others, as name servers do.
    """
    fqdn = f"{name.name.rstrip('.')}."
    ours = frozenset(edge.own_addresses())
    written = {rrtype for owner, rrtype in zone.records if owner == fqdn}
    alias = zone.records.get((fqdn, "CNAME"))
    found: dict[str, Truth] = {}
    for rrtype in ASKED:
        record = zone.records.get((fqdn, rrtype))
        values = _rendered(edge, record) if record is not None else None
        if values is not None:
            found[rrtype] = Truth(values, as_good=ours | values)
        elif record is None and alias is None and written:
            found[rrtype] = Truth(frozenset(), as_good=ours)
        elif (told := _served(name.authoritative, rrtype)) is not None:
            found[rrtype] = told
    return found


def _rendered(edge: Edge, record: RecordSet) -> frozenset[str] | None:
    values = [edge.rendered(text) for text in record.rrdatas]
    known = frozenset(spelled(value) for value in values if value)
    return known if values and None not in values else None


def _served(authoritative: Iterable[DnsSeen], rrtype: str) -> Truth | None:
    """What name servers that agree say; an alias out of the zone leads to who knows what."""
    told = {
        (frozenset(one.values), one.aliases, one.outcome == "ok" and not one.values)
        for one in authoritative
        if one.rrtype == rrtype and one.outcome in _TOLD
    }
    if len(told) != 1:
        return None
    ((values, aliases, leads_on),) = told
    return Truth(None if leads_on else values, aliases)


def are_right(seen: Iterable[DnsSeen], wanted: Mapping[str, Truth]) -> bool | None:
    """Whether the zone's own servers answer as they should; None where none could be heard."""
    told = [one for one in seen if one.rrtype in wanted and one.outcome in _TOLD]
    by_type = {one.rrtype for one in told}
    if not by_type or ("A" in wanted and "A" not in by_type):
        return None
    return all(has(one, wanted[one.rrtype]) for one in told)


def held(edge: Edge, zone: Zone, names: Iterable[NameSeen]) -> Propagation:
    """How long caches keep what is not true of these names, from a repair that is made now.

    Where no cache was heard, for as long at most as the name servers' own answers may be kept.
    """
    told = [propagation(name.resolvers, truths(edge, zone, name)) for name in names]
    found = together(told)
    if found.seconds is not None:
        return found
    bounds = [upper_bound(one) for name in names for one in name.authoritative]
    known = [bound for bound in bounds if bound is not None]
    return Propagation(max(known, default=NOBODY_TOLD), at_most=True)
