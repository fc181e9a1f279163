"""Every fault shows exactly its signs, to clients that know nothing of this sandbox."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from gcp_sandbox.sandbox import Sandbox
from gcp_sandbox.troubles.entries import entries
from tests.gcp_sandbox.client import PROJECT, Client, connect
from tests.gcp_sandbox.troubles.expected import (
    CERTIFICATE,
    EXPECTED,
    GONE,
    REVISION,
    SERVICE,
    SQL,
    STREAM,
    ZONE,
    Signs,
)
from tests.gcp_sandbox.troubles.outside import NAME_SERVERS, RESOLVERS, Outside

GROUP = "zones/us-central1-a/instanceGroups/staging-stream"
HEALTHY = Signs()


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox("staging", seed=5, operation_time=0) as sandbox:
        yield sandbox


@pytest.fixture
def client(running: Sandbox) -> Iterator[Client]:
    connected = connect(running)
    connected.post("/_sandbox/scenario/staging")
    yield connected
    connected.close()


@pytest.fixture
def elsewhen() -> Iterator[Client]:
    """A sandbox of its own, whose clock may be moved."""
    with Sandbox("staging", seed=6, operation_time=0) as sandbox:
        connected = connect(sandbox)
        yield connected
        connected.close()


def outside(client: Client) -> Outside:
    return Outside(client.get("/_sandbox/dial"), client.get("/_sandbox/info")["ca"])


def inject(client: Client, identity: str) -> Outside:
    client.post(f"/_sandbox/faults/{identity}")
    return outside(client)


def test_every_fault_has_its_signs() -> None:
    assert EXPECTED.keys() == entries().keys()


@pytest.mark.parametrize("identity", ["", *EXPECTED])
def test_a_fault_shows_its_signs_and_no_others(client: Client, identity: str) -> None:
    expected = EXPECTED.get(identity, HEALTHY)
    world = inject(client, identity) if identity else outside(client)
    names_are_as(expected, world)
    the_edge_is_as(expected, world)
    the_apis_say(expected, client)
    client.call("DELETE", "/_sandbox/faults")
    names_are_as(HEALTHY, outside(client))
    the_edge_is_as(HEALTHY, outside(client))


def names_are_as(expected: Signs, world: Outside) -> None:
    assert world.parent().outcome == expected.parent
    for name, address in NAME_SERVERS.items():
        seen = world.authority(address)
        assert seen.outcome == chosen(expected.authority, name, "OK"), (name, seen)
    for address in RESOLVERS:
        seen = world.resolver(address)
        assert seen.outcome == chosen(expected.resolvers, address, "OK"), (address, seen)
        if seen.outcome == "OK":
            assert seen.values == (chosen(expected.answers, address, HEALTHY.answers),), address


def the_edge_is_as(expected: Signs, world: Outside) -> None:
    seen = world.get("/health")
    assert fits(seen.outcome, expected.edge), seen
    assert seen.location.startswith(expected.location)
    assert seen.seconds >= (1.0 if expected.slow else 0.0)
    assert fits(world.talk(), expected.websocket), world.talk()
    assert fits(world.get("/stream/health").outcome, expected.stream)
    assert fits(world.start_up(), expected.database), world.start_up()


def the_apis_say(expected: Signs, client: Client) -> None:
    for path, member, value in expected.api:
        answer = client.call("GET", path)
        if value == GONE:
            assert answer.status == 404, path
            continue
        assert answer.status == 200, answer.body
        assert at(answer.body, member) == value, (path, member)
    health = client.call("POST", f"{STREAM}/getHealth", {"group": GROUP})
    if expected.health == "403":
        assert (health.status, health.reason) == (403, "forbidden")
    else:
        assert {it["healthState"] for it in health.body["healthStatus"]} == {expected.health}


def chosen(said: str | dict[str, str], name: str, otherwise: Any) -> str:
    return said if isinstance(said, str) else said.get(name, otherwise)


def fits(seen: str, words: str | tuple[str, ...]) -> bool:
    several = (words,) if isinstance(words, str) else words
    return any(
        seen == word or (word.endswith("*") and seen.startswith(word[:-1])) for word in several
    )


def at(body: Any, member: str) -> Any:
    for name in member.split("."):
        body = body[int(name)] if isinstance(body, list) else body.get(name)
    return body


# what the table does not say


def test_the_zone_of_a_lame_delegation_has_other_name_servers(client: Client) -> None:
    before = client.get(ZONE)
    world = inject(client, "dns-delegation-lame")
    after = client.get(ZONE)
    assert set(after["nameServers"]).isdisjoint(before["nameServers"])
    assert world.parent().values == tuple(before["nameServers"])


def test_with_checking_disabled_a_stale_ds_harms_nobody(client: Client) -> None:
    world = inject(client, "dns-dnssec-ds-stale")
    assert {world.resolver(it, checked=False).outcome for it in RESOLVERS} == {"OK"}


def test_caches_forget_at_different_times(elsewhen: Client) -> None:
    world = inject(elsewhen, "dns-negative-cache")
    outcomes = []
    for _ in range(7):
        outcomes.append([world.resolver(it).outcome for it in RESOLVERS])
        elsewhen.advance(45)
    assert outcomes[0] == ["NXDOMAIN"] * 3
    assert outcomes[-1] == ["OK"] * 3
    assert any(len(set(row)) > 1 for row in outcomes)


def test_a_stream_is_cut_by_its_backend_services_timeout(elsewhen: Client) -> None:
    later = partial(elsewhen.advance, 5)
    assert outside(elsewhen).held("/stream", later) == "OK"
    world = inject(elsewhen, "bs-timeout-cuts-websocket")
    assert world.held("/stream", later) == "CLOSED_1006"


def test_a_certificate_that_propagates_is_shown_half_an_hour_later(elsewhen: Client) -> None:
    world = inject(elsewhen, "cert-propagating")
    chain = elsewhen.get(CERTIFICATE)["certificate"].partition("-----END CERTIFICATE-----\n")
    issued = ssl.PEM_cert_to_DER_cert("".join(chain[:2]))
    assert world.served() != issued
    elsewhen.advance(30 * 60)
    assert world.served() == issued


def test_times_are_told_as_the_faults_have_them(client: Client) -> None:
    now = datetime.fromisoformat(client.get("/_sandbox/clock")["now"])
    inject(client, "cert-provisioning-fresh")
    born = datetime.fromisoformat(client.get(CERTIFICATE)["creationTimestamp"])
    assert timedelta(minutes=9) < now - born.astimezone(UTC) < timedelta(minutes=11)
    inject(client, "run-bad-revision")
    made = datetime.fromisoformat(client.get(REVISION)["createTime"])
    assert timedelta(minutes=5) < now - made < timedelta(minutes=7)
    inject(client, "cert-expired-self-managed")
    ended = datetime.fromisoformat(client.get(CERTIFICATE)["expireTime"])
    assert timedelta(days=2) < now - ended < timedelta(days=4)


METRICS: dict[str, dict[str, float]] = {
    "vpc-connector-saturated": {
        "vpcaccess.googleapis.com/connector/instances": 3,
        "vpcaccess.googleapis.com/connector/cpu/utilizations": 0.97,
    },
    "sql-too-many-connections": {"cloudsql.googleapis.com/database/postgresql/num_backends": 100},
    "run-max-instances": {"run.googleapis.com/container/instance_count": 1},
}


@pytest.mark.parametrize(
    ("identity", "metric"), [(name, metric) for name in METRICS for metric in METRICS[name]]
)
def test_metrics_tell_what_no_state_does(client: Client, identity: str, metric: str) -> None:
    inject(client, identity)
    end = client.get("/_sandbox/clock")["now"]
    start = datetime.fromisoformat(end) - timedelta(minutes=3)
    query = {"interval.startTime": start.isoformat(), "interval.endTime": end}
    listed = client.get(
        f"/v3/projects/{PROJECT}/timeSeries", filter=f'metric.type = "{metric}"', **query
    )
    newest = [it["points"][0]["value"] for it in listed["timeSeries"]]
    total = sum(
        float(value.get("int64Value") or value["distributionValue"]["mean"]) for value in newest
    )
    assert total == pytest.approx(METRICS[identity][metric])


# mended by the plain calls of whoever repairs


def test_a_certificate_uploaded_anew_mends_one_without_its_intermediate(
    client: Client, running: Sandbox
) -> None:
    inject(client, "cert-missing-intermediate")
    authority: Any = running.world.sections["authority"]
    now = datetime.now(UTC)
    issued = running.call(
        lambda _world: authority.issue(
            ["api-staging.netrasystems.ai"],
            now - timedelta(1),
            now + timedelta(9),
            intermediate=True,
        )
    )
    body = {"name": "whole", "certificate": issued.chain, "privateKey": issued.key}
    client.done("POST", "global/sslCertificates", body)
    links = {"sslCertificates": ["global/sslCertificates/whole"]}
    client.done("POST", "targetHttpsProxies/staging-https-proxy/setSslCertificates", links)
    assert outside(client).get("/health").outcome == "HTTP_200"


MENDED: dict[str, list[tuple[str, str, Any]]] = {
    "bs-healthcheck-firewalled": [
        (
            "POST",
            "global/firewalls",
            {
                "name": "again",
                "network": "global/networks/staging-vpc",
                "sourceRanges": ["35.191.0.0/16", "130.211.0.0/22"],
                "allowed": [{"IPProtocol": "tcp", "ports": ["8000"]}],
            },
        )
    ],
    "bs-backend-refuses": [("PATCH", STREAM, {"portName": "stream"})],
    "bs-armor-denies": [
        ("POST", "global/backendServices/staging-backend-service/setSecurityPolicy", {})
    ],
    "run-invoker-missing": [
        (
            "POST",
            f"{SERVICE}:setIamPolicy",
            {"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}},
        )
    ],
    "sql-peering-gone": [
        (
            "POST",
            "/v1/services/servicenetworking.googleapis.com/connections",
            {
                "network": f"projects/{PROJECT}/global/networks/staging-vpc",
                "reservedPeeringRanges": ["google-managed-services-staging-vpc"],
            },
        )
    ],
    "sql-too-many-connections": [
        (
            "PATCH",
            SQL,
            {"settings": {"databaseFlags": [{"name": "max_connections", "value": "200"}]}},
        )
    ],
    "sql-auth-failed": [
        (
            "PATCH",
            f"{SERVICE}?updateMask=template.labels",
            {"template": {"labels": {"password": "new"}}},
        )
    ],
    "combo-sql-down-marks-backends-unhealthy": [
        (
            "PATCH",
            SQL,
            {"settings": {"activationPolicy": "ALWAYS"}},
        )
    ],
}


@pytest.mark.parametrize("identity", MENDED)
def test_a_repair_by_plain_calls_turns_everything_green(client: Client, identity: str) -> None:
    inject(client, identity)
    for method, path, body in MENDED[identity]:
        answer = client.call(method, path, body)
        assert answer.status == 200, answer.body
    the_edge_is_as(HEALTHY, outside(client))
    the_apis_say(HEALTHY, client)


def test_no_private_key_of_an_upload_is_told(client: Client) -> None:
    inject(client, "cert-untrusted")
    assert "PRIVATE KEY" not in str(client.get("/_sandbox/state"))
    assert base64.b64encode(b"PRIVATE KEY").decode() not in str(client.get("/_sandbox/state"))
