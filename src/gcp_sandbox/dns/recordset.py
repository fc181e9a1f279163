"""One record set: checked, and dressed with what the server adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gcp_sandbox.dns import names, rdata
from gcp_sandbox.dns.errors import Refused, bad_value
from gcp_sandbox.request import Body, Json

KIND: Final = "dns#resourceRecordSet"
_LARGEST_TTL: Final = 2**31 - 1
_SINGLE: Final = frozenset({"ALIAS", "CNAME", "SOA"})
_KINDS: Final = {
    "wrr": "dns#rRSetRoutingPolicyWrrPolicy",
    "geo": "dns#rRSetRoutingPolicyGeoPolicy",
    "primaryBackup": "dns#rRSetRoutingPolicyPrimaryBackupPolicy",
}
_BALANCER: Final = "dns#rRSetRoutingPolicyLoadBalancerTarget"
_ROUTABLE: Final = frozenset({"A", "AAAA", "CNAME", "MX", "SRV", "TXT"})

Faults = list[str]


def key_of(stored: Mapping[str, Json]) -> str:
    return names.set_key(stored["name"], stored["type"])


def titled(body: Mapping[str, Json]) -> str:
    """How error messages name a set: `www.example.com. (A)`."""
    return f"{body.get('name', '')} ({body.get('type', '')})"


def stored_form(given: Json, at: str) -> Body:
    """The set as it is stored and answered: names and data in canonical spelling.

    `at` names the place in the request (`entity.change.additions[0]`). Raises `Refused` (400,
    `invalid`) with every fault.
    """
    faults: Faults = []
    if not isinstance(given, dict):
        raise Refused(400, "invalid", [bad_value(at, given)])
    name, rrtype = _name(given, at, faults), _type(given, at, faults)
    stored: Body = {"name": name, "type": rrtype, "ttl": _ttl(given, at, faults)}
    policy = given.get("routingPolicy")
    if policy:
        if given.get("rrdatas") or rrtype not in _ROUTABLE:
            faults.append(bad_value(f"{at}.routingPolicy", "<not allowed here>"))
        stored["routingPolicy"] = _policy(policy, rrtype, f"{at}.routingPolicy", faults)
    else:
        rrdatas = given.get("rrdatas")
        stored["rrdatas"] = _spelt(rrdatas, rrtype, f"{at}.rrdata", faults)
        if rrtype in _SINGLE and len(stored["rrdatas"]) > 1:
            faults.append(bad_value(f"{at}.rrdata", stored["rrdatas"][1]))
    stored["signatureRrdatas"] = []
    stored["kind"] = KIND
    if faults:
        raise Refused(400, "invalid", faults)
    return stored


def same(left: Mapping[str, Json], right: Mapping[str, Json]) -> bool:
    """Whether two stored sets say the same, in whatever order their data stands."""
    return (
        left["ttl"] == right["ttl"]
        and sorted(left.get("rrdatas", ())) == sorted(right.get("rrdatas", ()))
        and left.get("routingPolicy") == right.get("routingPolicy")
    )


def data(stored: Mapping[str, Json]) -> Iterator[str]:
    """Every piece of rdata, those of a routing policy too: what the size quota counts."""
    yield from stored.get("rrdatas", ())
    for _, items in _item_lists(stored.get("routingPolicy") or {}):
        for item in items:
            yield from item.get("rrdatas", ())
            yield from item.get("healthCheckedTargets", {}).get("externalEndpoints", ())


def served(stored: Mapping[str, Json]) -> list[str]:
    """The data that the name server answers: of a policy its first item's, or the primary's."""
    policy = stored.get("routingPolicy")
    if not policy:
        return list(stored.get("rrdatas", ()))
    if primary := policy.get("primaryBackup", {}).get("primaryTargets"):
        return _addresses(primary)
    for _, items in _item_lists(policy):
        for item in items:
            if found := [*item.get("rrdatas", ()), *_addresses(item.get("healthCheckedTargets"))]:
                return found
    return []


def _addresses(targets: Mapping[str, Json] | None) -> list[str]:
    if not targets:
        return []
    balancers = (balancer["ipAddress"] for balancer in targets.get("internalLoadBalancers", ()))
    return [*targets.get("externalEndpoints", ()), *balancers]


def _item_lists(policy: Mapping[str, Json]) -> Iterator[tuple[str, list[Body]]]:
    for form in ("wrr", "geo"):
        if form in policy:
            yield form, policy[form].get("items", [])
    if backup := policy.get("primaryBackup", {}).get("backupGeoTargets"):
        yield "geo", backup.get("items", [])


def _name(given: Body, at: str, faults: Faults) -> str:
    text = given.get("name")
    try:
        return names.owner(text if isinstance(text, str) else "")
    except ValueError:
        faults.append(bad_value(f"{at}.name", text or ""))
        return ""


def _type(given: Body, at: str, faults: Faults) -> str:
    text = given.get("type")
    if isinstance(text, str) and rdata.is_served(text.upper()):
        return text.upper()
    faults.append(bad_value(f"{at}.type", text or ""))
    return ""


def _ttl(given: Body, at: str, faults: Faults) -> int:
    value = given.get("ttl", 0)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_TTL:
        return value
    faults.append(bad_value(f"{at}.ttl", value))
    return 0


def _spelt(given: Json, rrtype: str, at: str, faults: Faults) -> list[str]:
    """Rdata in canonical spelling, in the order given."""
    if not isinstance(given, list) or not given:
        faults.append(bad_value(at, "<empty>"))
        return []
    spelt: list[str] = []
    for number, text in enumerate(given):
        if not rrtype:
            continue  # the type's own fault is told already
        try:
            form = rdata.canonical(rrtype, text if isinstance(text, str) else "")
        except ValueError:
            faults.append(bad_value(f"{at}[{number}]", text))
            continue
        if form in spelt:
            faults.append(bad_value(f"{at}[{number}]", text))
        spelt.append(form)
    return spelt


def _policy(given: Json, rrtype: str, at: str, faults: Faults) -> Body:
    """A routing policy with Google's `kind`s; exactly one of wrr, geo and primaryBackup."""
    forms = [form for form in _KINDS if isinstance(given, dict) and given.get(form)]
    if len(forms) != 1 or not isinstance(given[forms[0]], dict):
        faults.append(bad_value(at, "<exactly one of wrr, geo and primaryBackup is needed>"))
        return {}
    form, policy = forms[0], dict(given)
    if form == "primaryBackup":
        policy[form] = _primary_backup(given[form], rrtype, f"{at}.{form}", faults)
    else:
        policy[form] = _items(form, given[form], rrtype, f"{at}.{form}", faults)
    policy["kind"] = "dns#rRSetRoutingPolicy"
    return policy


