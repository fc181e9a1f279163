"""Thousands of histories of faults, each from its seed, and the laws that hold in all of them.

With REMEDIATE_SOAK=1 there are more of them. A seed that fails says how to play it again.
"""

from __future__ import annotations

import os

import pytest

from tests.simulator.environments import ENVIRONMENTS
from tests.simulator.playing import history, play, simulated, told

BLOCK = 50
HISTORIES = 20_000 if os.environ.get("REMEDIATE_SOAK") else 3_000


@pytest.mark.parametrize("first", range(0, HISTORIES, BLOCK))
def test_every_law_holds_in_every_history(first: int) -> None:
    for seed in range(first, first + BLOCK):
        play(seed)


def test_a_seed_is_the_same_history_each_time() -> None:
    for seed in range(20):
        assert _told(seed) == _told(seed)


def test_every_environment_and_every_kind_of_store_is_tried() -> None:
    begun = [history(seed) for seed in range(300)]
    assert {one.environment.name for one in begun} == {one.name for one in ENVIRONMENTS}
    kinds = {(type(one.disk).__name__, one.disk.exclusive) for one in begun}
    assert kinds == {("Disk", True), ("Disk", False), ("Platter", True)}


def _told(seed: int) -> str:
    begun = history(seed)
    with simulated(begun):
        begun.play()
    return told(begun)
