"""JSON Schema (2020-12) of a document, for editors.

One `if/then` a kind, so that a mistake is shown at its field. Editors type plain scalars before a
schema sees them, so a text field takes numbers and booleans too, as the loader does; and an
expression may stand wherever a value may.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from remediate.kinds.documents.check_specs import CHECKS
from remediate.kinds.documents.envelope import API_VERSION, PLAIN_KINDS, Head
from remediate.kinds.documents.environment import NAME, REGION, EnvironmentSpec
from remediate.kinds.facts import Scope
from remediate.kinds.fields.pointers import parts
from remediate.kinds.fields.spec import Spec
from remediate.kinds.kind import Kind
from remediate.kinds.registry import NAMES, kind
from remediate.model.ref import GLOBAL, NESTED

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EXPRESSION = r"\$\{"
_TEXT = ["string", "number", "boolean"]


def json_schema() -> dict[str, Any]:
    """The schema of one document of `desired/<env>/*.yaml`; the same at every call."""
    definitions: dict[str, Any] = {}
    head = _defined(Head, "Document", definitions)
    properties = head["properties"]
    properties["apiVersion"] = {"const": API_VERSION}
    properties["kind"] = {"enum": [*NAMES, *PLAIN_KINDS]}
    properties["spec"] = {"type": "object"}
    either = f"{NAME.pattern}(/{NAME.pattern})?"  # the second of what stands in another
    definitions["Document.Metadata"]["properties"]["name"] = _of_form(either)
    specs: dict[str, object] = {name: _resource(kind(name), definitions) for name in NAMES}
    specs["Environment"] = _defined(EnvironmentSpec, "Environment", definitions)
    specs["Checks"] = {"type": "object", "additionalProperties": _check(definitions)}
    definitions |= {f"{name}.spec": spec for name, spec in specs.items()}
    return {
        "$schema": _DIALECT,
        "title": "A document of remediate",
        **head,
        "description": "One resource, the Environment, or its Checks.",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "allOf": [_case(name) for name in specs],
        "$defs": dict(sorted(definitions.items())),
    }


def _check(definitions: dict[str, Any]) -> dict[str, Any]:
    """One probe, and what it takes by that."""
    cases: list[dict[str, object]] = []
    for probe, model in CHECKS.items():
        schema = _defined(model, "Checks", definitions)
        cases.append({"if": {"required": [probe]}, "then": schema})
    one = [{"required": [probe]} for probe in CHECKS]
    return {"type": "object", "allOf": cases, "oneOf": one}


def _case(name: str) -> dict[str, Any]:
    then: dict[str, object] = {"spec": {"$ref": f"#/$defs/{name}.spec"}}
    called = f"{NAME.pattern}/{NAME.pattern}" if name in NESTED else NAME.pattern
    metadata: dict[str, object] = {"name": _of_form(called), "location": False}
    then["metadata"] = {"properties": metadata}
    if name in PLAIN_KINDS:
        then["lifecycle"] = False
    else:
        metadata["location"] = _location(kind(name))
        if kind(name).room is None:
            then["lifecycle"] = {"properties": {"replaceCidr": False}}
    condition = {"properties": {"kind": {"const": name}}, "required": ["kind"]}
    return {"if": condition, "then": {"properties": then}}


def _location(facts: Kind) -> dict[str, Any]:
    forms = {
        Scope.GLOBAL: GLOBAL,
        Scope.REGION: REGION.pattern,
        Scope.ZONE: REGION.pattern + "-[a-z]",
    }
    return _of_form("|".join(forms[scope] for scope in Scope if scope in facts.scopes))


def _resource(facts: Kind, definitions: dict[str, Any]) -> dict[str, Any]:
    """A kind's spec; what Google sets may be pasted, and is marked as of no effect."""
    schema = _defined(facts.spec, facts.name, definitions)
    ignored = {"deprecated": True, "description": "Set by Google; it is left out."}
    for pattern in sorted(facts.server_set):
        if len(parts(pattern)) == 1:
            schema["properties"].setdefault(parts(pattern)[0], ignored)
    return schema


def _defined(model: type[Spec], prefix: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """A model's schema, its parts put among the definitions under a name of their own."""
    written = model.model_json_schema(ref_template=f"#/$defs/{prefix}.{{model}}")
    for name, schema in written.pop("$defs", {}).items():
        definitions[f"{prefix}.{name}"] = _plain(schema)
    result: dict[str, object] = _plain(written)
    return result


def _plain(schema: object) -> Any:  # noqa: ANN401 - any part of a JSON Schema
    """Without pydantic's titles and nulls, and with room for expressions."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    branches = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if branches:
        rest = {name: value for name, value in schema.items() if name != "anyOf"}
        merged = branches[0] if len(branches) == 1 else _either(branches)
        return _plain({**rest, **merged})
    kept = {
        name: _members(value) if name in {"properties", "patternProperties"} else _plain(value)
        for name, value in schema.items()
        if name not in {"title", "default"}
    }
    return _roomy(kept)


def _members(properties: Mapping[str, object]) -> dict[str, Any]:
    """Names of fields are not keywords, even where a field is called `title` or `default`."""
    return {name: _plain(value) for name, value in properties.items()}


def _either(branches: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Scalars of several types in one schema: of each keyword's rules only its type knows."""
    types = [str(branch["type"]) for branch in branches]
    merged = {name: value for branch in branches for name, value in branch.items()}
    return {**merged, "type": types}


def _roomy(schema: dict[str, Any]) -> dict[str, Any]:
    types = schema.get("type")
    if "enum" in schema and types == "string":
        words = schema.pop("enum")
        return {**schema, "if": {"pattern": _EXPRESSION}, "else": {"enum": words}}
    if types == "string" and "pattern" not in schema:
        return {**schema, "type": _TEXT}
    if isinstance(types, str) and types in {"integer", "number", "boolean"}:
        return {**schema, "type": [types, "string"], "pattern": _EXPRESSION}
    if "pattern" in schema:
        return {**schema, "pattern": f"{schema['pattern']}|{_EXPRESSION}"}
    return schema


def _of_form(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^({pattern})$"}
