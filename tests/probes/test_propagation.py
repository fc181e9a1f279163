"""How long caches still keep what was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.model.chance import Chance
from remediate.probes.agreement import by_wildcard, opinions, sibling, strays
from remediate.probes.dial import Dial
from remediate.probes.dns import Question, ask, resolve, with_expectation
from remediate.probes.propagation import has, propagation, upper_bound
from remediate.probes.seen import DnsSeen
from tests.gcp_sandbox.client import Client
from tests.probes.records import ZONE, record

RIGHT = ("203.0.113.10",)
HOST = "staging.netrasystems.ai."
OK = DnsSeen("8.8.8.8", "8.8.8.8", HOST, "A", "ok", f"8.8.8.8: {HOST} A", RIGHT, ttl=10)
WRONG = replace(OK, server="1.1.1.1", values=("203.0.113.99",), ttl=120)
GONE = replace(OK, server="9.9.9.9", outcome="nxdomain", values=(), ttl=None, negative_ttl=250)
SILENT = replace(OK, server="8.8.4.4", outcome="timeout", values=(), ttl=None)


def test_where_all_have_it_nothing_is_left_to_wait_for() -> None:
    assert propagation([OK, OK], RIGHT).seconds == 0


def test_the_last_cache_decides_wrong_positive_or_negative() -> None:
    told = propagation([OK, GONE, WRONG], RIGHT)
    assert told.seconds == 250
    assert told.stale == (WRONG, GONE)
    assert propagation([OK, WRONG], RIGHT).seconds == 120


def test_whoever_is_silent_makes_the_end_unknown_but_not_the_rest() -> None:
    told = propagation([SILENT, WRONG], RIGHT)
    assert (told.seconds, told.at_least, told.unknown) == (None, 120, (SILENT,))


@pytest.mark.parametrize("outcome", ["servfail", "refused", "lame", "bogus", "malformed"])
def test_nobody_knows_how_long_a_failure_is_kept(outcome: str) -> None:
    failing = replace(SILENT, outcome=outcome)  # type: ignore[arg-type]  # one of them
    assert propagation([failing], RIGHT).seconds is None


def test_a_negative_answer_without_an_soa_is_not_known_either() -> None:
    assert propagation([replace(GONE, negative_ttl=None)], RIGHT).seconds is None


def test_what_should_be_gone_goes_when_its_ttl_has_run_down() -> None:
    assert propagation([OK, GONE], ()).seconds == 10
    assert has(GONE, ())
    assert not has(OK, ())


def test_what_was_found_wrong_before_is_wrong() -> None:
    assert propagation([with_expectation(WRONG, RIGHT)], RIGHT).seconds == 120


def test_an_alias_to_nothing_lasts_as_long_as_either() -> None:
    astray = replace(GONE, aliases=("ghs.example.",), ttl=400)
    assert propagation([astray], RIGHT).seconds == 400


def test_a_cache_keeps_a_name_servers_answer_at_most_for_its_ttl() -> None:
    assert upper_bound(WRONG) == 120
    assert upper_bound(GONE) == 250


@given(st.lists(st.sampled_from([OK, WRONG, GONE]), max_size=5))
def test_the_end_is_the_longest_of_all(seen: list[DnsSeen]) -> None:
    alone = [propagation([each], RIGHT).seconds for each in seen]
    assert propagation(seen, RIGHT).seconds == max((it for it in alone if it), default=0)


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
    told = propagation(seen, RIGHT)
    assert told.seconds is not None
    assert [it.server for it in told.stale] == ["8.8.8.8", "1.1.1.1", "9.9.9.9"]
    outside.post("/_sandbox/clock:advance", {"seconds": told.seconds - 2})
    assert not all(has(it, RIGHT) for it in resolve(dial, HOST, "A"))
    outside.post("/_sandbox/clock:advance", {"seconds": 3})
    assert all(has(it, RIGHT) for it in resolve(dial, HOST, "A"))


def test_who_say_the_same_are_of_one_opinion() -> None:
    told = opinions([OK, replace(OK, server="x"), WRONG, GONE, SILENT])
    assert told == {
        ("ok", RIGHT): ("8.8.8.8", "x"),
        ("ok", ("203.0.113.99",)): ("1.1.1.1",),
        ("nxdomain", ()): ("9.9.9.9",),
    }
    assert opinions([WRONG, with_expectation(WRONG, RIGHT)]).keys() == {("ok", WRONG.values)}


def test_a_stray_address_is_any_but_those_that_should_be() -> None:
    ipv6 = replace(OK, rrtype="AAAA", values=("2001:db8::bad", "2001:DB8::1"))
    assert strays([OK, ipv6], [*RIGHT, "2001:db8:0::1"]) == ("2001:db8::bad",)
    assert strays([OK, ipv6, WRONG], RIGHT) == ("203.0.113.99", "2001:db8::1", "2001:db8::bad")


def test_a_wildcard_in_place_of_a_record_answers_for_its_sibling_as_well(
    dial: Dial, outside: Client
) -> None:
    name, chance = "app.staging.netrasystems.ai.", Chance(1)
    beside = sibling(name, chance)
    assert beside.endswith(".staging.netrasystems.ai.")
    assert beside != sibling(name, chance)

    def found() -> bool:
        server = "198.51.100.11"
        questions = [Question(it, "A", server, server, recursive=False) for it in (name, beside)]
        return by_wildcard(*ask(dial, questions))

    assert not found()
    record(outside, "*.staging.netrasystems.ai.", "A", "203.0.113.99")
    assert found()
    record(outside, name, "A", *RIGHT)
    assert not found()
