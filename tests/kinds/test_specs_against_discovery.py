"""The specs and the tables of the kinds, held against Google's discovery documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from pydantic import ValidationError

from remediate.gcp.api import Api
from remediate.kinds.facts import Compare, Replacement, Scope, Update
from remediate.kinds.fields.pointers import parts, pointer
from remediate.kinds.kind import Kind
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
CERTIFICATE_MANAGER = (
    "Certificate",
    "CertificateMap",
    "CertificateMapEntry",
    "DnsAuthorization",
)
TRIED = (*COMPUTE, *CERTIFICATE_MANAGER, "RunService", "SqlInstance", "VpcConnector")
DOCUMENTS = {
    Api.CERTIFICATE_MANAGER: "certificatemanager.v1",
    Api.COMPUTE: "compute.v1",
    Api.RUN: "run.v2",
    Api.SQL: "sqladmin.v1",
    Api.VPC_ACCESS: "vpcaccess.v1",
}
PREFIXES = {Api.RUN: "GoogleCloudRunV2"}  # of every schema of an API, and of no model of ours
# Seen in recorded answers of the API though no discovery document has them.
UNDOCUMENTED = {"BackendService": {"/generatedId"}}
INT64 = [{"type": "integer"}, {"type": "string", "pattern": "^-?[0-9]+$"}]

every_kind = pytest.mark.parametrize("name", TRIED)


@cache
def document(api: Api) -> dict[str, Any]:
    place = files("googleapiclient") / "discovery_cache" / "documents" / f"{DOCUMENTS[api]}.json"
    read: dict[str, Any] = json.loads(place.read_text())
    return read


def properties(api: Api, schema: str) -> dict[str, Any]:
    found: dict[str, Any] = document(api)["schemas"][schema]["properties"]
    return found


def google_fields(api: Api, schema: str, at: str = "") -> Iterator[tuple[str, Json]]:
    """(pointer, JSON type) of every property, lists and maps as `*`."""
    for name, node in properties(api, schema).items():
        yield from google_field(api, node, at + pointer(name))


def google_field(api: Api, node: dict[str, Any], at: str) -> Iterator[tuple[str, Json]]:
    if "$ref" in node:
        yield at, "object"
        yield from google_fields(api, node["$ref"], at)
    elif node["type"] == "array":
        yield at, "array"
        yield from google_field(api, node["items"], at + "/*")
    elif node["type"] == "object" and "additionalProperties" in node:
        yield at, "map"
        yield from google_field(api, node["additionalProperties"], at + "/*")
    elif node["type"] == "object":
        yield at, "object"
        for name, item in node["properties"].items():
            yield from google_field(api, item, at + pointer(name))
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
    return dict(google_fields(kind(name).api, kind(name).schema))


@cache
def ours(name: str) -> dict[str, Json]:
    schema = kind(name).spec.model_json_schema()
    return dict(our_fields(schema, schema.get("$defs", {})))


def is_below(at: str, patterns: set[str]) -> bool:
    names = parts(at)
    return any(pointer(*names[:length]) in patterns for length in range(1, len(names) + 1))


def api(of: Kind, scope: Scope) -> dict[str, Any]:
    """The methods of a kind in one scope, whatever Google calls the collection there."""
    for methods in every_method(document(of.api)["resources"]):
        made = methods.get("insert") or methods.get("create", {})
        if made.get("flatPath", made.get("path")) == path_in(of, scope):
            return {"insert": made, **methods}
    raise AssertionError(f"{of.name} has no {path_in(of, scope)}")


def every_method(resources: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in resources.values():
        yield resource.get("methods", {})
        yield from every_method(resource.get("resources", {}))


def path_in(of: Kind, scope: Scope) -> str:
    if of.api is Api.COMPUTE:
        where = {"global": "global", "region": "regions/{region}", "zone": "zones/{zone}"}
        return f"projects/{{project}}/{where[scope.value]}/{of.collection}"
    version = document(of.api)["version"]
    if of.api is Api.SQL:
        return f"{version}/projects/{{project}}/{of.collection}"
    above = f"{version}/projects/{{projectsId}}/locations/{{locationsId}}"
    if of.parent:
        parents = kind(of.parent).collection
        above += f"/{parents}/{{{parents}Id}}"
    return f"{above}/{of.collection}"


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
    api = kind(name).api
    known = {word.removeprefix(PREFIXES.get(api, "")) for word in document(api)["schemas"]}
    assert nested <= known


@every_kind
def test_every_pattern_of_every_table_names_a_field(name: str) -> None:
    facts = kind(name)
    written = (facts.links, facts.links_by_value, facts.immutable, facts.write_only)
    tables = [*written, facts.unordered, facts.normalise, facts.defaults, facts.keyed]
    tables += [facts.alternatives, facts.momentary, facts.telling]
    assert {at for table in tables for at in table} - ours(name).keys() == set()
    known = google(name).keys() | UNDOCUMENTED.get(name, set())
    assert {*facts.server_set, *facts.unsupported} - known == set()
    assert {pointer(*output.split(".")) for output in facts.outputs} - known == set()
    assert {f"/{field}" for field in facts.ignored_by_insert} - ours(name).keys() == set()
    assert not facts.overlaps or f"/{facts.overlaps}" in ours(name)


@every_kind
def test_unordered_fields_are_lists_and_links_are_texts(name: str) -> None:
    facts = kind(name)
    assert {ours(name)[at] for at in facts.unordered} <= {"array"}
    assert {ours(name)[at] for at in facts.links} <= {"string"}


@every_kind
def test_each_default_is_of_the_type_of_its_field_and_comes_back_without_a_gap(name: str) -> None:
    facts = kind(name)
    for at, default in facts.defaults.items():
        is_replaced = is_below(at, set(facts.immutable))
        assert not is_replaced or facts.replacement is Replacement.BESIDE, at
        if default is not None:
            assert faults_of(facts, at, default) == []


def faults_of(facts: Kind, at: str, value: Json) -> list[Any]:
    """What the spec says against one field, whatever else may be missing."""
    for part in reversed(parts(at)):
        value = {part: value}
    try:
        facts.spec.model_validate(value)
    except ValidationError as error:
        way = parts(at)
        return [one for one in error.errors() if [*map(str, one["loc"][: len(way)])] == way]
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
                known = properties(facts.api, request)
                tops = {field.partition("/")[0] for field in sent(update)}
                assert tops <= known.keys(), (scope, update.method)


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
    of_the_ledger_alone = {Action.SET_ASIDE, Action.KEEP}
    wanted = set(Action) - of_the_ledger_alone
    assert set(facts.undo) == (wanted if facts.updates else wanted - {Action.UPDATE})
    assert all(len(verdict.why.split()) > 3 for verdict in facts.undo.values())


def test_a_call_without_a_patch_leaves_the_other_fields_as_they_were_inserted() -> None:
    proxy = kind("TargetHttpProxy")
    assert "/httpKeepAliveTimeoutSec" not in proxy.fixed(Scope.GLOBAL)
    assert "/httpKeepAliveTimeoutSec" in proxy.fixed(Scope.REGION)
    assert "/urlMap" not in proxy.fixed(Scope.REGION)
