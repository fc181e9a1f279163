"""The specs and the tables of the compute kinds, held against Google's discovery document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from pydantic import ValidationError

from remediate.kinds.fields.pointers import parts, pointer
from remediate.kinds.kind import Compare, Kind, Scope, Update
from remediate.kinds.registry import kind
from remediate.model.json import Body, Json
from remediate.model.plan import Action

COMPUTE = (
    "Address",
    "BackendService",
    "ForwardingRule",
    "HealthCheck",
    "NetworkEndpointGroup",
    "SslCertificate",
    "SslPolicy",
    "TargetHttpProxy",
    "TargetHttpsProxy",
    "UrlMap",
)
# Seen in recorded answers of the API though no discovery document has them.
UNDOCUMENTED = {"BackendService": {"/generatedId"}}
INT64 = [{"type": "integer"}, {"type": "string", "pattern": "^-?[0-9]+$"}]

every_kind = pytest.mark.parametrize("name", COMPUTE)


@cache
def document() -> dict[str, Any]:
    place = files("googleapiclient") / "discovery_cache" / "documents" / "compute.v1.json"
    read: dict[str, Any] = json.loads(place.read_text())
    return read


def properties(schema: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["schemas"][schema]["properties"]
    return found


def google_fields(schema: str, at: str = "") -> Iterator[tuple[str, Json]]:
    """(pointer, JSON type) of every property, lists and maps as `*`."""
    for name, node in properties(schema).items():
        yield from google_field(node, at + pointer(name))


def google_field(node: dict[str, Any], at: str) -> Iterator[tuple[str, Json]]:
    if "$ref" in node:
        yield at, "object"
        yield from google_fields(node["$ref"], at)
    elif node["type"] == "array":
        yield at, "array"
        yield from google_field(node["items"], at + "/*")
    elif node["type"] == "object" and "additionalProperties" in node:
        yield at, "map"
        yield from google_field(node["additionalProperties"], at + "/*")
    elif node["type"] == "object":
        yield at, "object"
        for name, item in node["properties"].items():
            yield from google_field(item, at + pointer(name))
    elif node.get("format") in {"int64", "uint64"}:
        yield at, "int64"
    elif "enum" in node:
        yield at, sorted(node["enum"])
    else:
        yield at, node["type"]


def our_fields(node: dict[str, Any], defs: dict[str, Any], at: str = "") -> Iterator[Any]:
    """The same of a spec, by the JSON schema that pydantic makes of it."""
    choices = [choice for choice in node.get("anyOf", [node]) if choice != {"type": "null"}]
    node = {"type": "int64"} if choices == INT64 else choices[0]
    if "$ref" in node:
        node = defs[node["$ref"].rpartition("/")[2]]
    if at:
        yield at, our_type(node)
    for name, item in node.get("properties", {}).items():
        bare = {key: value for key, value in item.items() if key not in {"title", "default"}}
        yield from our_fields(bare, defs, at + pointer(name))
    inside = node.get("items") or node.get("additionalProperties")
    if inside:
        yield from our_fields(inside, defs, at + "/*")


def our_type(node: dict[str, Any]) -> Json:
    if "enum" in node or "const" in node:
        return sorted(node.get("enum") or [node["const"]])
    if node["type"] == "object":
        return "object" if "properties" in node else "map"
    return str(node["type"])


@cache
def google(name: str) -> dict[str, Json]:
    return dict(google_fields(kind(name).schema))


@cache
def ours(name: str) -> dict[str, Json]:
    schema = kind(name).spec.model_json_schema()
    return dict(our_fields(schema, schema.get("$defs", {})))


def is_below(at: str, patterns: set[str]) -> bool:
    names = parts(at)
    return any(pointer(*names[:length]) in patterns for length in range(1, len(names) + 1))


def api(of: Kind, scope: Scope) -> dict[str, Any]:
    """The methods of a kind in one scope, whatever Google calls the collection there."""
    where = {"global": "global", "region": "regions/{region}", "zone": "zones/{zone}"}[scope.value]
    wanted = f"projects/{{project}}/{where}/{of.collection}"
    for resource in document()["resources"].values():
        methods: dict[str, Any] = resource["methods"]
        if methods.get("insert", {}).get("path") == wanted:
            return methods
    raise AssertionError(f"{of.name} has no {wanted}")


@every_kind
def test_every_property_of_googles_is_in_the_spec_or_accounted_for(name: str) -> None:
    facts = kind(name)
    accounted = set(facts.server_set) | set(facts.unsupported)
    missing = [at for at in google(name).keys() - ours(name).keys() if not is_below(at, accounted)]
    assert sorted(missing) == []


@every_kind
def test_every_field_of_the_spec_is_googles_with_the_same_type_and_enum(name: str) -> None:
    different = {at: (type_, google(name).get(at)) for at, type_ in ours(name).items()}
    assert {at: pair for at, pair in different.items() if pair[0] != pair[1]} == {}


@every_kind
def test_what_the_server_sets_is_not_in_the_spec(name: str) -> None:
    assert [at for at in ours(name) if is_below(at, set(kind(name).server_set))] == []


@every_kind
def test_each_unsupported_field_has_its_reason(name: str) -> None:
    assert all(len(why.split()) > 2 for why in kind(name).unsupported.values())


@every_kind
def test_nested_models_are_named_as_googles_schemas(name: str) -> None:
    nested = set(kind(name).spec.model_json_schema().get("$defs", {}))
    assert nested <= document()["schemas"].keys()


@every_kind
def test_every_pattern_of_every_table_names_a_field(name: str) -> None:
    facts = kind(name)
    written = (facts.links, facts.links_by_value, facts.immutable, facts.write_only)
    tables = [*written, facts.unordered, facts.normalise, facts.defaults]
    assert {at for table in tables for at in table} - ours(name).keys() == set()
    known = google(name).keys() | UNDOCUMENTED.get(name, set())
    assert {*facts.server_set, *facts.unsupported} - known == set()
    assert {f"/{output}" for output in facts.outputs} - known == set()
    assert {f"/{field}" for field in facts.ignored_by_insert} - ours(name).keys() == set()
    assert not facts.overlaps or f"/{facts.overlaps}" in ours(name)


@every_kind
def test_unordered_fields_are_lists_and_links_are_texts(name: str) -> None:
    facts = kind(name)
    assert {ours(name)[at] for at in facts.unordered} <= {"array"}
    assert {ours(name)[at] for at in facts.links} <= {"string"}


@every_kind
def test_each_default_is_of_the_type_of_its_field_and_may_change_in_place(name: str) -> None:
    facts = kind(name)
    for at, default in facts.defaults.items():
        assert not is_below(at, set(facts.immutable)), at
        if default is not None:
            assert faults_of(facts, at, default) == []


def faults_of(facts: Kind, at: str, value: Json) -> list[Any]:
    """What the spec says against one field, whatever else may be missing."""
    for part in reversed(parts(at)):
        value = {part: value}
    try:
        facts.spec.model_validate(value)
    except ValidationError as error:
        return [fault for fault in error.errors() if fault["loc"][0] == parts(at)[0]]
    return []


@every_kind
def test_the_kind_lives_where_google_has_it(name: str) -> None:
    facts = kind(name)
    assert facts.default_scope in facts.scopes
    for scope in facts.scopes:
        methods = api(facts, scope)
        assert {"insert", "get", "list", "delete"} <= methods.keys()
        assert methods["insert"]["request"] == {"$ref": facts.schema}


@every_kind
def test_every_call_that_updates_exists_in_each_scope_that_it_claims(name: str) -> None:
    facts = kind(name)
    for scope in facts.scopes:
        for update in facts.updates:
            if scope in update.scopes:
                assert update.method in api(facts, scope), (scope, update.method)


@every_kind
def test_every_call_sends_what_google_takes(name: str) -> None:
    facts = kind(name)
    for scope in facts.scopes:
        for update in facts.updates:
            if scope in update.scopes:
                request = api(facts, scope)[update.method]["request"]["$ref"]
                assert sent(update) <= properties(request).keys(), (scope, update.method)


def sent(update: Update) -> set[str]:
    fields: Body = dict.fromkeys(update.fields)
    body = update.sends(fields) if update.sends else fields
    compared = {update.compare.value} if update.compare is not Compare.NOTHING else set()
    return body.keys() | compared


@every_kind
def test_every_field_that_is_not_immutable_has_a_call_that_writes_it(name: str) -> None:
    facts = kind(name)
    for scope in facts.scopes:
        fixed = {at.split("/")[1] for at in facts.fixed(scope)}
        able = [update for update in facts.updates if scope in update.scopes]
        whole = any(not update.fields for update in able)
        single = {field for update in able for field in update.fields}
        assert whole or facts.spec.model_fields.keys() - single <= fixed


@every_kind
def test_every_action_says_whether_it_can_be_undone_and_why(name: str) -> None:
    facts = kind(name)
    wanted = set(Action) if facts.updates else set(Action) - {Action.UPDATE}
    assert set(facts.undo) == wanted
    assert all(len(verdict.why.split()) > 3 for verdict in facts.undo.values())


def test_a_call_without_a_patch_leaves_the_other_fields_as_they_were_inserted() -> None:
    proxy = kind("TargetHttpProxy")
    assert "/httpKeepAliveTimeoutSec" not in proxy.fixed(Scope.GLOBAL)
    assert "/httpKeepAliveTimeoutSec" in proxy.fixed(Scope.REGION)
    assert "/urlMap" not in proxy.fixed(Scope.REGION)
