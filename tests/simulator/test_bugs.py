"""What the laws are worth: each of eleven bugs, put into the product's own code, breaks one."""

from __future__ import annotations

import pytest

from tests.simulator.bugs import BUGS, Bug
from tests.simulator.playing import history, play
from tests.simulator.witness import Broken

WITHIN = 600  # histories in which it can show


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_is_caught(bug: Bug) -> None:
    seeds = (seed for seed in range(100_000) if bug.where(history(seed)))
    with bug.patched():
        for _nth, seed in zip(range(WITHIN), seeds, strict=False):
            try:
                play(seed)
            except Broken as broken:
                if bug.breaks in str(broken).partition("\nseed ")[0]:
                    return
    pytest.fail(f"{bug.name}: no law was broken in {WITHIN} histories")
