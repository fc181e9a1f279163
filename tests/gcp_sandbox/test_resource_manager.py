"""projects.testIamPermissions, as Cloud Resource Manager v3 documents it."""

from __future__ import annotations

import pytest

from tests.conformance.discovery import faults
from tests.gcp_sandbox.client import PROJECT, Client

TEST = f"/v3/projects/{PROJECT}:testIamPermissions"
NAMES = ["dns.changes.create", "compute.urlMaps.update"]
SCHEMA = "TestIamPermissionsResponse"


def test_whoever_asks_has_them_all(client: Client) -> None:
    answer = client.post(TEST, {"permissions": NAMES})
    assert answer == {"permissions": NAMES}
    assert faults("cloudresourcemanager.v3", SCHEMA, answer) == []


def test_what_was_taken_away_is_left_out_and_none_is_no_list(client: Client) -> None:
    client.post("/_sandbox/permissions", {"denied": NAMES[:1]})
    assert client.post(TEST, {"permissions": NAMES}) == {"permissions": NAMES[1:]}
    assert client.post(TEST, {"permissions": NAMES[:1]}) == {}
    client.post("/_sandbox/reset")
    assert client.post(TEST, {"permissions": NAMES}) == {"permissions": NAMES}


@pytest.mark.parametrize("name", ["*", "storage.*", "dns.changes", "no permission"])
def test_what_is_no_permission_is_refused(client: Client, name: str) -> None:
    answer = client.call("POST", TEST, {"permissions": [name]})
    assert (answer.status, answer.body["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_a_hundred_can_be_asked_for_at_once_and_no_more(client: Client) -> None:
    names = [f"compute.urlMaps.update{number}" for number in range(101)]
    assert client.post(TEST, {"permissions": names[:100]}) == {"permissions": names[:100]}
    answer = client.call("POST", TEST, {"permissions": names})
    assert (answer.status, answer.body["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_no_other_method_of_a_project_is_served(client: Client) -> None:
    assert client.call("POST", f"/v3/projects/{PROJECT}:getIamPolicy", {}).status == 404
    assert client.call("GET", f"/v3/projects/{PROJECT}/timeSeries").status == 400  # Monitoring's
