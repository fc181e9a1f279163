"""Kills are counted over all tests and processes, and too few of them are told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.crash.tally import INSTALLED, LEAST, LEAST_INSTALLED, Count, Tally


def tally(**deaths: int) -> Tally:
    told = Tally()
    for where, times in deaths.items():
        for _ in range(times):
            told.count(where)
    return told


def test_what_two_tests_tell_is_added_up() -> None:
    both = Tally()
    both.add([*tally(write=2).properties(), ("else", 1), *tally(write=1, link=1).properties()])
    assert both.deaths == {"write": 3, "link": 1}
    assert tally().properties() == []


@pytest.mark.parametrize(
    ("deaths", "lacking"),
    [
        ({"write": LEAST - 1}, f"there were to be {LEAST} kills"),
        ({"write": LEAST}, f"of {INSTALLED}"),
        ({"write": LEAST, INSTALLED: LEAST_INSTALLED - 1}, f"of {INSTALLED}"),
        ({"write": LEAST, INSTALLED: LEAST_INSTALLED}, ""),
    ],
)
def test_too_few_are_told(deaths: dict[str, int], lacking: str) -> None:
    told = tally(**deaths).lacking
    assert lacking in told
    assert bool(told) is bool(lacking)


@pytest.mark.parametrize(
    ("words", "narrowed", "left"),
    [
        (["tests"], "", pytest.ExitCode.TESTS_FAILED),
        (["tests/simulator", "tests/crash"], "", pytest.ExitCode.TESTS_FAILED),
        (["tests"], "Address", pytest.ExitCode.OK),
        (["tests/crash/test_tally.py"], "", pytest.ExitCode.OK),
        (["tests/cli"], "", pytest.ExitCode.OK),
    ],
)
def test_only_a_run_of_the_whole_suite_fails_for_them(
    words: list[str], narrowed: str, left: pytest.ExitCode, pytestconfig: pytest.Config
) -> None:
    args = [str(pytestconfig.rootpath / word) for word in words]
    config = SimpleNamespace(args=args, getoption={"keyword": narrowed}.get)
    session: Any = SimpleNamespace(exitstatus=pytest.ExitCode.OK)
    Count(cast("pytest.Config", config)).pytest_sessionfinish(session, pytest.ExitCode.OK)
    assert session.exitstatus == left
