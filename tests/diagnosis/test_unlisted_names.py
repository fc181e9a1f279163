"""Faults of names that nobody listed, made by plain calls, at the registrar or at servers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.diagnosis.breaking import (
    API,
    RRSETS,
    WEB,
    WORLD,
    ZONE,
    Fault,
    Step,
    break_it,
    comes_out,
    fault,
    record,
)
from tests.diagnosis.conftest import Edge

APEX, ELSEWHERE = "netrasystems.ai.", "203.0.113.99"
HERE = "203.0.113.10"
SERVERS = [f"198.51.100.{number}" for number in (11, 12, 13, 14)]
RESOLVERS = ("8.8.8.8", "1.1.1.1", "9.9.9.9")
OTHER_ZONES = "POST /dns/v1/projects/other/managedZones"
AT_OTHERS = "DELETE /dns/v1/projects/other/managedZones"
NAMING = "dns.resolution http.by_name websocket.by_name cert.renewal"


def servers_of(*letters: str) -> list[str]:
    return [f"ns-cloud-{letter}{n}.googledomains.com." for letter in letters for n in range(1, 5)]


def registrar(*servers: str, **more: Any) -> Step:
    told = {**({"nameServers": [*servers]} if servers else {}), **more}
    return Step(WORLD, {"registrar": {APEX: told}})


def gone(name: str, rrtype: str = "A") -> Step:
    return Step(f"DELETE {RRSETS}/{name}/{rrtype}")


def put(name: str, rrtype: str, *values: str) -> Step:
    return Step(f"POST {RRSETS}", record(name, rrtype, *values))


def changed(name: str, rrtype: str, *values: str, ttl: int = 300) -> Step:
    return Step(f"PATCH {RRSETS}/{name}/{rrtype}", record(name, rrtype, *values, ttl=ttl))


def by_policy(*values: str) -> Step:
    items = [{"weight": 1, "rrdatas": [value]} for value in values]
    body = {"name": API, "type": "A", "ttl": 300, "routingPolicy": {"wrr": {"items": items}}}
    return Step(f"POST {RRSETS}", body)


def at_servers(*addresses: str, **told: Any) -> Step:
    return Step(WORLD, {"servers": dict.fromkeys(addresses, told)})


def dnssec(state: str) -> Step:
    return Step(f"PATCH {ZONE}", {"dnssecConfig": {"state": state}})


OWN = servers_of("a")
EMPTY = (
    *(gone(name) for name in (API, WEB)),
    *(gone(APEX, rrtype) for rrtype in ("CAA", "MX", "TXT")),
    gone("www.netrasystems.ai.", "CNAME"),
)
WITHOUT = (*EMPTY, Step(f"DELETE {ZONE}"))


def zone_of(name: str) -> dict[str, str]:
    return {"name": name, "dnsName": APEX, "description": "", "visibility": "public"}


TAKEN = tuple(Step(OTHER_ZONES, zone_of(f"taken-{n}")) for n in range(4))  # b, c, d and e
AGAIN = (
    *TAKEN,
    *WITHOUT,
    Step(OTHER_ZONES, zone_of("taken-4")),  # a
    Step(f"{AT_OTHERS}/taken-0"),
    Step(f"POST {ZONE.rpartition('/')[0]}", zone_of("netrasystems-staging")),
    Step(f"{AT_OTHERS}/taken-4"),
)
THEIRS = (
    Step(OTHER_ZONES, zone_of("theirs")),
    *(Step(f"{OTHER_ZONES}/theirs/rrsets", record(name, "A", ELSEWHERE)) for name in (API, WEB)),
)
CACHED = Step(
    WORLD,
    {
        "caches": {
            resolver: {
                f"{host}/A": {"rcode": "NOERROR", "rdatas": [HERE], "ttl": 200}
                for host in (API, WEB)
            }
            for resolver in RESOLVERS
        }
    },
)

FAULTS = {
    "the zone is deleted": fault(*WITHOUT, roots="dns.zone", explains="dns.resolution"),
    "the zone is made again, empty, and gets other servers": fault(
        *AGAIN,
        roots="dns.delegation dns.record",
        explains="dns.resolution cert.renewal",
        automatic="dns.record",
        told="instead of its own name servers",
    ),
    "the zone is made again as it was, and gets other servers": fault(
        *AGAIN,
        *(put(name, "A", HERE) for name in (API, WEB)),
        put(APEX, "CAA", '0 issue "pki.goog"'),
        roots="dns.delegation",
        explains="dns.resolution cert.renewal",
    ),
    "both records are deleted": fault(
        gone(API),
        gone(WEB),
        roots="dns.record",
        explains=NAMING,
        automatic="dns.record",
    ),
    "both records lead to one strange address": fault(
        *(changed(name, "A", ELSEWHERE) for name in (API, WEB)),
        roots="dns.record",
        explains="http.by_name websocket.by_name cert.renewal",
        automatic="dns.record",
    ),
    "a strange address stands beside the declared one": fault(
        changed(API, "A", HERE, ELSEWHERE),
        roots="dns.record",
        explains="http.by_name.intermittent",
        told="A is 203.0.113.10, 203.0.113.99, not 203.0.113.10",
    ),
    "a text stands where the address was": fault(
        gone(API),
        put(API, "TXT", '"moved"'),
        roots="dns.record",
        explains="dns.resolution",
        automatic="dns.record",
    ),
    "an alias to somebody else stands in the place": fault(
        gone(API),
        put(API, "CNAME", "ghs.googlehosted.com."),
        roots="dns.record",
        explains="dns.resolution cert.renewal",
        told="CNAME to ghs.googlehosted.com.",
    ),
    "an alias to a strange record of the same zone": fault(
        gone(API),
        put(API, "CNAME", "old.netrasystems.ai."),
        put("old.netrasystems.ai.", "A", ELSEWHERE),
        roots="dns.record",
        explains="http.by_name websocket.by_name",
    ),
    "aliases that lead to each other": fault(
        gone(API),
        put(API, "CNAME", "loop.netrasystems.ai."),
        put("loop.netrasystems.ai.", "CNAME", API),
        roots="dns.record",
        explains="dns.resolution",
    ),
    "an alias that leads here is a difference, and no fault": fault(
        gone(API), put(API, "CNAME", WEB)
    ),
    "a name is given to servers that do not have it": fault(
        put(API, "NS", "ns-cloud-e1.googledomains.com."),
        roots="dns.record",
        explains="dns.resolution",
        told="undeclared NS record gives api-staging.netrasystems.ai. to",
    ),
    "a routing policy in the place leads elsewhere": fault(
        gone(API),
        by_policy(ELSEWHERE),
        roots="dns.record",
        explains="http.by_name",
        told="A is by a routing policy 203.0.113.99, not 203.0.113.10",
    ),
    "a routing policy in the place leads elsewhere now and then": fault(
        gone(API), by_policy(ELSEWHERE, HERE), roots="dns.record"
    ),
    "a routing policy that leads here is a difference, and no fault": fault(
        gone(API), by_policy(HERE)
    ),
    "an IPv6 address leads elsewhere": fault(
        put(WEB, "AAAA", "2001:db8::99"), roots="dns.record", explains="http.ipv6"
    ),
    "a wildcard beside the records hurts nobody": fault(put("*.netrasystems.ai.", "A", ELSEWHERE)),
    "a TTL of nothing hurts nobody": fault(changed(API, "A", HERE, ttl=0)),
    "CAA lets nobody issue": fault(
        changed(APEX, "CAA", '0 issue ";"'),
        roots="dns.record",
        explains="cert.renewal",
        automatic="dns.record",
        told="permits nobody",
    ),
    "CAA at one host lets somebody else issue": fault(
        put(API, "CAA", '0 issue "letsencrypt.org"'), roots="dns.record", explains="cert.renewal"
    ),
    "no CAA at all lets everybody issue": fault(gone(APEX, "CAA")),
    "a zone that is signed, and a registrar that says nothing": fault(dnssec("on")),
    "a zone that is signed, and a registrar that has its key": fault(
        dnssec("on"), registrar(ds="signed")
    ),
    "a zone that is signed, and a registrar that has another key": fault(
        dnssec("on"),
        registrar(ds="stale"),
        roots="dns.dnssec",
        explains="dns.resolution cert.renewal",
    ),
    "a zone that is not signed, and a registrar that has a key": fault(
        registrar(ds="signed"), roots="dns.dnssec", explains="dns.resolution cert.renewal"
    ),
    "strange servers beside the own, which refuse": fault(
        registrar(*OWN, "ns-cloud-b1.googledomains.com."),
        roots="dns.delegation",
        explains="dns.latency",
        told="beside its own name servers, to ns-cloud-b1.googledomains.com",
    ),
    "strange servers beside the own, which say otherwise": fault(
        *THEIRS, registrar(*OWN, *servers_of("b", "c", "d")), roots="dns.delegation"
    ),
    "strange servers beside the own, which nobody finds": fault(
        registrar(*OWN, "ns1.example.net."), roots="dns.delegation"
    ),
    "strange servers alone, which say otherwise": fault(
        *THEIRS,
        registrar(*servers_of("b", "c", "d")),
        roots="dns.delegation",
        explains="dns.latency",
    ),
    "strange servers alone, which nobody finds": fault(
        registrar("ns1.example.net.", "ns2.example.net."),
        roots="dns.delegation",
        explains="dns.resolution",
    ),
    "one of the own servers is not named": fault(registrar(*OWN[:3])),
    "the own servers are silent": fault(
        at_servers(*SERVERS, silent=True), roots="dns.delegation", explains="dns.resolution"
    ),
    "the own servers are silent, and caches still have it": fault(
        at_servers(*SERVERS, silent=True),
        CACHED,
        roots="dns.delegation",
        told="what resolvers have kept ends in 200 s",
    ),
    "the own servers refuse": fault(
        at_servers(*SERVERS, refuses=True), roots="dns.delegation", explains="dns.resolution"
    ),
    "the servers of the zone above are silent": fault(
        at_servers("192.0.2.53", silent=True), roots="dns.delegation", explains="dns.resolution"
    ),
    "one resolver refuses us": fault(
        at_servers("8.8.8.8", refuses=True), roots="observer", told="8.8.8.8 does not answer us"
    ),
    "every resolver refuses us": fault(at_servers(*RESOLVERS, refuses=True), roots="observer"),
    "one resolver has kept that there is nothing": fault(
        Step(
            WORLD,
            {"caches": {"1.1.1.1": {f"{WEB}/A": {"rcode": "NXDOMAIN", "rdatas": [], "ttl": 120}}}},
        ),
        roots="dns.propagation",
        explains="dns.resolution.intermittent",
        told="1.1.1.1 still answers NXDOMAIN",
    ),
    "TCP port 53 is shut, and every answer fits": fault(Step(WORLD, {"tcp53": "blocked"})),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_names_that_nobody_listed_comes_out(edge: Edge, name: str) -> None:
    expected = FAULTS[name]
    break_it(edge, expected.steps)
    comes_out(edge.diagnose(), expected)


BESIDE = {
    "cert-expired-self-managed": "lb.certificate",
    "run-bad-revision": "run.revision",
    "sql-suspended": "sql.instance",
    "urlmap-host-missing": "lb.url_map",
}
"""Listed faults of other layers -> their roots."""
CROSSED = (
    "a strange address stands beside the declared one",
    "a routing policy in the place leads elsewhere",
    "strange servers beside the own, which say otherwise",
    "the own servers refuse",
)


@pytest.mark.parametrize("listed", BESIDE)
@pytest.mark.parametrize("name", CROSSED)
def test_beside_a_fault_of_another_layer_both_are_named(edge: Edge, name: str, listed: str) -> None:
    expected: Fault = FAULTS[name]
    assert edge.inject(listed)
    break_it(edge, expected.steps)
    found = edge.diagnose()
    assert {root.layer for root in found.roots} == {*expected.roots, BESIDE[listed]}
