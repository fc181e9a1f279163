"""Differences between what is wanted and what is live, by the rules of a kind.

Everything here is pure. Bodies are Google's; links in them are whole already (see `resolve`), and
a value that Google has yet to choose is an `Unknown`.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from remediate.kinds.bodies.canonical import (
    Fields,
    Rules,
    Value,
    canonical_value,
    is_object,
    partners,
    rules_of,
    same,
)
from remediate.kinds.bodies.fields import picked
from remediate.kinds.bodies.guessing import guarded
from remediate.kinds.bodies.overlay import merged
from remediate.kinds.facts import Replacement
from remediate.kinds.fields.pointers import Patterns, children, parts, pointer, transformed
from remediate.kinds.kind import Kind
from remediate.model.json import Json, digest
from remediate.model.plan import FieldChange
from remediate.model.values import HIDDEN


def field_changes(
    kind: Kind,
    wanted: Fields,
    live: Fields,
    *,
    project: str,
    written_before: Fields | None = None,
    restore_defaults: bool = False,
    exactly: bool = False,
) -> tuple[FieldChange, ...]:
    """The fields in which live is not as wanted, in the order of the pointers.

    Only what is written in `wanted` is compared (GCP rule 10), and besides: what was written by
    the last apply and no longer is (rule 11), and, with `restore_defaults`, unwritten fields whose
    default the kind knows. What is no longer written goes back to its default, or, with `exactly`,
    goes away: a snapshot has what Google filled in.
    """
    rules = rules_of(kind, project)
    written, wanted = wanted, kind.heeded(kind.as_good(wanted, live))
    unheeded = (written.keys() - wanted.keys()) | kind.implied(wanted)
    before = {name: item for name, item in (written_before or {}).items() if name not in unheeded}
    found = [*_changes(wanted, live, before, rules, "")]
    back = {**kind.defaults, **kind.reverts}
    shared = kind.stays if exactly else kind.stays | kind.shared
    absent = Absent({} if exactly else back, shared)
    found += _unwritten(before, wanted, live, absent, rules, "")
    if restore_defaults:
        found += _off_default(kind, wanted, live, rules)
    distinct = {change.pointer: change for change in reversed(found)}
    return tuple(distinct[at] for at in sorted(distinct) if not _is_below_another(at, distinct))


def _is_below_another(at: str, changed: Container[str]) -> bool:
    """Whether something around the place changes as a whole, and takes the place with it."""
    names = parts(at)
    return any(pointer(*names[:length]) in changed for length in range(len(names)))


def outgrown(kind: Kind, wanted: Fields, live: Fields, *, project: str) -> list[FieldChange]:
    """What is live in place of what is written, being as good, and could not become that."""
    if kind.one_way is None:
        return []
    rules = rules_of(kind, project)
    found = _changes(wanted, kind.as_good(wanted, live), {}, rules, "")
    return [change for change in found if kind.one_way(change)]


def writable(kind: Kind, body: Fields) -> dict[str, Value]:
    """A live body without what only the server sets, as it could be written again."""
    fields = kind.spec.model_fields
    kept = {name: item for name, item in body.items() if name in fields}
    ours = kind.server_set | kind.write_only | kind.momentary
    result: dict[str, Value] = _without(kept, Patterns.flags(ours))
    return result


def _without(value: Value, table: Patterns[bool]) -> Value:
    if isinstance(value, Mapping):
        return {
            name: _without(item, table.below(name))
            for name, item in value.items()
            if not table.below(name).fact
        }
    return (
        [_without(item, table.below("0")) for item in value] if isinstance(value, list) else value
    )


def without_secrets(kind: Kind, body: Fields) -> dict[str, Value]:
    """A body to keep: what is never read back is not compared either, so nobody needs it."""
    result: dict[str, Value] = _without(body, Patterns.flags(kind.write_only))
    return result


def masked(kind: Kind, body: Fields) -> dict[str, Value]:
    """A body for journals, plans and eyes: what is never read back is never shown either."""
    secret = Patterns.flags(kind.write_only)
    result: dict[str, Value] = transformed(body, secret, lambda _fact, _value: HIDDEN)
    return result


def _changes(
    want: Value, live: Value, before: Value, rules: Rules, at: str
) -> Iterator[FieldChange]:
    if rules.skipped.fact:
        return
    if isinstance(want, Mapping) and isinstance(live, Mapping):
        was = before if isinstance(before, Mapping) else {}
        for name, item in want.items():
            here = at + pointer(name)
            yield from _changes(item, live.get(name), was.get(name), rules.below(name), here)
    elif isinstance(want, list) and isinstance(live, list) and any(map(is_object, want)):
        yield from _list_changes(want, live, before, rules, at)
    elif not same(canonical_value(want, rules), canonical_value(live, rules)):
        yield FieldChange(at, live, want)


def _list_changes(
    want: list[Value],
    live: list[Value],
    before: Value,
    rules: Rules,
    at: str,
) -> Iterator[FieldChange]:
    """Item by item where the same ones are there, in an order that will do; else the whole list."""
    there = partners(want, live, rules)
    is_in_order = rules.unordered.fact or all(map(lambda a, b: a is b, there, live))
    if len(want) != len(live) or None in there or not is_in_order:
        yield FieldChange(at, live, merged(want, live, before, rules))
        return
    was = partners(want, before if isinstance(before, list) else [], rules)
    below = rules.below("0")
    for index, (item, old, earlier) in enumerate(zip(want, there, was, strict=True)):
        yield from _changes(item, old, earlier, below, at + pointer(index))


@dataclass(frozen=True, slots=True)
class Absent:
    """What becomes of a field that is no longer written."""

    defaults: Mapping[str, Json]
    shared: frozenset[str]  # what stays: maps of which only the keys that were written go, others


def _unwritten(
    before: Value,
    want: Value,
    live: Value,
    absent: Absent,
    rules: Rules,
    at: str,
) -> Iterator[FieldChange]:
    """What the last apply wrote, this one does not, and live still holds."""
    if isinstance(before, list) and isinstance(live, list) and isinstance(want, list):
        before, live = (partners(want, other, rules) for other in (before, live))
    if not isinstance(before, Mapping | list) or not isinstance(live, Mapping | list):
        return
    was, is_live, now = (dict(children(value)) for value in (before, live, want))
    for name, item in was.items():
        here = at + pointer(name)
        if name in now or here in absent.shared:
            below = rules.below(name)
            yield from _unwritten(item, now.get(name, {}), is_live.get(name), absent, below, here)
        elif isinstance(live, Mapping) and name in live and isinstance(want, Mapping):
            default = absent.defaults.get(here)
            if not same(default, live[name]) and not same(live[name], None):
                yield FieldChange(here, live[name], default)


def _off_default(kind: Kind, wanted: Fields, live: Fields, rules: Rules) -> Iterator[FieldChange]:
    for where, default in kind.defaults.items():
        yield from _off(default, parts(where), wanted, live, rules, "")


def _off(
    default: Json, way: list[str], want: Value, live: Value, rules: Rules, at: str
) -> Iterator[FieldChange]:
    """Where an unwritten field, along its way, is live and not its default."""
    name, *rest = way
    if isinstance(want, list) and isinstance(live, list):
        for index, (item, old) in enumerate(zip(want, partners(want, live, rules), strict=True)):
            here = at + pointer(index)
            yield from _off(default, rest, item, old, rules.below(name), here)
        return
    written = want if isinstance(want, Mapping) else {}
    if not isinstance(live, Mapping) or name not in live:
        return
    below, here = rules.below(name), at + pointer(name)
    if rest:
        yield from _off(default, rest, written.get(name), live[name], below, here)
    elif name not in written and not (default is None and same(live[name], None)):
        usual, found = (canonical_value(value, below) for value in (default, live[name]))
        if not same(usual, found):
            yield FieldChange(here, live[name], default)


def changeable_fields(kind: Kind, body: Fields | None) -> tuple[str, ...]:
    """The top-level fields in which somebody could have changed a resource that was like `body`.

    An immutable field that was not there can only have been filled in by Google, as the
    certificate of a managed one is when it becomes active; unless a resource is re-created under
    its own name, and may come back with more than it had.
    """
    is_recreated = kind.replacement is Replacement.RECREATE
    fixed = set() if is_recreated else {parts(pattern)[0] for pattern in kind.immutable}
    return tuple(
        name for name in kind.spec.model_fields if name in (body or {}) or name not in fixed
    )


def fields_digest(kind: Kind, live: Fields | None, fields: tuple[str, ...], project: str) -> str:
    """What a precondition is: the digest of the live fields that a step compares or overwrites.

    Fingerprints, times and whatever else the server sets are no part of it, so an unrelated change
    never spoils a plan; that nothing is there has a digest of its own.
    """
    if live is None:
        return digest("absent")
    body = canonical_value(picked(live, fields), rules_of(kind, project))
    return digest(guarded(body, f"{project} {kind.name}"))
