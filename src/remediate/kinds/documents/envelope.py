"""The envelope of a document: apiVersion, kind, metadata and lifecycle around a spec."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from remediate.kinds.documents.complaints import Complaint, validated
from remediate.kinds.documents.environment import NAME, REGION, ZONE
from remediate.kinds.documents.lifecycle import LifecycleSpec
from remediate.kinds.facts import Scope
from remediate.kinds.fields.spec import Spec, Text, Word
from remediate.kinds.kind import Kind
from remediate.kinds.registry import NAMES, kind
from remediate.model.document import Document
from remediate.model.nearest import did_you_mean
from remediate.model.ref import GLOBAL, NESTED, Ref

API_VERSION = "remediate/v1"
PLAIN_KINDS = ("Environment", "Checks")  # documents that are not resources


class Metadata(Spec):
    name: Text
    location: Text | None = None


class Head(Spec):
    """A document around its spec, which the kind reads."""

    apiVersion: Annotated[Literal["remediate/v1"], Word]
    kind: Text
    metadata: Metadata
    spec: dict[str, Any] | None = None
    lifecycle: LifecycleSpec | None = None


def read_head(document: Document, complaints: list[Complaint]) -> dict[str, Any]:
    """The head, typed; empty, with complaints, where something in it is wrong."""
    body = document.body
    before = len(complaints)
    head = validated(Head, {k: v for k, v in body.items() if k != "spec"}, "", complaints)
    if "spec" not in body:
        complaints.append(Complaint("/spec", "`spec` is missing"))
    elif not isinstance(body["spec"], dict):
        complaints.append(Complaint("/spec", "`spec` is a mapping"))
    name, metadata = body.get("kind"), body.get("metadata")
    if isinstance(name, str) and name not in (*NAMES, *PLAIN_KINDS):
        hint = did_you_mean(name, (*NAMES, *PLAIN_KINDS))
        complaints.append(Complaint("/kind", f"unknown kind `{name}`", hint))
    if name in PLAIN_KINDS:
        complaints += _not_for(str(name), body)
    written = metadata.get("name") if isinstance(metadata, dict) else None
    if isinstance(written, str) and not _is_name(name, written):
        hint = "a small letter, then up to 62 of a-z, 0-9 and -, not ending with -"
        if str(name) in NESTED:
            hint = f"`parent/name`, such as `{kind(str(name)).parent.lower()}/www`"
        complaints.append(Complaint("/metadata/name", f"{written!r} is not a name", hint))
    return head if len(complaints) == before else {}


def _is_name(of: object, text: str) -> bool:
    parts = text.split("/")
    return len(parts) == (2 if str(of) in NESTED else 1) and all(map(NAME.fullmatch, parts))


def _not_for(name: str, body: dict[str, Any]) -> list[Complaint]:
    metadata = body.get("metadata")
    found = [Complaint("/lifecycle", f"{name} has no lifecycle", on_key=True)]
    if "lifecycle" not in body:
        found = []
    if isinstance(metadata, dict) and "location" in metadata:
        found.append(Complaint("/metadata/location", f"{name} has no location", on_key=True))
    return found


def ref_of_document(document: Document, region: str, complaints: list[Complaint]) -> Ref | None:
    """What a resource's document is called, even if other things in it are wrong."""
    name = document.body.get("kind")
    metadata = document.body.get("metadata")
    if not isinstance(name, str) or name not in NAMES or not isinstance(metadata, dict):
        return None
    called, written = metadata.get("name"), metadata.get("location")
    if not isinstance(called, str) or not _is_name(name, called):
        return None
    facts = kind(name)
    location = str(written) if isinstance(written, str) else _default_location(facts, region)
    if (wrong := _misplaced(facts, location)) is not None:
        complaints.append(Complaint("/metadata/location", *wrong))
        return None
    return Ref(name, str(called), location)


def _default_location(facts: Kind, region: str) -> str:
    return GLOBAL if facts.default_scope is Scope.GLOBAL else region


def _misplaced(facts: Kind, location: str) -> tuple[str, str] | None:
    if not location:
        return (
            f"where is this {facts.name}?",
            "write metadata.location, or the Environment's region",
        )
    if location == GLOBAL:
        scope = Scope.GLOBAL
    elif ZONE.fullmatch(location):
        scope = Scope.ZONE
    elif REGION.fullmatch(location):
        scope = Scope.REGION
    else:
        return f"{location!r} is not a location", "global, a region such as us-central1, or a zone"
    if scope in facts.scopes:
        return None
    allowed = " or ".join(sorted(each.value for each in facts.scopes))
    return f"{facts.name} is {allowed}, and {location} is not", ""
