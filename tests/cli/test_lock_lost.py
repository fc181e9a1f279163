"""A run whose lock was taken from it: what it says of what it has written, and what it sends."""

from __future__ import annotations

import pytest

from remediate.model import failpoint
from remediate.model.clock import SystemClock
from remediate.stores.actor import this_actor
from remediate.stores.lock_break import break_lock
from tests.cli.conftest import Desk
from tests.cli.half_way import check

NAMES = ("one", "two", "three")


@pytest.fixture
def desk(desk: Desk) -> Desk:
    desk.bench.write(*(check(name) for name in NAMES), apply={"parallelism": 1})
    return desk


def apply_and_break(desk: Desk, nth: int) -> tuple[int, str]:
    """An apply whose lock is broken before its nth record; its exit code and what it says."""
    passed = 0

    def watch(here: str) -> None:
        nonlocal passed
        passed += here == "journal.record.before"
        if passed == nth and here == "journal.record.before":
            passed += 1  # the fence is a record too
            break_lock(desk.bench.store, "staging", SystemClock(), this_actor(), "test")

    unwatch = failpoint.watch(watch)
    try:
        said = desk.type("apply")
    finally:
        unwatch()
    return said.code, said.told


@pytest.mark.parametrize(("done", "nth"), [(0, 3), (2, 7)])
def test_who_has_written_says_how_to_go_on_and_back(desk: Desk, done: int, nth: int) -> None:
    code, told = apply_and_break(desk, nth)
    assert code == 7, told
    assert "its lock was taken from it" in told
    assert f"{done} of 3 steps are done" in told
    assert "apply --resume" in told
    assert "rollback --snapshot" in told
    assert desk.type("apply", "--resume", "latest").code == 0
    assert all(desk.bench.live(f"HealthCheck/{name}") for name in NAMES)


def test_who_has_written_nothing_says_that(desk: Desk) -> None:
    code, told = apply_and_break(desk, 2)
    assert code == 6, told
    assert "Nothing was changed" in told
