"""The digest of what is desired: equal for equal wishes, however they are spelled or ordered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from remediate.kinds.bodies.canonical import canonical_value, rules_of
from remediate.kinds.bodies.guessing import guarded
from remediate.kinds.bodies.links import declared_target, foreign_link
from remediate.kinds.fields.pointers import Patterns, transformed
from remediate.kinds.kind import Kind
from remediate.kinds.registry import kind
from remediate.model.json import Body, canonical
from remediate.model.ref import Ref
from remediate.model.resource import Lifecycle, RecordSet, Resource, RoutedSet, Zone
from remediate.model.values import Template

_CHUNK = 2000  # record sets: enough for speed, and never the whole zone as text


def desired_digest(project: str, resources: Mapping[Ref, Resource]) -> str:
    """`sha256:…` over the resources in the order of their Refs, links and lists made canonical."""
    total = hashlib.sha256(canonical(project))
    for ref in sorted(resources):
        for piece in _pieces(project, resources, ref):
            total.update(piece)
    return f"sha256:{total.hexdigest()}"


def resource_digests(project: str, resources: Mapping[Ref, Resource]) -> dict[Ref, str]:
    """The same of each resource alone, a zone with its record sets: to tell which was edited."""
    digests = {}
    for ref in sorted(resources):
        own = hashlib.sha256()
        for piece in _pieces(project, resources, ref):
            own.update(piece)
        digests[ref] = f"sha256:{own.hexdigest()}"
    return digests


def _pieces(project: str, resources: Mapping[Ref, Resource], ref: Ref) -> Iterator[bytes]:
    """All that is wished for of one resource, as bytes."""
    resource = resources[ref]
    facts = kind(ref.kind)
    linked = facts.discreet(_linked(facts, resource, project, resources.keys()))
    body = guarded(canonical_value(linked, rules_of(facts, project)), f"{project} {ref}")
    yield canonical([str(ref), body, _lifecycle(resource.lifecycle)])
    if isinstance(resource, Zone):
        yield canonical([resource.dns_name, resource.exclusive])
        yield from _record_chunks(resource.records)
        for routed in resource.routed:
            yield canonical(_policy(resource, routed, project, resources.keys()))


def _linked(facts: Kind, resource: Resource, project: str, declared: Collection[Ref]) -> Body:
    def whole(allowed: tuple[str, ...], value: object) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, list):
            return [whole(allowed, one) for one in value]
        if isinstance(value, Template) or not isinstance(value, str):
            return value
        target = declared_target(facts, allowed, value, resource.ref, declared, project)
        if target is None:
            return foreign_link(project, allowed, value, resource.ref)
        return str(target)

    body: Body = transformed(resource.spec, Patterns(facts.links), whole)
    return body


def _record_chunks(records: Mapping[tuple[str, str], RecordSet]) -> Iterable[bytes]:
    """Arrays of [owner, type, ttl, values]: of these, `json` writes the canonical form itself."""
    keys = iter(sorted(records))
    while chunk := list(islice(keys, _CHUNK)):
        rows = [[*key, records[key].ttl, sorted(records[key].rrdatas)] for key in chunk]
        yield json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def _policy(zone: Zone, routed: RoutedSet, project: str, declared: Collection[Ref]) -> list[Any]:
    """What a set answers by its policy; its row among the others has no values."""
    from remediate.kinds.records.routing import bare, table  # few zones have one

    facts = table(routed.type)
    holder = Resource(zone.ref, routed.policy, zone.lifecycle, zone.place)
    policy = bare(_linked(facts, holder, project, declared))
    return [routed.fqdn, routed.type, canonical_value(policy, rules_of(facts, project))]


def _lifecycle(lifecycle: Lifecycle) -> Body:
    return {
        "ownership": lifecycle.ownership,
        "protect": lifecycle.protect,
        "onRemove": lifecycle.on_remove,
        "ignore": [*sorted(lifecycle.ignore)],
        "risk": lifecycle.risk,
        "replace": lifecycle.replace,
        "replaceCidr": lifecycle.replace_cidr,
        "wait": [lifecycle.wait.timeout, lifecycle.wait.soak],
        "dependsOn": [*sorted(map(str, lifecycle.depends_on))],
        "allow": dict(lifecycle.allow),
    }
