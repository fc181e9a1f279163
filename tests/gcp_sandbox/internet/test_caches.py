"""What resolvers keep, and for how long."""

from __future__ import annotations

from pathlib import Path

import dns.flags
import pytest

from gcp_sandbox.sandbox import Sandbox
from tests.gcp_sandbox.client import connect
from tests.gcp_sandbox.internet.conftest import (
    ADDRESS,
    APEX,
    GOOGLE,
    HOST,
    RESOLVERS,
    Outside,
    record,
)

STRAY = "203.0.113.99"
NEW = "new.netrasystems.ai."


def test_an_answer_is_kept_and_counts_down_to_its_end(outside: Outside) -> None:
    assert outside.left("8.8.8.8") == 300
    outside.change([record(STRAY)], [record(ADDRESS)])
    outside.client.advance(100)
    assert outside.said("8.8.8.8") == ["NOERROR", ADDRESS]
    assert 190 <= outside.left("8.8.8.8") <= 200
    outside.client.advance(201)
    assert outside.said("8.8.8.8") == ["NOERROR", STRAY]
    assert outside.left("8.8.8.8") == 300


def test_every_resolver_keeps_its_own(outside: Outside) -> None:
    outside.ask("8.8.8.8")
    outside.client.advance(60)
    outside.ask("1.1.1.1")
    outside.change([record(STRAY)], [record(ADDRESS)])
    assert [outside.said(it)[1] for it in RESOLVERS] == [ADDRESS, ADDRESS, STRAY]
    outside.client.advance(250)
    assert [outside.said(it)[1] for it in RESOLVERS] == [STRAY, ADDRESS, STRAY]


def test_that_there_is_no_such_name_is_kept_for_the_least_of_the_soas_times(
    outside: Outside,
) -> None:
    assert outside.said("8.8.8.8", NEW) == ["NXDOMAIN"]
    assert outside.left("8.8.8.8", NEW) == 300
    outside.change([record(ADDRESS, name=NEW)])
    outside.client.advance(290)
    assert outside.said(GOOGLE[0], NEW) == ["NOERROR", ADDRESS]
    assert outside.said("8.8.8.8", NEW) == ["NXDOMAIN"]
    assert outside.said("8.8.8.8", NEW, "AAAA") == ["NXDOMAIN"]
    assert 1 <= outside.left("8.8.8.8", NEW) <= 10
    outside.client.advance(11)
    assert outside.said("8.8.8.8", NEW) == ["NOERROR", ADDRESS]


def test_that_there_is_no_such_data_is_kept_for_its_type_alone(outside: Outside) -> None:
    assert outside.said("8.8.8.8", HOST, "AAAA") == ["NOERROR"]
    outside.change([record("2001:db8::1", rrtype="AAAA"), record('"x"', rrtype="TXT")])
    assert outside.said("8.8.8.8", HOST, "AAAA") == ["NOERROR"]
    assert outside.said("8.8.8.8", HOST, "TXT") == ["NOERROR", '"x"']
    outside.client.advance(301)
    assert outside.said("8.8.8.8", HOST, "AAAA") == ["NOERROR", "2001:db8::1"]


def test_an_alias_and_its_target_are_kept_each_for_itself(outside: Outside) -> None:
    outside.change([record(HOST, name=NEW, rrtype="CNAME", ttl=3600)])
    assert outside.said("1.1.1.1", NEW) == ["NOERROR", ADDRESS, HOST]
    outside.change([record(STRAY)], [record(ADDRESS)])
    outside.client.advance(301)
    answer = outside.ask("1.1.1.1", NEW)
    assert outside.said("1.1.1.1", NEW) == ["NOERROR", STRAY, HOST]
    assert [it.ttl for it in answer.answer][1] == 300
    assert 3290 <= answer.answer[0].ttl <= 3300


def test_failures_are_not_kept(outside: Outside) -> None:
    back = outside.merge(registrar={APEX: {"nameServers": ["ns-cloud-e1.googledomains.com."]}})
    assert outside.said("8.8.8.8") == ["SERVFAIL"]
    outside.merge(**back)
    assert outside.said("8.8.8.8") == ["NOERROR", ADDRESS]


def test_who_wants_no_recursion_gets_what_is_kept(outside: Outside) -> None:
    assert outside.said("8.8.8.8", flags=0) == ["REFUSED"]
    assert outside.ask("8.8.8.8").flags & dns.flags.RA
    assert outside.said("8.8.8.8", flags=0) == ["NOERROR", ADDRESS]


@pytest.mark.parametrize("entry", [{"rcode": "NXDOMAIN"}, {"rcode": "NOERROR"}])
def test_what_a_cache_is_told_to_hold_it_answers_until_it_ends(
    outside: Outside, entry: dict[str, str]
) -> None:
    outside.merge(caches={"1.1.1.1": {f"{HOST}/A": {**entry, "rdatas": [], "ttl": 240}}})
    assert outside.said("1.1.1.1") == [entry["rcode"]]
    assert 230 <= outside.left("1.1.1.1") <= 240
    assert outside.said("8.8.8.8") == ["NOERROR", ADDRESS]
    outside.client.advance(241)
    assert outside.said("1.1.1.1") == ["NOERROR", ADDRESS]


def test_caches_outlive_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Sandbox("staging", state=state) as first:
        outside = Outside(connect(first))
        outside.ask("8.8.8.8")
        outside.change([record(STRAY)], [record(ADDRESS)])
        outside.ask("1.1.1.1")
    with Sandbox("staging", state=state) as second:
        outside = Outside(connect(second))
        assert [outside.said(it)[1] for it in RESOLVERS] == [ADDRESS, STRAY, STRAY]
