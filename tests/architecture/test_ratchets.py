from __future__ import annotations

import pytest

from tests.architecture.ratchets import allowed, counted


@pytest.mark.parametrize("measure", sorted(allowed()))
def test_what_may_only_fall_has_not_risen(measure: str) -> None:
    assert counted()[measure] <= allowed()[measure]


def test_every_measure_is_held() -> None:
    assert counted().keys() == allowed().keys()
