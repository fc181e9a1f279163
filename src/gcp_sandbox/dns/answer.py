"""What an authoritative server says of a name: RFC 1034 section 4.3.2, wildcards by RFC 4592."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from gcp_sandbox.dns import names, recordset
from gcp_sandbox.dns.zone import Zone
from gcp_sandbox.request import Body

Rcode = Literal["NOERROR", "NXDOMAIN", "REFUSED", "SERVFAIL"]
_LONGEST_CHAIN: Final = 16
_HIDDEN: Final = "ALIAS"
"""Cloud DNS answers what an ALIAS points at, never the ALIAS."""


@dataclass(frozen=True, slots=True)
class Records:
    """Records to be sent: of a stored set, under the name that was asked for."""

    name: str
    rrtype: str
    ttl: int
    rdatas: list[str]


@dataclass(slots=True)
class Answer:
    """The sections of a response; `authoritative` is the AA bit."""

    rcode: Rcode = "NOERROR"
    authoritative: bool = True
    answer: list[Records] = field(default_factory=list)
    authority: list[Records] = field(default_factory=list)
    additional: list[Records] = field(default_factory=list)


def answer(
    zones: Iterable[Zone], name: str, rrtype: str, aliased: Iterable[Zone] | None = None
) -> Answer:
    """Answer from the zone with the longest matching name, the older of two with one name.

    CNAMEs are followed while they stay in the zones.
    `name` is lower case with its dot; `rrtype` may be ANY, which gets one set (RFC 8482).
    An ALIAS is answered with the addresses that the `aliased` zones have for its target.
    """
    by_apex: dict[str, Zone] = {}
    for zone in zones:
        by_apex.setdefault(zone.apex, zone)
    said = Answer()
    followed: set[str] = set()
    while len(followed) < _LONGEST_CHAIN and name not in followed:
        here = _zone_of(by_apex, name, rrtype)
        if here is None:
            if not followed:
                return Answer("REFUSED", authoritative=False)
            break
        followed.add(name)
        target = _add(said, here, name, rrtype)
        if not said.answer and aliased is not None and rrtype in {"A", "AAAA"}:
            _flatten(said, aliased, here, name, rrtype)
        if target is None:
            break
        name = target
    return said


def _zone_of(by_apex: Mapping[str, Zone], name: str, rrtype: str) -> Zone | None:
    at = name
    if rrtype == "DS" and names.parent(name) != ".":
        at = names.parent(name)  # a DS is the parent's to answer (RFC 4035 section 3.1.4.1)
        if not any(names.within(at, apex) for apex in by_apex):
            at = name
    while at not in by_apex and at != ".":
        at = names.parent(at)
    return by_apex.get(at)


def _add(said: Answer, zone: Zone, name: str, rrtype: str) -> str | None:
    """Add what this zone says of `name`; the name to go on with if it is an alias."""
    lineage = _lineage(zone, name)
    for cut in lineage:
        delegation = zone.get(cut, "NS")
        if delegation and not (cut == name and rrtype == "DS"):
            _refer(said, zone, delegation)
            return None
    source = _source(zone, name, lineage)
    if source is None:
        said.rcode = "NXDOMAIN"
        said.authority.append(_soa(zone))
        return None
    sets = [it for it in zone.of(source) if it["type"] != _HIDDEN]
    if rrtype == "ANY":
        said.answer += [_records(name, it) for it in sets[:1]]
        return None
    found = {it["type"]: _records(name, it) for it in sets}
    if rrtype in found and found[rrtype].rdatas:
        said.answer.append(found[rrtype])
    elif "CNAME" in found and found["CNAME"].rdatas:
        said.answer.append(found["CNAME"])
        return found["CNAME"].rdatas[0]
    else:
        said.authority.append(_soa(zone))
    return None


def _flatten(said: Answer, aliased: Iterable[Zone], zone: Zone, name: str, rrtype: str) -> None:
    """Answer at the apex with the addresses of what its ALIAS points at."""
    alias = zone.get(name, _HIDDEN)
    if alias is None:
        return
    reached = answer(aliased, recordset.served(alias)[0], rrtype)
    found = [text for it in reached.answer if it.rrtype == rrtype for text in it.rdatas]
    if found:
        said.authority.clear()
        said.answer.append(replace(_records(name, alias), rrtype=rrtype, rdatas=found))


def _lineage(zone: Zone, name: str) -> list[str]:
    """The names from just below the apex down to `name`."""
    lineage = []
    while name != zone.apex:
        lineage.append(name)
        name = names.parent(name)
    return lineage[::-1]


def _source(zone: Zone, name: str, lineage: list[str]) -> str | None:
    """The owner whose sets answer for `name`: itself, or the wildcard at its closest encloser."""
    encloser = zone.apex
    for ancestor in lineage:
        if not zone.has_below(ancestor):
            wildcard = f"*.{encloser}"
            return wildcard if zone.keys_of(wildcard) else None
        encloser = ancestor
    return name


def _refer(said: Answer, zone: Zone, delegation: Body) -> None:
    """Send the asker to the servers of a delegated part, with the addresses we know (glue)."""
    said.authoritative = bool(said.answer)
    referral = _records(delegation["name"], delegation)
    said.authority.append(referral)
    for server in referral.rdatas:
        said.additional += [
            _records(server, glue) for glue in zone.of(server) if glue["type"] in {"A", "AAAA"}
        ]


def _records(name: str, stored: Body) -> Records:
    return Records(name, stored["type"], stored["ttl"], recordset.served(stored))


def _soa(zone: Zone) -> Records:
    """For negative answers: the SOA with the time they may be kept (RFC 2308 section 3)."""
    stored = zone.get(zone.apex, "SOA")
    assert stored is not None  # every zone keeps its SOA
    soa = _records(zone.apex, stored)
    return replace(soa, ttl=min(soa.ttl, int(soa.rdatas[0].split()[6])))
