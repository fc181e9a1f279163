"""Whom a zone is delegated to, and whether they serve it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from remediate.probes.delegation import Delegation, delegation
from remediate.probes.dial import Dial
from tests.gcp_sandbox.client import Client
from tests.probes.name_servers import Reply, by_question, name_servers, says, silence

APEX = "netrasystems.ai."
OWN = tuple(f"ns-cloud-a{number}.googledomains.com." for number in (1, 2, 3, 4))
RESOLVER, PARENT, FIRST, SECOND = "8.8.8.8", "192.0.2.53", "198.51.100.1", "198.51.100.2"
PARENT_SOA = "ai. 900 IN SOA ns1.nic.ai. x.nic.ai. 1 21600 3600 259200 900"
SOA = f"{APEX} 300 IN SOA ns1.example. x.example. 1 21600 3600 259200 300"
REFERRAL = [f"{APEX} 3600 IN NS ns1.example.", f"{APEX} 3600 IN NS ns2.netrasystems.ai."]
GLUE = [f"ns2.netrasystems.ai. 3600 IN A {SECOND}"]
SERVES = says(SOA, flags="QR AA")
REFUSES = says(rcode="REFUSED", flags="QR")
RESOLVES = by_question(
    {
        ("ai.", "NS"): says("ai. 300 IN NS ns1.nic.ai."),
        ("ns1.nic.ai.", "A"): says(f"ns1.nic.ai. 300 IN A {PARENT}"),
        ("ns1.example.", "A"): says(f"ns1.example. 300 IN A {FIRST}"),
    },
    says(),
)
DELEGATES = by_question(
    {(APEX, "NS"): says(authority=REFERRAL, additional=GLUE, flags="QR")},
    says(authority=[PARENT_SOA], flags="QR AA"),
)
WORLD: Mapping[str, Reply] = {
    RESOLVER: RESOLVES,
    PARENT: DELEGATES,
    FIRST: SERVES,
    SECOND: SERVES,
}


def found(*, deadline: float = 5.0, **changed: Reply) -> Delegation:
    names = {"resolver": RESOLVER, "parent": PARENT, "first": FIRST, "second": SECOND}
    world = {**WORLD, **{names[name]: reply for name, reply in changed.items()}}
    with name_servers(world) as dial:
        return delegation(dial, APEX, [RESOLVER], deadline=deadline)


def test_the_parent_is_found_and_asked_whom_it_sends_on_to(dial: Dial) -> None:
    seen = delegation(dial, "netrasystems.ai")
    assert (seen.apex, seen.parent, seen.parents) == (APEX, "ai.", (("ns1.nic.ai.", PARENT),))
    assert seen.names == OWN
    assert [address for _, address in seen.servers] == [f"198.51.100.{it}" for it in range(11, 15)]
    assert seen.is_known
    assert seen.ds == ()
    assert (seen.lame, seen.is_lame) == ((), False)
    assert {it.outcome for it in seen.served} == {"ok"}


def test_a_zone_that_is_delegated_nowhere_has_no_servers(dial: Dial, outside: Client) -> None:
    del outside
    seen = delegation(dial, "nobody-has-this.ai.")
    assert (seen.servers, seen.is_known) == ((), True)
    assert {it.outcome for it in seen.seen} == {"nxdomain"}
    assert {it.negative_ttl for it in seen.seen} == {900}


def test_glue_is_taken_and_where_there_is_none_resolvers_are_asked() -> None:
    seen = found()
    assert seen.servers == (("ns1.example.", FIRST), ("ns2.netrasystems.ai.", SECOND))
    assert seen.seen[0].referral == ("ns1.example.", "ns2.netrasystems.ai.")


@pytest.mark.parametrize("refuses", [REFUSES, says(flags="QR"), says(rcode="SERVFAIL")])
def test_a_delegation_is_lame_where_nobody_serves_and_not_where_somebody_does(
    refuses: Reply,
) -> None:
    partly = found(second=refuses)
    assert partly.lame == (("ns2.netrasystems.ai.", SECOND),)
    assert not partly.is_lame
    wholly = found(first=refuses, second=refuses)
    assert wholly.is_lame


def test_who_is_silent_is_not_called_lame() -> None:
    seen = found(second=silence, deadline=0.5)
    assert seen.lame == ()
    assert [it.outcome for it in seen.served] == ["ok", "timeout"]


def test_a_signed_delegation_says_by_what() -> None:
    ds = f"{APEX} 3600 IN DS 12345 13 2 {'ab' * 32}"
    parent = by_question(
        {
            (APEX, "NS"): says(authority=REFERRAL, additional=GLUE, flags="QR"),
            (APEX, "DS"): says(ds, flags="QR AA"),
        },
        says(),
    )
    assert found(parent=parent).ds == (f"12345 13 2 {'ab' * 32}",)


def test_a_parent_that_is_silent_tells_nothing() -> None:
    seen = found(parent=silence, deadline=0.5)
    assert (seen.servers, seen.is_known) == ((), False)
    assert {it.outcome for it in seen.seen} == {"timeout"}


def test_without_resolvers_no_parent_is_found() -> None:
    seen = found(resolver=silence, deadline=0.5)
    assert (seen.parent, seen.parents, seen.seen, seen.is_known) == ("", (), (), False)


def test_a_parent_that_serves_the_zone_itself_says_so_with_authority() -> None:
    parent = by_question(
        {(APEX, "NS"): says(*REFERRAL, flags="QR AA")}, says(authority=[SOA], flags="QR AA")
    )
    assert found(parent=parent).names == ("ns1.example.", "ns2.netrasystems.ai.")


def test_a_server_whose_name_leads_nowhere_is_one_without_an_address() -> None:
    resolves = by_question(
        {
            ("ai.", "NS"): says("ai. 300 IN NS ns1.nic.ai."),
            ("ns1.nic.ai.", "A"): says(f"ns1.nic.ai. 300 IN A {PARENT}"),
        },
        says(rcode="NXDOMAIN"),
    )
    seen = found(resolver=resolves)
    assert seen.servers == (("ns1.example.", ""), ("ns2.netrasystems.ai.", SECOND))
    assert [it.server for it in seen.served] == ["ns2.netrasystems.ai."]


def test_a_server_that_has_an_ipv6_address_alone_is_asked_there() -> None:
    ipv6 = "2001:db8:53::1"
    resolves = by_question(
        {
            ("ai.", "NS"): says("ai. 300 IN NS ns1.nic.ai."),
            ("ns1.nic.ai.", "AAAA"): says(f"ns1.nic.ai. 300 IN AAAA {ipv6}"),
        },
        says(),
    )
    with name_servers({RESOLVER: resolves, ipv6: DELEGATES, SECOND: SERVES}) as dial:
        seen = delegation(dial, APEX, [RESOLVER])
    assert seen.parents == (("ns1.nic.ai.", ipv6),)
    assert seen.names == ("ns1.example.", "ns2.netrasystems.ai.")


def test_the_nearest_zone_above_delegates() -> None:
    resolves = by_question(
        {
            ("netrasystems.ai.", "NS"): says(f"{APEX} 300 IN NS ns1.example."),
            ("ai.", "NS"): says("ai. 300 IN NS ns1.nic.ai."),
            ("ns1.example.", "A"): says(f"ns1.example. 300 IN A {FIRST}"),
        },
        says(),
    )
    with name_servers({RESOLVER: resolves, FIRST: SERVES}) as dial:
        seen = delegation(dial, "a.b.netrasystems.ai.", [RESOLVER])
    assert (seen.parent, seen.parents) == (APEX, (("ns1.example.", FIRST),))
