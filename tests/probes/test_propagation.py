"""How long caches still keep what was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.probes.dial import Dial
from remediate.probes.dns import resolve, with_expectation
from remediate.probes.propagation import (
    FAILURE,
    Truth,
    has,
    propagation,
    together,
    upper_bound,
)
from remediate.probes.seen import DnsSeen
from tests.gcp_sandbox.client import Client
from tests.probes.records import ZONE, record

RIGHT = ("203.0.113.10",)
WANTED = {"A": Truth(frozenset(RIGHT)), "AAAA": Truth(frozenset())}
HOST = "staging.netrasystems.ai."
OK = DnsSeen("8.8.8.8", "8.8.8.8", HOST, "A", "ok", f"8.8.8.8: {HOST} A", RIGHT, ttl=10)
WRONG = replace(OK, server="1.1.1.1", values=("203.0.113.99",), ttl=120)
GONE = replace(OK, server="9.9.9.9", outcome="nxdomain", values=(), ttl=None, negative_ttl=250)
SILENT = replace(OK, server="8.8.4.4", outcome="timeout", values=(), ttl=None)
ASTRAY = replace(WRONG, aliases=("old.example.",), alias_ttls=(1200,), ttl=30)


def seconds(*seen: DnsSeen) -> int | None:
    return propagation(seen, WANTED).seconds


def test_where_all_have_it_nothing_is_left_to_wait_for() -> None:
    assert seconds(OK, replace(OK, server="1.1.1.1")) == 0


def test_the_last_cache_decides_wrong_positive_or_negative() -> None:
    told = propagation([OK, GONE, WRONG], WANTED)
    assert (told.seconds, told.at_most) == (250, False)
    assert told.stale == (WRONG, GONE)
    assert seconds(OK, WRONG) == 120


@pytest.mark.parametrize("outcome", ["timeout", "unreachable", "refused"])
def test_of_a_resolver_that_tells_us_nothing_nobody_waits_for_anything(outcome: str) -> None:
    mute = replace(SILENT, outcome=outcome)  # type: ignore[arg-type]  # one of them
    assert seconds(mute, WRONG) == 120
    assert seconds(mute) is None


@pytest.mark.parametrize("outcome", ["servfail", "lame", "bogus", "malformed"])
def test_a_failure_is_kept_five_minutes_at_most(outcome: str) -> None:
    """RFC 2308 section 7.1."""
    failing = replace(SILENT, outcome=outcome)  # type: ignore[arg-type]  # one of them
    told = propagation([failing, OK], WANTED)
    assert (told.seconds, told.at_most, told.failing) == (FAILURE, True, (failing,))
    longer = propagation([failing, replace(WRONG, ttl=FAILURE + 1)], WANTED)
    assert (longer.seconds, longer.at_most) == (FAILURE + 1, False)


def test_a_negative_answer_without_an_soa_does_not_say_for_how_long() -> None:
    assert propagation([replace(GONE, negative_ttl=None)], WANTED).at_most


def test_what_should_be_gone_goes_when_its_ttl_has_run_down() -> None:
    ipv6 = replace(OK, rrtype="AAAA", values=("2001:db8::99",), ttl=272)
    assert seconds(ipv6, OK) == 272
    none = Truth(frozenset())
    assert has(GONE, none)
    assert not has(OK, none)


def test_what_was_found_wrong_before_is_wrong() -> None:
    assert seconds(with_expectation(WRONG, RIGHT)) == 120


def test_what_leads_here_as_well_is_not_waited_for() -> None:
    beside = replace(OK, server="1.1.1.1", values=("203.0.113.11",), ttl=280)
    harmless = {"A": Truth(frozenset(RIGHT), as_good=frozenset({*RIGHT, *beside.values}))}
    assert propagation([beside], harmless).seconds == 0
    assert propagation([beside], WANTED).seconds == 280


def test_an_alias_that_should_not_be_lasts_whatever_it_leads_to() -> None:
    assert seconds(ASTRAY) == 1200
    assert seconds(replace(ASTRAY, alias_ttls=(20,), ttl=3600)) == 20
    assert seconds(replace(GONE, aliases=("ghs.example.",), alias_ttls=(400,))) == 400
    assert seconds(replace(GONE, aliases=("ghs.example.",), alias_ttls=(40,))) == 40


def test_of_an_alias_that_should_be_it_is_what_it_leads_to_that_changes() -> None:
    named = {"A": Truth(frozenset(RIGHT), ("old.example.",))}
    assert propagation([ASTRAY], named).seconds == 30
    further = replace(
        ASTRAY, aliases=("old.example.", "older.example."), alias_ttls=(1200, 77), ttl=5
    )
    assert propagation([further], named).seconds == 77
    anywhere = {"A": Truth(None, ("old.example.",))}
    assert propagation([ASTRAY], anywhere).seconds == 0
    assert propagation([GONE], anywhere).seconds == 250


def test_a_name_that_was_not_there_for_one_type_comes_up_for_all() -> None:
    """RFC 2308 section 5: what is kept is that there is no such name."""
    hidden = replace(GONE, server=OK.server, rrtype="AAAA")
    assert seconds(OK, hidden) == 250
    assert seconds(replace(OK, ttl=251), hidden) == 0
    assert seconds(replace(OK, server="1.1.1.1"), hidden) == 0
    assert seconds(OK, replace(hidden, outcome="nodata")) == 0


def test_a_cache_keeps_a_name_servers_answer_at_most_for_its_ttl() -> None:
    assert upper_bound(WRONG) == 120
    assert upper_bound(GONE) == 250
    assert upper_bound(ASTRAY) == 1200
    assert upper_bound(SILENT) is None


@given(st.lists(st.sampled_from([OK, WRONG, GONE, ASTRAY]), max_size=5))
def test_the_end_is_the_longest_of_all(seen: list[DnsSeen]) -> None:
    several = [replace(each, server=str(place)) for place, each in enumerate(seen)]
    alone = [propagation([each], WANTED) for each in several]
    whole = propagation(several, WANTED)
    assert whole.seconds == max((it.seconds or 0 for it in alone), default=None)
    assert together(alone).seconds == whole.seconds
    assert not whole.at_most


def test_caches_filled_one_after_another_are_green_when_predicted(
    dial: Dial, outside: Client
) -> None:
    """Each on its own clock; a second before the end it is not over, at the end it is."""
    record(outside, HOST, "A", "203.0.113.99", ttl=300)
    for number, resolver in enumerate(("8.8.8.8", "1.1.1.1", "9.9.9.9")):
        resolve(dial, HOST, "A", [resolver])
        outside.post("/_sandbox/clock:advance", {"seconds": 40 + number})
    outside.call("PATCH", f"{ZONE}/{HOST}/A", {"ttl": 300, "rrdatas": list(RIGHT)})
    seen = resolve(dial, HOST, "A")
    assert len({it.ttl for it in seen}) == 3
    told = propagation(seen, WANTED)
    assert told.seconds is not None
    assert [it.server for it in told.stale] == ["8.8.8.8", "1.1.1.1", "9.9.9.9"]
    outside.post("/_sandbox/clock:advance", {"seconds": told.seconds - 2})
    assert not all(has(it, WANTED["A"]) for it in resolve(dial, HOST, "A"))
    outside.post("/_sandbox/clock:advance", {"seconds": 3})
    assert all(has(it, WANTED["A"]) for it in resolve(dial, HOST, "A"))
