"""Every place that the product names for it is one where a run was killed."""

from __future__ import annotations

from itertools import zip_longest

import pytest

from remediate.model.failpoint import PLACES
from tests.crash.conftest import sample
from tests.crash.killing import CALLS, SENT, Nth
from tests.crash.moves import APPLY, Act, Move
from tests.crash.rehearsal import Rehearsal
from tests.crash.scene import Scene
from tests.crash.tally import Tally
from tests.kinds.examples import examples

POINTS = sorted(
    {*PLACES, SENT, *(f"{when} {call}" for call in CALLS for when in ("before", "after"))}
)
HALVES = [POINTS[::2], POINTS[1::2]]


def a_proxy_is_made(scene: Scene, tally: Tally) -> Rehearsal:
    """A load balancer's, with all that it needs."""
    example = examples("TargetHttpProxy")[0]
    stand = Act([*example.requires, example.first], APPLY)
    return Rehearsal(scene, Move("a proxy is made", (stand,)), tally)


@pytest.mark.parametrize("places", HALVES, ids=["one half", "the other"])
def test_a_run_killed_at_any_named_place_ends_as_wanted_or_as_before(
    places: list[str], empty_scene: Scene, tally: Tally
) -> None:
    made = a_proxy_is_made(empty_scene, tally)
    for name, then in zip_longest(places, reversed(places), fillvalue=places[0]):
        times, times_back = made.points.count(name), made.points_back.count(name)
        made.insist_on_a_way_on(Nth(name, 0), Nth(then, 1))
        made.insist_on_a_way_back(Nth(name, times // 2), Nth(then, 0))
        made.insist_on_a_way_on(Nth(name, times - 1), resume=False)
        made.insist_on_the_way_back_of_all(Nth(name, times_back // 2))
    assert {*places} <= tally.deaths.keys(), "somebody was killed at each of them"


def test_a_run_that_is_kept_in_a_bucket_killed_anywhere_ends_as_wanted_or_as_before(
    empty_scene_in_a_bucket: Scene, tally: Tally
) -> None:
    made = a_proxy_is_made(empty_scene_in_a_bucket, tally)
    for point in sample(len(made.points), 6):
        made.insist_on_a_way_on(point, len(made.points) // 3)
        made.insist_on_a_way_back(point)
    for point in sample(len(made.points_back), 3):
        made.insist_on_the_way_back_of_all(point)
