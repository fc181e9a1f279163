"""The routes, fields and choices held against Google's discovery document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from gcp_sandbox.compute.engine import SERVED
from gcp_sandbox.compute.kind import Kind
from gcp_sandbox.compute.kinds import KINDS
from gcp_sandbox.compute.surroundings import SURROUNDINGS
from gcp_sandbox.sandbox import Sandbox
from tests.conformance.discovery import document, faults
from tests.gcp_sandbox.client import Client
from tests.gcp_sandbox.compute.bodies import ALL, CHAIN, REGIONAL, build, path_of

NOT_SERVED = {
    "testIamPermissions": "permissions are outside the sandbox",
    "getIamPolicy": "permissions are outside the sandbox",
    "setIamPolicy": "permissions are outside the sandbox",
    "move": "an address moves between projects only",
    "listUsable": "only consoles ask for it",
    "getEffectiveSecurityPolicies": "security policies are taken to exist, no more",
    "attachNetworkEndpoints": "serverless groups have no endpoints",
    "detachNetworkEndpoints": "serverless groups have no endpoints",
}
EVERY = KINDS | SURROUNDINGS
OPERATIONS = ("globalOperations", "regionOperations", "zoneOperations")


def methods_of(resource: str) -> Iterator[tuple[str, str, str]]:
    found = document("compute.v1")["resources"][resource]["methods"]
    for name, method in found.items():
        path = re.sub(r"\{[^}]*\}", "{}", method["path"])
        yield name, method["httpMethod"], f"/compute/v1/{path}"


def google(kinds: dict[str, Kind] = KINDS) -> dict[tuple[str, str], str]:
    """Google's methods of the emulated kinds, by verb and path."""
    resources = {name for kind in kinds.values() for name in kind.resources.values()}
    return {
        (verb, path): name
        for resource in sorted(resources | set(OPERATIONS))
        for name, verb, path in methods_of(resource)
    }


def served(core: Sandbox) -> set[tuple[str, str]]:
    routes = core.service.router.routes
    return {
        (verb, re.sub(r"\{[^}]*\}", "{}", path))
        for verb, path in routes
        if path.startswith("/compute/")
    }


def test_nothing_is_served_that_google_does_not_have(core: Sandbox) -> None:
    assert served(core) - google(EVERY).keys() == set()


def test_what_is_not_served_is_left_out_for_a_reason(core: Sandbox) -> None:
    missing = {google()[route] for route in google().keys() - served(core)}
    assert missing == set(NOT_SERVED)


def schema_of(kind: Kind) -> Any:
    return document("compute.v1")["schemas"][kind.singular[0].upper() + kind.singular[1:]]


@pytest.mark.parametrize("kind", EVERY.values(), ids=list(EVERY))
def test_a_kinds_fields_are_googles(kind: Kind) -> None:
    properties = schema_of(kind)["properties"]
    own = SERVED | kind.served | {"fingerprint", "labelFingerprint", "labels"}
    assert kind.fields | own >= properties.keys()
    assert kind.fields <= properties.keys()
    assert kind.served <= properties.keys()
    assert {*kind.defaults, *kind.immutable, *kind.required} <= kind.fields
    types = {
        "string": (*kind.texts, *kind.choices),
        "boolean": kind.flags,
        "array": kind.lists,
    }
    for expected, names in types.items():
        assert [name for name in names if properties[name]["type"] != expected] == []
    assert {properties[name]["type"] for name in kind.numbers} <= {"integer", "number"}
    assert {properties[name].get("type", "object") for name in kind.objects} <= {"object"}
    for link in kind.links:
        top = re.split(r"[.\[]", link.path)[0]
        assert top == "**" or top in properties, link.path


@pytest.mark.parametrize("kind", EVERY.values(), ids=list(EVERY))
def test_a_kinds_choices_are_googles(kind: Kind) -> None:
    properties = schema_of(kind)["properties"]
    for name, choices in kind.choices.items():
        unset = {"INVALID"} if kind.singular == "healthCheck" else set()
        assert set(choices) == set(properties[name]["enum"]) - unset, name


@pytest.mark.parametrize("bodies", [CHAIN, REGIONAL], ids=["global", "regional"])
def test_every_answer_fits_googles_schema(client: Client, bodies: dict[str, Any]) -> None:
    build(client, bodies)
    client.advance(7200)
    for collection in bodies:
        kind = KINDS[collection.rpartition("/")[2]]
        schema = kind.singular[0].upper() + kind.singular[1:]
        body = client.get(path_of(collection))
        assert faults("compute.v1", schema, body) == [], collection
        listed = client.get(collection)
        words = {"sslPolicies": "SslPoliciesList"}
        assert faults("compute.v1", words.get(kind.collection, f"{schema}List"), listed) == []
        aggregated = client.get(f"aggregated/{kind.collection}")
        plural = {
            "sslPolicies": "SslPoliciesAggregatedList",
            "urlMaps": "UrlMapsAggregatedList",
            "healthChecks": "HealthChecksAggregatedList",
        }
        name = plural.get(kind.collection, f"{schema}AggregatedList")
        assert faults("compute.v1", name, aggregated) == []
    for operation in client.get("global/operations").get("items", []):
        assert faults("compute.v1", "Operation", operation) == []


def test_the_chain_covers_every_kind() -> None:
    assert {collection.rpartition("/")[2] for collection in ALL} == KINDS.keys()
