"""How often somebody was killed, and where: counted in every process, told and held at the end."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SOAK = bool(os.environ.get("REMEDIATE_SOAK"))
LEAST = 2_000 if SOAK else 300
LEAST_INSTALLED = 20
INSTALLED = "the installed command"
_DEATHS = "deaths"
_HERE = Path(__file__).parent


@dataclass
class Tally:
    """The deaths of a test, or of many: by the point, or by who was killed."""

    deaths: Counter[str] = field(default_factory=Counter)

    def count(self, where: str) -> None:
        self.deaths[where] += 1

    def properties(self) -> list[tuple[str, object]]:
        """For the report of a test."""
        return [(_DEATHS, dict(self.deaths))] if self.deaths else []

    def add(self, properties: Iterable[tuple[str, object]]) -> None:
        """From the report of a test."""
        for name, value in properties:
            if name == _DEATHS and isinstance(value, dict):
                self.deaths.update(value)

    @property
    def told(self) -> str:
        total, kinds, by = self.deaths.total(), len(self.deaths), self.deaths[INSTALLED]
        return f"{total} kills at {kinds} kinds of points, {by} of {INSTALLED}"

    @property
    def lacking(self) -> str:
        """What is missing, once the whole suite has run; empty if nothing is."""
        if self.deaths.total() < LEAST:
            return f"there were to be {LEAST} kills or more"
        if self.deaths[INSTALLED] < LEAST_INSTALLED:
            return f"{LEAST_INSTALLED} kills or more were to be of {INSTALLED}"
        return ""


class Count:
    """Adds up what the tests tell, told at the end; too few kills fail a run of the whole suite."""

    def __init__(self, config: pytest.Config) -> None:
        self._tally = Tally()
        self._whole = _has_asked_for_all(config)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            self._tally.add(report.user_properties)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.OK and self._whole and self._tally.lacking:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._tally.deaths:
            terminalreporter.write_line(f"crashes: {self._tally.told}")
        if self._whole and (lacking := self._tally.lacking):
            terminalreporter.write_line(f"crashes: {lacking}", red=True)


def _has_asked_for_all(config: pytest.Config) -> bool:
    asked = [Path(str(word).partition("::")[0]).resolve() for word in config.args]
    narrowing = ("keyword", "markexpr", "lf", "deselect", "collectonly")
    narrowed = any(config.getoption(word, None) for word in narrowing)
    return not narrowed and any(path in (_HERE, *_HERE.parents) for path in asked)
