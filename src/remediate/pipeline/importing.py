"""From the live side to documents: the way back of `load`. Pure; what is read comes in whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from remediate.kinds.bodies.fields import at_field
from remediate.kinds.bodies.links import link_target, project_relative, ref_of, scope_of
from remediate.kinds.bodies.names import stands_for
from remediate.kinds.bodies.overlay import json_copy
from remediate.kinds.documents.envelope import API_VERSION
from remediate.kinds.documents.environment import NAME, check
from remediate.kinds.documents.imported import spec_of
from remediate.kinds.facts import Replacement, Scope
from remediate.kinds.fields.pointers import Patterns, transformed
from remediate.kinds.kind import Kind
from remediate.kinds.records.imported import Records, records_of
from remediate.kinds.registry import NAMES, kind
from remediate.model.errors import Fault, InvalidInput
from remediate.model.json import Body, Json
from remediate.model.ref import GLOBAL, Ref
from remediate.model.resource import Desired
from remediate.model.values import Template
from remediate.pipeline.inventory import Inventory

# Which file a kind goes to, and in which order within it.
THEMES: Mapping[str, tuple[str, ...]] = {
    "dns.yaml": ("DnsZone",),
    "front.yaml": ("Address", "ForwardingRule", "TargetHttpProxy"),
    "tls.yaml": (
        *("TargetHttpsProxy", "SslPolicy", "SslCertificate"),
        *("CertificateMap", "CertificateMapEntry", "Certificate", "DnsAuthorization"),
    ),
    "backends.yaml": ("UrlMap", "BackendService", "NetworkEndpointGroup", "HealthCheck"),
    "services.yaml": ("VpcConnector", "SqlInstance", "RunService"),
}
ENVIRONMENT = "environment.yaml"
_LISTS = "`gcloud projects list` and `gcloud compute regions list` show what there is."


@dataclass(frozen=True, slots=True)
class Target:
    """The environment that documents are made for; `declared` is what it has already."""

    name: str
    project: str
    region: str = ""
    labels: Mapping[str, str] | None = None  # None: there is no environment yet
    declared: Collection[Ref] = ()


@dataclass(frozen=True, slots=True)
class Drafted:
    """One document, and what is to be said beside it."""

    document: Body
    remarks: tuple[str, ...] = ()


@dataclass(slots=True)
class Imported:
    """Documents by the file that they go to, and what was left out altogether.

    `known` counts what the environment declares already.
    """

    files: dict[str, list[Drafted]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    known: int = 0

    @property
    def count(self) -> int:
        return sum(len(drafts) for name, drafts in self.files.items() if name != ENVIRONMENT)


def theme(name: str) -> str:
    return next(file for file, kinds in THEMES.items() if name in kinds)


def imported(found: Inventory, target: Target) -> Imported:
    """Documents from which a plan against these bodies is empty: the same from the same bodies."""
    live = found.live
    result = Imported()
    specs: dict[Ref, Body] = {}
    remarks: dict[Ref, list[str]] = {}
    for ref in sorted(live, key=_as_filed):
        if ref in target.declared:
            result.known += 1
            continue
        spec, told = spec_of(kind(ref.kind), live[ref], target.project)
        if spec is not None:
            specs[ref], remarks[ref] = spec, [*found.remarks.get(ref, ()), *told]
        else:
            result.left_out.append(f"{ref} cannot be written: {'; '.join(told)}")
    for ref, newer in _outdone(specs):
        del specs[ref]
        result.left_out.append(f"{ref} would be taken for {newer.name}, which took its place")
    labels = _common_labels(specs) if target.labels is None else target.labels
    if target.labels is None:
        result.files[ENVIRONMENT] = [Drafted(_environment(target, labels))]
    known = {*specs, *target.declared}
    kinds = frozenset(ref.kind for ref in known)
    names = _Names(target.project, known, _addresses(live, specs), kinds)
    expressions = {**names.expressions, **_proofs(live, specs)}
    connections = _connections(live, specs)
    for ref, body in specs.items():
        facts = kind(ref.kind)
        spec = _without_labels(facts, names.linked(ref, facts, _escaped(body)), labels)
        spec = _referring(spec, connections)
        if ref.kind == "DnsZone":
            bodies = found.record_sets.get(ref.name, ())
            linked = partial(names.linked, ref)
            records, unwritten = records_of(bodies, body, expressions, linked)
            spec |= {"recordOwnership": "listed", "records": _escaped_records(records)}
            remarks[ref] += unwritten
        document = _document(facts, ref, spec, target.region)
        result.files.setdefault(theme(ref.kind), []).append(Drafted(document, (*remarks[ref],)))
    return result


def first_target(name: str, project: str, region: str) -> Target:
    """For an environment that is yet to be; raises InvalidInput for what cannot be its facts."""
    spec: Body = {"project": project, **({"region": region} if region else {})}
    said = [message for _at, message in check(spec)]
    if not NAME.fullmatch(name):
        said.insert(0, f"{name!r} is not a name for an environment: letters, digits, hyphens")
    if said:
        raise InvalidInput("\n".join(said), hint=_LISTS)
    return Target(name, project, region)


def staying(desired: Desired, kinds: Collection[str]) -> set[Ref]:
    """What is still declared when the files of these kinds are written anew.

    Raises InvalidInput where one of these files declares something else, which would be lost.
    """
    about = desired.environment
    files = {f"desired/{about.name}/{theme(name)}" for name in kinds}
    resources = desired.resources.values()
    others = [(str(each.ref), each.place) for each in resources if each.ref.kind not in kinds]
    others.append((f"Environment/{about.name}", about.place))
    faults = [
        Fault(place, f"{name} would be lost with this file", "name its kind too, or move it")
        for name, place in others
        if place.file in files
    ]
    if faults:
        raise InvalidInput(faults=faults)
    return {each.ref for each in resources if each.place.file not in files}


def _as_filed(ref: Ref) -> tuple[str, int, Ref]:
    file = theme(ref.kind)
    order = THEMES.get(file, NAMES)
    return file, order.index(ref.kind), ref


def _outdone(specs: Mapping[Ref, Body]) -> list[tuple[Ref, Ref]]:
    """What a document by its name would not mean, because a replacement of it is as like."""
    found: list[tuple[Ref, Ref]] = []
    for ref, spec in specs.items():
        facts = kind(ref.kind)
        if facts.replacement is not Replacement.BESIDE:
            continue
        fixed = {name: spec[name] for name in spec if f"/{name}" in facts.fixed(scope_of(ref))}
        beside = (o for o in specs if o != ref and stands_for(o, ref, ()))
        alike = (o for o in beside if fixed == {name: specs[o].get(name) for name in fixed})
        found += [(ref, other) for other in islice(alike, 1)]
    return found


def _environment(target: Target, labels: Mapping[str, str]) -> Body:
    spec: Body = {"project": target.project}
    if target.region:
        spec["region"] = target.region
    if labels:
        spec["labels"] = {**labels}
    metadata: Body = {"name": target.name}
    return {"apiVersion": API_VERSION, "kind": "Environment", "metadata": metadata, "spec": spec}


def _document(facts: Kind, ref: Ref, spec: Body, region: str) -> Body:
    usual = GLOBAL if facts.default_scope is Scope.GLOBAL else region
    metadata: Body = {"name": ref.name}
    if ref.location != usual:
        metadata["location"] = ref.location
    document: Body = {"apiVersion": API_VERSION, "kind": ref.kind, "metadata": metadata}
    document["spec"] = spec
    if facts.replacement in {Replacement.REFUSED, Replacement.ON_WORD}:  # it holds treasures
        document["lifecycle"] = {"protect": True}
    return document


def _common_labels(specs: Mapping[Ref, Body]) -> dict[str, str]:
    """What is on everything that can carry labels is the environment's own."""
    each = [
        {(name, str(value)) for name, value in _mapping(at_field(spec, field)).items()}
        for ref, spec in specs.items()
        if (field := kind(ref.kind).label_field)
    ]
    return dict(sorted(set.intersection(*each))) if each else {}


