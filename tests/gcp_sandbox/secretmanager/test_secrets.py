"""Secrets: which there are, in which versions, and never what is in them."""

from __future__ import annotations

import pytest

from gcp_sandbox.project import number
from tests.conformance.discovery import faults
from tests.gcp_sandbox.client import PROJECT, Client

AT = f"/v1/projects/{PROJECT}/secrets"
PASSWORD = f"{AT}/db-password"
PAYLOAD = {"payload": {"data": "c2VjcmV0"}}


def test_secrets_are_listed_by_the_projects_number(staging: Client) -> None:
    listed = staging.get(AT)
    assert faults("secretmanager.v1", "ListSecretsResponse", listed) == []
    assert [body["name"] for body in listed["secrets"]] == [
        f"projects/{number(PROJECT)}/secrets/{name}" for name in ("db-password", "jwt-staging")
    ]
    assert staging.get(PASSWORD) == listed["secrets"][0]
    first = staging.get(AT, pageSize=1)
    rest = staging.get(AT, pageSize=1, pageToken=first["nextPageToken"])
    assert [*first["secrets"], *rest["secrets"]] == listed["secrets"]


def test_a_new_version_is_the_newest_and_its_payload_is_nowhere(staging: Client) -> None:
    added = staging.post(f"{PASSWORD}:addVersion", PAYLOAD)
    assert faults("secretmanager.v1", "SecretVersion", added) == []
    listed = staging.get(f"{PASSWORD}/versions")
    assert faults("secretmanager.v1", "ListSecretVersionsResponse", listed) == []
    assert [body["name"].rpartition("/")[2] for body in listed["versions"]] == ["2", "1"]
    assert staging.get(f"{PASSWORD}/versions/latest") == added
    assert staging.call("GET", f"{PASSWORD}/versions/2:access").status == 501
    assert PAYLOAD["payload"]["data"] not in str(staging.get("/_sandbox/state"))


def test_a_version_is_disabled_enabled_and_destroyed_for_good(staging: Client) -> None:
    one = f"{PASSWORD}/versions/1"
    for verb, state in (("disable", "DISABLED"), ("enable", "ENABLED"), ("destroy", "DESTROYED")):
        assert staging.post(f"{one}:{verb}")["state"] == state
    assert staging.call("POST", f"{one}:enable", {}).status == 400


def test_a_secret_is_made_and_deleted(client: Client) -> None:
    made = client.post(AT, {"replication": {"automatic": {}}}, secretId="new")
    assert faults("secretmanager.v1", "Secret", made) == []
    again = client.call("POST", AT, {"replication": {"automatic": {}}}, secretId="new")
    assert again.status == 409
    assert client.call("DELETE", f"{AT}/new").status == 200
    assert client.get("/_sandbox/state", comparable=1).get("secretmanager") is None


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"{AT}/none", None, 404),
        ("GET", f"{PASSWORD}/versions/9", None, 404),
        ("GET", f"{PASSWORD}/versions/x", None, 404),
        ("POST", f"{PASSWORD}:addVersion", {}, 400),
        ("POST", f"{PASSWORD}:forget", {}, 404),
        ("POST", f"{PASSWORD}/versions/1:forget", {}, 404),
        ("POST", f"{AT}?secretId=a.b", {"replication": {}}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(
    staging: Client, method: str, path: str, body: object, status: int
) -> None:
    assert staging.call(method, path, body).status == status
