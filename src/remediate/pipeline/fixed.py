"""Which changes of a resource no call can make in place."""

from __future__ import annotations

from collections.abc import Iterable

from remediate.kinds.facts import Scope
from remediate.kinds.fields.pointers import parts
from remediate.kinds.kind import Kind
from remediate.model.plan import FieldChange
from remediate.model.ref import Ref


def fixed_changes(
    facts: Kind, scope: Scope, changes: Iterable[FieldChange]
) -> tuple[list[str], list[str]]:
    """Of changes, the fields that no call changes, and why others cannot change this one way."""
    fixed = facts.fixed(scope)
    never = [change.pointer for change in changes if covers(fixed, change.pointer)]
    reasons = [why for c in changes if facts.one_way and (why := facts.one_way(c))]
    return never, reasons


def kept_note(facts: Kind, ref: Ref, change: FieldChange) -> str:
    """What is said of a field that stays, whatever is written or was there before."""
    return f"{ref} keeps {change.pointer} as it is: {facts.why_it_stays(change)}"


def covers(patterns: frozenset[str], where: str) -> bool:
    """Whether a pattern speaks of the place, of something around it or of something in it."""
    path = parts(where)
    for pattern in patterns:
        way = parts(pattern)
        if all(a in {b, "*"} for a, b in zip(way, path, strict=False)):
            return True
    return False
