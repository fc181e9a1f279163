"""How often somebody was killed, and where: counted in every process, told and held at the end."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

SOAK = bool(os.environ.get("REMEDIATE_SOAK"))
LEAST = 2_000 if SOAK else 300
LEAST_INSTALLED = 20
INSTALLED = "the installed command"
_DEATHS = "deaths"


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
