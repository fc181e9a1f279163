"""What is to be said of MX, NS and CAA: mail, names and certificates that others see to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from remediate.model.plan import Difference, Objection
from remediate.model.ref import Ref, record_ref
from remediate.model.resource import Zone
from remediate.model.values import Template
from remediate.pipeline.hosts import domains
from remediate.pipeline.proposal import Proposal

_ADDRESSES = ("A", "AAAA", "CNAME")
_MANAGED = frozenset({"SslCertificate", "Certificate"})
_MOST_NAMED = 3


def mail_lost(proposal: Proposal) -> Iterator[Objection]:
    """Mail that has a server now and would have none, by removal or by change (RFC 5321, 7505)."""
    for difference in _of_type("MX", proposal):
        owner = difference.ref.record[0]
        if difference.before is None or _values(difference.before) == _values(difference.after):
            continue
        servers = [value.split()[-1].lower() for value in _values(difference.after)]
        lost = [name for name in servers if _has_no_address(name, proposal)]
        if difference.action.removes:
            message = f"{owner} would have no MX any more, and mail for it nowhere to go"
        elif servers == ["."]:
            message = f"{owner} would refuse all mail: its MX would be `.`"
        elif servers and lost == servers:
            message = f"mail for {owner} would go to {_some(servers)}, without any address"
        else:
            continue
        yield Objection("dns-mail", "deny", difference.ref, message)


def delegated(proposal: Proposal) -> Iterator[Objection]:
    """Names handed to other servers, or to none."""
    zones = _zones(proposal)
    going = (each.ref for each in proposal.deletions())
    gone = {ref.record[0] for ref in going if ref.is_record_set}
    for difference in _of_type("NS", proposal):
        ref, zone = difference.ref, zones.get(difference.ref.zone)
        owner = ref.record[0]
        before, after = (
            {v.lower() for v in _values(b)} for b in (difference.before, difference.after)
        )
        new = sorted(after - before)
        if difference.action.removes:
            if zone is not None and owner == zone.dns_name:
                continue  # the apex has a rule of its own
            message = f"{owner} would not be delegated any more, and all below it be gone"
        elif difference.before is None:
            hidden = {name for name in gone if f".{name}".endswith(f".{owner}")}
            if not hidden:
                continue
            message = (
                f"{owner} would be delegated to {_some(new)}, which takes {_some(hidden)} with it"
            )
        elif new:
            message = (
                f"{owner} would be delegated to {_some(new)} instead of {_some(before - after)}"
            )
        else:
            continue
        yield Objection("dns-delegation", "deny", ref, message)


def caa_forbids(proposal: Proposal) -> Iterator[Objection]:
    """Certificates that are declared have to be issued and renewed, and nobody else's should be."""
    changed = {each.ref: each for each in _of_type("CAA", proposal)}
    if not changed:
        return
    from remediate.probes.caa import GOOGLE, forbids, upwards  # few plans change CAA

    standing = _caa(proposal)
    for ref, difference in changed.items():
        owner = ref.record[0]
        if difference.action.removes and not any(name in standing for name in upwards(owner)):
            message = f"without its CAA, any authority may issue certificates for {owner}"
            yield Objection("dns-caa", "deny", ref, message)
    owners = {ref.record[0]: ref for ref in changed}
    refused: dict[tuple[Ref, str], list[str]] = defaultdict(list)
    for domain in sorted(_to_be_issued(proposal)):
        passed: list[str] = []
        for name in upwards(domain):
            passed.append(name)
            if name in standing:
                culprit = next((owners[each] for each in reversed(passed) if each in owners), None)
                why = forbids(name, standing[name], domain, GOOGLE)
                if culprit and why:
                    refused[culprit, why].append(domain)
                break
    for (ref, why), names in refused.items():
        message = f"{why}, which is to issue and renew the certificate of {_some(names)}"
        yield Objection("dns-caa", "deny", ref, message)


def _of_type(rrtype: str, proposal: Proposal) -> Iterator[Difference]:
    """Those that change, go or come; what makes room for another type is none of them."""
    swapped = {ref for verdict in proposal.records.values() for ref in verdict.swapped}
    for each in proposal.differences:
        if each.ref.is_record_set and each.ref.record[1] == rrtype and each.ref not in swapped:
            yield each


def _values(body: Mapping[str, Any] | None) -> list[str]:
    return [str(value) for value in (body or {}).get("rrdatas") or ()]


def _zones(proposal: Proposal) -> dict[Ref, Zone]:
    resources = proposal.desired.resources
    return {ref: each for ref, each in resources.items() if isinstance(each, Zone)}


def _zone_of(name: str, proposal: Proposal) -> Zone | None:
    """The declared zone that answers for a name, the nearest if there are several."""
    found = [
        zone
        for zone in _zones(proposal).values()
        if name == zone.dns_name or name.endswith(f".{zone.dns_name}")
    ]
    return max(found, key=lambda zone: len(zone.dns_name), default=None)


def _has_no_address(host: str, proposal: Proposal) -> bool:
    """Whether it is certain that a name has none afterwards: others' names are others' business."""
    zone = _zone_of(host, proposal)
    if zone is None:
        return False
    above = [host, *_parents(host, zone.dns_name)]
    if any((name, "NS") in zone.records for name in above if name != zone.dns_name):
        return False
    wild = [f"*.{name}" for name in above[1:]]
    if any((name, rrtype) in zone.records for name in (host, *wild) for rrtype in _ADDRESSES):
        return False
    going = {each.ref for each in proposal.deletions()}
    gone = any(record_ref(zone.ref.name, host, rrtype) in going for rrtype in _ADDRESSES)
    return zone.exclusive or gone


def _parents(name: str, apex: str) -> Iterator[str]:
    while name != apex and (name := name.partition(".")[2]):
        yield name


def _caa(proposal: Proposal) -> dict[str, list[str]]:
    """The CAA records that stand afterwards, as far as they are written, by owner name."""
    return {
        fqdn: [str(value) for value in record.rrdatas]
        for zone in _zones(proposal).values()
        for (fqdn, rrtype), record in zone.records.items()
        if rrtype == "CAA" and not any(isinstance(value, Template) for value in record.rrdatas)
    }


def _to_be_issued(proposal: Proposal) -> set[str]:
    """The domains of declared certificates that Google issues itself."""
    found: set[str] = set()
    for at, body in proposal.around.wanted.items():
        managed = body.get("managed") if at.kind in _MANAGED else None
        if isinstance(managed, Mapping) and not managed.get("issuanceConfig"):
            found |= {*domains(at, body)}
    return found


def _some(names: Any) -> str:  # noqa: ANN401 - any iterable of names
    listed = sorted(names)
    more = f" and {len(listed) - _MOST_NAMED} more" if len(listed) > _MOST_NAMED else ""
    return ", ".join(listed[:_MOST_NAMED]) + more
