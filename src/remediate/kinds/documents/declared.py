"""From a document's spec to a resource: typed, without what Google sets, with the labels of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from remediate.kinds.bodies.links import scope_of
from remediate.kinds.bodies.names import counted
from remediate.kinds.documents.complaints import Complaint, validated
from remediate.kinds.documents.lifecycle import check as lifecycle_faults
from remediate.kinds.fields.pointers import Patterns, leaves, parts, pointer, value_at
from remediate.kinds.fields.secrets import looks_secret, without_secrets
from remediate.kinds.kind import Kind
from remediate.kinds.records.ignored import Ignored
from remediate.kinds.registry import kind
from remediate.model.errors import Place
from remediate.model.nearest import did_you_mean
from remediate.model.ref import Ref
from remediate.model.resource import Lifecycle, RecordSet, Resource, RoutedSet, Zone
from remediate.model.values import Supplied, Template

ZONE = "DnsZone"
_OWNERSHIP = ("exclusive", "listed")
_PLACES = ("region", "zone")
_SHOWN = 3
_SET_DEPTH = 4  # /spec/records/NAME/TYPE


def resource(
    ref: Ref,
    written: Mapping[str, object],
    lifecycle: Lifecycle,
    labels: Mapping[str, str],
    place: Place,
    complaints: list[Complaint],
) -> Resource:
    """The resource of a spec as YAML has it; pointers of complaints begin at the document."""
    facts = kind(ref.kind)
    spec = dict(written)
    names = ("records", "recordOwnership") if ref.kind == ZONE else ()
    ours: dict[str, object] = {name: spec.pop(name) for name in names if name in spec}
    body = _typed(facts, ref, spec, complaints)
    _label(facts, body, labels)
    complaints += _ignored(facts, lifecycle)
    complaints += [*_name(facts, ref.name), *_spare(facts, body, lifecycle)]
    if ref.kind != ZONE:
        return Resource(ref, body, lifecycle, place)
    return _zone(Resource(ref, body, lifecycle, place), written, ours, complaints)


def _label(facts: Kind, body: dict[str, Any], labels: Mapping[str, str]) -> None:
    """The environment's labels under its own, if it can carry any."""
    first, *way = parts(facts.labels)
    if first not in facts.spec.model_fields:
        return
    holder = body
    for name in way:
        holder, first = holder.setdefault(first, {}), name
    if labels or first in holder:
        holder[first] = {**labels, **holder.get(first, {})}


def _typed(
    facts: Kind, ref: Ref, spec: dict[str, Any], complaints: list[Complaint]
) -> dict[str, Any]:
    before = len(complaints)
    complaints += _told_twice(facts, ref, spec)
    complaints += _server_set(facts, spec)
    complaints += _unsupported(facts, spec)
    body = validated(facts.spec, spec, "/spec", complaints)
    if any(not one.warning for one in complaints[before:]):
        return {}
    faults = facts.check(body) if facts.check is not None else []
    faults += facts.check_scope(body, scope_of(ref)) if facts.check_scope is not None else []
    complaints += [Complaint("/spec" + at, said) for at, said in faults]
    complaints += [*_exposed(facts, body), *_in_the_file(facts, spec)]
    return body


def _exposed(facts: Kind, body: dict[str, Any]) -> Iterator[Complaint]:
    """A pointer to a secret is as good as its value, and nobody can read it."""
    message = "this looks like a secret, and all who may view the resource can read it"
    hint = "write a pointer to one: `valueSource: {secretKeyRef: {secret: …}}`"
    hint = hint if facts.name == "RunService" else ""
    for at in without_secrets(body, facts.telling)[1]:
        yield Complaint("/spec" + at, message, hint, warning=True)


def _in_the_file(facts: Kind, spec: Mapping[str, object]) -> Iterator[Complaint]:
    """What Google never shows again stands in the file for good; a variable holds plain text."""
    message = "this is a secret, and it stands in the file for all who may read that"
    hint = "write `${env.NAME}`, and list NAME in `spec.env` of the Environment"
    for at, _, value in leaves(spec, Patterns.flags(facts.write_only)):
        plain = isinstance(value, str) and not isinstance(value, Template | Supplied)
        if plain and value.isprintable() and looks_secret(parts(at)[-1], value):
            yield Complaint("/spec" + at, message, hint, warning=True)


def _told_twice(facts: Kind, ref: Ref, spec: dict[str, Any]) -> Iterator[Complaint]:
    """Google's bodies say name and place too, where a document has them in its metadata."""
    said = {"name": ref.name, **dict.fromkeys(_PLACES, ref.location)}
    for field, meant in said.items():
        value = spec.get(field)
        if field in facts.spec.model_fields or not isinstance(value, str):
            continue
        if f"/{field}" not in facts.server_set and field != "name":
            continue
        del spec[field]
        at = pointer("spec", field)
        if value.rpartition("/")[2] == meant:
            yield Complaint(
                at, f"`{field}` is said by metadata; left out", on_key=True, warning=True
            )
        else:
            told = "metadata.name" if field == "name" else "metadata.location"
            yield Complaint(
                at, f"{value!r} is not what {told} says: {meant}", f"write it to {told}"
            )


