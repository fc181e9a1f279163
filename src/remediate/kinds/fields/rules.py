"""The rules that types cannot say, in the few shapes that Google's documentation has for them.

Each yields a Fault, the JSON pointer and what is meant, for every place that breaks it. A value
with a reference in it is known only when it is applied, and is passed over until then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from remediate.kinds.facts import Pattern
from remediate.kinds.fields.pointers import Patterns, leaves, pointer
from remediate.model.values import Template

Fault: TypeAlias = tuple[str, str]


def values(spec: Mapping[str, object], pattern: Pattern) -> Iterator[tuple[str, Any]]:
    """(pointer, value) of every written place that the pattern covers, templates left out."""
    for at, _, value in leaves(spec, Patterns({pattern: True})):
        if value is not None and not isinstance(value, Template):
            yield at, value


def within(
    spec: Mapping[str, object], pattern: Pattern, low: float, high: float, what: str = ""
) -> Iterator[Fault]:
    """A number in a closed range; an int64 arrives as text."""
    for at, value in values(spec, pattern):
        if not low <= float(value) <= high:
            yield at, f"{what or 'this'} is from {low:g} to {high:,}".replace(",", " ")


def at_most(spec: Mapping[str, object], pattern: Pattern, limit: int, what: str) -> Iterator[Fault]:
    """A list of no more than so many."""
    for at, value in values(spec, pattern):
        if len(value) > limit:
            yield at, f"at most {limit} {what} are allowed, not {len(value)}"


def spelled(
    spec: Mapping[str, object], pattern: Pattern, fits: Callable[[str], object], what: str
) -> Iterator[Fault]:
    """A text of a certain form."""
    for at, value in values(spec, pattern):
        if not fits(value):
            yield at, f"{value!r} is not {what}"


def looks_like(expression: str) -> Callable[[str], object]:
    return re.compile(expression).fullmatch


def distinct(spec: Mapping[str, object], pattern: Pattern, what: str) -> Iterator[Fault]:
    """Texts that occur once."""
    seen: dict[object, str] = {}
    for at, value in values(spec, pattern):
        if value in seen:
            yield at, f"{what} {value!r} is already at {seen[value]}"
        else:
            seen[value] = at


def not_together(holder: Mapping[str, object], names: tuple[str, ...], at: str = "") -> list[Fault]:
    """No more than one of these fields."""
    written = [name for name in names if holder.get(name) not in (None, [])]
    return [
        (at + pointer(name), f"{name} and {written[0]} exclude each other") for name in written[1:]
    ]


def exactly_one(holder: Mapping[str, object], names: tuple[str, ...], at: str = "") -> list[Fault]:
    """One of these fields, and no other of them."""
    if not any(holder.get(name) not in (None, []) for name in names):
        return [(at, f"one of {', '.join(names[:-1])} or {names[-1]} is needed")]
    return not_together(holder, names, at)
