"""Compute's addresses, pages and spellings."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from remediate.gcp.api import Api
from remediate.gcp.compute import WITHOUT_ID, http_method, path_of
from remediate.gcp.errors import NotFound, PreconditionFailed
from remediate.kinds.registry import NAMES, kind
from remediate.model.errors import Unreachable
from remediate.model.json import Body
from tests.gcp.conftest import PROJECT, Wired
from tests.gcp.server import Say, Stub, refused

COLLECTIONS = {kind(name).collection for name in NAMES if kind(name).api is Api.COMPUTE}
METHODS = frozenset(
    [
        "insert",
        "get",
        "list",
        "patch",
        "update",
        "delete",
        "setLabels",
        "setTarget",
        "setUrlMap",
        "setSslCertificates",
        "setSslPolicy",
        "setCertificateMap",
        "setQuicOverride",
        "setSecurityPolicy",
        "setEdgeSecurityPolicy",
        "validate",
        "getHealth",
    ]
)
SCOPES = {"": "global", "{region}": "regions/{region}", "{zone}": "zones/{zone}"}


def discovered() -> dict[tuple[str, str, str], dict[str, Any]]:
    """(method, scope, collection) -> the method, from Google's own description of the API."""
    cache = files("googleapiclient.discovery_cache") / "documents/compute.v1.json"
    resources = json.loads(cache.read_text())["resources"]
    found = {}
    for name, resource in resources.items():
        bare = re.sub(r"^(global|region)", "", name)
        collection = bare[0].lower() + bare[1:]
        if collection not in COLLECTIONS:
            continue
        for method, facts in resource["methods"].items():
            if method in METHODS:
                place = next(p for p in ("{region}", "{zone}", "") if p in facts["path"])
                found[method, SCOPES[place], collection] = facts
    return found


DISCOVERED = discovered()


def test_the_discovery_document_speaks_of_every_collection() -> None:
    assert {collection for _, _, collection in DISCOVERED} == COLLECTIONS
    assert {method for method, _, _ in DISCOVERED} == METHODS


@pytest.mark.parametrize("at", sorted(DISCOVERED), ids="-".join)
def test_every_url_is_the_one_of_the_discovery_document(at: tuple[str, str, str]) -> None:
    method, scope, collection = at
    ours = path_of("{project}", method, scope, collection, "NAME")
    theirs = re.sub(r"\{(?!project|region|zone)\w+\}", "NAME", DISCOVERED[at]["path"])
    assert ours == f"/{theirs}"
    assert http_method(method) == DISCOVERED[at]["httpMethod"]


def test_every_mutation_but_those_we_know_takes_a_request_id() -> None:
    without = {
        (collection, scope, method)
        for (method, scope, collection), facts in DISCOVERED.items()
        if "requestId" not in facts["parameters"]
        and method not in {"list", "get", "validate", "getHealth"}
    }
    assert without == WITHOUT_ID


def test_labels_are_set_once_though_no_id_is_taken(stub: Stub, wire: Wired) -> None:
    stale = refused(412, "conditionNotMet", "Labels fingerprint either invalid")
    labels: Body = {"labels": {"a": "b"}, "labelFingerprint": "42WmSpB8rSM="}
    stub.says(Say(cut="reset"), stale, Say(body={"name": "x", "labels": {"a": "b"}}))
    operation = wire.google.compute.call("setLabels", "global", "addresses", "x", labels, "id")
    assert operation.done
    assert all("requestId" not in asked.query for asked in stub.asked)
    stub.says(Say(cut="reset"), stale, Say(body={"name": "x", "labels": {"a": "c"}}))
    with pytest.raises(PreconditionFailed):
        wire.google.compute.call("setLabels", "global", "addresses", "x", labels, "id")
    stub.says(stale)
    with pytest.raises(PreconditionFailed):
        wire.google.compute.call("setLabels", "global", "addresses", "x", labels, "id")


def test_every_page_of_a_list_is_read(stub: Stub, wire: Wired) -> None:
    stub.says(
        Say(body={"items": [{"name": "a"}, {"name": "b"}], "nextPageToken": "t/+="}),
        Say(body={"nextPageToken": "u"}),
        Say(body={"items": [{"name": "c"}]}),
    )
    found = wire.google.compute.list("regions/r", "addresses", "name,address")
    assert [one["name"] for one in found] == ["a", "b", "c"]
    assert [asked.query.get("pageToken") for asked in stub.asked] == [None, "t/+=", "u"]
    assert {asked.query["maxResults"] for asked in stub.asked} == {"500"}
    assert {asked.query["fields"] for asked in stub.asked} == {
        "nextPageToken,warning,items(name,address)"
    }
    assert {asked.path for asked in stub.asked} == {
        f"/compute/v1/projects/{PROJECT}/regions/r/addresses"
    }


@pytest.mark.parametrize(
    "page", [{"warning": {"code": "UNREACHABLE"}}, {"unreachables": ["r"]}, {"items": "?"}]
)
def test_a_list_that_is_not_whole_is_not_a_list(
    stub: Stub, wire: Wired, page: dict[str, Any]
) -> None:
    stub.says(Say(body=page))
    with pytest.raises(Unreachable):
        wire.google.compute.list("global", "urlMaps")


def test_a_harmless_warning_does_not_spoil_a_list(stub: Stub, wire: Wired) -> None:
    stub.says(Say(body={"warning": {"code": "NO_RESULTS_ON_PAGE"}}))
    assert wire.google.compute.list("global", "urlMaps") == []


def test_what_is_not_there_is_none(stub: Stub, wire: Wired) -> None:
    name = f"projects/{PROJECT}/global/urlMaps/x"
    stub.says(refused(404, "notFound", f"The resource '{name}' was not found"))
    assert wire.google.compute.get("global", "urlMaps", "x") is None


def test_a_project_that_is_not_there_is_no_absent_resource(stub: Stub, wire: Wired) -> None:
    stub.says(refused(404, "notFound", f"The resource 'projects/{PROJECT}' was not found"))
    with pytest.raises(NotFound):
        wire.google.compute.get("global", "urlMaps", "x")


def test_empty_lists_and_nulls_are_sent_as_they_are(stub: Stub, wire: Wired) -> None:
    body: Body = {"sslPolicy": None, "backends": [], "timeoutSec": 0}
    wire.google.compute.call("patch", "global", "backendServices", "b", body, "id")
    assert json.loads(stub.asked[0].body) == body
    assert stub.asked[0].headers["content-type"] == "application/json"


def test_unknown_fields_arrive_word_for_word(stub: Stub, wire: Wired) -> None:
    body = {"name": "x", "brandNew": {"deep": [1, 0.8, None, "ü"]}, "id": "1234567890123456789"}
    stub.says(Say(body=body))
    assert wire.google.compute.get("global", "urlMaps", "x") == body


def test_a_question_is_no_mutation(stub: Stub, wire: Wired) -> None:
    stub.says(Say(cut="reset"), Say(body={"healthStatus": []}))
    asked = wire.google.compute.ask("getHealth", "global", "backendServices", "b", {"group": "g"})
    assert asked == {"healthStatus": []}
    with pytest.raises(ValueError, match="changes"):
        wire.google.compute.ask("setUrlMap", "global", "targetHttpProxies", "t", {})
