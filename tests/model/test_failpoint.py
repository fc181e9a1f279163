"""Places at which a run may be let die: named once, passed somewhere, silent otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import remediate
from remediate.model.failpoint import PLACES, passing, watch

SOURCE = Path(remediate.__file__).parent


def test_every_place_that_is_named_is_passed_and_every_one_passed_is_named() -> None:
    passed = {
        place
        for file in SOURCE.rglob("*.py")
        for place in re.findall(r'passing\("([a-z.]+)"\)', file.read_text())
    }
    assert passed == PLACES


def test_nothing_happens_at_a_place_that_nobody_watches() -> None:
    passing("store.sync.before")


def test_what_a_watcher_raises_comes_out_where_the_place_is_passed() -> None:
    def fail(place: str) -> None:
        raise OSError(place)

    end = watch(fail)
    try:
        with pytest.raises(OSError, match=r"ledger\.save\.after"):
            passing("ledger.save.after")
    finally:
        end()
    passing("ledger.save.after")
