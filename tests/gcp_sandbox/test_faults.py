"""Faults that are injected on purpose."""

from __future__ import annotations

import http.client
from typing import Any

import pytest

from tests.gcp_sandbox.client import Client


def inject(client: Client, kind: str, **more: Any) -> None:
    client.post(f"/_sandbox/faults/{kind}", {"kind": kind, **more})


@pytest.mark.parametrize(
    ("kind", "status"),
    [("429", 429), ("403", 403), ("forbidden", 403), ("401", 401), ("500", 500), ("503", 503)],
)
def test_an_error_status_comes_as_often_as_asked(client: Client, kind: str, status: int) -> None:
    inject(client, kind, times=2, match="GET */addresses")
    assert client.call("GET", "global/urlMaps").status == 200
    statuses = [client.call("GET", "global/addresses").status for _ in range(3)]
    assert statuses == [status, status, 200]


def test_a_page_of_html_instead_of_json(client: Client) -> None:
    inject(client, "html")
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=10)
    connection.request("GET", "/compute/v1/projects/p/global/urlMaps")
    answer = connection.getresponse()
    assert answer.status == 502
    assert answer.read().startswith(b"<!DOCTYPE html>")
    connection.close()


def test_half_a_page(client: Client) -> None:
    inject(client, "half")
    with pytest.raises(http.client.IncompleteRead):
        client.call("GET", "global/urlMaps")
    client.close()
    assert client.get("global/urlMaps")["kind"] == "compute#urlMapList"


def test_a_reset_leaves_no_effect(client: Client) -> None:
    inject(client, "reset")
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        client.call("POST", "global/sslPolicies", {"name": "p"})
    client.close()
    assert client.call("GET", "global/sslPolicies/p").status == 404


def test_a_lost_answer_leaves_its_effect(client: Client) -> None:
    inject(client, "lost")
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        client.call("POST", "global/sslPolicies", {"name": "p"})
    client.close()
    assert client.get("global/sslPolicies/p")["name"] == "p"


def test_a_failed_operation_changes_nothing(client: Client) -> None:
    inject(client, "failed-operation")
    operation = client.post("global/sslPolicies", {"name": "p"})
    assert operation["status"] == "DONE"
    assert operation["error"]["errors"][0]["code"] == "INTERNAL_ERROR"
    assert client.call("GET", "global/sslPolicies/p").status == 404
    client.done("POST", "global/sslPolicies", {"name": "p"})
    inject(client, "failed-operation")
    client.call("DELETE", "global/sslPolicies/p")
    assert client.get("global/sslPolicies/p")["name"] == "p"


def test_an_operation_can_be_made_to_last(client: Client) -> None:
    inject(client, "slow-operation", seconds=900)
    operation = client.post("global/sslPolicies", {"name": "p"})
    path = f"global/operations/{operation['name']}"
    assert client.get(path)["status"] == "RUNNING"
    assert client.call("DELETE", "global/sslPolicies/p").reason == "resourceNotReady"
    client.advance(901)
    assert client.get(path)["status"] == "DONE"


def test_an_answer_can_be_made_to_wait(client: Client) -> None:
    inject(client, "slow", seconds=0.01)
    assert client.get("global/urlMaps")["kind"] == "compute#urlMapList"


@pytest.mark.parametrize("body", [{"times": "many"}, {"seconds": None}])
def test_a_fault_that_makes_no_sense_is_told(client: Client, body: dict[str, Any]) -> None:
    assert client.call("POST", "/_sandbox/faults/503", body).status == 400


def test_faults_can_be_taken_back(client: Client) -> None:
    inject(client, "503", times=5)
    client.call("DELETE", "/_sandbox/faults")
    assert client.call("GET", "global/urlMaps").status == 200


def test_an_unknown_fault_is_told(client: Client) -> None:
    answer = client.call("POST", "/_sandbox/faults/meteor", {})
    assert answer.status == 400
    assert "429" in answer.message
