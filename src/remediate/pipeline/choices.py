"""What the user asked of one run, beyond what the YAML says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from remediate.model.json import Body
from remediate.model.ref import Ref
from remediate.stores.store import ref_of


@dataclass(frozen=True, slots=True)
class Choices:
    """`only`, if any, are the Refs that a reviewed or half-done plan was about: no other goes."""

    allowances: Mapping[str, str] = field(default_factory=dict)
    prune: bool = False
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    lower_ttl: bool = False  # where an old answer would be kept for long, lower its TTL and no more
    only: frozenset[Ref] | None = None

    def wants(self, ref: Ref) -> bool:
        if self.only is not None and ref not in self.only:
            return False
        if any(ref.matches(glob) for glob in self.excludes):
            return False
        return not self.targets or any(ref.matches(glob) for glob in self.targets)

    def to_json(self) -> Body:
        """For a plan file and a run's first record; `only` follows from what they are about."""
        return {
            "allowances": dict(self.allowances),
            "prune": self.prune,
            "targets": list(self.targets),
            "excludes": list(self.excludes),
            "lower_ttl": self.lower_ttl,
        }

    @staticmethod
    def from_json(stored: Mapping[str, Any], only: Any = None) -> Choices:  # noqa: ANN401 - stored JSON
        """Raises KeyError or TypeError for what `to_json` did not write."""
        return Choices(
            dict(stored["allowances"]),
            stored["prune"] is True,
            tuple(map(str, stored["targets"])),
            tuple(map(str, stored["excludes"])),
            stored["lower_ttl"] is True,
            None if only is None else frozenset(ref_of(str(text)) for text in only),
        )
