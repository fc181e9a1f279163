"""The edge at an IPv6 address, beside IPv4 and alone: what is well, and what fails of it."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.gcp.google import connect_sandbox
from remediate.model.ref import Ref
from remediate.model.resource import Desired
from remediate.pipeline.load import load
from remediate.pipeline.vantage import Vantage
from remediate.pipeline.verify import Choice, verify
from tests.diagnosis.conftest import Edge
from tests.workbench import NAME, PROJECT, REPOSITORY

HOSTS = ("staging", "api-staging")
ZONE = "/dns/v1/projects/PROJECT/managedZones/netrasystems-staging/rrsets"
COMPUTE = "/compute/v1/projects/PROJECT/global"
ADDRESS, RULE = "Address/staging-lb-6", "ForwardingRule/staging-https-6"
DOCUMENTS = """
---
apiVersion: remediate/v1
kind: Address
metadata: {name: staging-lb-6}
spec: {addressType: EXTERNAL, ipVersion: IPV6}
---
apiVersion: remediate/v1
kind: ForwardingRule
metadata: {name: staging-https-6}
spec: {loadBalancingScheme: EXTERNAL_MANAGED, IPProtocol: TCP, IPAddress: staging-lb-6,
       portRange: "443", target: TargetHttpsProxy/staging-https-proxy}
