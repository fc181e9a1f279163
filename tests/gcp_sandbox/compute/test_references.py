"""Integrity in both directions, in any spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp_sandbox.compute.links import Place, parse
from tests.gcp_sandbox.client import LINK, PROJECT, Client
from tests.gcp_sandbox.compute.bodies import CHAIN, build

HOSTS = (
    "https://www.googleapis.com/compute/v1/",
    "https://compute.googleapis.com/compute/beta/",
    "http://127.0.0.1:8080/compute/v1/",
    "http://127.0.0.1:8080/",
    "/compute/v1/",
    "compute/v1/",
    "",
)
names = st.from_regex(r"[a-z]([-a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)
places = st.builds(
    Place,
    names,
    st.one_of(st.just("global"), names.map("regions/{}".format), names.map("zones/{}".format)),
    st.sampled_from(["urlMaps", "backendServices", "networks"]),
    names,
)


@given(places, st.sampled_from(HOSTS))
def test_every_spelling_names_the_same_place(place: Place, host: str) -> None:
    assert parse(f"{host}{place.path}", "elsewhere") == place
    assert parse(place.path.removeprefix(f"projects/{place.project}/"), place.project) == place
    assert parse(place.link, "elsewhere") == place


@pytest.mark.parametrize("text", ["um", "urlMaps/um", "global/um", "https://x/y", "a/b/c/d", "//"])
def test_what_names_no_place_is_refused(client: Client, text: str) -> None:
    assert parse(text, "p") is None
    answer = client.call("POST", "global/targetHttpProxies", {"name": "p", "urlMap": text})
    assert (answer.status, answer.reason) == (400, "invalid")


@pytest.mark.parametrize("host", HOSTS)
def test_a_link_is_answered_in_googles_spelling(client: Client, host: str) -> None:
    build(client)
    written = f"{host}projects/{PROJECT}/global/urlMaps/um"
    client.done("POST", "global/targetHttpProxies", {"name": "p", "urlMap": written})
    assert client.get("global/targetHttpProxies/p")["urlMap"] == f"{LINK}/global/urlMaps/um"
    answer = client.call("DELETE", "global/urlMaps/um")
    assert answer.reason == "resourceInUseByAnotherResource"


def test_a_reference_to_what_is_not_there_is_refused(client: Client) -> None:
    dangling = [key for key, body in CHAIN.items() if "global/" in str(body)]
    assert len(dangling) == 5
    for collection in dangling:
        answer = client.call("POST", collection, CHAIN[collection])
        assert (answer.status, answer.reason) == (404, "notFound"), collection


def test_a_reference_to_the_wrong_kind_is_refused(client: Client) -> None:
    build(client)
    wrong = {"name": "p", "urlMap": "global/sslPolicies/tls"}
    assert client.call("POST", "global/targetHttpProxies", wrong).reason == "invalid"


def test_a_region_does_not_use_another_regions_resources(client: Client) -> None:
    client.done("POST", "regions/r1/healthChecks", {"name": "hc", "type": "TCP"})
    body = {"name": "bs", "healthChecks": ["regions/r1/healthChecks/hc"]}
    assert client.call("POST", "regions/r2/backendServices", body).reason == "invalid"
    assert client.call("POST", "global/backendServices", body).reason == "invalid"


def test_what_is_not_emulated_is_taken_to_exist(client: Client) -> None:
    body = {"name": "bs", "backends": [{"group": "zones/z1/instanceGroups/ig"}]}
    client.done("POST", "global/backendServices", body)
    address = {
        "name": "range",
        "addressType": "INTERNAL",
        "purpose": "VPC_PEERING",
        "prefixLength": 16,
        "network": "global/networks/vpc",
    }
    client.done("POST", "global/addresses", address)
    assert client.get("global/addresses/range")["network"] == f"{LINK}/global/networks/vpc"


def test_nothing_that_is_used_can_be_deleted(client: Client) -> None:
    build(client)
    used = [
        ("addresses/ip", "address", "forwardingRules/rule"),
        ("healthChecks/hc", "health_check", "backendServices/bs"),
        ("backendServices/bs", "backend_service", "urlMaps/um"),
        ("urlMaps/um", "url_map", "targetHttpProxies/http"),
        ("sslCertificates/cert", "ssl_certificate", "targetHttpsProxies/https"),
        ("sslPolicies/tls", "ssl_policy", "targetHttpsProxies/https"),
        ("targetHttpsProxies/https", "target_https_proxy", "forwardingRules/rule"),
    ]
    base = f"projects/{PROJECT}/global"
    for path, noun, user in used:
        answer = client.call("DELETE", f"global/{path}")
        assert (answer.status, answer.reason) == (400, "resourceInUseByAnotherResource")
        assert answer.message == (
            f"The {noun} resource '{base}/{path}' is already being used by '{base}/{user}'"
        )


def test_what_is_no_longer_referred_to_can_be_deleted(client: Client) -> None:
    build(client)
    client.done("POST", "global/urlMaps", {"name": "two", "defaultService": f"{LINK}/global/backendServices/bs"})  # fmt: skip  # noqa: E501 - one call
    for proxy in ("targetHttpProxies/http", "targetHttpsProxies/https"):
        client.done("POST", f"{proxy}/setUrlMap", {"urlMap": "global/urlMaps/two"})
    client.done("DELETE", "global/urlMaps/um")
    client.done("POST", "global/targetHttpsProxies/https/setSslPolicy", {"sslPolicy": None})
    client.done("DELETE", "global/sslPolicies/tls")


def test_users_are_told_on_addresses_and_backend_services(client: Client) -> None:
    client.done("POST", "global/addresses", {"name": "free"})
    free = client.get("global/addresses/free")
    assert (free["status"], "users" in free) == ("RESERVED", False)
    build(client)
    address = client.get("global/addresses/ip")
    assert address["status"] == "IN_USE"
    assert address["users"] == [f"{LINK}/global/forwardingRules/rule"]
    service = client.get("global/backendServices/bs")
    assert service["usedBy"] == [{"reference": f"{LINK}/global/urlMaps/um"}]
