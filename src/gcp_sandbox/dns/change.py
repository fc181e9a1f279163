"""The rules of a change: all of it or nothing.

Wording follows the real API. Told first is what is invalid in itself (400), then what would exceed
a quota (403), what the zone does not hold any more (404, 412) or holds already (409), and what
would leave the zone broken (400).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gcp_sandbox.dns import names, recordset, routing
from gcp_sandbox.dns.errors import Refused, bad_value, exists, not_found, required, stale
from gcp_sandbox.dns.zone import Zone
from gcp_sandbox.request import Body, Json

ADDITIONS: Final = "entity.change.additions"
DELETIONS: Final = "entity.change.deletions"
_APEX_TYPES: Final = ("NS", "SOA")
_BALANCERS: Final = (
    "Routing policies referencing internal load balancers cannot be added to public zones"
)
_WITHOUT_POLICIES: Final = (
    *("forwardingConfig", "peeringConfig", "reverseLookupConfig", "serviceDirectoryConfig"),
)
_NOT_ALONE: Final = (
    "The resource record set '{at}' is invalid because a zone must contain exactly one resource "
    "record set of type '{rrtype}' at the apex."
)


@dataclass(frozen=True, slots=True)
class Change:
    """Checked sets to take out and to put in.

    `additions_at` and `deletions_at` are how errors call their places, with `{}` for the number.
    """

    additions: Sequence[Body]
    deletions: Sequence[Body]
    additions_at: str = ADDITIONS + "[{}]"
    deletions_at: str = DELETIONS + "[{}]"


def parsed(body: Json) -> Change:
    """The sets of a request's body, in stored form. Raises `Refused` with all that is invalid."""
    given = body if isinstance(body, dict) else {}
    additions, deletions = given.get("additions") or [], given.get("deletions") or []
    if not additions and not deletions:
        raise required("entity.change")
    faults: list[str] = []
    change = Change(_stored(additions, ADDITIONS, faults), _stored(deletions, DELETIONS, faults))
    if faults:
        raise Refused(400, "invalid", faults)
    return change


def _stored(sets: Json, at: str, faults: list[str]) -> list[Body]:
    if not isinstance(sets, list):
        faults.append(bad_value(at, sets))
        return []
    stored = []
    for number, given in enumerate(sets):
        try:
            stored.append(recordset.stored_form(given, f"{at}[{number}]"))
        except Refused as refused:
            faults += refused.messages
    return stored


def apply(zone: Zone, change: Change, limits: Mapping[str, int]) -> None:
    """Make the change, or raise and leave the zone as it was."""
    _check_size(change, limits)
    _check_places(zone, change)
    _check_deletions(zone, change)
    _check_additions(zone, change)
    _check_apex(zone, change)
    _check_cnames(zone, change)
    _check_limits(zone, change, limits)
    zone.replace(change.deletions, change.additions)
    touched = (*change.additions, *change.deletions)
    if not any(stored["type"] == "SOA" for stored in touched):
        zone.bump_serial()


def _check_size(change: Change, limits: Mapping[str, int]) -> None:
    over = []
    if len(change.additions) > limits["rrsetAdditionsPerChange"]:
        over.append("additions per change")
    if len(change.deletions) > limits["rrsetDeletionsPerChange"]:
        over.append("deletions per change")
    touched = (*change.additions, *change.deletions)
    size = sum(len(text) for stored in touched for text in recordset.data(stored))
    if size > limits["totalRrdataSizePerChange"]:
        over.append("total rrdata size per change")
    if over:
        raise _over_quota(over)


def _check_places(zone: Zone, change: Change) -> None:
    """Names in the zone; types where they may stand (Google's "DNS records overview")."""
    faults = []
    for number, stored in enumerate(change.additions):
        name, rrtype, at = stored["name"], stored["type"], change.additions_at.format(number)
        at_apex = name == zone.apex
        dnssec = zone.body.get("dnssecConfig", {}).get("state", "off")
        if not names.within(name, zone.apex) or (rrtype == "NS" and name.startswith("*")):
            faults.append(bad_value(f"{at}.name", name))
        elif (
            (rrtype in {"SOA", "ALIAS"} and not at_apex)
            or (rrtype == "ALIAS" and (dnssec != "off" or not zone.is_public))
            or (rrtype == "DS" and at_apex)
            or (rrtype == "DNSKEY" and dnssec != "transfer")
        ):
            faults.append(bad_value(f"{at}.type", rrtype))
    if faults:
        raise Refused(400, "invalid", faults)
    _check_policies(zone, change)


