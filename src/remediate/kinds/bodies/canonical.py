"""The one spelling in which equal values are equal, and which items of two lists are the same one.

Bodies are Google's; links in them are whole already (see `resolve`), and a value that Google has
yet to choose is an `Unknown`.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from remediate.kinds.bodies.links import project_relative
from remediate.kinds.fields.pointers import Patterns
from remediate.kinds.kind import Kind
from remediate.model.json import Json
from remediate.model.values import Unknown

Value: TypeAlias = Any
"""JSON, and an `Unknown` wherever Google has yet to choose."""
Fields: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Rules:
    """A kind's tables as a walk carries them along, and the project that short links belong to."""

    links: Patterns[tuple[str, ...]]
    normalise: Patterns[Callable[[Json], Json]]
    keyed: Patterns[tuple[str, ...]]
    unordered: Patterns[bool]
    skipped: Patterns[bool]
    alternatives: Patterns[tuple[str, ...]]
    momentary: Patterns[bool]
    project: str

    def below(self, part: str) -> Rules:
        return Rules(
            self.links.below(part),
            self.normalise.below(part),
            self.keyed.below(part),
            self.unordered.below(part),
            self.skipped.below(part),
            self.alternatives.below(part),
            self.momentary.below(part),
            self.project,
        )


@lru_cache(maxsize=64)
def rules_of(kind: Kind, project: str) -> Rules:
    return Rules(
        Patterns(kind.links),
        Patterns(kind.normalise),
        Patterns(kind.keyed),
        Patterns.flags(kind.unordered),
        Patterns.flags(kind.server_set | kind.write_only),
        Patterns(kind.alternatives),
        Patterns.flags(kind.momentary),
        project,
    )


def partners(items: list[Value], others: list[Value], rules: Rules) -> list[Value]:
    """For each item of a list the one of another list that it stands for, or None.

    The fields that identify an item tell (`Kind.keyed`). Where a kind names none, or one item has
    none of them, the place does, as long as nothing came or went.
    """
    names = rules.keyed.fact or ()
    if not names or any(_is_nameless(item, names) for item in items):
        return others if len(items) == len(others) else [None] * len(items)
    waiting: dict[str, deque[Value]] = defaultdict(deque)
    for other in others:
        waiting[_identity(other, rules)].append(other)
    queues = [waiting[_identity(item, rules)] for item in items]
    return [queue.popleft() if queue else None for queue in queues]


def _is_nameless(item: Value, names: tuple[str, ...]) -> bool:
    return isinstance(item, Mapping) and not any(item.get(name) for name in names)


def _identity(item: Value, rules: Rules) -> str:
    below = rules.below("0")
    return sort_key(
        [canonical_value(item.get(name), below.below(name)) for name in rules.keyed.fact or ()]
        if isinstance(item, Mapping)
        else item
    )


def canonical_value(value: Value, rules: Rules) -> Value:
    """A value in the spelling in which equal things are equal."""
    if isinstance(value, Unknown):
        return value
    if (spell := rules.normalise.fact) is not None:
        value = spell(value)
    if isinstance(value, Mapping):
        return {
            name: canonical_value(item, rules.below(name))
            for name, item in value.items()
            if not rules.skipped.below(name).fact
        }
    if isinstance(value, list):
        below = rules.below("0")
        items = [canonical_value(item, below) for item in value]
        return sorted(items, key=sort_key) if rules.unordered.fact else items
    if rules.links.fact is not None and isinstance(value, str) and "/" in value:
        return project_relative(value, rules.project)
    return value


def same(want: Value, live: Value) -> bool:
    if want == live:
        return type(want) is not bool or type(live) is bool or live is None
    if live is None:  # Google leaves empty values out of its answers
        return want in ("", [], {}, 0, False) or (
            isinstance(want, Mapping) and all(same(item, None) for item in want.values())
        )
    numbers = (int, float, str)
    if isinstance(want, numbers) and isinstance(live, numbers) and not isinstance(want, bool):
        return str(want) == str(live)  # an int64 travels as text
    return False


def sort_key(value: Value) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def is_object(value: Value) -> bool:
    return isinstance(value, Mapping)