def _primary_backup(given: Body, rrtype: str, at: str, faults: Faults) -> Body:
    policy = dict(given)
    policy["primaryTargets"] = _targets(
        given.get("primaryTargets"), rrtype, f"{at}.primaryTargets", faults
    )
    backup = given.get("backupGeoTargets")
    if not isinstance(backup, dict):
        faults.append(bad_value(f"{at}.backupGeoTargets", "<empty>"))
    else:
        place = f"{at}.backupGeoTargets"
        policy["backupGeoTargets"] = _items("geo", backup, rrtype, place, faults)
    policy["kind"] = _KINDS["primaryBackup"]
    return policy


def _items(form: str, given: Body, rrtype: str, at: str, faults: Faults) -> Body:
    items = given.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        faults.append(bad_value(f"{at}.items", "<empty>"))
        return {}
    dressed = [
        _item(form, item, rrtype, f"{at}.items[{number}]", faults)
        for number, item in enumerate(items)
    ]
    if form == "geo":
        places = [item.get("location") for item in items]
        faults += [
            bad_value(f"{at}.items[{number}].location", place)
            for number, place in enumerate(places)
            if not place or place in places[:number]
        ]
    return {**given, "items": dressed, "kind": _KINDS[form]}


def _item(form: str, given: Body, rrtype: str, at: str, faults: Faults) -> Body:
    item = dict(given)
    weight = given.get("weight", 0)
    if form == "wrr" and (not isinstance(weight, int | float) or weight < 0):
        faults.append(bad_value(f"{at}.weight", weight))
    if given.get("healthCheckedTargets"):
        place = f"{at}.healthCheckedTargets"
        item["healthCheckedTargets"] = _targets(
            given["healthCheckedTargets"], rrtype, place, faults
        )
    if given.get("rrdatas") or not given.get("healthCheckedTargets"):
        item["rrdatas"] = _spelt(given.get("rrdatas"), rrtype, f"{at}.rrdata", faults)
        item["signatureRrdatas"] = []
    kind = _KINDS[form]
    return {**item, "kind": f"{kind}{kind.removeprefix('dns#rRSetRoutingPolicy')}Item"}


def _targets(given: Json, rrtype: str, at: str, faults: Faults) -> Body:
    if not isinstance(given, dict) or not (
        given.get("internalLoadBalancers") or given.get("externalEndpoints")
    ):
        faults.append(bad_value(at, "<empty>"))
        return {}
    targets = dict(given)
    if given.get("externalEndpoints"):
        targets["externalEndpoints"] = _spelt(
            given["externalEndpoints"], rrtype, f"{at}.externalEndpoints", faults
        )
    balancers = given.get("internalLoadBalancers", [])
    if not isinstance(balancers, list):
        balancers = [balancers]
    for number, balancer in enumerate(balancers):
        if not isinstance(balancer, dict) or not isinstance(balancer.get("ipAddress"), str):
            faults.append(bad_value(f"{at}.internalLoadBalancers[{number}]", balancer))
    if balancers:
        targets["internalLoadBalancers"] = [
            {**balancer, "kind": _BALANCER} for balancer in balancers if isinstance(balancer, dict)
        ]
    return targets
