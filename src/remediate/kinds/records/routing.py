"""Routing policies of record sets: answers that depend on weight, on place or on health.

A policy is Google's own body (`RRSetRoutingPolicy` of the discovery document). It is compared by
what it means: data in its one spelling, links whole, and no order, for Cloud DNS gives none of its
lists a meaning: places are told apart by name, weighted items by what they answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from remediate.kinds.bodies.canonical import canonical_value, rules_of
from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.bodies.links import link_target, ref_of
from remediate.kinds.bodies.resolve import Names, resolved
from remediate.kinds.facts import Pattern, Scope
from remediate.kinds.fields.pointers import Patterns, leaves, transformed
from remediate.kinds.kind import Kind
from remediate.kinds.records.rdata import canonical
from remediate.kinds.records.rules import judged
from remediate.model.errors import InvalidInput
from remediate.model.json import Body, Json
from remediate.model.plan import FieldChange
from remediate.model.ref import Ref
from remediate.model.resource import Resource, RoutedSet, Zone
from remediate.model.values import Template, Unknown

FORMS = ("wrr", "geo", "primaryBackup")
_FIELD = "/routingPolicy"


ITEMS: tuple[Pattern, ...] = ("/wrr/items", "/geo/items", "/primaryBackup/backupGeoTargets/items")
TARGETS: tuple[Pattern, ...] = (
    *(f"{items}/*/healthCheckedTargets" for items in ITEMS),
    "/primaryBackup/primaryTargets",
)
BALANCERS = tuple(f"{at}/internalLoadBalancers" for at in TARGETS)
DATA: tuple[Pattern, ...] = (
    *(f"{items}/*/rrdatas/*" for items in ITEMS),
    *(f"{at}/externalEndpoints/*" for at in TARGETS),
    *(f"{at}/*/ipAddress" for at in BALANCERS),
)
"""Everything in a policy that is data of the set's type."""

_SERVER_SET = frozenset(
    {
        "/kind",
        *(f"/{form}/kind" for form in FORMS),
        "/primaryBackup/backupGeoTargets/kind",
        *(f"{items}/*/{name}" for items in ITEMS for name in ("kind", "signatureRrdatas")),
        *(f"{at}/*/kind" for at in BALANCERS),
    }
)
_MEANS_NOTHING = {"loadBalancerType": "none", "ipProtocol": "undefined"}


@cache
def table(rrtype: str) -> Kind:
    """The rules by which policies of a type are read and compared, as a kind has them."""
    from remediate.kinds.records.routing_spec import RoutingPolicy

    lists = [at.removesuffix("/*") for at in DATA if at.endswith("/*")]
    return Kind(
        name="RoutingPolicy",
        collection="",
        schema="RRSetRoutingPolicy",
        spec=RoutingPolicy,
        scopes=frozenset({Scope.GLOBAL}),
        links={
            "/healthCheck": ("HealthCheck",),
            **{f"{at}/*/networkUrl": ("networks",) for at in BALANCERS},
        },
        server_set=_SERVER_SET,
        keyed={
            "/wrr/items": ("rrdatas", "healthCheckedTargets"),
            "/geo/items": ("location",),
            "/primaryBackup/backupGeoTargets/items": ("location",),
            **dict.fromkeys(BALANCERS, ("ipAddress", "port", "networkUrl")),
        },
        unordered=frozenset({*ITEMS, *BALANCERS, *lists}),
        normalise={
            **dict.fromkeys(DATA, partial(_or_itself, rrtype)),
            **dict.fromkeys(("/wrr/items/*/weight", "/primaryBackup/trickleTraffic"), _number),
        },
    )


def _number(value: Json) -> Json:
    return float(value) if isinstance(value, int) else value


def _or_itself(rrtype: str, value: Json) -> Json:
    try:
        return canonical(rrtype, value) if isinstance(value, str) else value
    except InvalidInput:
        return value


