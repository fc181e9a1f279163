"""Who moved since the last apply: the YAML, the live side, or both and differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.fields.pointers import parts, value_at
from remediate.kinds.kind import Kind
from remediate.model.json import Body
from remediate.model.plan import Cause, FieldChange
from remediate.model.values import MASKED

Fields = Mapping[str, Any]


def causes(
    facts: Kind,
    wanted: Fields,
    live: Fields,
    applied: Body | None,
    changes: Sequence[FieldChange],
    project: str,
) -> list[Cause]:
    """The cause of each change; all bodies with secrets as the ledger remembers them.

    What was never applied is pending, whoever moved.
    """
    if applied is None:
        return [Cause.PENDING] * len(changes)
    return [*_causes(facts, wanted, live, applied, changes, project)]


def with_causes(
    changes: Sequence[FieldChange], found: Sequence[Cause], applied: Body | None
) -> tuple[FieldChange, ...]:
    """The changes, each with who moved it, and in a conflict with what was last applied."""
    return tuple(
        replace(
            change,
            cause=cause,
            applied=applied_at(applied, change.pointer) if cause is Cause.CONFLICT else None,
        )
        for change, cause in zip(changes, found, strict=True)
    )


def applied_at(applied: Body | None, where: str) -> Any:  # noqa: ANN401 - any JSON
    """What was last applied there; None where that was nothing."""
    try:
        return value_at(applied, where)
    except (LookupError, TypeError, ValueError):
        return None


def cause_of_all(found: Iterable[Cause]) -> Cause:
    """That of a resource: a drift beside what is pending goes with the next apply as well."""
    every = {*found}
    if Cause.CONFLICT in every:
        return Cause.CONFLICT
    return Cause.DRIFT if every == {Cause.DRIFT} else Cause.PENDING


def _causes(
    facts: Kind,
    wanted: Fields,
    live: Fields,
    applied: Body,
    changes: Sequence[FieldChange],
    project: str,
) -> Iterator[Cause]:
    ours = _places(field_changes(facts, wanted, applied, project=project))
    theirs = _places(field_changes(facts, applied, live, project=project))
    for change in changes:
        (at,) = _places([change])
        is_written, was_written = is_there(wanted, at), is_there(applied, at)
        we_moved = _touches(at, ours) or is_written != was_written
        they_moved = _touches(at, theirs) or not (is_written or was_written)
        if we_moved and they_moved:
            yield Cause.CONFLICT
        else:
            yield Cause.DRIFT if they_moved else Cause.PENDING


def is_there(value: object, where: str) -> bool:
    """Whether a body holds anything at a pointer."""
    for part in parts(where):
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return False
    return True


def _places(changes: Iterable[FieldChange]) -> set[str]:
    """Where they are; of a secret, which the ledger knows by its mask, where that stands."""
    return {change.pointer.removesuffix(f"/{MASKED}") for change in changes}


def _touches(at: str, places: set[str]) -> bool:
    """Whether one of them is the place, or in it, or around it."""
    return any(f"{one}/".startswith(f"{at}/") or f"{at}/".startswith(f"{one}/") for one in places)
