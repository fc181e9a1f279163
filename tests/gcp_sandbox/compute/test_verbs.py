"""What holds for every kind."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gcp_sandbox.compute.fingerprint import NO_LABELS
from gcp_sandbox.compute.kinds import KINDS
from tests.gcp_sandbox.client import LINK, PROJECT, Client
from tests.gcp_sandbox.compute.bodies import ALL, CHAIN, REGIONAL, build, path_of, tear_down
from tests.gcp_sandbox.compute.test_routes import schema_of

COLLECTIONS = list(ALL)


@pytest.fixture
def full(client: Client) -> Client:
    """Both chains stand."""
    build(client, CHAIN)
    build(client, REGIONAL)
    return client


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_resource_is_there_once_inserted(full: Client, collection: str) -> None:
    body = full.get(path_of(collection))
    assert body["selfLink"] == f"{LINK}/{path_of(collection)}"
    assert body["kind"].startswith("compute#")
    assert body["id"].isdecimal()
    assert body["creationTimestamp"].endswith("-08:00")
    assert body["name"] in [item["name"] for item in full.get(collection)["items"]]
    scope, _, plural = collection.rpartition("/")
    assert full.get(f"aggregated/{plural}")["items"][scope][plural]
    assert ("region" in body) == scope.startswith("regions/")


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_name_is_taken_only_once(full: Client, collection: str) -> None:
    answer = full.call("POST", collection, ALL[collection])
    assert (answer.status, answer.reason) == (409, "alreadyExists")
    path = f"projects/{PROJECT}/{path_of(collection)}"
    assert answer.message == f"The resource '{path}' already exists"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_what_is_not_there_is_not_found(client: Client, collection: str) -> None:
    for verb in ("GET", "DELETE"):
        answer = client.call(verb, f"{collection}/none")
        assert (answer.status, answer.reason) == (404, "notFound")
        path = f"projects/{PROJECT}/{collection}/none"
        assert answer.message == f"The resource '{path}' was not found"


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize("name", ["", "Upper", "-x", "x-", "1x", "x" * 64, "x_y", "x.y", 7, None])
def test_a_name_that_is_none_is_refused(client: Client, collection: str, name: Any) -> None:
    answer = client.call("POST", collection, ALL[collection] | {"name": name})
    assert (answer.status, answer.reason) in {(400, "invalid"), (400, "required")}


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize("body", [None, [], "x", 1])
def test_a_body_that_is_no_resource_is_refused(client: Client, collection: str, body: Any) -> None:
    assert client.call("POST", collection, body).reason == "required"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_one_request_id_has_one_effect(full: Client, collection: str) -> None:
    """However often it is sent: the same operation, and what came in between stays."""
    name = ALL[collection]["name"]
    tear_down(full, REGIONAL)
    tear_down(full, CHAIN)
    for needed, body in ALL.items():
        if needed != collection:
            full.call("POST", needed, body)
    request = {"requestId": str(uuid.uuid4())}
    first = full.done("POST", collection, ALL[collection], **request)
    again = full.post(collection, ALL[collection], **request)
    assert (again["name"], again["status"]) == (first["name"], "DONE")
    gone = {"requestId": str(uuid.uuid4())}
    deleted = full.call("DELETE", f"{collection}/{name}", **gone)
    if deleted.status == 200:
        full.done("POST", collection, ALL[collection])
        repeated = full.call("DELETE", f"{collection}/{name}", **gone)
        assert repeated.body["name"] == deleted.body["name"]
        assert full.get(f"{collection}/{name}")["name"] == name
    else:
        assert deleted.reason == "resourceInUseByAnotherResource"


@pytest.mark.parametrize("bodies", [CHAIN, REGIONAL], ids=["global", "regional"])
def test_the_chain_goes_only_in_reverse_order(client: Client, bodies: dict[str, Any]) -> None:
    build(client, bodies)
    tear_down(client, bodies)
    assert client.get("/_sandbox/state", comparable=1).get("compute") == {}


@pytest.mark.parametrize("collection", [name for name in COLLECTIONS if "Policies" not in name])
def test_wrong_types_and_unknown_choices_are_refused(client: Client, collection: str) -> None:
    kind = KINDS[collection.rpartition("/")[2]]
    wrong: dict[str, Any] = {"description": 5}
    wrong |= dict.fromkeys(kind.numbers, "many") | dict.fromkeys(kind.flags, "yes")
    wrong |= dict.fromkeys(kind.choices, "NOT_A_CHOICE")
    for field, value in wrong.items():
        answer = client.call("POST", collection, ALL[collection] | {field: value})
        assert answer.status == 400, field
        assert field in answer.message


@pytest.mark.parametrize("text", ["1", "x" * 36, "00000000-0000-0000-0000-000000000000"])
def test_a_request_id_is_a_uuid(client: Client, text: str) -> None:
    answer = client.call("POST", "global/addresses", {"name": "ip"}, requestId=text)
    assert (answer.status, answer.reason) == (400, "invalid")


PATCHES: dict[str, dict[str, Any]] = {
    "global/healthChecks": {"checkIntervalSec": 7},
    "global/backendServices": {"description": "new"},
    "global/urlMaps": {"description": "new"},
    "global/sslPolicies": {"profile": "MODERN"},
    "global/targetHttpsProxies": {"quicOverride": "ENABLE"},
    "global/targetHttpProxies": {"urlMap": "global/urlMaps/um"},
    "global/forwardingRules": {"allowGlobalAccess": True},
}


@pytest.mark.parametrize("collection", PATCHES)
def test_a_patch_changes_what_it_names_and_nothing_else(full: Client, collection: str) -> None:
    path, patch = path_of(collection), PATCHES[collection]
    before = full.get(path)
    sent = patch | ({"fingerprint": before["fingerprint"]} if "fingerprint" in before else {})
    full.done("PATCH", path, sent)
    after = full.get(path)
    unchanged = before.keys() - patch.keys() - {"fingerprint", "enabledFeatures"}
    assert {name: after.get(name) for name in unchanged} == {
        name: before[name] for name in unchanged
    }
    if collection != "global/targetHttpProxies":
        assert {name: after[name] for name in patch} == patch
        assert after.get("fingerprint", "x") != before.get("fingerprint")


@pytest.mark.parametrize(
    "collection",
    [
        "global/urlMaps",
        "global/sslPolicies",
        "global/targetHttpsProxies",
        "global/targetHttpProxies",
    ],
)
def test_a_patch_without_the_current_fingerprint_is_refused(full: Client, collection: str) -> None:
    path, patch = path_of(collection), PATCHES[collection]
    before = full.get(path)
    for stale in ({}, {"fingerprint": "AAAAAAAAAAA="}):
        answer = full.call("PATCH", path, patch | stale)
        assert (answer.status, answer.reason) == (412, "conditionNotMet")
    assert full.get(path) == before


@pytest.mark.parametrize("collection", ["global/backendServices", "global/forwardingRules"])
def test_where_a_fingerprint_is_optional_a_stale_one_is_refused(
    full: Client, collection: str
) -> None:
    path, patch = path_of(collection), PATCHES[collection]
    assert full.call("PATCH", path, patch | {"fingerprint": "AAAAAAAAAAA="}).status == 412
    assert full.call("PATCH", path, patch).status == 200


@pytest.mark.parametrize("collection", ["global/urlMaps", "global/backendServices"])
def test_a_put_replaces_the_whole_and_needs_the_fingerprint(full: Client, collection: str) -> None:
    path = path_of(collection)
    full.done("PATCH", path, {"description": "x", "fingerprint": full.get(path)["fingerprint"]})
    assert full.call("PUT", path, ALL[collection]).status == 412
    fresh = {"fingerprint": full.get(path)["fingerprint"]}
    full.done("PUT", path, ALL[collection] | fresh)
    assert full.get(path).get("description", "") == ""


def test_a_health_check_has_no_fingerprint_and_a_put_replaces_it(full: Client) -> None:
    body = {"name": "hc", "type": "TCP", "tcpHealthCheck": {"port": 88}}
    full.done("PUT", "global/healthChecks/hc", body)
    after = full.get("global/healthChecks/hc")
    assert "fingerprint" not in after
    assert "httpHealthCheck" not in after
    assert after["tcpHealthCheck"] == {"port": 88, "proxyHeader": "NONE"}


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_what_google_cannot_change_is_refused(full: Client, collection: str) -> None:
    kind = KINDS[collection.rpartition("/")[2]]
    if "patch" not in kind.methods or collection == "regions/r1/targetHttpProxies":
        assert full.call("PATCH", path_of(collection), {}).status == 405
        return
    before = full.get(path_of(collection))
    fresh = {"fingerprint": before["fingerprint"]} if "fingerprint" in before else {}
    for field in {"name", *kind.immutable} - {"allPorts", "ports", "IPAddress", "portRange"}:
        value: Any = {"httpKeepAliveTimeoutSec": 99, "proxyBind": True, "IPProtocol": "UDP"}.get(
            field, "global/networks/other" if field in ("network", "subnetwork") else "other"
        )
        if field in ("target", "backendService", "tlsEarlyData", "ipVersion"):
            value = {"tlsEarlyData": "STRICT", "ipVersion": "IPV6"}.get(field, "all-apis")
        answer = full.call("PATCH", path_of(collection), fresh | {field: value})
        assert (answer.status, answer.reason) == (400, "invalid"), field
    assert full.get(path_of(collection)) == before


@pytest.mark.parametrize("collection", ["global/addresses", "global/forwardingRules"])
def test_labels_come_by_set_labels_and_their_own_fingerprint(
    client: Client, collection: str
) -> None:
    for needed, body in CHAIN.items():
        client.done("POST", needed, body | {"labels": {"at": "insert"}})
    path = path_of(collection)
    before = client.get(path)
    assert "labels" not in before
    assert before["labelFingerprint"] == NO_LABELS
    stale = {"labels": {"env": "x"}, "labelFingerprint": "AAAAAAAAAAA="}
    assert client.call("POST", f"{path}/setLabels", stale).status == 412
    sent = {"labels": {"env": "x"}, "labelFingerprint": NO_LABELS}
    operation = client.post(f"{path}/setLabels", sent)
    assert (operation["status"], operation["operationType"]) == ("DONE", "setLabels")
    after = client.get(path)
    assert after["labels"] == {"env": "x"}
    assert after["labelFingerprint"] != NO_LABELS
    bad = {"labels": {"Env": "x"}, "labelFingerprint": after["labelFingerprint"]}
    assert client.call("POST", f"{path}/setLabels", bad).reason == "invalid"
    none = {"labels": {}, "labelFingerprint": after["labelFingerprint"]}
    client.post(f"{path}/setLabels", none)
    assert client.get(path)["labelFingerprint"] == NO_LABELS


anything: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(data=st.data())
def test_no_body_whatever_makes_the_server_fail(client: Client, kind: Any, data: Any) -> None:
    """Every known member with any JSON: accepted or refused, and readable afterwards."""
    client.post("/_sandbox/reset")
    build(client)
    members = sorted(schema_of(kind)["properties"])
    body = data.draw(st.dictionaries(st.sampled_from(members), anything, max_size=4))
    collection = f"regions/r1/{kind.collection}"
    full_body = ALL.get(f"global/{kind.collection}", {}) | body | {"name": "any"}
    for verb, path in (("POST", collection), ("PATCH", f"{collection}/any")):
        assert client.call(verb, path, full_body).status in {200, 400, 403, 404, 405, 412}
    for path in (collection, f"aggregated/{kind.collection}", f"{collection}/any"):
        assert client.call("GET", path).status in {200, 404}
    client.get("/_sandbox/state", comparable=1)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_field_that_google_does_not_know_is_dropped(client: Client, collection: str) -> None:
    """Recorded: addSignedUrlKey is sent a field too many, and takes no notice."""
    for needed, body in ALL.items():
        unknown = {"unheardOf": 1, "selfLink": "x", "id": "1", "kind": "x"}
        client.done("POST", needed, body | unknown if needed == collection else body)
    body = client.get(path_of(collection))
    assert "unheardOf" not in body
    assert body["selfLink"] == f"{LINK}/{path_of(collection)}"