@dataclass(frozen=True, slots=True)
class Routing:
    """The way from a zone's policies as people write them to Google's, where names are known."""

    zone: Zone
    names: Names

    def body(self, wanted: RoutedSet) -> Body:
        """References filled in and links whole; what Google will choose is an `Unknown`.

        Raises InvalidInput where a reference gives what is no data of the set's type.
        """
        zone = self.zone

        def filled(value: str) -> str | Unknown:
            found = value.render(self.names.look_up) if isinstance(value, Template) else value
            if isinstance(found, Unknown) or not isinstance(value, Template):
                return found
            return judged(wanted.type, found, wanted.fqdn, zone.dns_name)

        policy = with_data(wanted.policy, filled)
        holder = Resource(zone.ref, policy, zone.lifecycle, zone.place)
        found: Body = resolved(table(wanted.type), holder, self.names)
        return found

    def changes(self, rrtype: str, wanted: Body, live: Body) -> tuple[FieldChange, ...]:
        return policy_changes(rrtype, wanted, live, self.names.project)


def policy_changes(
    rrtype: str, wanted: Mapping[str, object], live: Mapping[str, object], project: str = "-"
) -> tuple[FieldChange, ...]:
    """Where two policies mean different things, by pointers that begin at the record set."""
    facts = table(rrtype)
    want, there = bare(wanted), bare(live)
    found = field_changes(facts, want, there, project=project, written_before=there, exactly=True)
    return tuple(
        FieldChange(_FIELD + change.pointer, change.before, change.after) for change in found
    )


def canonical_policy(rrtype: str, policy: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON is any
    """A policy in the one spelling in which equal ones are equal."""
    return canonical_value(bare(policy), rules_of(table(rrtype), "-"))


def bare(policy: object) -> Any:  # noqa: ANN401 - any part of a policy
    """A policy as people would write it: without what the server adds, or what says nothing."""
    if isinstance(policy, Mapping):
        kept = ((name, bare(item)) for name, item in policy.items() if name not in _ADDED)
        return {
            name: item
            for name, item in kept
            if item not in _EMPTY and _MEANS_NOTHING.get(name) != item
        }
    return [bare(item) for item in policy] if isinstance(policy, list) else policy


_ADDED = frozenset({"kind", "signatureRrdatas"})
_EMPTY: tuple[Json, ...] = (None, "", [], {}, 0, False)


def data(policy: Mapping[str, object]) -> Iterator[tuple[str, Any]]:
    """(pointer, value) of everything that the policy may answer; a value may be an `Unknown`."""
    for at, _, value in leaves(policy, _DATA):
        yield at, value


def with_data(policy: Body, change: Callable[[str], str | Unknown]) -> Body:
    """A copy of the policy with every value in it changed."""
    result: Body = transformed(policy, _DATA, lambda _fact, value: change(value))
    return result


_DATA = Patterns.flags(DATA)


def answers(body: Mapping[str, Any] | None) -> Iterator[Any]:
    """All that a set's body may answer, by a policy or without; a value may be an `Unknown`."""
    if body is None:
        return
    yield from body.get("rrdatas") or ()
    if policy := body.get("routingPolicy"):
        yield from (value for _at, value in data(policy))


def needs(body: Mapping[str, Any] | None, project: str) -> Iterator[Ref]:
    """What a set's body cannot do without: its health check, and what is yet to be chosen."""
    for value in answers(body):
        if isinstance(value, Unknown):
            yield value.ref
    link = ((body or {}).get("routingPolicy") or {}).get("healthCheck")
    if isinstance(link, str) and (ref := ref_of(link, project)):
        yield ref


def routed_links(zone: Zone, routed: RoutedSet, declared: Collection[Ref]) -> Iterator[Ref]:
    """The declared resources that a policy links to."""
    facts = table(routed.type)
    for _at, allowed, text in leaves(routed.policy, Patterns(facts.links)):
        if (target := link_target(facts, allowed, text, zone.ref, declared)) is not None:
            yield target
