"""What a look at Google showed. Unreadable is never absent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from remediate.model.json import Body


@dataclass(frozen=True, slots=True)
class Live:
    """Google's own body, word for word."""

    body: Body


@dataclass(frozen=True, slots=True)
class Absent:
    """The whole collection was read, and it is not there."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Nobody knows; claiming a difference from this would delete or duplicate."""

    why: str
    denied: bool = False  # to who looks, so that looking again shows nothing else
    permission: str = ""  # that is lacking, where Google names it


Observation: TypeAlias = Live | Absent | Unreadable
ABSENT = Absent()