def _check_policies(zone: Zone, change: Change) -> None:
    """What zones take of routing policies (Google's "DNS routing policies")."""
    dnssec = zone.body.get("dnssecConfig", {}).get("state", "off")
    for number, stored in enumerate(change.additions):
        policy, at = stored.get("routingPolicy"), change.additions_at.format(number)
        if not policy:
            continue
        if zone.is_public and routing.has_balancers(policy):
            raise Refused(400, "internalLoadBalancerDisallowedInPublicZone", [_BALANCERS])
        if any(name in zone.body for name in _WITHOUT_POLICIES) or (
            dnssec != "off" and routing.is_mixed(policy)
        ):
            fault = bad_value(f"{at}.routingPolicy", "<not allowed in this zone>")
            raise Refused(400, "invalid", [fault])


def _check_deletions(zone: Zone, change: Change) -> None:
    seen = set()
    for number, stored in enumerate(change.deletions):
        at, key = change.deletions_at.format(number), recordset.key_of(stored)
        live = zone.sets.get(key)
        if live is None or key in seen:
            raise not_found(at, recordset.titled(stored))
        if not recordset.same(live, stored):
            raise stale(at)
        seen.add(key)


def _check_additions(zone: Zone, change: Change) -> None:
    gone = {recordset.key_of(stored) for stored in change.deletions}
    seen = set()
    for number, stored in enumerate(change.additions):
        key = recordset.key_of(stored)
        if key in seen or (key in zone.sets and key not in gone):
            raise exists(change.additions_at.format(number), recordset.titled(stored))
        seen.add(key)


def _check_apex(zone: Zone, change: Change) -> None:
    """The apex keeps exactly one SOA and one NS set."""
    added = {stored["type"] for stored in change.additions if stored["name"] == zone.apex}
    for number, stored in enumerate(change.deletions):
        rrtype = stored["type"]
        if stored["name"] == zone.apex and rrtype in _APEX_TYPES and rrtype not in added:
            at = change.deletions_at.format(number)
            raise Refused(
                400,
                "invalidZoneApex",
                [_NOT_ALONE.format(at=at, rrtype=rrtype)],
            )


def _check_cnames(zone: Zone, change: Change) -> None:
    """A CNAME stands alone (RFC 1034 section 3.6.2)."""
    gone = {recordset.key_of(stored) for stored in change.deletions}
    added: dict[str, list[str]] = {}
    for stored in change.additions:
        added.setdefault(stored["name"], []).append(stored["type"])
    faults = []
    for stored in change.additions:
        name, rrtype = stored["name"], stored["type"]
        kept = [zone.sets[key]["type"] for key in zone.keys_of(name) if key not in gone]
        others = [other for other in (*kept, *added[name]) if other != rrtype]
        clash = others if rrtype == "CNAME" else [other for other in others if other == "CNAME"]
        if clash:
            faults.append(
                f"The resource record set '{ADDITIONS}[{name}][{rrtype}]' is invalid because the "
                f"DNS name '{name}' has a resource record set of the type '{clash[0]}'. A DNS "
                "name may have either one CNAME resource record set or resource record sets of "
                "other types, but not both."
            )
    if faults:
        raise Refused(400, "cnameResourceRecordSetConflict", faults)


def _check_limits(zone: Zone, change: Change, limits: Mapping[str, int]) -> None:
    over = []
    for stored in change.additions:
        records = stored.get("rrdatas", ())
        if len(records) > limits["resourceRecordsPerRrset"]:
            over.append("resource records per resource record set")
        elif stored["type"] == "NS" and len(records) > limits["nameserversPerDelegation"]:
            over.append("name servers per delegation")
        for form in ("wrr", "geo"):
            items = stored.get("routingPolicy", {}).get(form, {}).get("items", ())
            if len(items) > limits["itemsPerRoutingPolicy"]:
                over.append("items per routing policy")
    grown = len(zone.sets) + len(change.additions) - len(change.deletions)
    if grown > max(limits["rrsetsPerManagedZone"], len(zone.sets)):
        over.append("resource record sets per managed zone")
    if over:
        raise _over_quota(over)


def _over_quota(what: Sequence[str]) -> Refused:
    return Refused(
        403, "quotaExceeded", [f"The change would exceed quota for {it}." for it in what]
    )
