"""The paths under `/_sandbox/`."""

from __future__ import annotations

import json

import pytest
from cryptography import x509

from gcp_sandbox.sandbox import Sandbox
from tests.gcp_sandbox.client import Client


def test_info_says_where_everything_is_and_whom_to_trust(core: Sandbox, client: Client) -> None:
    info = client.get("/_sandbox/info")
    assert info["project"] == "netra-staging"
    assert info["url"] == core.url
    assert info["ports"]["http"] == core.port
    assert info["ports"]["dns"] == core.dns_port
    root = x509.load_pem_x509_certificate(info["ca"].encode())
    root.verify_directly_issued_by(root)


def test_the_clock_advances_by_what_it_is_told(client: Client) -> None:
    before = client.get("/_sandbox/clock")["time"]
    after = client.post("/_sandbox/clock:advance", {"seconds": 1800})["time"]
    assert 1800 <= after - before < 1860


@pytest.mark.parametrize("seconds", [-1, "10", None, True, 1e12, 10**400, 20 * 365 * 86400 + 1])
def test_a_clock_does_not_go_back_nor_out_of_sight(client: Client, seconds: object) -> None:
    before = client.get("/_sandbox/clock")["offset"]
    assert client.call("POST", "/_sandbox/clock:advance", {"seconds": seconds}).status == 400
    assert client.get("/_sandbox/clock")["offset"] == before


def test_calls_are_listed_in_order_without_the_admins_own(client: Client) -> None:
    client.post("/_sandbox/calls:reset")
    client.get("global/addresses", maxResults=2)
    client.call("GET", "global/addresses/x")
    client.get("/_sandbox/clock")
    project = "/compute/v1/projects/netra-staging"
    assert client.get("/_sandbox/calls")["calls"] == [
        {
            "method": "GET",
            "path": f"{project}/global/addresses",
            "query": {"maxResults": "2"},
            "status": 200,
        },
        {"method": "GET", "path": f"{project}/global/addresses/x", "query": {}, "status": 404},
    ]


def test_dial_names_addresses_each_with_a_socket_of_its_own(staging: Client) -> None:
    dialled = staging.get("/_sandbox/dial")
    servers = {f"{address}:53" for address in ("8.8.8.8", "9.9.9.9", "192.0.2.53", "198.51.100.11")}
    assert servers | {"203.0.113.10:443"} <= dialled.keys()
    assert len(set(dialled.values())) == len(dialled)
    ports = staging.get("/_sandbox/info")["ports"]
    assert dialled["8.8.8.8:53"] == f"127.0.0.1:{ports['resolver']}"


def test_equal_scenarios_make_equal_worlds(client: Client) -> None:
    client.post("/_sandbox/scenario/staging")
    first = client.get("/_sandbox/state", comparable=1)
    client.post("/_sandbox/scenario/dns-outage")
    assert client.get("/_sandbox/state", comparable=1) != first
    client.post("/_sandbox/reset", {"scenario": "staging"})
    assert client.get("/_sandbox/state", comparable=1) == first


def test_a_scenario_that_does_not_exist_is_told(client: Client) -> None:
    answer = client.call("POST", "/_sandbox/scenario/none")
    assert answer.status == 404
    assert "dns-outage, empty, staging" in answer.message


def test_no_private_key_is_ever_answered(client: Client) -> None:
    client.post("/_sandbox/scenario/dns-outage")
    client.get("global/sslCertificates")
    assert "PRIVATE KEY" not in json.dumps(client.get("/_sandbox/state"))
    assert "PRIVATE KEY" not in json.dumps(client.get("/_sandbox/state", comparable=1))
    assert "PRIVATE KEY" not in json.dumps(client.get("global/sslCertificates"))


def test_any_project_is_served_and_kept_apart(client: Client) -> None:
    other = "/compute/v1/projects/other"
    client.done("POST", f"{other}/global/sslPolicies", {"name": "p"})
    assert client.call("GET", "global/sslPolicies/p").status == 404
    assert client.get(f"{other}/global/sslPolicies/p")["name"] == "p"
