"""An edge as it is meant and as it is: what stands where, and which way each host's requests go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import ip_address
from typing import Any, TypeAlias

from remediate.diagnosis.looks import Look, by_ip
from remediate.diagnosis.routes import hosts_of, paths_of, route
from remediate.diagnosis.signs import HostSeen, Signs
from remediate.kinds.bodies.links import holders_of, ref_of
from remediate.kinds.bodies.names import stands_for
from remediate.kinds.bodies.resolve import Names, resolved, targets
from remediate.kinds.registry import kind
from remediate.model.json import Body, part
from remediate.model.observation import Absent, Live, Observation, Unreadable
from remediate.model.ref import Ref
from remediate.model.resource import RecordSet, Zone
from remediate.model.values import Template, Unknown

Fields: TypeAlias = Mapping[str, Any]
HTTPS = 443


@dataclass(frozen=True, slots=True)
class Way:
    """How requests for a host are meant to go. `services` are those behind its paths, `/` first.

    `others` are rules that take its requests at other addresses.
    """

    host: str
    rule: Ref
    proxy: Ref
    url_map: Ref
    services: tuple[Ref, ...]
    others: tuple[Ref, ...] = ()

    @property
    def service(self) -> Ref:
        """Behind `/`."""
        return self.services[0]


class Edge:
    """Signs, joined: bodies by declared Ref whatever they are called live."""

    def __init__(self, signs: Signs) -> None:
        self.signs = signs
        self.google = signs.google
        self.project = signs.desired.environment.project
        self.declared = signs.desired.resources
        self._live = {
            ref: seen.body for ref, seen in self.google.resources.items() if isinstance(seen, Live)
        }
        self._names = Names(self.project, self.declared)
        for ref in self.declared:
            live = self._live_name(ref)
            self._names.settle(ref, live, self._live.get(live))
        for ref, body in self._live.items():
            self._names.know(ref, body)
        self.holders = holders_of(self._live)

    # What is there

    def needed_by(self, ref: Ref) -> list[Ref]:
        """What a declared resource needs, itself or through others, and what is not there."""
        if ref not in self.declared:
            return []
        own = targets(kind(ref.kind), self.declared[ref], self.declared, self.project)
        gone = sorted(at for at in own if self.is_absent(at))
        return [*dict.fromkeys(each for at in gone for each in (at, *self.needed_by(at)))]

    def of_kind(self, name: str) -> list[Ref]:
        """The declared resources of a kind, in the order of the files."""
        return [ref for ref in self.declared if ref.kind == name]

    @property
    def zones(self) -> list[Zone]:
        return [each for each in self.declared.values() if isinstance(each, Zone)]

    def live_ref(self, ref: Ref) -> Ref:
        return self._names.live(ref)

    def live(self, ref: Ref) -> Body | None:
        """The live body; None where it is absent, or not known."""
        return self._live.get(self._names.live(ref))

    def observed(self, ref: Ref) -> Observation:
        found = self.google.resources.get(self._names.live(ref))
        return Unreadable("it was not asked for") if found is None else found

    def is_absent(self, ref: Ref) -> bool:
        return isinstance(self.observed(ref), Absent)

    def blind(self, ref: Ref) -> str:
        """Why nobody knows about it; empty where somebody does."""
        seen = self.observed(ref)
        return f"{ref} cannot be read: {seen.why}" if isinstance(seen, Unreadable) else ""

    def wanted(self, ref: Ref) -> dict[str, Any]:
        """The body that the YAML asks for, links whole; `Unknown` where Google has yet to say."""
        resource = self.declared[ref]
        return resolved(kind(ref.kind), resource, self._names)

    def rendered(self, text: str) -> str | None:
        """Text with its references filled in; None where one of them is not known."""
        whole = text.render(self._names.look_up) if isinstance(text, Template) else text
        if not isinstance(whole, Unknown):
            return whole
        return self.address(whole.ref) if whole.ref.kind == "Address" else None

    def ref(self, link: object) -> Ref | None:
        """What a link leads to, by its declared name where it has one."""
        if not isinstance(link, str) or not link:
            return None
        found = ref_of(link, self.project)
        return next((ref for ref in self.declared if self._names.live(ref) == found), found)

    def _live_name(self, ref: Ref) -> Ref:
        if ref in self._live or ref.kind == "DnsZone":
            return ref
        others = [at for at in self._live if stands_for(at, ref, self.declared)]
        return max(others, key=lambda at: str(self._live[at].get("creationTimestamp")), default=ref)

    # Which way requests go

    @cached_property
    def ways(self) -> dict[str, Way]:
        """By host, as the YAML means it, of what is served with TLS."""
        found: dict[str, Way] = {}
        for way in (way for rule in self.fronts for way in self._from(rule)):
            first = found.setdefault(way.host, way)
            if first is not way:
                found[way.host] = replace(first, others=(*first.others, way.rule))
        return found

    @cached_property
    def fronts(self) -> list[Ref]:
        """The rules that listen for TLS, those of IPv4 first."""
        rules = [r for r in self.of_kind("ForwardingRule") if listens(self.wanted(r), HTTPS)]
        return sorted(rules, key=self.is_six)

    def is_six(self, rule: Ref) -> bool:
        """Whether a rule is meant to be at an IPv6 address."""
        if address := self.address_at(rule):
            return ":" in address
        at = self.wanted(rule).get("IPAddress")
        of = [self.wanted(rule)]
        of += [self.wanted(at.ref)] if isinstance(at, Unknown) and at.ref in self.declared else []
        return any(body.get("ipVersion") == "IPV6" for body in of)

    def address_at(self, rule: Ref) -> str | None:
        """Where a rule is meant to listen; None where that is not known."""
        meant = self.wanted(rule).get("IPAddress")
        if isinstance(meant, Unknown):
            return self.address(meant.ref)
        found = meant or (self.live(rule) or {}).get("IPAddress")
        return spelled(str(found)) if found else None

    def reserved_for(self, rule: Ref) -> list[Ref]:
        """The declared addresses that a rule is meant to be at."""
        meant = self.wanted(rule).get("IPAddress")
        addresses = self.of_kind("Address")
        if isinstance(meant, Unknown):
            return [at for at in addresses if meant.ref in (at, self.live_ref(at))]
        return [at for at in addresses if meant is not None and meant == self.address(at)]

    def _from(self, rule: Ref) -> Iterator[Way]:
        body = self.wanted(rule)
        proxy = self.ref(body.get("target"))
        if proxy is None or proxy not in self.declared:
            return
        url_map = self.ref(self.wanted(proxy).get("urlMap"))
        if url_map is None or url_map not in self.declared:
            return
        told = self.wanted(url_map)
        for host in hosts_of(told) or [*self.signs.hosts]:
            links = [route(told, host, path, self.project) for path in paths_of(told, host)]
            services = [ref for link in links if (ref := self.ref(link)) in self.declared]
            if services:
                yield Way(host, rule, proxy, url_map, tuple(dict.fromkeys(filter(None, services))))

    @cached_property
    def services(self) -> list[Ref]:
        """The backend services on the way of any host."""
        return [*dict.fromkeys(ref for way in self.ways.values() for ref in way.services)]

    def run_of(self, service: Ref) -> Ref | None:
        """The Cloud Run service that is meant to be behind a backend service."""
        for backend in self.wanted(service).get("backends") or ():
            group = self.ref(backend.get("group"))
            if group in self.declared and group is not None:
                name = (self.wanted(group).get("cloudRun") or {}).get("service")
                ref = Ref("RunService", str(name), group.location)
                return ref if ref in self.declared else None
        return None

    def served_by(self, run: Ref) -> list[Ref]:
        return [service for service in self.services if self.run_of(service) == run]

    def databases_of(self, run: Ref) -> list[Ref]:
        """The databases that a service names in its YAML; all of them where it names none."""
        text = str(self.declared[run].spec)
        named = [ref for ref in self.of_kind("SqlInstance") if f"/{ref.name}." in text]
        return named or self.of_kind("SqlInstance")

    def connector_of(self, run: Ref) -> Ref | None:
        access = (self.wanted(run).get("template") or {}).get("vpcAccess") or {}
        found = self.ref(access.get("connector"))
        return found if found in self.declared else None

    def goes_through(self, run: Ref) -> Ref | None:
        """The connector that a live service sends through; as it is meant where that is unknown."""
        body = self.live(run)
        if body is None:
            return self.connector_of(run)
        return self.ref(part(body, "template", "vpcAccess").get("connector"))

    # What was seen

    def look(self, host: str) -> Look:
        """A host at the load balancer's address."""
        seen = self.signs.hosts.get(host) or self.signs.hosts.get(f"{host}.")
        return by_ip(seen or HostSeen(host, ""))

    def seen_at(self, rule: Ref) -> list[HostSeen]:
        """Every host that a rule is for, at its address; with nothing in it where nobody looked."""
        mine = [way.host for way in self.ways.values() if way.rule == rule]
        main = [self.signs.hosts.get(host) or HostSeen(host, "") for host in mine]
        beside = [way.host for way in self.ways.values() if rule in way.others]
        at = self.address_at(rule) if beside else None
        known = {seen.host: seen for seen in self.signs.others if seen.address == at}
        return [*main, *(known.get(host) or HostSeen(host, "") for host in beside)]

    def own_addresses(self) -> set[str]:
        """Every address that leads to us, as far as it is known."""
        rules = (body for ref, body in self._live.items() if ref.kind == "ForwardingRule")
        found = {str(body["IPAddress"]) for body in rules if body.get("IPAddress")}
        return {spelled(address) for address in (*found, *self.holders)}

    def sets_of(self, zone: Zone) -> Mapping[tuple[str, str], Body] | None:
        """The record sets of a zone as Cloud DNS has them; None where it did not say."""
        sets = self.google.record_sets.get(zone.ref.name)
        if isinstance(sets, Unreadable) or sets is None:
            return {} if self.is_absent(zone.ref) else None
        return sets

    def types_of(self, host: str) -> tuple[str, ...]:
        """The record types that are to lead clients to a host: `A`, `AAAA` or both."""
        owner = f"{host.rstrip('.')}."
        declared = {key[1] for zone in self.zones for key in zone.records if key[0] == owner}
        return tuple(sorted(declared & {*_FAMILIES})) or _FAMILIES[:1]

    def address(self, ref: Ref) -> str | None:
        """The number of an address: its own, or that of a live rule which is meant to be at it."""
        if (body := self.live(ref)) and body.get("address"):
            return spelled(str(body["address"]))
        for rule in self.of_kind("ForwardingRule"):
            meant, live = self.wanted(rule).get("IPAddress"), self.live(rule)
            if isinstance(meant, Unknown) and meant.ref == ref and live and live.get("IPAddress"):
                return spelled(str(live["IPAddress"]))
        return self.last_known(ref)

    def last_known(self, ref: Ref) -> str | None:
        """Of an address that is gone: what most record sets that name it say, or said before."""
        said: Counter[str] = Counter()
        for zone in self.zones:
            owners = {key for key, record in zone.records.items() if names(record, ref)}
            sets = self.google.record_sets.get(zone.ref.name)
            changes = self.google.changes.get(zone.ref.name)
            bodies: list[Any] = (
                [] if sets is None or isinstance(sets, Unreadable) else [*sets.values()]
            )
            for change in changes if isinstance(changes, tuple) else ():
                bodies += _list(change.get("deletions"))
            for body in bodies:
                if (body.get("name"), body.get("type")) in owners:
                    said.update(map(str, body.get("rrdatas") or ()))
        most = said.most_common(2)
        is_clear = most and (len(most) == 1 or most[0][1] > most[1][1])
        return most[0][0] if is_clear else None


_FAMILIES = ("A", "AAAA")


def spelled(address: str) -> str:
    """In the one spelling that RFC 5952 gives IPv6; other text as it is."""
    if ":" not in address:
        return address
    try:
        return str(ip_address(address))
    except ValueError:
        return address


def names(record: RecordSet, ref: Ref) -> bool:
    """Whether a record set is meant to say what an address is."""
    found = (text.references for text in record.rrdatas if isinstance(text, Template))
    return any(one.ref == ref for references in found for one in references)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def listens(rule: Fields, port: int) -> bool:
    """Whether a rule's body covers a port."""
    first, _, last = str(rule.get("portRange") or "").partition("-")
    return first.isdigit() and int(first) <= port <= int(last or first)