"""
STRAY = "2001:db8::99"


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


pytestmark = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")


def written(folder: Path, *, alone: bool) -> Desired:
    """The example environment with an IPv6 address beside the IPv4 one, or in its place."""
    desired = folder / "desired" / NAME
    shutil.copytree(REPOSITORY / "desired" / NAME, desired)
    dns, front, checks = (desired / f"{name}.yaml" for name in ("dns", "front", "checks"))
    four = '{A: {ttl: 300, values: ["${Address/staging-lb.address}"]}}'
    six = f'AAAA: {{ttl: 300, values: ["${{{ADDRESS}.address}}"]}}'
    both = f"{four[:-1]}, {six}}}"
    dns.write_text(dns.read_text().replace(four, f"{{{six}}}" if alone else both))
    if alone:
        text = front.read_text().replace("staging-lb", "staging-lb-6")
        front.write_text(text.replace("IPV4", "IPV6"))
        told = checks.read_text().replace("type: A,", "type: AAAA,")
        checks.write_text(told.replace("${Address/staging-lb.", f"${{{ADDRESS}."))
    else:
        front.write_text(front.read_text() + DOCUMENTS)
    return load(folder, NAME, {})


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Desired]:
    return {
        alone: written(tmp_path_factory.mktemp("environment"), alone=alone)
        for alone in (False, True)
    }


@pytest.fixture(scope="module")
def _world() -> Iterator[Sandbox]:
    with Sandbox("staging", operation_time=0, seed=1) as running:
        yield running


@pytest.fixture
def six(_world: Sandbox, environments: dict[bool, Desired]) -> Edge:
    """Both addresses, and everything well."""
    edge = Edge(_world.url, connect_sandbox(_world.url, PROJECT), environments[False])
    edge.reset()
    address = reserve(edge)
    listen(edge, "staging-https-6", address, "443", "targetHttpsProxies/staging-https-proxy")
    for host in HOSTS:
        edge.call("POST", ZONE, record(host, address))
    edge.forget()
    return edge


@pytest.fixture
def alone(six: Edge, environments: dict[bool, Desired]) -> Edge:
    """No IPv4 at all."""
    for rule in ("staging-https", "staging-http", "staging-https-6"):
        six.call("DELETE", f"{COMPUTE}/forwardingRules/{rule}")
    six.call("DELETE", f"{COMPUTE}/addresses/staging-lb")
    address = six.call("GET", f"{COMPUTE}/addresses/staging-lb-6")["address"]
    listen(six, "staging-https", address, "443", "targetHttpsProxies/staging-https-proxy")
    listen(six, "staging-http", address, "80", "targetHttpProxies/staging-http-proxy")
    for host in HOSTS:
        six.call("DELETE", f"{ZONE}/{host}.netrasystems.ai./A")
    six.forget()
    return replace(six, desired=environments[True])


def reserve(edge: Edge) -> str:
    body = {"name": "staging-lb-6", "addressType": "EXTERNAL", "ipVersion": "IPV6"}
    edge.call("POST", f"{COMPUTE}/addresses", body)
    return str(edge.call("GET", f"{COMPUTE}/addresses/staging-lb-6")["address"])


def listen(edge: Edge, name: str, address: str, port: str, target: str) -> None:
    body = {
        "name": name,
        "IPAddress": address,
        "IPProtocol": "TCP",
        "portRange": port,
        "target": f"global/{target}",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
    }
    edge.call("POST", f"{COMPUTE}/forwardingRules", body)


def record(host: str, address: str) -> dict[str, object]:
    name = f"{host}.netrasystems.ai."
    return {"name": name, "type": "AAAA", "ttl": 300, "rrdatas": [address]}


def explained(edge: Edge, root: str) -> set[str]:
    """What the one root explains, which has to be this."""
    (found,) = edge.diagnose().roots
    assert found.id == root
    return {*found.explains}


def node(host: str) -> str:
    return f"dns.record:DnsZone/netrasystems-staging/{host}.netrasystems.ai./AAAA"


def test_with_both_nothing_is_wrong_with_what_is_healthy(six: Edge) -> None:
    found = six.diagnose()
    assert found.roots == ()
    assert {one.state for one in found.nodes} == {"ok"}
    assert {one.resource for one in found.nodes if one.layer == "http.ipv6"} == {
        f"{host}.netrasystems.ai" for host in HOSTS
    }


def test_a_missing_aaaa_record_is_the_root_of_what_fails_by_ipv6_alone(six: Edge) -> None:
    six.call("DELETE", f"{ZONE}/api-staging.netrasystems.ai./AAAA")
    six.forget()
    found = explained(six, node("api-staging"))
    assert "http.ipv6" in found
    assert not found & {"dns.resolution", "http.by_ip", "http.by_name", "websocket"}


def test_an_aaaa_record_that_leads_elsewhere(six: Edge) -> None:
    path = f"{ZONE}/api-staging.netrasystems.ai./AAAA"
    six.call("PATCH", path, {"rrdatas": [STRAY], "ttl": 300, "type": "AAAA"})
    six.forget()
    assert "http.ipv6" in explained(six, node("api-staging"))


def test_a_cache_with_the_former_ipv6_address_is_waited_for(six: Edge) -> None:
    path = f"{ZONE}/api-staging.netrasystems.ai./AAAA"
    right = six.call("GET", path)["rrdatas"]
    six.call("PATCH", path, {"rrdatas": [STRAY], "ttl": 300, "type": "AAAA"})
    six.forget()
    six.diagnose()
    six.call("PATCH", path, {"rrdatas": right, "ttl": 300, "type": "AAAA"})
    assert "http.ipv6" in explained(six, "dns.propagation:api-staging.netrasystems.ai")


def test_the_rule_at_the_ipv6_address_is_gone(six: Edge) -> None:
    six.call("DELETE", f"{COMPUTE}/forwardingRules/staging-https-6")
    found = explained(six, f"lb.forwarding_rule:{RULE}")
    assert "http.ipv6" in found
    assert not found & {"http.by_ip", "http.by_name", "websocket"}


def test_the_rule_at_the_ipv4_address_is_gone_and_ipv6_works(six: Edge) -> None:
    six.call("DELETE", f"{COMPUTE}/forwardingRules/staging-https")
    found = explained(six, "lb.forwarding_rule:ForwardingRule/staging-https")
    assert {"http.by_ip", "http.by_name", "websocket"} <= found
    assert "http.ipv6" not in found


def test_the_ipv6_address_is_released(six: Edge) -> None:
    six.call("DELETE", f"{COMPUTE}/forwardingRules/staging-https-6")
    six.call("DELETE", f"{COMPUTE}/addresses/staging-lb-6")
    assert {"http.ipv6", "lb.forwarding_rule"} <= explained(six, f"lb.address:{ADDRESS}")


@pytest.mark.parametrize(
    ("fault", "layer"),
    [
        ("cert-expired-self-managed", "lb.certificate"),
        ("dns-delegation-removed", "dns.delegation"),
        ("run-deleted", "run.service"),
        ("combo-sql-down-marks-backends-unhealthy", "sql.instance"),
        ("lb-forwarding-rule-missing", "lb.forwarding_rule"),
    ],
)
def test_what_fails_by_both_has_the_root_that_it_has_by_one(
    six: Edge, fault: str, layer: str
) -> None:
    assert six.inject(fault)
    found = six.diagnose()
    assert {root.layer for root in found.roots} == {layer}
    by_four_alone = layer == "lb.forwarding_rule"
    assert ("http.ipv6" in found.roots[0].explains) is not by_four_alone


# Alone


def test_alone_nothing_is_wrong_with_what_is_healthy(alone: Edge) -> None:
    found = alone.diagnose()
    assert found.roots == ()
    assert {one.state for one in found.nodes} == {"ok"}


def test_alone_a_missing_record_takes_the_name_away(alone: Edge) -> None:
    alone.call("DELETE", f"{ZONE}/api-staging.netrasystems.ai./AAAA")
    alone.forget()
    found = explained(alone, node("api-staging"))
    assert {"dns.resolution", "http.by_name", "http.ipv6", "cert.renewal"} <= found
    assert "http.by_ip" not in found


def test_alone_a_record_that_leads_elsewhere_fails_by_name(alone: Edge) -> None:
    path = f"{ZONE}/api-staging.netrasystems.ai./AAAA"
    alone.call("PATCH", path, {"rrdatas": [STRAY], "ttl": 300, "type": "AAAA"})
    alone.forget()
    assert {"http.by_name", "http.ipv6"} <= explained(alone, node("api-staging"))


@pytest.mark.parametrize(
    ("fault", "layer", "explains"),
    [
        ("cert-expired-self-managed", "lb.certificate", "http.by_ip"),
        ("urlmap-host-missing", "lb.url_map", "http.by_ip"),
        ("run-bad-revision", "run.revision", "websocket"),
        ("bs-backend-refuses", "lb.backend", "stream"),
        ("dns-delegation-lame", "dns.delegation", "dns.resolution"),
    ],
)
def test_alone_a_fault_comes_out_with_its_root(
    alone: Edge, fault: str, layer: str, explains: str
) -> None:
    assert alone.inject(fault)
    (root,) = alone.diagnose().roots
    assert root.layer == layer
    assert explains in root.explains


def test_alone_the_rule_is_gone(alone: Edge) -> None:
    alone.call("DELETE", f"{COMPUTE}/forwardingRules/staging-https")
    found = explained(alone, "lb.forwarding_rule:ForwardingRule/staging-https")
    assert {"http.by_ip", "http.by_name", "http.ipv6", "websocket"} <= found


def test_alone_every_check_is_asked_at_the_ipv6_address(alone: Edge) -> None:
    choice, at = Choice(skip_tags=("e2e",)), Vantage(alone.google, alone.desired)
    found = verify(alone.desired, choice, at)
    assert found.passes, [one.message for one in found.failing]
    alone.call("DELETE", f"{COMPUTE}/forwardingRules/staging-https")
    failing = {one.check for one in verify(alone.desired, choice, at).failing}
    assert failing == {"https", "tls", "websocket", "stream", "infrastructure"}


def test_refs_are_as_the_documents_have_them(environments: dict[bool, Desired]) -> None:
    both, one = (environments[alone].resources for alone in (False, True))
    assert Ref("Address", "staging-lb-6") in both.keys() & one.keys()
    assert Ref("Address", "staging-lb") not in one