def _without_labels(facts: Kind, spec: Body, common: Mapping[str, str]) -> Body:
    *way, last = facts.label_field.split("/")
    result: Body = json_copy(spec)
    holder = at_field(result, "/".join(way)) if way else result
    labels = _mapping(_mapping(holder).pop(last, None))
    if own := {name: value for name, value in labels.items() if common.get(name) != value}:
        holder[last] = own
    return result


def _mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _proofs(live: Mapping[Ref, Body], written: Collection[Ref]) -> dict[str, str]:
    """What to write in a record for what an authorization asks for there."""
    return {
        str(asked): f"${{{ref}.dnsResourceRecord.data}}"
        for ref, body in live.items()
        if ref.kind == "DnsAuthorization" and ref in written
        if (asked := at_field(body, "dnsResourceRecord/data"))
    }


def _addresses(live: Mapping[Ref, Body], written: Collection[Ref]) -> dict[str, list[Ref]]:
    """External addresses that documents are made of, by what they are."""
    found: dict[str, list[Ref]] = {}
    for ref, body in live.items():
        outside = body.get("addressType", "EXTERNAL") == "EXTERNAL"
        if ref.kind == "Address" and ref in written and outside and body.get("address"):
            found.setdefault(str(body["address"]), []).append(ref)
    return found


