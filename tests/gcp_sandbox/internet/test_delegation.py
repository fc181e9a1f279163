"""Registrar, parent and name servers: who leads to whom, and who does not answer."""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.flags
import dns.rdatatype
import pytest

from gcp_sandbox.internet import keys
from tests.gcp_sandbox.client import Client
from tests.gcp_sandbox.internet.conftest import (
    ADDRESS,
    APEX,
    GOOGLE,
    HOST,
    PARENT,
    RESOLVERS,
    ZONE,
    Outside,
    record,
)

ZONES = ZONE.rpartition("/")[0]
SIX = "2001:db8:53::11"
SERVERS = [f"ns-cloud-a{number}.googledomains.com." for number in range(1, 5)]


def every(outside: Outside) -> list[str]:
    return [outside.said(resolver)[0] for resolver in RESOLVERS]


def test_the_parent_refers_to_the_delegated_servers_with_their_addresses(outside: Outside) -> None:
    answer = outside.ask(PARENT, APEX, "NS", flags=0)
    assert not answer.answer
    assert not answer.flags & dns.flags.AA
    assert sorted(record.to_text() for record in answer.authority[0]) == SERVERS
    glue = {(it.name.to_text(), it[0].to_text()) for it in answer.additional}
    assert {(SERVERS[0], GOOGLE[0]), (SERVERS[0], SIX)} <= glue
    assert outside.said("8.8.8.8", SERVERS[0]) == ["NOERROR", GOOGLE[0]]
    assert outside.said("8.8.8.8", SERVERS[0], "AAAA") == ["NOERROR", SIX]


def test_resolvers_lead_to_the_parents_server(outside: Outside) -> None:
    assert outside.said("8.8.8.8", "ai.", "NS") == ["NOERROR", "ns1.nic.ai."]
    assert outside.said("8.8.8.8", "ns1.nic.ai.") == ["NOERROR", PARENT]
    assert outside.said("8.8.8.8", "org.") == ["NXDOMAIN"]


@pytest.mark.parametrize("server", [*GOOGLE, SIX])
def test_each_name_server_answers_with_authority(outside: Outside, server: str) -> None:
    answer = outside.ask(server)
    assert answer.flags & dns.flags.AA
    assert not answer.flags & dns.flags.RA
    assert outside.said(server) == ["NOERROR", ADDRESS]


def test_a_name_server_refuses_zones_that_are_not_its_own(outside: Outside) -> None:
    outside.merge(
        registrar={"elsewhere.example.": {"nameServers": ["ns-cloud-b1.googledomains.com."]}}
    )
    assert outside.said("198.51.100.21") == ["REFUSED"]
    assert outside.said(GOOGLE[0], "elsewhere.example.") == ["REFUSED"]


def test_without_a_delegation_the_name_is_gone_and_the_parents_word_lasts(
    outside: Outside,
) -> None:
    outside.merge(registrar={APEX: {"nameServers": []}})
    assert every(outside) == ["NXDOMAIN"] * 3
    assert outside.said(PARENT, APEX, "NS") == ["NXDOMAIN"]
    assert outside.left("8.8.8.8") == 900
    assert outside.said(GOOGLE[0]) == ["NOERROR", ADDRESS]
    outside.merge(registrar={APEX: None})
    outside.client.advance(890)
    assert every(outside) == ["NXDOMAIN"] * 3
    outside.client.advance(11)
    assert every(outside) == ["NOERROR"] * 3


def test_delegated_servers_that_all_refuse_are_a_failure(outside: Outside) -> None:
    outside.merge(registrar={APEX: {"nameServers": ["ns-cloud-b1.googledomains.com."]}})
    assert outside.said("198.51.100.21", flags=0) == ["REFUSED"]
    assert every(outside) == ["SERVFAIL"] * 3


@pytest.mark.parametrize("trouble", [{"refuses": True}, {"silent": True}])
def test_one_bad_server_of_four_keeps_nobody_from_an_answer(
    outside: Outside, trouble: dict[str, bool]
) -> None:
    outside.merge(servers={GOOGLE[0]: trouble})
    assert every(outside) == ["NOERROR"] * 3
    assert (f"{GOOGLE[0]}:53" in outside.client.get("/_sandbox/dial")) == ("refuses" in trouble)
    outside.merge(servers=dict.fromkeys(GOOGLE, trouble), caches=None)
    assert every(outside) == ["SERVFAIL"] * 3


def test_a_server_that_is_silent_answers_not_even_who_knows_its_socket(outside: Outside) -> None:
    host, port = outside.where("8.8.8.8")
    outside.merge(servers={"8.8.8.8": {"silent": True}})
    query = dns.message.make_query(HOST, "A")
    with pytest.raises(dns.exception.Timeout):
        dns.query.udp(query, host, port=port, timeout=0.05)


