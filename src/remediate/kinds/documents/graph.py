"""What holds between documents: every link has its target, and none goes in a circle."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter

from remediate.kinds.bodies.links import link_target, parent_of, somebody_elses
from remediate.kinds.documents.complaints import Complaint
from remediate.kinds.fields.pointers import Patterns, leaves, pointer
from remediate.kinds.kind import Kind
from remediate.kinds.records.names import relative
from remediate.kinds.registry import NAMES, kind
from remediate.model.expression import ExpressionFault
from remediate.model.nearest import did_you_mean, nearest
from remediate.model.ref import Ref
from remediate.model.resource import Resource, Zone
from remediate.model.values import Reference, Template

Edges = dict[Ref, dict[Ref, str]]  # from -> to -> the pointer that leads there
_MOST_CIRCLES = 20
_OBSERVE = "declare it, with `ownership: observe` if it is somebody else's"


def referred(reference: Reference, declared: Collection[Ref]) -> Reference:
    """The reference by the whole name of what it means; raises ExpressionFault where it cannot."""
    ref, field = reference.ref, reference.field
    if ref.kind not in NAMES:
        raise ExpressionFault(f"unknown kind `{ref.kind}`", did_you_mean(ref.kind, NAMES))
    facts = kind(ref.kind)
    outputs = facts.outputs | facts.computed.keys()
    if field not in outputs:
        hint = did_you_mean(field, outputs)
        raise ExpressionFault(f"{ref.kind} gives no `{field}`", hint)
    try:
        target = link_target(facts, (ref.kind,), str(ref), ref, declared)
    except ValueError as error:
        raise ExpressionFault(
            str(error), _declared_nearby(ref.name, (ref.kind,), declared)
        ) from None
    return Reference(target or ref, field)


def depended(text: str, at: Ref, declared: Collection[Ref]) -> Ref:
    """What an entry of `dependsOn` means; raises ValueError with the sentence to show."""
    target = link_target(kind(at.kind), NAMES, text, at, declared)
    if target is None:
        raise ValueError(f"{text!r} is not `Kind/name`")
    return target


def link_complaints(
    resource: Resource, declared: Collection[Ref], edges: Edges
) -> Iterator[tuple[str, Complaint]]:
    """(missing name, complaint) for links that lead nowhere; the others become edges."""
    if (above := parent_of(resource.ref)) is not None:
        if above in declared:
            edges.setdefault(resource.ref, {}).setdefault(above, "/metadata/name")
        else:
            hint = _declared_nearby(above.name, (above.kind,), declared) or _OBSERVE
            yield above.name, Complaint("/metadata/name", f"{above} is not declared", hint)
    for facts, where, allowed, text in _all_links(resource):
        try:
            target = link_target(facts, allowed, text, resource.ref, declared)
        except ValueError as error:
            hint = _declared_nearby(text.rpartition("/")[2], allowed, declared)
            if not hint and (link := somebody_elses(allowed, text, resource.ref)):
                hint = f"somebody else's is written as its link, such as `{link}`"
            yield text.rpartition("/")[2], Complaint(where, str(error), hint)
        else:
            if target is not None:
                edges.setdefault(resource.ref, {}).setdefault(target, where)


def linked_faults(resource: Resource, resources: Mapping[Ref, Resource]) -> Iterator[Complaint]:
    """What is wrong with a document only beside those that it links to."""
    facts = kind(resource.ref.kind)
    if facts.check_links is None or not resource.spec:
        return
    linked: dict[str, tuple[Ref, Mapping[str, object]]] = {}
    for at, allowed, text in _links(facts, resource.spec):
        with suppress(ValueError):  # told of already
            target = link_target(facts, allowed, text, resource.ref, resources)
            if target is not None:
                linked[at] = target, resources[target].spec
    for at, said in facts.check_links(resource.spec, linked):
        yield Complaint("/spec" + at, said)


def _all_links(resource: Resource) -> Iterator[tuple[Kind, str, tuple[str, ...], str]]:
    """(table, pointer, allowed kinds, text) of a document's links, its records' among them."""
    facts = kind(resource.ref.kind)
    for at, allowed, text in _links(facts, resource.spec):
        yield facts, "/spec" + at, allowed, text
    if not isinstance(resource, Zone):
        return
    for routed in resource.routed:
        from remediate.kinds.records.routing import table  # few zones have one

        above = pointer("spec", "records", relative(routed.fqdn, resource.dns_name), routed.type)
        facts = table(routed.type)
        for at, allowed, text in _links(facts, routed.policy):
            yield facts, f"{above}/routingPolicy{at}", allowed, text


def _links(facts: Kind, spec: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    for at, allowed, value in leaves(spec, Patterns(facts.all_links)):
        listed = isinstance(value, list)
        for number, text in enumerate(value if listed else [value]):
            if isinstance(text, str) and not isinstance(text, Template):
                yield at + pointer(number) if listed else at, allowed, text


def _declared_nearby(name: str, allowed: tuple[str, ...], declared: Collection[Ref]) -> str:
    known = {ref.name: ref for ref in declared if ref.kind in allowed}
    found = nearest(name, known)
    return f"did you mean `{found}`?" if found and found != name else ""


def circles(edges: Edges) -> Iterator[tuple[Ref, Complaint]]:
    """Each circle of links, named whole and beginning at its first Ref."""
    graph: dict[Ref, set[Ref]] = {ref: set(targets) for ref, targets in edges.items()}
    for _ in range(_MOST_CIRCLES):
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            # graphlib gives the way back: each node is a dependency of the next.
            ring: list[Ref] = list(reversed(error.args[1]))[:-1]
        else:
            return
        first = ring.index(min(ring))
        ring = ring[first:] + ring[:first]
        after = ring[1] if len(ring) > 1 else ring[0]
        way = " → ".join(map(str, [*ring, ring[0]]))
        yield ring[0], Complaint(edges[ring[0]][after], f"these go in a circle: {way}")
        graph[ring[0]].discard(after)
