"""What a run's first record says of what it is about, for whoever goes on with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from remediate.model.json import Body, Json
from remediate.model.plan import Step
from remediate.model.ref import Ref
from remediate.stores.store import ref_of


@dataclass(frozen=True, slots=True)
class Planned:
    """A step as it was planned: of what, on which condition. `fields` are those of an update."""

    id: str
    ref: Ref
    live: Ref
    method: str
    fields: tuple[str, ...]
    precondition: str

    def to_json(self) -> Body:
        """Short, for there may be 100,000 record sets: what is as usual is left out."""
        said: Body = {"id": self.id, "ref": str(self.ref), "precondition": self.precondition}
        if self.live != self.ref:
            said["live"] = str(self.live)
        if not self.ref.is_record_set:
            said["method"] = self.method
        if self.fields:
            said["fields"] = [*self.fields]
        return said

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> Planned:
        """Raises KeyError for what `to_json` did not write."""
        ref = ref_of(str(stored["ref"]))
        return Planned(
            str(stored["id"]),
            ref,
            ref_of(str(stored["live"])) if "live" in stored else ref,
            str(stored.get("method", "changes.create")),
            tuple(map(str, stored.get("fields", ()))),
            str(stored["precondition"]),
        )


def planned(steps: Iterable[Step]) -> list[Json]:
    """Every step of a plan, as a record holds them."""
    return [
        Planned(s.id, s.ref, s.live, s.method, s.fields, s.precondition).to_json() for s in steps
    ]
