"""`sandbox advance 30m`: what changes by itself at Google changes on the sandbox's clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gcp_sandbox.sandbox import Sandbox
from tests.cli.typed import typed
from tests.gcp_sandbox.client import PROJECT, Client, connect

LOCATION = f"projects/{PROJECT}/locations"
CONNECTORS = f"/v1/{LOCATION}/us-central1/connectors"
SERVICES = f"/v2/{LOCATION}/us-central1/services"
GLOBAL = f"/v1/{LOCATION}/global"
INSTANCES = f"/v1/projects/{PROJECT}/instances"
DOMAIN = "staging.netrasystems.ai"


@pytest.fixture(scope="module")
def timed() -> Iterator[Sandbox]:
    """Operations take as long as they do at Google."""
    with Sandbox("staging", operation_time=1, seed=3) as running:
        yield running


@pytest.fixture
def client(timed: Sandbox) -> Iterator[Client]:
    client = connect(timed)
    yield client
    client.close()


def managed_certificate(client: Client) -> Callable[[], Any]:
    body = {"name": "new", "type": "MANAGED", "managed": {"domains": [DOMAIN]}}
    client.post("global/sslCertificates", body)
    client.advance(60)
    both = {
        "sslCertificates": [f"global/sslCertificates/{it}" for it in ("staging-ssl-cert", "new")]
    }
    client.post("targetHttpsProxies/staging-https-proxy/setSslCertificates", both)
    client.advance(60)
    return lambda: client.get("global/sslCertificates/new")["managed"]["status"]


def dns_authorization(client: Client) -> Callable[[], Any]:
    """The certificate that it stands for, once its CNAME is in the zone."""
    client.post(f"{GLOBAL}/dnsAuthorizations", {"domain": DOMAIN}, dnsAuthorizationId="auth")
    client.advance(60)
    at = f"{GLOBAL}/dnsAuthorizations/auth"
    wanted = client.get(at)["dnsResourceRecord"]
    rrset = {"name": wanted["name"], "type": "CNAME", "ttl": 60, "rrdatas": [wanted["data"]]}
    client.post(f"/dns/v1/projects/{PROJECT}/managedZones/netrasystems-staging/rrsets", rrset)
    body = {"managed": {"domains": [DOMAIN], "dnsAuthorizations": [at.removeprefix("/v1/")]}}
    client.post(f"{GLOBAL}/certificates", body, certificateId="cert")
    client.advance(60)

    def state() -> Any:
        (attempt,) = client.get(f"{GLOBAL}/certificates/cert")["managed"][
            "authorizationAttemptInfo"
        ]
        return attempt["state"]

    return state


def connector(client: Client) -> Callable[[], Any]:
    body = {"network": "n", "ipCidrRange": "10.9.0.0/28", "minInstances": 2, "maxInstances": 3}
    client.post(CONNECTORS, body, connectorId="cc")
    return lambda: client.get(f"{CONNECTORS}/cc")["state"]


def run_revision(client: Client) -> Callable[[], Any]:
    body = {"template": {"containers": [{"image": "hello:1"}]}}
    client.post(SERVICES, body, serviceId="web")
    return lambda: (
        client.get(f"{SERVICES}/web").get("latestReadyRevision", "").rpartition("/")[2][:9]
    )


def sql_operation(client: Client) -> Callable[[], Any]:
    body = {"name": "db", "settings": {"tier": "db-f1-micro"}}
    operation = client.post(INSTANCES, body)["name"]
    return lambda: client.get(f"/v1/projects/{PROJECT}/operations/{operation}")["status"]


CHANGES: dict[Callable[[Client], Callable[[], Any]], tuple[set[str], str]] = {
    managed_certificate: ({"PROVISIONING"}, "ACTIVE"),
    dns_authorization: ({"AUTHORIZING"}, "AUTHORIZED"),
    connector: ({"CREATING"}, "READY"),
    run_revision: ({""}, "web-00001"),
    sql_operation: ({"PENDING", "RUNNING"}, "DONE"),
}


@pytest.mark.parametrize("begun", CHANGES, ids=lambda begun: begun.__name__)
def test_it_changes_by_itself_when_time_passes(
    timed: Sandbox, client: Client, begun: Callable[[Client], Callable[[], Any]]
) -> None:
    before, after = CHANGES[begun]
    state = begun(client)
    assert state() in before
    said = typed("sandbox", "advance", "30m", "--sandbox", timed.url)
    assert said.code == 0, said
    assert state() == after
