"""The public resolvers of the sandbox's world."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
import requests

from tests.gcp_sandbox.dns.conftest import CloudDns, rrset

pytestmark = pytest.mark.usefixtures("zone")
NOERROR, NXDOMAIN, SERVFAIL = dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL


@pytest.fixture
def zone(cloud: CloudDns) -> str:
    path = cloud.zone("example.com.")
    cloud.add(
        path,
        rrset("example.com.", "CAA", '0 issue "pki.goog"'),
        rrset("www.example.com.", "A", "192.0.2.1"),
        rrset("www.example.com.", "AAAA", "2001:db8::1"),
        rrset("out.example.com.", "CNAME", "www.example.org."),
        rrset("gone.example.com.", "CNAME", "nowhere.example.com."),
        rrset("a.example.com.", "CNAME", "b.example.com."),
        rrset("b.example.com.", "CNAME", "a.example.com."),
        rrset("sub.example.com.", "NS", "ns.example.net."),
        rrset("into.example.com.", "CNAME", "host.sub.example.com."),
        rrset("big.example.com.", "TXT", *(f'"{n:03}{"x" * 200}"' for n in range(10))),
    )
    return path


def ask(cloud: CloudDns, name: str, rrtype: str = "A", *, tcp: bool = False) -> dns.message.Message:
    send = dns.query.tcp if tcp else dns.query.udp
    query = dns.message.make_query(name, rrtype)
    return send(query, "127.0.0.1", port=cloud.sandbox.ports["resolver"], timeout=30)


def said(message: dns.message.Message) -> tuple[dns.rcode.Rcode, list[str]]:
    return message.rcode(), [record.to_text() for it in message.answer for record in it]


@pytest.mark.parametrize("tcp", [False, True])
def test_it_answers_as_a_resolver_does(cloud: CloudDns, *, tcp: bool) -> None:
    answer = ask(cloud, "www.example.com.", "AAAA", tcp=tcp)
    assert said(answer) == (NOERROR, ["2001:db8::1"])
    assert answer.flags & dns.flags.RA
    assert not answer.flags & dns.flags.AA


@pytest.mark.parametrize(
    ("name", "rrtype", "rcode", "records"),
    [
        ("example.com.", "CAA", NOERROR, ['0 issue "pki.goog"']),
        ("www.example.com.", "CAA", NOERROR, []),
        ("nowhere.example.com.", "A", NXDOMAIN, []),
        ("gone.example.com.", "A", NXDOMAIN, ["nowhere.example.com."]),
        ("com.", "CAA", NOERROR, []),
        (".", "CAA", NOERROR, []),
        ("example.org.", "A", NXDOMAIN, []),
        ("out.example.com.", "A", NXDOMAIN, ["www.example.org."]),
        ("a.example.com.", "A", SERVFAIL, []),
        ("a.example.com.", "CNAME", NOERROR, ["b.example.com."]),
        ("host.sub.example.com.", "A", SERVFAIL, []),
        ("into.example.com.", "A", SERVFAIL, []),
    ],
)
def test_every_name_has_its_answer(
    cloud: CloudDns, name: str, rrtype: str, rcode: dns.rcode.Rcode, records: list[str]
) -> None:
    assert said(ask(cloud, name, rrtype)) == (rcode, records)


def test_aliases_and_delegations_are_followed_into_other_projects(
    cloud: CloudDns, zone: str
) -> None:
    zones = f"{cloud.sandbox.url}/dns/v1/projects/another/managedZones"
    servers = {}
    for apex, host in (("example.org.", "www"), ("sub.example.com.", "host")):
        given = {"name": host, "dnsName": apex, "description": ""}
        servers[apex] = requests.post(zones, json=given, timeout=30).json()["nameServers"]
        change = {"additions": [rrset(f"{host}.{apex}", "A", "192.0.2.9")]}
        requests.post(f"{zones}/{host}/changes", json=change, timeout=30).raise_for_status()
    assert said(ask(cloud, "out.example.com.")) == (NOERROR, ["www.example.org.", "192.0.2.9"])
    assert said(ask(cloud, "host.sub.example.com.")) == (SERVFAIL, [])
    cloud.change(
        zone,
        [rrset("sub.example.com.", "NS", *servers["sub.example.com."])],
        [rrset("sub.example.com.", "NS", "ns.example.net.")],
    )
    assert said(ask(cloud, "host.sub.example.com.")) == (NOERROR, ["192.0.2.9"])
    assert said(ask(cloud, "into.example.com.")) == (
        NOERROR,
        ["host.sub.example.com.", "192.0.2.9"],
    )


def test_what_is_too_long_for_a_datagram_comes_by_tcp(cloud: CloudDns) -> None:
    assert ask(cloud, "big.example.com.", "TXT").flags & dns.flags.TC
    assert len(said(ask(cloud, "big.example.com.", "TXT", tcp=True))[1]) == 10
