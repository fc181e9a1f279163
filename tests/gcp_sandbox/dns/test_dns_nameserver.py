from __future__ import annotations

import socket
import struct
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import pytest
import requests

from gcp_sandbox.dns.section import DnsSection
from gcp_sandbox.world import World
from tests.gcp_sandbox.dns.conftest import PROJECT, CloudDns, rrset

pytestmark = pytest.mark.usefixtures("zone")
NOERROR, NXDOMAIN, REFUSED = dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.REFUSED


@pytest.fixture
def zone(cloud: CloudDns) -> str:
    path = cloud.zone("example.com.")
    cloud.add(
        path,
        rrset("www.example.com.", "A", "192.0.2.1", "192.0.2.2"),
        rrset("alias.example.com.", "CNAME", "www.example.com."),
        rrset("out.example.com.", "CNAME", "www.example.org."),
        rrset("gone.example.com.", "CNAME", "nowhere.example.com."),
        rrset("deep.ent.example.com.", "A", "192.0.2.3"),
        rrset("*.wild.example.com.", "A", "192.0.2.4"),
        rrset("*.cwild.example.com.", "CNAME", "www.example.com."),
        rrset("own.wild.example.com.", "TXT", '"x"'),
        rrset("sub.example.com.", "NS", "ns.sub.example.com.", "ns.example.net."),
        rrset("sub.example.com.", "DS", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"),
        rrset("ns.sub.example.com.", "A", "192.0.2.5"),
        rrset("big.example.com.", "TXT", *(f'"{n:03}{"x" * 200}"' for n in range(10))),
    )
    return path


def said(message: dns.message.Message) -> list[str]:
    return sorted(f"{it.name} {record}" for it in message.answer for record in it)


def is_negative(message: dns.message.Message) -> bool:
    (soa,) = message.authority
    return not message.answer and soa.rdtype == dns.rdatatype.SOA and soa.ttl == 300


@pytest.mark.parametrize("tcp", [False, True])
def test_data_is_answered_with_authority(cloud: CloudDns, *, tcp: bool) -> None:
    answer = cloud.ask("WWW.example.com.", tcp=tcp)
    assert answer.rcode() == NOERROR
    assert answer.flags & dns.flags.AA
    assert not answer.flags & dns.flags.RA
    assert [record.to_text() for record in answer.answer[0]] == ["192.0.2.1", "192.0.2.2"]
    assert answer.answer[0].ttl == 300


def test_no_such_name_and_no_such_data_differ(cloud: CloudDns) -> None:
    missing, other_type = cloud.ask("x.example.com."), cloud.ask("www.example.com.", "AAAA")
    assert (missing.rcode(), other_type.rcode()) == (NXDOMAIN, NOERROR)
    assert is_negative(missing)
    assert is_negative(other_type)


def test_a_name_with_only_names_below_it_exists(cloud: CloudDns) -> None:
    answer = cloud.ask("ent.example.com.")
    assert answer.rcode() == NOERROR
    assert is_negative(answer)


def test_aliases_are_followed_inside_the_zones(cloud: CloudDns) -> None:
    assert said(cloud.ask("alias.example.com.")) == [
        "alias.example.com. www.example.com.",
        "www.example.com. 192.0.2.1",
        "www.example.com. 192.0.2.2",
    ]
    assert said(cloud.ask("alias.example.com.", "CNAME")) == ["alias.example.com. www.example.com."]
    outside = cloud.ask("out.example.com.")
    assert (outside.rcode(), said(outside)) == (NOERROR, ["out.example.com. www.example.org."])
    dangling = cloud.ask("gone.example.com.")
    assert dangling.rcode() == NXDOMAIN
    assert said(dangling) == ["gone.example.com. nowhere.example.com."]


def test_an_alias_may_lead_into_another_zone_and_never_round(cloud: CloudDns) -> None:
    other = cloud.zone("example.org.")
    cloud.add(
        other,
        rrset("www.example.org.", "A", "192.0.2.9"),
        rrset("a.example.org.", "CNAME", "b.example.org."),
        rrset("b.example.org.", "CNAME", "a.example.org."),
    )
    assert "www.example.org. 192.0.2.9" in said(cloud.ask("out.example.com."))
    assert len(cloud.ask("a.example.org.").answer) == 2


def test_wildcards_stand_for_names_that_do_not_exist(cloud: CloudDns) -> None:
    assert said(cloud.ask("x.wild.example.com.")) == ["x.wild.example.com. 192.0.2.4"]
    assert said(cloud.ask("y.x.wild.example.com.")) == ["y.x.wild.example.com. 192.0.2.4"]
    assert is_negative(cloud.ask("x.wild.example.com.", "AAAA"))
    assert is_negative(cloud.ask("own.wild.example.com."))
    assert cloud.ask("z.own.wild.example.com.").rcode() == NXDOMAIN
    assert "www.example.com. 192.0.2.1" in said(cloud.ask("x.cwild.example.com."))


def test_a_delegation_is_referred_with_glue(cloud: CloudDns) -> None:
    answer = cloud.ask("host.sub.example.com.")
    assert answer.rcode() == NOERROR
    assert not answer.flags & dns.flags.AA
    assert not answer.answer
    (ns,) = answer.authority
    assert (ns.name.to_text(), ns.rdtype) == ("sub.example.com.", dns.rdatatype.NS)
    assert [it.to_text() for it in answer.additional] == ["ns.sub.example.com. 300 IN A 192.0.2.5"]
    assert len(cloud.ask("sub.example.com.", "DS").answer) == 1


def test_the_zone_with_the_longest_name_answers(cloud: CloudDns) -> None:
    child = cloud.zone("sub.example.com.")
    cloud.add(child, rrset("host.sub.example.com.", "A", "192.0.2.8"))
    assert said(cloud.ask("host.sub.example.com.")) == ["host.sub.example.com. 192.0.2.8"]
    assert len(cloud.ask("sub.example.com.", "DS").answer) == 1


def test_alias_sets_answer_as_addresses(cloud: CloudDns, zone: str) -> None:
    cloud.add(zone, rrset("example.com.", "ALIAS", "www.example.com.", ttl=60))
    other = cloud.zone("example.org.")
    cloud.add(other, rrset("example.org.", "ALIAS", "alias.example.com.", ttl=60))
    assert said(cloud.ask("example.org.")) == ["example.org. 192.0.2.1", "example.org. 192.0.2.2"]
    assert is_negative(cloud.ask("example.org.", "AAAA"))
    assert said(cloud.ask("example.com.")) == ["example.com. 192.0.2.1", "example.com. 192.0.2.2"]


def test_any_gets_one_set(cloud: CloudDns) -> None:
    assert len(cloud.ask("example.com.", "ANY").answer) == 1


@pytest.mark.parametrize(("name", "rrtype"), [("example.org.", "A"), ("example.com.", "AXFR")])
def test_what_is_not_ours_is_refused(cloud: CloudDns, name: str, rrtype: str) -> None:
    assert cloud.ask(name, rrtype).rcode() == REFUSED


def test_zones_of_other_projects_answer_where_ours_do_not(cloud: CloudDns) -> None:
    api = f"{cloud.sandbox.url}/dns/v1/projects"
    for apex in ("example.com.", "example.net."):
        name = apex.replace(".", "-") + "z"
        zones = f"{api}/another/managedZones"
        requests.post(zones, json={"name": name, "dnsName": apex}, timeout=10).raise_for_status()
        change = {"additions": [rrset(f"www.{apex}", "A", "198.51.100.1")]}
        requests.post(f"{zones}/{name}/changes", json=change, timeout=10).raise_for_status()
    assert said(cloud.ask("www.example.net.")) == ["www.example.net. 198.51.100.1"]
    assert said(cloud.ask("www.example.com.")) == [
        "www.example.com. 192.0.2.1",
        "www.example.com. 192.0.2.2",
    ]


def test_large_answers_are_truncated_and_come_whole_by_tcp(cloud: CloudDns) -> None:
    plain = cloud.ask("big.example.com.", "TXT", use_edns=False)
    assert plain.flags & dns.flags.TC
    assert not plain.answer
    edns = cloud.ask("big.example.com.", "TXT", use_edns=0, payload=4096)
    assert edns.flags & dns.flags.TC
    assert edns.payload == 1232
    assert len(cloud.ask("big.example.com.", "TXT", tcp=True).answer[0]) == 10


def test_an_unknown_edns_version_is_told(cloud: CloudDns) -> None:
    assert cloud.ask("www.example.com.", use_edns=1).rcode() == dns.rcode.BADVERS


def test_what_cannot_be_sent_is_a_server_failure(cloud: CloudDns, zone: str) -> None:
    balancers = [{"ipAddress": "nonsense"}]
    policy = {"wrr": {"items": [{"healthCheckedTargets": {"internalLoadBalancers": balancers}}]}}
    broken = {"name": "x.example.com.", "type": "A", "ttl": 60, "routingPolicy": policy}

    def put(world: World) -> None:  # no request would bring it there
        section = world.sections["dns"]
        assert isinstance(section, DnsSection)
        section.zone(PROJECT, zone.rpartition("/")[2]).replace((), [broken])

    cloud.sandbox.call(put)
    assert cloud.ask("x.example.com.").rcode() == dns.rcode.SERVFAIL


def raw(cloud: CloudDns, data: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect(("127.0.0.1", cloud.sandbox.dns_port))
        client.send(data)
        return client.recv(4096)


def test_garbage_and_other_operations_are_told_apart(cloud: CloudDns) -> None:
    header = struct.pack("!HHHHHH", 7, 0, 1, 0, 0, 0)
    broken = raw(cloud, header + b"\xff\xff")
    assert broken[:2] == header[:2]
    assert broken[3] & 0xF == dns.rcode.FORMERR
    update = dns.message.make_query("example.com.", "SOA")
    update.set_opcode(dns.opcode.STATUS)
    assert dns.message.from_wire(raw(cloud, update.to_wire())).rcode() == dns.rcode.NOTIMP
    chaos = dns.message.make_query("version.bind.", "TXT", rdclass="CH")
    assert dns.message.from_wire(raw(cloud, chaos.to_wire())).rcode() == REFUSED


def test_several_questions_travel_on_one_connection(cloud: CloudDns) -> None:
    with socket.create_connection(("127.0.0.1", cloud.sandbox.dns_port), timeout=5) as client:
        asked = [dns.message.make_query("www.example.com.", "A").to_wire() for _ in range(3)]
        client.sendall(b"".join(struct.pack("!H", len(it)) + it for it in asked))
        stream = client.makefile("rb")
        for wire in asked:
            (length,) = struct.unpack("!H", stream.read(2))
            assert stream.read(length)[:2] == wire[:2]


SERVED: list[tuple[str, Any]] = [
    ("A", ["192.0.2.1"]),
    ("AAAA", ["2001:db8::1"]),
    ("CAA", ['0 issue "pki.goog"']),
    ("DS", ["60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118"]),
    ("HTTPS", ['1 . alpn="h2,h3"']),
    ("IPSECKEY", ["10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=="]),
    ("MX", ["10 mail.example.com."]),
    ("NAPTR", ['100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .']),
    ("PTR", ["host.example.com."]),
    ("SPF", ['"v=spf1 -all"']),
    ("SRV", ["0 5 443 host.example.com."]),
    ("SSHFP", ["2 1 123456789abcdef67890123456789abcdef67890"]),
    ("SVCB", ["1 svc.example.com. port=8443"]),
    ("TLSA", ["3 1 1 " + "ab" * 32]),
    ("TXT", ['"one" "two \\"three\\""', '"four"']),
]


@pytest.mark.parametrize(("rrtype", "data"), SERVED)
def test_every_type_is_served(cloud: CloudDns, zone: str, rrtype: str, data: Any) -> None:
    cloud.add(zone, rrset("t.example.com.", rrtype, *data))
    answer = cloud.ask("t.example.com.", rrtype).answer[0]
    parsed = {dns.rdata.from_text("IN", rrtype, text) for text in data}
    assert set(answer) == parsed


def test_google_itself_asks_the_same_dns(cloud: CloudDns) -> None:
    lookup = cloud.sandbox.world.lookup
    assert lookup("alias.example.com", "A") == ["192.0.2.1", "192.0.2.2"]
    assert lookup("x.example.com.", "A") == []