def test_where_no_dns_gets_through_none_is_dialled_and_google_sees_as_before(
    outside: Outside,
) -> None:
    outside.merge(servers={"*": {"silent": True}})
    assert not [it for it in outside.client.get("/_sandbox/dial") if it.endswith(":53")]
    assert outside.client.get("global/sslCertificates/staging-ssl-cert")


def test_a_zone_made_again_is_lame_until_the_registrar_is_told(outside: Outside) -> None:
    client = outside.client
    zone = f"{ZONES}/again"

    def make() -> list[str]:
        body = {"name": "again", "dnsName": "again.example.", "description": ""}
        servers: list[str] = client.post(ZONES, body)["nameServers"]
        add = {"additions": [record(ADDRESS, name="www.again.example.")]}
        client.post(f"{zone}/changes", add)
        return servers

    def unmake() -> None:
        gone = {"deletions": [record(ADDRESS, name="www.again.example.")]}
        client.post(f"{zone}/changes", gone)
        assert client.call("DELETE", zone).status == 200

    first = make()
    assert outside.said("8.8.8.8", "www.again.example.")[0] == "NOERROR"
    unmake()
    while (now := make()) == first:
        unmake()
    client.advance(301)
    assert outside.said("8.8.8.8", "www.again.example.") == ["SERVFAIL"]
    outside.merge(registrar={"again.example.": {"nameServers": now}})
    assert outside.said("8.8.8.8", "www.again.example.") == ["NOERROR", ADDRESS]


def test_a_zone_below_another_is_led_to_by_that_one_alone(outside: Outside) -> None:
    below = "below.netrasystems.ai."
    made = on_other_servers(outside.client, below)
    outside.client.post(f"{ZONES}/below/changes", {"additions": [record(ADDRESS, name=below)]})
    assert outside.said("8.8.8.8", below) == ["NXDOMAIN"]
    outside.change([record(*made["nameServers"], name=below, rrtype="NS")])
    outside.client.advance(301)
    assert outside.said("8.8.8.8", below) == ["NOERROR", ADDRESS]


def on_other_servers(client: Client, apex: str) -> Any:
    """A zone `below` of this name; Google gives any servers that have no zone of that very name."""
    given = {"name": "below", "dnsName": apex, "description": ""}
    while (made := client.post(ZONES, given))["nameServers"][0] == SERVERS[0]:
        assert client.call("DELETE", f"{ZONES}/below").status < 300
    return made


def test_a_private_zone_is_refused(outside: Outside) -> None:
    network = "https://www.googleapis.com/compute/v1/projects/netra-staging/global/networks/default"
    outside.client.post(
        ZONES,
        {
            "name": "inner",
            "dnsName": "inner.example.",
            "description": "",
            "visibility": "private",
            "privateVisibilityConfig": {"networks": [{"networkUrl": network}]},
        },
    )
    assert outside.said(GOOGLE[0], "inner.example.", "SOA") == ["REFUSED"]
    assert outside.said("8.8.8.8", "inner.example.", "SOA") == ["NXDOMAIN"]


def sign(client: Client, state: str) -> None:
    assert client.call("PATCH", ZONE, {"dnssecConfig": {"state": state}}).status == 200


def test_a_ds_without_its_key_fails_those_who_validate(outside: Outside) -> None:
    back = outside.merge(registrar={APEX: {"ds": "stale"}})
    assert every(outside) == ["SERVFAIL", "SERVFAIL", "NOERROR"]
    assert outside.said("8.8.8.8", flags=dns.flags.RD | dns.flags.CD) == ["NOERROR", ADDRESS]
    assert every(outside) == ["SERVFAIL", "SERVFAIL", "NOERROR"]
    assert outside.said(GOOGLE[0]) == ["NOERROR", ADDRESS]
    assert outside.said(PARENT, APEX, "DS", flags=0)[1].split() == keys.ds(APEX, "former").split()
    outside.merge(**back)
    assert every(outside) == ["NOERROR"] * 3


