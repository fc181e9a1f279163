"""What has found a bug before finds it again, and nothing once the bug is gone."""

from __future__ import annotations

import pytest

from tests.simulator.past import PAST, Past, broken
from tests.simulator.playing import play


@pytest.mark.parametrize("past", PAST, ids=lambda past: past.name)
def test_a_seed_that_has_found_a_bug_breaks_on_it_and_on_nothing_else(past: Past) -> None:
    law = broken(past, past.seed)
    assert past.breaks in law, (
        f"seed {past.seed} does not find it any more; "
        f"`python -m tests.simulator.past {past.name}` looks for another"
    )
    play(past.seed)
