"""What must hold before a step begins, besides the steps that it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from remediate.model.json import Body
from remediate.model.ref import Ref


class Await(StrEnum):
    ISSUABLE = "issuable"  # Google can issue it: every domain leads to its holder, and CAA permits
    SOAK = "soak"  # it has been ready for so long that every front end has it
    SERVED = "served"  # a handshake at the holder's addresses shows it, for every domain


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on one certificate. `ref` and `holder` are live names, `seconds` of a soak."""

    what: Await
    ref: Ref
    holder: Ref
    domains: tuple[str, ...] = ()
    seconds: float = 0.0

    def to_json(self) -> Body:
        return {
            "what": self.what.value,
            "ref": str(self.ref),
            "holder": str(self.holder),
            "domains": list(self.domains),
            "seconds": self.seconds,
        }

    @staticmethod
    def from_json(said: Mapping[str, Any], refs: tuple[Ref, Ref]) -> Condition:
        ref, holder = refs
        domains = tuple(map(str, said["domains"]))
        return Condition(Await(said["what"]), ref, holder, domains, float(said["seconds"]))