@pytest.mark.parametrize(
    ("ds", "state", "rcode", "authentic"),
    [
        ("signed", "on", "NOERROR", True),
        ("signed", "off", "SERVFAIL", False),
        ("stale", "on", "SERVFAIL", False),
        (None, "on", "NOERROR", False),
    ],
)
def test_what_is_authentic_follows_from_ds_and_key(
    outside: Outside, ds: Any, state: str, rcode: str, *, authentic: bool
) -> None:
    sign(outside.client, state)
    outside.merge(registrar={APEX: {"ds": ds}})
    assert outside.said("8.8.8.8")[0] == rcode
    answer = outside.ask("8.8.8.8", flags=dns.flags.RD | dns.flags.AD)
    assert bool(answer.flags & dns.flags.AD) == authentic
    assert not outside.ask("9.9.9.9", flags=dns.flags.RD | dns.flags.AD).flags & dns.flags.AD
    shown = outside.ask(GOOGLE[0], APEX, "DNSKEY").answer
    assert bool(shown) == (state == "on")


def test_what_is_too_long_without_tcp_reaches_nobody(outside: Outside) -> None:
    many = [f"203.0.113.{number}" for number in range(1, 101)]
    outside.change([record(*many)], [record(ADDRESS)])
    answer = outside.ask(GOOGLE[0])
    assert answer.flags & dns.flags.TC
    assert len(outside.said(GOOGLE[0], tcp=True)) == 101
    outside.merge(tcp53="blocked")
    assert outside.ask(GOOGLE[0]).flags & dns.flags.TC
    with pytest.raises((EOFError, OSError)):
        outside.ask(GOOGLE[0], tcp=True)
    assert every(outside) == ["SERVFAIL"] * 3
    assert outside.said("8.8.8.8", "api-staging.netrasystems.ai.") == ["NOERROR", ADDRESS]


def test_slow_servers_answer_late_and_quicker_ones_are_preferred(outside: Outside) -> None:
    outside.merge(servers={GOOGLE[0]: {"delay": 0.05}, "8.8.8.8": {"delay": 0.05}})
    assert outside.said(GOOGLE[0]) == ["NOERROR", ADDRESS]
    assert outside.said("8.8.8.8", tcp=True) == ["NOERROR", ADDRESS]


def test_a_slow_network_of_ones_own_delays_every_answer(outside: Outside) -> None:
    outside.merge(servers={"*": {"delay": 0.02}, GOOGLE[0]: {"delay": 0.02}})
    assert outside.said(GOOGLE[0]) == ["NOERROR", ADDRESS]
    outside.merge(servers={"*": {"delay": 600}})
    for address in (GOOGLE[0], GOOGLE[1], PARENT, "8.8.8.8"):
        with pytest.raises(dns.exception.Timeout):
            outside.ask(address, timeout=0.05)
    outside.merge(servers={"*": None})
    assert outside.said("8.8.8.8") == ["NOERROR", ADDRESS]


def test_a_change_that_is_held_up_is_pending_and_not_served(outside: Outside) -> None:
    outside.change([], [record(ADDRESS)])
    change = outside.change([record(ADDRESS)])
    held = {"netra-staging/netrasystems-staging": {"before": "latest"}}
    back = outside.merge(served=held)
    assert outside.said(GOOGLE[0]) == ["NXDOMAIN"]
    assert every(outside) == ["NXDOMAIN"] * 3
    at = f"{ZONE}/changes/{change['id']}"
    assert outside.client.get(at)["status"] == "pending"
    assert outside.client.get(f"{ZONE}/rrsets", name=HOST, type="A")["rrsets"]
    outside.merge(**back)
    assert outside.client.get(at)["status"] == "done"
    assert outside.said(GOOGLE[0]) == ["NOERROR", ADDRESS]


def test_a_certificate_is_not_renewed_where_the_delegation_is_gone(outside: Outside) -> None:
    client, certificate = outside.client, "global/sslCertificates/staging-ssl-cert"
    outside.merge(registrar={APEX: {"nameServers": []}})
    client.advance(86400 * 50)
    status = client.get(certificate)["managed"]
    assert status["status"] == "RENEWAL_FAILED"
    assert set(status["domainStatus"].values()) == {"FAILED_NOT_VISIBLE"}
    outside.merge(registrar={APEX: None})
    client.advance(3600)
    assert client.get(certificate)["managed"]["status"] == "ACTIVE"


def test_what_is_out_there_comes_with_the_state_and_goes_with_it(outside: Outside) -> None:
    outside.merge(registrar={APEX: {"ds": "stale"}})
    assert outside.client.get("/_sandbox/state", comparable=1)["internet"]
    outside.client.post("/_sandbox/scenario/staging")
    assert "internet" not in outside.client.get("/_sandbox/state", comparable=1)
    assert every(outside) == ["NOERROR"] * 3


def test_garbage_is_told(outside: Outside) -> None:
    bodies: tuple[Any, ...] = ({"nowhere": {}}, {"servers": 5}, {"tcp53": {}}, [], None)
    for body in bodies:
        assert outside.client.call("PATCH", "/_sandbox/internet", body).status == 400
