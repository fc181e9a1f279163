"""The host names whose traffic passes through what a plan changes, live and as it is to be.

Record → address → rule → proxy → URL map → backend → endpoint group → service, and on the way
whatever else each of them needs; a host that one side alone sends somewhere counts too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from remediate.kinds.bodies.links import holders_of, linked, parent_of, ref_of
from remediate.kinds.fields.pointers import Patterns, children, leaves
from remediate.kinds.records.routing import answers, data, needs, routed_links
from remediate.kinds.records.verdict import RecordsVerdict
from remediate.kinds.registry import kind
from remediate.model.plan import Difference, Step
from remediate.model.ref import Ref
from remediate.model.resource import Desired, Zone
from remediate.model.values import Template, Unknown
from remediate.pipeline.hosts import (
    FORWARDING,
    Choice,
    Fields,
    choice,
    domains,
    is_for,
    names_a_host,
)
from remediate.stores.ledger import Ledger

Bodies: TypeAlias = Mapping[Ref, Fields]
NameSet: TypeAlias = tuple[str, str, Sequence[object]]
"""Owner name with its dot, type, and data: texts, `Template`s, `Unknown`s, or a Ref it needs."""

_ADDRESS_KINDS = frozenset({"Address", "ForwardingRule"})


@dataclass(slots=True)
class Names:
    """Who leads to the places that matter: hosts by address or Ref, and other names of names."""

    leading: dict[object, set[str]] = field(default_factory=lambda: defaultdict(set))
    aliases: dict[object, list[str]] = field(default_factory=lambda: defaultdict(list))

    def read(self, sets: Iterable[NameSet], places: Collection[object]) -> Names:
        """Take in record sets; of 100,000 all but a few are done with at the first look-up."""
        for fqdn, rrtype, values in sets:
            if not names_a_host(fqdn, rrtype):
                continue
            for value in values:
                if rrtype in FORWARDING:
                    self.aliases[value].append(fqdn)
                elif value in places:
                    self.leading[value].add(fqdn)
                elif isinstance(value, Template):
                    for reference in value.references:
                        self.leading[reference.ref].add(fqdn)
                elif isinstance(value, Unknown | Ref):
                    self.leading[value if isinstance(value, Ref) else value.ref].add(fqdn)
        return self

    def beside(self, other: Names) -> Names:
        both = Names()
        for each in (self, other):
            for place, names in each.leading.items():
                both.leading[place] |= names
            for name, others in each.aliases.items():
                both.aliases[name] += others
        return both

    def all_of(self, names: Iterable[str]) -> set[str]:
        """These and all that are other names for them."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.aliases.get(name, ())
        return found


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a plan: bodies by live name, as Google has them or is to have them."""

    bodies: Bodies
    names: Names
    project: str

    def hosts(self) -> dict[Ref, set[str]]:
        """The hosts, without their dots, whose requests come to each resource or through it."""
        onward, choices = self._edges()
        listed = {ref: found for ref, body in self.bodies.items() if (found := domains(ref, body))}
        passing: dict[Ref, set[str]] = defaultdict(set)
        waiting = [*self._entries()]
        while waiting:
            at, hosts = waiting.pop()
            if not (new := hosts - passing[at]):
                continue
            passing[at] |= new
            for to in onward.get(at, ()):
                going = new
                if (way := choices.get(at)) is not None:
                    going = {host for host in going if to in way.targets(host)}
                if (names := listed.get(to)) is not None:
                    going = {host for host in going if is_for(host, names)}
                waiting.append((to, going))
        return passing

    def _entries(self) -> Iterator[tuple[Ref, set[str]]]:
        for place, names in self.names.leading.items():
            hosts = {name.removesuffix(".") for name in self.names.all_of(names)}
            for ref in [place] if isinstance(place, Ref) else self._holding(place):
                yield ref, hosts

    def _holding(self, address: object) -> Iterator[Ref]:
        return (ref for ref, body in self.bodies.items() if address in _addresses(ref, body))

    def _edges(self) -> tuple[dict[Ref, set[Ref]], dict[Ref, Choice]]:
        holders = holders_of(self.bodies)
        spoken_of = mentioned(self.bodies, self.project)
        onward: dict[Ref, set[Ref]] = defaultdict(set)
        choices: dict[Ref, Choice] = {}
        for ref, body in self.bodies.items():
            for to in (*linked(ref, body, self.project, holders), *spoken_of(ref, body)):
                first = to.kind == "Address" or to == parent_of(ref)
                before, after = (to, ref) if first else (ref, to)
                onward[before].add(after)
            if ref.kind == "UrlMap":
                choices[ref] = choice(body, [*_ways(ref, body, self.project)])
        return onward, choices


def with_hosts(
    waves: Sequence[Sequence[Step]],
    found: Sequence[Difference],
    live: Bodies,
    same: Iterable[tuple[Ref, NameSet]],
    project: str,
) -> list[list[Step]]:
    """The steps, each with the hosts whose traffic passes through what it changes.

    `found` is all that differs, and `same` the record sets by zone that may be among it.
    """
    if not any(waves):
        return [[*wave] for wave in waves]
    sides = _sides(found, live, same, project)
    whole = any(not step.ref.is_record_set for wave in waves for step in wave)
    passing = [side.hosts() if whole else {} for side in sides]

    def of(step: Step) -> tuple[str, ...]:
        hosts: set[str] = set()
        for side, by_ref in zip(sides, passing, strict=True):
            hosts |= by_ref.get(step.live, set()) | _own(step, side.names)
        return tuple(sorted(hosts))

    def told(step: Step) -> Step:
        instead = told(step.instead) if step.instead else None
        return replace(step, hosts=of(step), instead=instead)

    return [[told(step) for step in wave] for wave in waves]


def _sides(
    found: Sequence[Difference], live: Bodies, same: Iterable[tuple[Ref, NameSet]], project: str
) -> tuple[Side, Side]:
    wanted = dict(live)
    for each in found:
        if each.ref.is_record_set:
            continue
        if each.action.removes:
            wanted.pop(each.live, None)
        elif each.after is not None:
            wanted[each.live] = each.after
    known = places(live) | places(wanted)
    sets = [each for each in found if each.ref.is_record_set]
    differing = {(each.ref.zone, *each.ref.record) for each in sets}
    rest = (each for zone, each in same if (zone, *each[:2]) not in differing)
    alike = Names().read(rest, known)
    before = Names().read((_told(each, each.before, project) for each in sets), known)
    after = Names().read((_told(each, each.after, project) for each in sets), known)
    return (
        Side(live, alike.beside(before), project),
        Side(wanted, alike.beside(after), project),
    )


def _told(each: Difference, body: Fields | None, project: str) -> NameSet:
    fqdn, rrtype = each.ref.record
    return fqdn, rrtype, [*answers(body), *needs(body, project)]


def _own(step: Step, names: Names) -> set[str]:
    """What a record set is the name of, or what a zone has in it, as far as it leads to us."""
    found: set[str] = set()
    if step.ref.is_record_set:
        fqdn, rrtype = step.ref.record
        found = names.all_of([fqdn]) if names_a_host(fqdn, rrtype) else set()
    elif step.ref.kind == "DnsZone":
        apex = str((step.after or step.before or {}).get("dnsName"))
        every = names.all_of(name for of in names.leading.values() for name in of)
        found = {name for name in every if f".{name}".endswith(f".{apex}")}
    return {name.removesuffix(".") for name in found}


def written_sets(desired: Desired) -> Iterator[tuple[Ref, NameSet]]:
    """Every record set that the YAML holds."""
    for zone in desired.resources.values():
        if isinstance(zone, Zone):
            for one in zone.records.values():
                yield zone.ref, (one.fqdn, one.type, one.rrdatas)
            for routed in zone.routed:
                needed = routed_links(zone, routed, desired.resources)
                values = [value for _at, value in data(routed.policy)]
                yield zone.ref, (routed.fqdn, routed.type, [*values, *needed])


def other_sets(verdicts: Iterable[RecordsVerdict]) -> Iterator[tuple[Ref, NameSet]]:
    """What is not in the YAML, stays, and leads here all the same."""
    for verdict in verdicts:
        yield from ((verdict.zone, each) for each in verdict.led_here)


def remembered_sets(ledger: Ledger) -> Iterator[tuple[Ref, NameSet]]:
    """Every record set that was applied from here and not removed since."""
    for zone in ledger.resources:
        if zone.kind == "DnsZone":
            for fqdn, rrtype in ledger.records(zone.name):
                if (known := ledger.record(zone.name, fqdn, rrtype)) is not None:
                    yield zone, (fqdn, rrtype, known[1])


def places(bodies: Bodies) -> set[str]:
    """Every address at which requests may come in."""
    return {value for ref, body in bodies.items() for value in _addresses(ref, body)}


def _addresses(ref: Ref, body: Fields) -> list[str]:
    """Where requests come in: at an address, or at a rule that has one of its own."""
    if ref.kind not in _ADDRESS_KINDS:
        return []
    values = (body.get("address"), body.get("IPAddress"), *(body.get("IPAddresses") or ()))
    return [value for value in values if isinstance(value, str) and "/" not in value]


def _ways(ref: Ref, body: Fields, project: str) -> Iterator[tuple[str, Ref]]:
    for at, _allowed, link in leaves(body, Patterns(kind(ref.kind).links)):
        if isinstance(link, Unknown):
            yield at, link.ref
        elif isinstance(link, str) and (to := ref_of(link, project)):
            yield at, to


def mentioned(bodies: Bodies, project: str) -> Callable[[Ref, Fields], set[Ref]]:
    """What services speak of in no link: databases by connection name or address, and outputs."""
    marks: dict[str, Ref] = {}
    for ref, body in bodies.items():
        if ref.kind == "SqlInstance":
            marks[f"{project}:{body.get('region')}:{ref.name}"] = ref
            for address in body.get("ipAddresses") or ():
                marks[str(address.get("ipAddress"))] = ref
    either = "|".join(map(re.escape, marks))
    pattern = re.compile(rf"(?<![\w.-])(?:{either})(?![\w.-])")

    def of(ref: Ref, body: Fields) -> set[Ref]:
        found: set[Ref] = set()
        for value in _scalars(body) if ref.kind == "RunService" else ():
            if isinstance(value, Unknown):
                found.add(value.ref)
            elif marks and isinstance(value, str):
                found |= {marks[mark] for mark in pattern.findall(value)}
        return found

    return of


def _scalars(value: object) -> Iterator[object]:
    below = [item for _name, item in children(value)]
    if not below:
        yield value
    for item in below:
        yield from _scalars(item)
