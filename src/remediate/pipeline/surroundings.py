"""What planning needs to know besides the differences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from remediate.kinds.registry import kind
from remediate.model.plan import Risk
from remediate.model.ref import Ref


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The live side, and what `lifecycle` says; by live name where nothing else is said."""

    project: str
    live: Mapping[Ref, Mapping[str, Any]]
    risks: Mapping[Ref, Risk] = field(default_factory=dict)  # lifecycle.risk, by Ref
    depends_on: Mapping[Ref, Iterable[Ref]] = field(default_factory=dict)  # by Ref
    wanted: Mapping[Ref, Mapping[str, Any]] = field(default_factory=dict)
    soaks: Mapping[Ref, float] = field(default_factory=dict)  # lifecycle.wait.soak, in seconds
    at_once: frozenset[Ref] = frozenset()  # `replace: recreate`: without an overlap
    protected: frozenset[Ref] = frozenset()  # by Ref
    as_it_was: bool = False  # a rollback takes what there is as good; only the new is waited for


def is_ready(ref: Ref, around: Surroundings) -> bool:
    live = around.live.get(ref)
    if live is not None and around.as_it_was:
        return True
    body = live or around.wanted.get(ref)
    return body is not None and kind(ref.kind).ready(dict(body)).ready
