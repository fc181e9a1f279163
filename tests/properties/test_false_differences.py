"""Where other tools see a difference that is none, and where they see none that is one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pipeline.connectors import connector
from tests.pipeline.documents import (
    Document,
    address,
    certificate,
    health_check,
    http_proxy,
    managed,
    rule,
    sets,
    url_map,
    zone,
)
from tests.workbench import Workbench, document, told

V1 = "https://www.googleapis.com/compute/v1/projects/netra-staging"
BETA = "https://compute.googleapis.com/compute/beta/projects/netra-staging"


def edge(**spec: Any) -> list[Document]:
    return [address(), url_map(), http_proxy(), rule(**spec)]


def service(checks: list[str], **spec: Any) -> list[Document]:
    scheme = {"loadBalancingScheme": "INTERNAL_SELF_MANAGED", "protocol": "HTTP", **spec}
    watched = {"healthChecks": checks} if checks else {}
    return [health_check("a"), health_check("b"), document("BackendService", "w", scheme | watched)]


def ipv6(text: str) -> list[Document]:
    spec = {"addressType": "EXTERNAL", "ipVersion": "IPV6", "address": text}
    return [document("Address", "six", spec)]


def listener(**spec: Any) -> list[Document]:
    body = {"loadBalancingScheme": "EXTERNAL", "IPProtocol": "TCP", "backendService": "w", **spec}
    regional = "us-central1"
    backend = {"loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}
    return [
        document("BackendService", "w", backend, location=regional),
        document("ForwardingRule", "f", {"portRange": "80", **body}, location=regional),
    ]


def domains(*names: str) -> list[Document]:
    return [managed(*names)]


def record(rrtype: str, *values: str, name: str = "www", **more: Any) -> list[Document]:
    return [zone({name: sets(rrtype, *values)}, **more)]


SAME: dict[str, tuple[list[Document], list[Document]]] = {
    "rule 1: a link by its name and by its path": (
        [url_map(), http_proxy()],
        [url_map(), http_proxy(urlMap="global/urlMaps/main")],
    ),
    "rule 1: a link by the path of a project": (
        [url_map(), http_proxy()],
        [url_map(), http_proxy(urlMap="projects/netra-staging/global/urlMaps/main")],
    ),
    "rule 1: a link of another version and host": (
        [url_map(), http_proxy(urlMap=f"{V1}/global/urlMaps/main")],
        [url_map(), http_proxy(urlMap=f"{BETA}/global/urlMaps/main")],
    ),
    "rule 1: a project by its number": (
        [url_map(), http_proxy()],
        [url_map(), http_proxy(urlMap="projects/4711/global/urlMaps/main")],
    ),
    "rule 2: an address by its name and by its link": (
        edge(),
        edge(IPAddress="global/addresses/edge"),
    ),
    "rule 3: one port and a range of one": (edge(portRange="80"), edge(portRange="80-80")),
    "rule 5: an IPv6 address in another spelling": (
        ipv6("2600:1901:0:1234::"),
        ipv6("2600:1901:0000:1234:0:0:0:0"),
    ),
    "rule 6: IPv4 is what one gets": (
        [address()],
        [document("Address", "edge", {"addressType": "EXTERNAL"})],
    ),
    "rule 7: domains in another order": (
        domains("a.example.com", "b.example.com"),
        domains("b.example.com", "a.example.com"),
    ),
    "rule 7: domains in another case, and with their dots": (
        domains("a.example.com"),
        domains("A.Example.com."),
    ),
    "rule 7: sources in another order": (
        listener(sourceIpRanges=["198.51.100.0/24", "192.0.2.7"]),
        listener(sourceIpRanges=["192.0.2.7", "198.51.100.0/24"]),
    ),
    "rule 7: values in another order": (
        record("A", "192.0.2.1", "192.0.2.2"),
        record("A", "192.0.2.2", "192.0.2.1"),
    ),
    "rule 8: a name in another case": (
        record("CNAME", "lb.example.net."),
        record("CNAME", "LB.Example.NET.", name="WWW"),
    ),
    "rule 8: the target of an MX in another case": (
        record("MX", "10 mail.example.net."),
        record("MX", "10 Mail.Example.net."),
    ),
    "rule 8: the zone's name in another case": (
        record("A", "192.0.2.1"),
        record("A", "192.0.2.1", dnsName="Example.COM."),
    ),
    "rule 9: an int64 as a number and as text": (
        service([], maxStreamDuration={"seconds": "600"}),
        service([], maxStreamDuration={"seconds": 600}),
    ),
    "rule 9: a fraction with and without its point": (
        service([], logConfig={"enable": True, "sampleRate": 1}),
        service([], logConfig={"enable": True, "sampleRate": 1.0}),
    ),
    "rule 10: what Google filled in, written out": (
        [health_check()],
        [health_check(checkIntervalSec=5, timeoutSec=5, healthyThreshold=2, unhealthyThreshold=2)],
    ),
    "rule 10: the throughput that Google works out from instances": (
        [connector()],
        [connector(minInstances=None, maxInstances=None, minThroughput=200, maxThroughput=500)],
    ),
    "rule 10: the instances that Google works out from throughput": (
        [connector(minInstances=None, maxInstances=None, maxThroughput=500)],
        [connector()],
    ),
    "rule 10: the machines that Google has chosen, written out": (
        [connector()],
        [connector(machineType="e2-micro")],
    ),
    "rule 10: an empty description": ([url_map()], [url_map(description="")]),
    "a certificate with other line breaks": (
        [certificate()],
        [
            certificate(
                spec={
                    **certificate()["spec"],
                    "certificate": certificate()["spec"]["certificate"].replace("\n", "\r\n"),
                }
            )
        ],
    ),
}


@pytest.mark.parametrize("what", SAME)
def test_no_difference_is_seen_where_there_is_none(workbench: Workbench, what: str) -> None:
    first, then = SAME[what]
    workbench.write(*first)
    workbench.apply()
    workbench.write(*then)
    assert [(d.ref, d.changes) for d in workbench.plan().differences] == []
    workbench.forget()
    assert told(workbench.plan()) == []


def proxy(*certificates: str) -> list[Document]:
    spec = {"urlMap": "main", "sslCertificates": [*certificates]}
    own = [certificate("a"), certificate("b")]
    return [url_map(), *own, document("TargetHttpsProxy", "secure", spec)]


DIFFERENT: dict[str, tuple[list[Document], list[Document], str]] = {
    "the order of certificates: the first is shown to clients without SNI": (
        proxy("a", "b"),
        proxy("b", "a"),
        "TargetHttpsProxy/secure",
    ),
    "another address behind a reference": (
        [*edge(), address("edge2")],
        [*edge(IPAddress="edge2"), address("edge2")],
        "ForwardingRule/port-80",
    ),
    "a text in another case": (
        record("TXT", "Token"),
        record("TXT", "token"),
        "DnsZone/example/www.example.com./TXT",
    ),
    "a quote inside a text": (
        record("TXT", 'a "b" c'),
        record("TXT", "a b c"),
        "DnsZone/example/www.example.com./TXT",
    ),
    "a space at the end of a text": (
        record("TXT", "a "),
        record("TXT", "a"),
        "DnsZone/example/www.example.com./TXT",
    ),
    "the priority of an MX": (
        record("MX", "10 mail.example.net."),
        record("MX", "20 mail.example.net."),
        "DnsZone/example/www.example.com./MX",
    ),
    "a throughput that is not what the instances give": (
        [connector()],
        [connector(minInstances=None, maxInstances=None, maxThroughput=600)],
        "VpcConnector/us-central1/inner",
    ),
    "a TTL": (
        record("A", "192.0.2.1"),
        [zone({"www": sets("A", "192.0.2.1", ttl=60)})],
        "DnsZone/example/www.example.com./A",
    ),
    "false for true": (
        [health_check(logConfig={"enable": True})],
        [health_check(logConfig={"enable": False})],
        "HealthCheck/alive",
    ),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_a_difference_is_seen_where_there_is_one(workbench: Workbench, what: str) -> None:
    first, then, ref = DIFFERENT[what]
    workbench.write(*first)
    workbench.apply()
    workbench.write(*then)
    assert [str(difference.ref) for difference in workbench.plan().differences] == [ref]


def test_an_address_written_as_the_number_it_has_is_no_difference(workbench: Workbench) -> None:
    workbench.write(*edge())
    workbench.apply()
    live: Any = workbench.live("Address/edge")
    workbench.write(*edge(IPAddress=live["address"]))
    assert workbench.plan().is_empty
