"""What a routing policy must be before it is sent.

https://cloud.google.com/dns/docs/routing-policies-overview, the descriptions of the discovery
document, and answers of the API to policies that it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from remediate.kinds.documents.complaints import Complaint, validated
from remediate.kinds.fields.pointers import Patterns, leaves, parts, pointer, value_at
from remediate.kinds.fields.rules import Fault, distinct, exactly_one, spelled, within
from remediate.kinds.records.names import relative
from remediate.kinds.records.routing import (
    BALANCERS,
    FORMS,
    ITEMS,
    TARGETS,
    data,
    table,
    with_data,
)
from remediate.kinds.records.routing_spec import RoutingPolicy
from remediate.kinds.records.rules import ADDRESSES, judged
from remediate.model.errors import InvalidInput
from remediate.model.json import Body
from remediate.model.resource import RoutedSet
from remediate.model.values import Template

Wrong: TypeAlias = tuple[str, str, str]

MAX_ITEMS = 100  # itemsPerRoutingPolicy of the project's quota
ROUTABLE = ("A", "AAAA", "CNAME", "MX", "SRV", "TXT")
_FIELD = "/routingPolicy"
_REGION = re.compile(r"[a-z]+(-[a-z]+)+[0-9]+")
_REQUIRED = ("ipAddress", "ipProtocol", "networkUrl", "port", "project")
_REGIONAL = frozenset({"regionalL4ilb", "regionalL7ilb"})
# https://cloud.google.com/dns/docs/routing-policies-overview: zones that hold no policies
_WITHOUT = {
    "forwardingConfig": "a forwarding zone",
    "peeringConfig": "a peering zone",
    "reverseLookupConfig": "a zone of reverse look-ups",
    "serviceDirectoryConfig": "a Service Directory zone",
}


def read_policy(written: object, rrtype: str, fqdn: str, dns_name: str) -> tuple[Body, list[Wrong]]:
    """The policy typed, its data in Cloud DNS's spelling; and all that is wrong with it.

    Pointers begin at the record set. What only the server writes, as in the output of `gcloud`,
    is left out.
    """
    complaints: list[Complaint] = []
    policy = validated(RoutingPolicy, _without_server_set(written), _FIELD, complaints)
    wrong = [(one.pointer, one.message, one.hint) for one in complaints]
    if wrong:
        return {}, wrong
    if rrtype not in ROUTABLE:
        known = ", ".join(ROUTABLE)
        return policy, [(_FIELD, f"{rrtype} cannot be answered by a policy", f"only {known} can")]
    wrong += [(_FIELD + at, message, "") for at, message in _faults(policy, rrtype)]
    for at, value in data(policy):
        try:
            _judged(value, rrtype, fqdn, dns_name)
        except InvalidInput as error:
            fault = error.faults[0]
            wrong.append((_FIELD + at, fault.message, fault.hint))
    if not wrong:
        policy = with_data(policy, lambda value: _judged(value, rrtype, fqdn, dns_name))
    return policy, wrong


def _judged(value: str, rrtype: str, fqdn: str, dns_name: str) -> str:
    return value if isinstance(value, Template) else judged(rrtype, value, fqdn, dns_name)


def _without_server_set(written: object) -> object:
    if not isinstance(written, dict):
        return written
    policy = _copied(written)
    for at, _, _value in [*leaves(policy, Patterns.flags(table("A").server_set))]:
        *above, last = parts(at)
        holder = value_at(policy, pointer(*above))
        if isinstance(holder, dict):
            holder.pop(last, None)
    return policy


def _copied(value: object) -> Any:  # noqa: ANN401 - any part of a policy
    if isinstance(value, dict):
        return {name: _copied(item) for name, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _faults(policy: Body, rrtype: str) -> Iterator[Fault]:
    yield from exactly_one(policy, FORMS)
    yield from _items(policy, rrtype)
    yield from _targets(policy, rrtype)
    for at in BALANCERS:
        yield from _balancers(policy, at)
    backup = policy.get("primaryBackup")
    if isinstance(backup, dict):
        for name in ("primaryTargets", "backupGeoTargets"):
            if not backup.get(name):
                yield "/primaryBackup", f"`{name}` is missing"
        yield from within(policy, "/primaryBackup/trickleTraffic", 0, 1, "trickleTraffic")


def _items(policy: Body, rrtype: str) -> Iterator[Fault]:
    for form in ITEMS:
        holder, name = form.rpartition("/")[0], "items"
        for at, _, body in leaves(policy, Patterns.flags([holder])):
            items = body.get(name) or []
            if not items:
                yield at, "`items` is missing or empty"
            if len(items) > MAX_ITEMS:
                yield f"{at}/items", f"{len(items)} items; Cloud DNS takes {MAX_ITEMS}"
            for number, item in enumerate(items):
                yield from _item(item, rrtype, f"{at}/items/{number}", form)
        yield from distinct(policy, f"{form}/*/location", "the location")
        yield from spelled(policy, f"{form}/*/location", _REGION.fullmatch, "a region of Google's")
    yield from _weights(policy)


def _item(item: Mapping[str, Any], rrtype: str, at: str, form: str) -> Iterator[Fault]:
    rrdatas = item.get("rrdatas")
    if not rrdatas and not item.get("healthCheckedTargets"):
        yield at, "an item answers with `rrdatas` or `healthCheckedTargets`"
    if rrdatas and rrtype == "CNAME" and len(rrdatas) > 1:
        yield f"{at}/rrdatas", "a CNAME points to one name"
    if rrdatas and len({*rrdatas}) < len(rrdatas):
        yield f"{at}/rrdatas", "the same data is written twice"
    if not form.startswith("/wrr") and not item.get("location"):
        yield at, "`location` is missing: the region that the answer is meant for"


def _weights(policy: Body) -> Iterator[Fault]:
    for at, _, items in leaves(policy, Patterns.flags(["/wrr/items"])):
        weights = [item.get("weight", 0) for item in items]
        for number, weight in enumerate(weights):
            if not isinstance(weight, Template) and weight < 0:
                yield f"{at}/{number}/weight", "a weight is 0 or more"
        if weights and not any(isinstance(one, Template) or one for one in weights):
            yield at, "no item has a weight above 0, so none would be answered"


def _targets(policy: Body, rrtype: str) -> Iterator[Fault]:
    found = [(at, body) for at, _, body in leaves(policy, Patterns.flags(TARGETS))]
    for at, body in found:
        if rrtype not in ADDRESSES:
            yield at, f"health is checked of A and AAAA alone, not of {rrtype}"
        yield from exactly_one(body, ("externalEndpoints", "internalLoadBalancers"), at)
    outside = [at for at, body in found if body.get("externalEndpoints")]
    if outside and not policy.get("healthCheck"):
        yield outside[0], "externalEndpoints need a `healthCheck`: the health check's name"


def _balancers(policy: Body, pattern: str) -> Iterator[Fault]:
    for at, _, balancer in leaves(policy, Patterns.flags([f"{pattern}/*"])):
        missing = [name for name in _REQUIRED if not balancer.get(name)]
        if balancer.get("loadBalancerType") in _REGIONAL and not balancer.get("region"):
            missing.append("region")
        if missing:
            yield at, ", ".join(f"`{name}`" for name in missing) + " is missing"
        yield from spelled(balancer, "/port", str.isdecimal, "a port")


def zone_faults(spec: Mapping[str, Any], routed: Iterable[RoutedSet]) -> Iterator[Wrong]:
    """What the zone around them forbids to policies."""
    state = (spec.get("dnssecConfig") or {}).get("state") or "off"
    private = spec.get("visibility") == "private"
    without = [words for name, words in _WITHOUT.items() if spec.get(name) is not None]
    for one in routed:
        apex = str(spec.get("dnsName")).lower()
        here = pointer("spec", "records", relative(one.fqdn, apex), one.type) + _FIELD
        for words in without:
            yield here, f"{words} holds no routing policies", "write `values`"
        if not private:
            for at, _, _value in leaves(one.policy, Patterns.flags(BALANCERS)):
                hint = "a public zone checks externalEndpoints"
                yield here + at, "internal load balancers are for private zones", hint
        if state != "off":
            yield from ((here + at, *said) for at, said in _signed(one.policy))


def _signed(policy: Body) -> Iterator[tuple[str, tuple[str, str]]]:
    """In a signed zone every answer has one signature, so an item has one sort of answer."""
    for at, _, item in leaves(policy, Patterns.flags(f"{items}/*" for items in ITEMS)):
        if item.get("rrdatas") and item.get("healthCheckedTargets"):
            message = "rrdatas beside healthCheckedTargets in a signed zone"
            yield at, (message, "keep one of them, or leave the zone unsigned")
    for at, _, targets in leaves(policy, Patterns.flags(TARGETS)):
        if len(targets.get("externalEndpoints") or targets.get("internalLoadBalancers") or ()) > 1:
            message = "more than one checked target in a signed zone"
            yield at, (message, "Cloud DNS takes one an item there")
