"""What hangs on what, and which way the traffic goes: from the YAML alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from remediate.kinds.bodies.links import link_target, parent_of
from remediate.kinds.bodies.resolve import references
from remediate.kinds.fields.pointers import Patterns, leaves
from remediate.kinds.records.routing import data, routed_links
from remediate.kinds.registry import kind
from remediate.model.errors import InvalidInput
from remediate.model.nearest import did_you_mean
from remediate.model.ref import Ref, record_ref
from remediate.model.resource import Desired, RecordSet, Resource, RoutedSet, Zone
from remediate.model.values import Template
from remediate.pipeline.hosts import (
    FORWARDING,
    NAMING,
    Choice,
    choice,
    domains,
    is_for,
    names_a_host,
)
from remediate.pipeline.traffic import mentioned


@dataclass(frozen=True, slots=True)
class Graph:
    """Resources, and the record sets that lead to one of them; everything in the order of Refs.

    `needs` holds every link, reference and `dependsOn`. `onward` is the way of the traffic: record
    set → address → rule → proxy → URL map → backend → endpoint group, and on the way whatever else
    it needs. `elsewhere` counts, by zone, the record sets that lead to nothing that is declared.
    """

    nodes: tuple[Ref, ...]
    needs: Mapping[Ref, tuple[Ref, ...]]
    onward: Mapping[Ref, tuple[Ref, ...]]
    elsewhere: Mapping[Ref, int]
    choices: Mapping[Ref, Choice] = field(default_factory=dict)
    domains: Mapping[Ref, tuple[str, ...]] = field(default_factory=dict)

    def below(self, at: Ref, host: str) -> tuple[Ref, ...]:
        """Where requests for a host go on to.

        A URL map sends each host its own way, and a certificate is shown for its own hosts only.
        """
        ways = self.onward[at]
        if (way := self.choices.get(at)) is not None:
            targets = way.targets(host)
            ways = tuple(to for to in ways if to in targets)
        return tuple(to for to in ways if is_for(host, self.domains.get(to, ())))

    def only(self, kept: Collection[Ref]) -> Graph:
        """The same, of these alone."""

        def within(edges: Mapping[Ref, tuple[Ref, ...]]) -> dict[Ref, tuple[Ref, ...]]:
            return {at: tuple(to for to in edges[at] if to in kept) for at in edges if at in kept}

        nodes = tuple(node for node in self.nodes if node in kept)
        return replace(
            self, nodes=nodes, needs=within(self.needs), onward=within(self.onward), elsewhere={}
        )


@dataclass(frozen=True, slots=True)
class Impact:
    """What hangs on a resource: all that needs it, all whose traffic passes it, and which hosts."""

    ref: Ref
    hanging: tuple[Ref, ...]
    hosts: tuple[str, ...]


def graph(desired: Desired) -> Graph:
    declared = desired.resources
    needs: dict[Ref, set[Ref]] = {ref: set() for ref in declared}
    onward: dict[Ref, set[Ref]] = {ref: set() for ref in declared}
    choices: dict[Ref, Choice] = {}
    specs = {ref: resource.spec for ref, resource in declared.items()}
    spoken_of = mentioned(specs, desired.environment.project)
    for ref, resource in declared.items():
        ways = [*_ways(resource, declared), *(("", to) for to in spoken_of(ref, resource.spec))]
        for _at, target in ways:
            needs[ref].add(target)
            # A rule needs its address, and what comes in at the address goes on to the rule.
            # What stands in another takes up the traffic of that one in the same way.
            first = target.kind == "Address" or target == parent_of(ref)
            before, after = (target, ref) if first else (ref, target)
            onward[before].add(after)
        needs[ref].update(resource.lifecycle.depends_on)
        if ref.kind == "UrlMap":
            choices[ref] = choice(resource.spec, ways)
    elsewhere = _add_record_sets(desired, needs, onward)
    nodes = tuple(sorted(needs))
    listed = {ref: found for ref, spec in specs.items() if (found := domains(ref, spec))}
    return Graph(nodes, _ordered(needs), _ordered(onward), elsewhere, choices, listed)


def impact(of: Graph, ref: Ref) -> Impact:
    """Raises InvalidInput, with what was probably meant, for what is not declared."""
    if ref not in of.needs:
        hint = did_you_mean(str(ref), map(str, of.nodes))
        raise InvalidInput(f"{ref} is not declared" + (f" ({hint})" if hint else ""))
    needed_by = _closure(ref, _reversed(of.needs))
    passed_by = _closure(ref, _reversed(of.onward))
    sources = {at for at in passed_by if at.is_record_set and _reaches(of, at, ref)}
    hanging = needed_by | {at for at in passed_by if not at.is_record_set} | sources
    if ref.is_record_set:
        sources.add(ref)
    naming = sources | {at for at in needed_by if at.is_record_set}
    hosts = {at.record[0].removesuffix(".") for at in naming if names_a_host(*at.record)}
    return Impact(ref, tuple(sorted(hanging - {ref})), tuple(sorted(hosts)))


def _ways(resource: Resource, declared: Collection[Ref]) -> Iterator[tuple[str, Ref]]:
    """(pointer, target) of every link and reference of a resource."""
    facts = kind(resource.ref.kind)
    for at, allowed, value in leaves(resource.spec, Patterns(facts.all_links)):
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and not isinstance(text, Template):
                target = link_target(facts, allowed, text, resource.ref, declared)
                if target is not None:
                    yield at, target
    for reference in references(resource.spec):
        yield "", reference.ref
    if (parent := parent_of(resource.ref)) in declared and parent is not None:
        yield "/metadata/name", parent


def _add_record_sets(
    desired: Desired, needs: dict[Ref, set[Ref]], onward: dict[Ref, set[Ref]]
) -> dict[Ref, int]:
    """Put in the record sets that lead somewhere; how many of each zone do not."""
    zones = [each for each in desired.resources.values() if isinstance(each, Zone)]
    owners: dict[str, list[Ref]] = {}
    for zone in zones:
        for fqdn, rrtype in zone.records:
            if rrtype in NAMING:
                owners.setdefault(fqdn, []).append(record_ref(zone.ref.name, fqdn, rrtype))
    addresses = {
        str(each.spec.get("address")): ref
        for ref, each in desired.resources.items()
        if ref.kind == "Address"
    }
    elsewhere: dict[Ref, int] = {}
    leading: dict[Ref, set[Ref]] = {}
    checks = _health_checks(zones, desired.resources)
    for zone in zones:
        for (fqdn, rrtype), wanted in zone.records.items():
            at = record_ref(zone.ref.name, fqdn, rrtype)
            if targets := _leads_to(wanted, addresses, owners) - {at}:
                leading[at] = targets
    kept = {*leading, *checks}.union(*leading.values())
    for zone in zones:
        for fqdn, rrtype in zone.records:
            at = record_ref(zone.ref.name, fqdn, rrtype)
            if at not in kept:
                elsewhere[zone.ref] = elsewhere.get(zone.ref, 0) + 1
                continue
            onward[at] = leading.get(at, set())
            needs[at] = {zone.ref, *onward[at], *checks.get(at, ())}
    return elsewhere


def _health_checks(zones: list[Zone], declared: Collection[Ref]) -> dict[Ref, set[Ref]]:
    """What the routing policies that check health do it by."""
    found = {
        record_ref(zone.ref.name, routed.fqdn, routed.type): {*routed_links(zone, routed, declared)}
        for zone in zones
        for routed in zone.routed
    }
    return {at: checks for at, checks in found.items() if checks}


def _leads_to(
    wanted: RecordSet, addresses: Mapping[str, Ref], owners: Mapping[str, list[Ref]]
) -> set[Ref]:
    found: set[Ref] = set()
    values: Iterable[str] = wanted.rrdatas
    if isinstance(wanted, RoutedSet):
        values = (value for _at, value in data(wanted.policy))
    for value in values:
        if isinstance(value, Template):
            found.update(reference.ref for reference in value.references)
        elif wanted.type in FORWARDING:
            found.update(owners.get(value, ()))
        elif value in addresses:
            found.add(addresses[value])
    return found


def _ordered(edges: Mapping[Ref, set[Ref]]) -> dict[Ref, tuple[Ref, ...]]:
    return {at: tuple(sorted(edges[at])) for at in sorted(edges)}


def _reversed(edges: Mapping[Ref, tuple[Ref, ...]]) -> Callable[[Ref], list[Ref]]:
    back: dict[Ref, list[Ref]] = {}
    for at, targets in edges.items():
        for target in targets:
            back.setdefault(target, []).append(at)
    return lambda at: back.get(at, [])


def _closure(start: Ref, following: Callable[[Ref], Collection[Ref]]) -> set[Ref]:
    """Everything that can be come to from `start`, which is in it only if it can be too."""
    found: set[Ref] = set()
    waiting = [*following(start)]
    while waiting:
        at = waiting.pop()
        if at not in found:
            found.add(at)
            waiting += following(at)
    return found


def _reaches(of: Graph, record_set: Ref, target: Ref) -> bool:
    host = record_set.record[0].removesuffix(".")
    return target in _closure(record_set, lambda at: of.below(at, host))
