"""What a visitor must see: one expectation of the environment, as its YAML says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from remediate.model.errors import Place
from remediate.model.finding import Severity
from remediate.model.ref import Ref

ProbeName = Literal["dns", "delegation", "http", "tls", "websocket", "postgresql", "command"]


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """One probe and what it is to find; texts may be `Template`s until live is known.

    `asks` is what the probe is told, `expects` what is written of the outcome; both hold written
    fields alone. `gates` are globs over Refs.
    """

    name: str
    probe: ProbeName
    asks: Mapping[str, Any]
    expects: Mapping[str, Any]
    gates: tuple[str, ...]
    tags: tuple[str, ...]
    severity: Severity
    place: Place

    def gates_any(self, changed: Iterable[Ref]) -> bool:
        """Whether it has to hold after a change to one of these."""
        return any(guards(glob, ref) for ref in changed for glob in self.gates)


def guards(glob: str, ref: Ref) -> bool:
    """Whether a gate is about a resource; that of a zone is about its record sets too."""
    return ref.matches(glob) or (ref.is_record_set and ref.zone.matches(glob))
