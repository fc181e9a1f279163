"""Plans of every kind, killed anywhere: while applied, while going on, and while taken back."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

import pytest

from tests.crash.moves import every_example, moves, one_of_each_kind
from tests.crash.rehearsal import Rehearsal
from tests.crash.scene import Scene
from tests.crash.tally import SOAK, Tally
from tests.kinds.examples import Example

ROUNDS = 3 if SOAK else 1


@pytest.mark.parametrize("example", every_example() if SOAK else one_of_each_kind(), ids=str)
def test_a_plan_killed_anywhere_ends_as_wanted_or_as_before(
    example: Example, empty_scene: Scene, tally: Tally
) -> None:
    for move in moves(example):
        empty_scene.start_again()
        with empty_scene.named(str(move)):
            rehearsal = Rehearsal(empty_scene, move, tally)
            forth, back = len(rehearsal.points), len(rehearsal.points_back)
            for first, later in pairs(crc32(str(move).encode()), forth):
                rehearsal.insist_on_a_way_on(first, later, resume=later % 3 > 0)
                rehearsal.insist_on_a_way_back(first, later)
                rehearsal.insist_on_the_way_back_of_all(first % back, later % back)


def pairs(seed: int, points: int) -> Iterator[tuple[int, int]]:
    """Where to die, spread over all points and different for each move; and where to die next."""
    for turn in range(ROUNDS):
        first = (seed + turn * points // ROUNDS) % points
        yield first, (seed // 31 + turn * 17) % max(points - first, 60)
