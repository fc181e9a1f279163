"""`Checks`: each with one probe, gates that name something, and nothing that cannot be probed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from remediate.kinds.documents.check_addresses import address_faults
from remediate.kinds.documents.check_forms import NAME, CheckBody, form_faults
from remediate.kinds.documents.check_specs import CHECKS, PROBES, Anyhow
from remediate.kinds.documents.complaints import Complaint, validated
from remediate.kinds.fields.pointers import pointer
from remediate.kinds.fields.rules import values
from remediate.kinds.registry import NAMES
from remediate.model.check import Check, ProbeName, guards
from remediate.model.errors import Place
from remediate.model.nearest import did_you_mean
from remediate.model.ref import Ref
from remediate.model.values import Template


def check(
    name: str,
    written: object,
    place: Place,
    declared: Collection[Ref] | None,
    complaints: list[Complaint],
) -> Check | None:
    """A check of a document's spec, or complaints; pointers begin at the document.

    `declared` is None where not all of that could be read, so that nothing is missing for sure.
    """
    at, before = pointer("spec", name), len(complaints)
    probe = _probe(name, written, complaints)
    if probe is None:
        return None
    body = validated(CHECKS[probe], written, at, complaints)
    if not NAME.fullmatch(name):
        said = f"{name!r} is not a check's name: letters, digits, '.', '_' and '-'"
        complaints.append(Complaint(at, said, on_key=True))
    if body:
        found = [*form_faults(body)] or address_faults(body)
        complaints += [Complaint(at + where, said) for where, said in found]
    if body and declared is not None:
        complaints += _gate_complaints(at, body, declared)
        complaints += _zone_complaints(at, body, declared)
    if any(not one.warning for one in complaints[before:]):
        return None
    return Check(
        name,
        probe,
        body[probe],
        body.get("expect", {}),
        tuple(body.get("gates", ())),
        tuple(body.get("tags", ())),
        body.get("severity", "critical"),
        place,
    )


def _probe(name: str, written: object, complaints: list[Complaint]) -> ProbeName | None:
    """The one probe of a check, which says what else may be written in it."""
    at = pointer("spec", name)
    if not isinstance(written, dict):
        validated(Anyhow, written, at, complaints)
        return None
    found: list[ProbeName] = [each for each in PROBES if each in written]
    if len(found) == 1:
        return found[0]
    known = {*PROBES, *Anyhow.model_fields, "expect"}
    unknown = sorted(written.keys() - known)
    for key in unknown:
        hint = did_you_mean(key, known)
        complaints.append(Complaint(at + pointer(key), f"unknown field `{key}`", hint, on_key=True))
    if unknown and not found:
        return None  # the probe may be what is mistyped
    said = f"a check has one probe of {', '.join(PROBES)}, not {' and '.join(found) or 'none'}"
    complaints.append(Complaint(at, said))
    return None


def _gate_complaints(at: str, body: CheckBody, declared: Collection[Ref]) -> Iterator[Complaint]:
    """A mistyped gate would hold nothing back, and nobody would notice.

    Only a warning where it can be what is left of something that has gone from the YAML.
    """
    for number, glob in enumerate(body.get("gates", ())):
        if not any(guards(glob, ref) or _names_a_record(glob, ref) for ref in declared):
            hint = did_you_mean(glob, map(str, declared))
            where = at + pointer("gates", number)
            said = f"`{glob}` matches nothing that is declared here"
            yield Complaint(where, said, hint, warning=glob.partition("/")[0] in NAMES)


def _names_a_record(glob: str, ref: Ref) -> bool:
    return ref.kind == "DnsZone" and glob.startswith(f"{ref}/")


def _zone_complaints(at: str, body: CheckBody, declared: Collection[Ref]) -> Iterator[Complaint]:
    zones = {str(ref) for ref in declared if ref.kind == "DnsZone"}
    for where, text in values(body, "/delegation/zones/*"):
        if text not in zones:
            said = f"`{text}` is no `DnsZone/name` of this environment"
            yield Complaint(at + where, said, did_you_mean(text, zones))


def templates(value: Any) -> Iterator[Template]:  # noqa: ANN401 - any part of a check
    """What is known of it only once live is read."""
    if isinstance(value, Template):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from templates(item)
