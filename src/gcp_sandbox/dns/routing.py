"""Routing policies: answers that depend on weight, place or health.

They are kept and answered as given, with Google's `kind` on every part; the name server answers
with the first item, or the primary: it knows neither places nor health.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gcp_sandbox.dns.errors import Faults, bad_value
from gcp_sandbox.dns.rdata import spelt
from gcp_sandbox.request import Body, Json

_KINDS: Final = {
    "wrr": "dns#rRSetRoutingPolicyWrrPolicy",
    "geo": "dns#rRSetRoutingPolicyGeoPolicy",
    "primaryBackup": "dns#rRSetRoutingPolicyPrimaryBackupPolicy",
}
_ADDRESSES_OF: Final = frozenset({"A", "AAAA"})
_BALANCER: Final = "dns#rRSetRoutingPolicyLoadBalancerTarget"


def stored_form(given: Json, rrtype: str, at: str, faults: Faults) -> Body:
    """The policy with its `kind`s; exactly one of wrr, geo and primaryBackup."""
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


def data(policy: Mapping[str, Json]) -> Iterator[str]:
    """Every piece of rdata in the policy."""
    for items in _item_lists(policy):
        for item in items:
            yield from item.get("rrdatas", ())
            yield from item.get("healthCheckedTargets", {}).get("externalEndpoints", ())


def has_balancers(policy: Mapping[str, Json]) -> bool:
    """Whether it names internal load balancers, which only private zones may."""
    return any(targets.get("internalLoadBalancers") for targets in _all_targets(policy))


def is_mixed(policy: Mapping[str, Json]) -> bool:
    """Whether an item has plain data beside checked targets, which no signed zone may."""
    items = (item for items in _item_lists(policy) for item in items)
    return any(item.get("rrdatas") and item.get("healthCheckedTargets") for item in items)


def _all_targets(policy: Mapping[str, Json]) -> Iterator[Body]:
    if primary := policy.get("primaryBackup", {}).get("primaryTargets"):
        yield primary
    for items in _item_lists(policy):
        yield from (
            item["healthCheckedTargets"] for item in items if "healthCheckedTargets" in item
        )


def served(policy: Mapping[str, Json]) -> list[str]:
    """The primary's data, or that of the first item which has any."""
    if primary := policy.get("primaryBackup", {}).get("primaryTargets"):
        return _addresses(primary)
    for items in _item_lists(policy):
        for item in items:
            if found := [*item.get("rrdatas", ()), *_addresses(item.get("healthCheckedTargets"))]:
                return found
    return []


def _addresses(targets: Mapping[str, Json] | None) -> list[str]:
    if not targets:
        return []
    balancers = (balancer["ipAddress"] for balancer in targets.get("internalLoadBalancers", ()))
    return [*targets.get("externalEndpoints", ()), *balancers]


def _item_lists(policy: Mapping[str, Json]) -> Iterator[list[Body]]:
    for form in ("wrr", "geo"):
        if form in policy:
            yield policy[form].get("items", [])
    if backup := policy.get("primaryBackup", {}).get("backupGeoTargets"):
        yield backup.get("items", [])


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
        item["rrdatas"] = spelt(given.get("rrdatas"), rrtype, f"{at}.rrdata", faults)
        item["signatureRrdatas"] = []
    kind = _KINDS[form]
    return {**item, "kind": f"{kind}{kind.removeprefix('dns#rRSetRoutingPolicy')}Item"}


def _targets(given: Json, rrtype: str, at: str, faults: Faults) -> Body:
    if not isinstance(given, dict) or not (
        given.get("internalLoadBalancers") or given.get("externalEndpoints")
    ):
        faults.append(bad_value(at, "<empty>"))
        return {}
    if given.get("internalLoadBalancers") and given.get("externalEndpoints"):
        faults.append(bad_value(at, "<only one of its members may be set>"))
    if rrtype not in _ADDRESSES_OF:
        faults.append(bad_value(at, f"<not for {rrtype}>"))
    targets = dict(given)
    if given.get("externalEndpoints"):
        targets["externalEndpoints"] = spelt(
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
