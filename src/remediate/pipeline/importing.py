"""From the live side to documents: the way back of `load`. Pure; what is read comes in whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from remediate.kinds.bodies.fields import at_field
from remediate.kinds.bodies.links import scope_of
from remediate.kinds.bodies.names import stands_for
from remediate.kinds.bodies.overlay import json_copy
from remediate.kinds.documents.envelope import API_VERSION
from remediate.kinds.documents.environment import NAME, check
from remediate.kinds.documents.imported import spec_of
from remediate.kinds.facts import Replacement, Scope
from remediate.kinds.kind import Kind
from remediate.kinds.records.imported import records_of
from remediate.kinds.registry import NAMES, kind
from remediate.model.errors import Fault, InvalidInput
from remediate.model.json import Body, Json
from remediate.model.ref import GLOBAL, Ref
from remediate.model.resource import Desired
from remediate.pipeline.inventory import Inventory
from remediate.pipeline.spelled import (
    Spelling,
    connections,
    escaped,
    escaped_records,
    external_addresses,
    proofs,
    referring,
)

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
    names = Spelling(target.project, known, external_addresses(live, specs), kinds)
    expressions = {**names.expressions, **proofs(live, specs)}
    known_as = connections(live, specs)
    for ref, body in specs.items():
        facts = kind(ref.kind)
        spec = _without_labels(facts, names.linked(ref, facts, escaped(body)), labels)
        spec = referring(spec, known_as)
        if ref.kind == "DnsZone":
            bodies = found.record_sets.get(ref.name, ())
            linked = partial(names.linked, ref)
            records, unwritten = records_of(bodies, body, expressions, linked)
            spec |= {"recordOwnership": "listed", "records": escaped_records(records)}
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