@dataclass(frozen=True, slots=True)
class _Names:
    """How links are written: by name where their target is declared or imported too."""

    project: str
    known: Collection[Ref]
    addresses: Mapping[str, list[Ref]]
    kinds: frozenset[str]  # of what is known

    @property
    def expressions(self) -> dict[str, str]:
        """What to write for an address in a record."""
        return {ip: f"${{{refs[0]}.address}}" for ip, refs in self.addresses.items()}

    def linked(self, at: Ref, facts: Kind, spec: Body) -> Body:
        by_value = transformed(
            spec, Patterns(facts.links_by_value), lambda _field, ip: self._by_address(ip, at)
        )
        result: Body = transformed(by_value, Patterns(facts.links), partial(self._link, facts, at))
        return result

    def _by_address(self, value: Json, at: Ref) -> Json:
        refs = self.addresses.get(value) if isinstance(value, str) else None
        if not refs:
            return value
        near = [ref for ref in refs if ref.location == at.location]
        return f"projects/{self.project}/{_path(near[0])}" if near else value

    def _link(self, facts: Kind, at: Ref, allowed: tuple[str, ...], value: Json) -> Json:
        if isinstance(value, list):
            return [self._link(facts, at, allowed, one) for one in value]
        if not isinstance(value, str) or "projects/" not in value:
            return value
        target = ref_of(value, self.project)
        if target is not None and target in self.known:
            for text in _spellings(target, self.kinds & {*allowed}):
                if self._means(facts, allowed, text, at) == target:
                    return text
        return project_relative(value, self.project).removeprefix(f"projects/{self.project}/")

    def _means(self, facts: Kind, allowed: tuple[str, ...], text: str, at: Ref) -> Ref | None:
        try:
            return link_target(facts, allowed, text, at, self.known)
        except ValueError:
            return None


def _path(address: Ref) -> str:
    where = "global" if address.location == GLOBAL else f"regions/{address.location}"
    return f"{where}/addresses/{address.name}"


def _spellings(target: Ref, kinds: Collection[str]) -> Iterator[str]:
    """From short to long; a bare name only where it could be of no other kind that there is."""
    if len(kinds) == 1:
        yield target.name
    yield f"{target.kind}/{target.name}"
    yield f"{target.kind}/{target.location}/{target.name}"


def _connections(live: Mapping[Ref, Body], specs: Iterable[Ref]) -> dict[str, str]:
    """What to write for the connection name of each database."""
    return {
        str(live[ref]["connectionName"]): f"${{{ref}.connectionName}}"
        for ref in specs
        if "connectionName" in kind(ref.kind).outputs and live[ref].get("connectionName")
    }


def _referring(value: Any, expressions: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
    """Text in which a database's connection name stands, with what to write for that."""
    if isinstance(value, str):
        for text, expression in expressions.items():
            value = value.replace(text, expression)
        return value
    if isinstance(value, dict):
        return {name: _referring(item, expressions) for name, item in value.items()}
    return [_referring(item, expressions) for item in value] if isinstance(value, list) else value


def _escaped(body: Body) -> Body:
    """Text that only looks like an expression, so that it is read as what it is."""
    return {name: _plain(value) for name, value in body.items()}


def _escaped_records(records: Records) -> Body:
    return {
        name: {rrtype: _escaped(each) for rrtype, each in types.items()}
        for name, types in records.items()
    }


def _plain(value: Json) -> Json:
    if isinstance(value, Template):
        return value
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, dict):
        return _escaped(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value
