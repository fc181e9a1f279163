"""What resolvers say of the sandbox's names."""

from __future__ import annotations

import pytest

from remediate.probes.dial import Dial, Failure
from remediate.probes.dns import RESOLVERS, Question, ask, finding, resolve
from tests.gcp_sandbox.client import Client
from tests.probes.records import record

HOST = "staging.netrasystems.ai."
WWW = "www.staging.netrasystems.ai."


def test_every_resolver_answers_for_itself_in_order(dial: Dial) -> None:
    answers = resolve(dial, HOST, "A")
    assert [answer.server for answer in answers] == list(RESOLVERS)
    for answer in answers:
        assert (answer.name, answer.rrtype, answer.outcome) == (HOST, "A", "ok")
        assert answer.values == ("203.0.113.10",)
        assert answer.aliases == ()
        assert answer.ttl is not None
        assert 0 < answer.ttl <= 300
    assert answers[0].message == f"8.8.8.8: {HOST} A 203.0.113.10"


@pytest.mark.parametrize("name", ["Staging.NetraSystems.ai", HOST.upper()])
def test_a_name_is_known_in_every_spelling(dial: Dial, name: str) -> None:
    (answer,) = resolve(dial, name, "A", ["8.8.8.8"])
    assert (answer.name, answer.outcome) == (HOST, "ok")


def test_several_values_are_sorted(dial: Dial, outside: Client) -> None:
    record(outside, WWW, "AAAA", "2001:db8::2", "2001:db8::1")
    (answer,) = resolve(dial, WWW, "AAAA", ["1.1.1.1"])
    assert answer.values == ("2001:db8::1", "2001:db8::2")


def test_aliases_are_followed_and_told(dial: Dial, outside: Client) -> None:
    record(outside, WWW, "CNAME", "web.staging.netrasystems.ai.", ttl=60)
    record(outside, "web.staging.netrasystems.ai.", "CNAME", HOST)
    (answer,) = resolve(dial, WWW, "A", ["9.9.9.9"])
    assert answer.values == ("203.0.113.10",)
    assert answer.aliases == ("web.staging.netrasystems.ai.", HOST)
    assert (answer.alias_ttls, answer.ttl) == ((60, 300), 300)


def test_of_an_alias_it_is_the_target_that_has_no_answer(dial: Dial, outside: Client) -> None:
    web = "web.staging.netrasystems.ai."
    record(outside, web, "CNAME", "none.staging.netrasystems.ai.")
    (found, *_) = resolve(dial, web, "A")
    assert (found.outcome, found.aliases) == ("nxdomain", ("none.staging.netrasystems.ai.",))
    assert finding(found) == (
        f"{web} is an alias of none.staging.netrasystems.ai., which does not exist"
    )


def test_no_such_name_and_no_such_data_differ(dial: Dial) -> None:
    (there, *_) = resolve(dial, HOST, "AAAA")
    assert (there.outcome, there.soa, there.negative_ttl) == ("nodata", "netrasystems.ai.", 300)
    (nowhere, *_) = resolve(dial, "nowhere.netrasystems.ai.", "AAAA")
    assert (nowhere.outcome, nowhere.negative_ttl) == ("nxdomain", 300)
    assert nowhere.message == "8.8.8.8: nowhere.netrasystems.ai. does not exist"


def test_an_answer_too_long_for_a_datagram_comes_by_tcp(dial: Dial, outside: Client) -> None:
    values = [f"2001:db8::{number:x}" for number in range(1, 60)]
    record(outside, WWW, "AAAA", *values)
    (answer,) = resolve(dial, WWW, "AAAA", ["8.8.8.8"])
    assert set(answer.values) == set(values)


def test_a_resolver_that_is_not_there_is_never_dialled(dial: Dial) -> None:
    (answer,) = resolve(dial, HOST, "A", ["8.8.4.8"])
    assert answer.outcome == "timeout"
    assert answer.message == "8.8.4.8: 8.8.4.8 does not answer on port 53"


def test_a_private_resolver_is_never_asked(world: Dial) -> None:
    (answer,) = resolve(world, HOST, "A", ["127.0.0.1"])
    assert (answer.outcome, answer.values) == ("unreachable", ())
    assert "no public address" in answer.message


@pytest.mark.parametrize("name", ["a..b", "." * 3, "x" * 64, "\ud800"])
def test_what_is_no_name_is_malformed(dial: Dial, name: str) -> None:
    (answer,) = resolve(dial, name, "A", ["8.8.8.8"])
    assert answer.outcome == "malformed"
    assert "no domain name" in answer.message


def test_a_round_asks_the_sandbox_once_where_to_dial(dial: Dial, outside: Client) -> None:
    asked = Question(HOST, "A", "8.8.8.8", "8.8.8.8")
    outside.post("/_sandbox/calls:reset", {})
    fetched = 0
    inner = dial._sandbox
    assert inner is not None

    def counted() -> dict[str, str]:
        nonlocal fetched
        fetched += 1
        return dict(inner())

    assert {it.outcome for it in ask(Dial(counted), [asked] * 50)} == {"ok"}
    assert fetched == 1


def test_nothing_asked_is_nothing_answered(world: Dial) -> None:
    assert ask(world, []) == []


def test_a_resolver_and_a_name_server_are_asked_over_ipv6(dial: Dial) -> None:
    resolver, server = "2001:4860:4860::8888", "2001:db8:53::11"
    if isinstance(dial.where(resolver, 53), Failure):
        pytest.skip("this machine has no ::1")
    questions = [
        Question(HOST, "A", resolver, resolver),
        Question(HOST, "A", server, server, recursive=False, zone="netrasystems.ai."),
    ]
    assert [(it.outcome, it.values) for it in ask(dial, questions)] == [
        ("ok", ("203.0.113.10",))
    ] * 2
