"""What is so out there, as one section of the world."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp_sandbox.chance import Chance
from gcp_sandbox.clock import Clock
from gcp_sandbox.internet.section import NAME, Internet
from gcp_sandbox.request import Body
from gcp_sandbox.world import World

_LEAVES = st.one_of(st.none(), st.integers(), st.text(max_size=2), st.lists(st.integers()))
_JSON = st.recursive(
    _LEAVES, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8
)
_PARTS = st.dictionaries(
    st.sampled_from(["servers", "backends", "registrar"]),
    st.dictionaries(st.sampled_from("abc"), _JSON, max_size=3),
)


def internet() -> Internet:
    world = World(Clock(), Chance(1))
    section = Internet(world)
    world.register(NAME, section)
    return section


@given(_PARTS, _PARTS, _PARTS)
def test_what_was_merged_is_taken_back_last_first(first: Body, second: Body, third: Body) -> None:
    section = internet()
    section.merge(first)
    before = section.comparable()
    backs = [section.merge(second), section.merge(third)]
    for back in reversed(backs):
        section.merge(back)
    assert section.comparable() == before


def test_faults_of_different_places_are_taken_back_in_any_order() -> None:
    section = internet()
    one = section.merge({"servers": {"8.8.8.8": {"silent": True}}})
    section.merge({"servers": {"1.1.1.1": {"delay": 2}}})
    section.merge(one)
    assert section.comparable() == {"servers": {"1.1.1.1": {"delay": 2}}}


def test_a_part_that_there_is_not_is_told() -> None:
    with pytest.raises(ValueError, match="no backend"):
        internet().merge({"backend": {}})


def test_what_a_cache_is_given_for_so_many_seconds_ends_then() -> None:
    section = internet()
    section.merge({"caches": {"8.8.8.8": {"a.example./A": {"rcode": "NXDOMAIN", "ttl": 240}}}})
    expires = section.part("caches")["8.8.8.8"]["a.example./A"]["expires"]
    assert 0 < expires - section.world.clock.time() <= 240


def test_caches_are_no_difference_between_two_worlds() -> None:
    section = internet()
    section.merge({"caches": {"8.8.8.8": {"a.example./A": {"rcode": "NXDOMAIN", "ttl": 240}}}})
    section.merge({"registrar": {"a.example.": {"nameServers": ["x."]}}})
    assert section.comparable() == {"registrar": {"a.example.": {"nameServers": ["x."]}}}