def _server_set(facts: Kind, spec: dict[str, Any]) -> Iterator[Complaint]:
    """What Google sets, as in the output of `gcloud … describe`, is taken out."""
    for at, _, _value in [*leaves(spec, Patterns.flags(facts.server_set))]:
        *above, last = parts(at)
        holder = value_at(spec, pointer(*above))
        if isinstance(holder, dict) and holder.pop(last, holder) is not holder:
            yield Complaint(
                "/spec" + at, f"`{last}` is set by Google; left out", on_key=True, warning=True
            )


def _unsupported(facts: Kind, spec: dict[str, Any]) -> Iterator[Complaint]:
    for at, why, _value in [*leaves(spec, Patterns(facts.unsupported))]:
        *above, last = parts(at)
        holder = value_at(spec, pointer(*above))
        if isinstance(holder, dict) and holder.pop(last, holder) is not holder:
            yield Complaint("/spec" + at, f"`{last}` is not supported: {why}", on_key=True)


def _ignored(facts: Kind, lifecycle: Lifecycle) -> Iterator[Complaint]:
    """A mistyped pointer would ignore nothing, and nobody would notice."""
    google = {parts(pattern)[0] for pattern in (*facts.server_set, *facts.unsupported)}
    known = {*facts.spec.model_fields, *google}
    for at, text in enumerate(lifecycle.ignore):
        head = parts(text)[0]
        if not any(fnmatchcase(name, head) for name in known):
            hint = did_you_mean(head, facts.spec.model_fields)
            message = f"`{text}` names no field of {facts.name}"
            yield Complaint(pointer("lifecycle", "ignore", at), message, hint)


def _name(facts: Kind, name: str) -> Iterator[Complaint]:
    """Some names are shorter than others, and not counted by characters."""
    by = facts.naming
    if (length := counted(name, by)) > by.longest:
        counts = f", a hyphen counting {by.hyphen}" if by.hyphen > 1 else ""
        said = f"{name!r} is {length} long as Google counts it{counts}: {by.longest} is the most"
        yield Complaint("/metadata/name", said)


def _spare(facts: Kind, body: Mapping[str, object], lifecycle: Lifecycle) -> Iterator[Complaint]:
    """Whether a replacement can go where the lifecycle says."""
    where = "/lifecycle/replaceCidr"
    if facts.room is not None:
        for at, said in facts.room.check(body, lifecycle):
            yield Complaint(where + at, said)
    elif lifecycle.replace_cidr is not None:
        said = f"a {facts.name} takes up no range of addresses, so a replacement needs none"
        yield Complaint(where, said, on_key=True)


def _zone(
    base: Resource, written: Mapping[str, object], ours: dict[str, Any], complaints: list[Complaint]
) -> Zone:
    dns_name = _dns_name(written, complaints)
    records: dict[tuple[str, str], RecordSet] = {}
    routed: tuple[RoutedSet, ...] = ()
    if "records" in ours:
        if isinstance(ours["records"], dict):
            from remediate.kinds.dns_zone import parse_records, type_faults

            records, wrong = parse_records(dns_name, ours["records"], "/spec/records")
            wrong += type_faults(base.spec, records)
            routed = tuple(one for one in records.values() if isinstance(one, RoutedSet))
            if routed:
                from remediate.kinds.records.routing_rules import zone_faults

                wrong += zone_faults(base.spec, routed)
            # Of a whole name or a whole set, the key is what is wrong with it.
            complaints += [Complaint(*one, on_key=one[0].count("/") <= _SET_DEPTH) for one in wrong]
        else:
            complaints.append(Complaint("/spec/records", "`records` is a mapping of names"))
    ownership = ours.get("recordOwnership", "listed")
    if ownership not in _OWNERSHIP:
        listed = " or ".join(_OWNERSHIP)
        complaints.append(Complaint("/spec/recordOwnership", f"{listed} was expected"))
    complaints += _both_written_and_ignored(base.lifecycle, records, dns_name)
    return Zone(
        base.ref,
        base.spec,
        base.lifecycle,
        base.place,
        dns_name=dns_name,
        exclusive=ownership == "exclusive",
        records=records,
        routed=routed,
    )


def _dns_name(written: Mapping[str, object], complaints: list[Complaint]) -> str:
    """The zone's own name; one that cannot stand is complained of, and its records read anyhow."""
    name = written.get("dnsName")
    if isinstance(name, Template):
        complaints.append(Complaint("/spec/dnsName", "a zone's name is known before it is made"))
    elif isinstance(name, str) and name.strip("."):
        return name.removesuffix(".").lower() + "."
    return "invalid."


def _both_written_and_ignored(
    lifecycle: Lifecycle, records: Mapping[tuple[str, str], RecordSet], dns_name: str
) -> Iterator[Complaint]:
    """What is ignored is left as it is live, so writing it too would be a promise not kept."""
    for at, text in enumerate(lifecycle.ignore):
        ignored = Ignored.of(dns_name, [text])
        both = [f"{fqdn} {rrtype}" for fqdn, rrtype in records if ignored.covers(fqdn, rrtype)]
        if both:
            shown = ", ".join(both[:_SHOWN]) + (" …" if len(both) > _SHOWN else "")
            where = pointer("lifecycle", "ignore", at)
            yield Complaint(where, f"{shown}: both written and ignored", "keep one of them")


def lifecycle_complaints(written: Mapping[str, object]) -> Iterator[Complaint]:
    for at, said in lifecycle_faults(written):
        yield Complaint("/lifecycle" + at, said)
