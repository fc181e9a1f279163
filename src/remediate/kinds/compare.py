"""Differences between what is wanted and what is live, by the rules of a kind.

Everything here is pure. Bodies are Google's; links in them are whole already (see `resolve`), and
a value that Google has yet to choose is an `Unknown`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from remediate.kinds.kind import Kind, Replacement
from remediate.kinds.links import project_relative
from remediate.kinds.pointers import Patterns, children, matching, parts, pointer, transformed
from remediate.model.json import Json, digest
from remediate.model.plan import FieldChange
from remediate.model.values import Unknown

HIDDEN = "(secret)"


@dataclass(frozen=True, slots=True)
class Rules:
    """A kind's tables as a walk carries them along, and the project that short links belong to."""

    links: Patterns[tuple[str, ...]]
    normalise: Patterns[Callable[[Json], Json]]
    unordered: Patterns[bool]
    skipped: Patterns[bool]
    project: str

    def below(self, part: str) -> Rules:
        return Rules(
            self.links.below(part),
            self.normalise.below(part),
            self.unordered.below(part),
            self.skipped.below(part),
            self.project,
        )


@lru_cache(maxsize=64)
def rules_of(kind: Kind, project: str) -> Rules:
    return Rules(
        Patterns(kind.links),
        Patterns(kind.normalise),
        Patterns.flags(kind.unordered),
        Patterns.flags(kind.server_set | kind.write_only),
        project,
    )


def field_changes(
    kind: Kind,
    wanted: Mapping[str, Any],
    live: Mapping[str, Any],
    *,
    project: str,
    written_before: Mapping[str, Any] | None = None,
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
    found = [*_changes(wanted, live, rules, "")]
    if written_before:
        absent = Absent({}, frozenset()) if exactly else Absent(kind.defaults, kind.shared)
        found += _unwritten(written_before, wanted, live, absent, "")
    if restore_defaults:
        found += _off_default(kind, wanted, live, rules)
    distinct = {change.pointer: change for change in reversed(found)}
    return tuple(distinct[at] for at in sorted(distinct) if not _is_below_another(at, distinct))


def _is_below_another(at: str, changed: Container[str]) -> bool:
    """Whether something around the place changes as a whole, and takes the place with it."""
    names = parts(at)
    return any(pointer(*names[:length]) in changed for length in range(len(names)))


def merged(wanted: Any, live: Any) -> Any:  # noqa: ANN401 - any JSON
    """Wanted over live: what a write must send so that unwritten subfields stay as they are."""
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return {**live, **{name: merged(item, live.get(name)) for name, item in wanted.items()}}
    if isinstance(wanted, list) and isinstance(live, list) and len(wanted) == len(live):
        return [merged(item, old) for item, old in zip(wanted, live, strict=True)]
    return wanted


def merged_changes(
    wanted: Mapping[str, Any], live: Mapping[str, Any], changes: tuple[FieldChange, ...]
) -> dict[str, Any]:
    """The live body with the changes in it; a field that goes is null, as merge patches want it."""
    touched = {parts(change.pointer)[0] for change in changes}
    after = {
        name: merged(wanted[name], live.get(name)) if name in wanted else live.get(name)
        for name in sorted(touched)
    }
    after = json_copy(after)
    for change in changes:
        *way, last = parts(change.pointer)
        if next(matching(wanted, change.pointer), None) is None:
            holder: Any = after
            for part in way:
                holder = holder[int(part)] if isinstance(holder, list) else holder[part]
            if any(part.isdigit() for part in way) and change.after is None:
                holder.pop(last, None)  # lists are sent whole, so there is nothing to merge with
            else:
                holder[last] = change.after
    return {**live, **after}


def writable(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """A live body without what only the server sets, as it could be written again."""
    fields = kind.spec.model_fields
    kept = {name: item for name, item in body.items() if name in fields}
    result: dict[str, Any] = _without(kept, Patterns.flags(kind.server_set | kind.write_only))
    return result


def _without(value: Any, table: Patterns[bool]) -> Any:  # noqa: ANN401
    if isinstance(value, Mapping):
        return {
            name: _without(item, table.below(name))
            for name, item in value.items()
            if not table.below(name).fact
        }
    return (
        [_without(item, table.below("0")) for item in value] if isinstance(value, list) else value
    )


def without_secrets(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """A body to keep: what is never read back is not compared either, so nobody needs it."""
    result: dict[str, Any] = _without(body, Patterns.flags(kind.write_only))
    return result


def masked(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """A body for journals, plans and eyes: what is never read back is never shown either."""
    secret = Patterns.flags(kind.write_only)
    result: dict[str, Any] = transformed(body, secret, lambda _fact, _value: HIDDEN)
    return result


def widened(wanted: Mapping[str, Any], live: Mapping[str, Any], ignore: tuple[str, ...]) -> Any:  # noqa: ANN401
    """Wanted, with what the user ignores wished for exactly as it is live."""
    result = json_copy(wanted)
    for glob in ignore:
        for where in {*matching(wanted, glob), *matching(live, glob)}:
            _put(result, parts(where), live)
    return result


def canonical_value(value: Any, rules: Rules) -> Any:  # noqa: ANN401
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
        return sorted(items, key=_sort_key) if rules.unordered.fact else items
    if rules.links.fact is not None and isinstance(value, str) and "/" in value:
        return project_relative(value, rules.project)
    return value


def json_copy(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, Mapping):
        return {name: json_copy(item) for name, item in value.items()}
    return [json_copy(item) for item in value] if isinstance(value, list | tuple) else value


def _changes(want: Any, live: Any, rules: Rules, at: str) -> Iterator[FieldChange]:  # noqa: ANN401
    if rules.skipped.fact:
        return
    if isinstance(want, Mapping) and isinstance(live, Mapping):
        for name, item in want.items():
            yield from _changes(item, live.get(name), rules.below(name), at + pointer(name))
        return
    if isinstance(want, list) and isinstance(live, list) and len(want) == len(live):
        below = rules.below("0")
        if rules.unordered.fact:
            want, live = (
                sorted(v, key=lambda x: _sort_key(canonical_value(x, below))) for v in (want, live)
            )
        if not any(isinstance(item, Mapping) for item in want):
            if canonical_value(want, rules) != canonical_value(live, rules):
                yield FieldChange(at, live, want)
            return
        for index, (item, old) in enumerate(zip(want, live, strict=True)):
            yield from _changes(item, old, below, at + pointer(index))
        return
    if not _same(canonical_value(want, rules), canonical_value(live, rules)):
        yield FieldChange(at, live, want)


def _same(want: Any, live: Any) -> bool:  # noqa: ANN401
    if want == live:
        return type(want) is not bool or type(live) is bool or live is None
    if live is None:  # Google leaves empty values out of its answers
        return want in ("", [], {}, 0, False) or (
            isinstance(want, Mapping) and all(_same(item, None) for item in want.values())
        )
    numbers = (int, float, str)
    if isinstance(want, numbers) and isinstance(live, numbers) and not isinstance(want, bool):
        return str(want) == str(live)  # an int64 travels as text
    return False


@dataclass(frozen=True, slots=True)
class Absent:
    """What becomes of a field that is no longer written."""

    defaults: Mapping[str, Json]
    shared: frozenset[str]  # maps of which only the keys that were written go


def _unwritten(
    before: Any,  # noqa: ANN401 - any JSON
    want: Any,  # noqa: ANN401
    live: Any,  # noqa: ANN401
    absent: Absent,
    at: str,
) -> Iterator[FieldChange]:
    """What the last apply wrote, this one does not, and live still holds."""
    if not isinstance(before, Mapping | list) or not isinstance(live, Mapping | list):
        return
    was, is_live, now = (dict(children(value)) for value in (before, live, want))
    for name, item in was.items():
        here = at + pointer(name)
        if name in now or here in absent.shared:
            yield from _unwritten(item, now.get(name, {}), is_live.get(name), absent, here)
        elif isinstance(live, Mapping) and name in live and isinstance(want, Mapping):
            default = absent.defaults.get(here)
            if not _same(default, live[name]) and not _same(live[name], None):
                yield FieldChange(here, live[name], default)


def _off_default(
    kind: Kind, wanted: Mapping[str, Any], live: Mapping[str, Any], rules: Rules
) -> Iterator[FieldChange]:
    for where, default in kind.defaults.items():
        written: Any = wanted
        holder: Any = live
        here = rules
        *path, last = parts(where)
        for part in path:
            written = written.get(part) if isinstance(written, Mapping) else None
            holder = holder.get(part) if isinstance(holder, Mapping) else None
            here = here.below(part)
        if not isinstance(holder, Mapping) or last not in holder:
            continue
        if isinstance(written, Mapping) and last in written:
            continue
        rule = here.below(last)
        if not _same(canonical_value(default, rule), canonical_value(holder[last], rule)):
            yield FieldChange(where, holder[last], default)


def _put(result: Any, path: list[str], live: Any) -> None:  # noqa: ANN401
    """Make one place of the result what it is live; a list is followed by index."""
    *way, last = path
    for part in way:
        live = _step(live, part)
        result = _step(result, part)
        if result is None:
            return
    value = _step(live, last)
    if isinstance(result, list):
        if last.isdigit() and int(last) < len(result) and value is not None:
            result[int(last)] = json_copy(value)
    elif value is None:
        result.pop(last, None)
    else:
        result[last] = json_copy(value)


def _step(value: Any, part: str) -> Any:  # noqa: ANN401
    if isinstance(value, Mapping):
        return value.get(part)
    if isinstance(value, list) and part.isdigit() and int(part) < len(value):
        return value[int(part)]
    return None


def _sort_key(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, sort_keys=True, default=str)


def changeable_fields(kind: Kind, body: Mapping[str, Any] | None) -> tuple[str, ...]:
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


def fields_digest(
    kind: Kind, live: Mapping[str, Any] | None, fields: tuple[str, ...], project: str
) -> str:
    """What a precondition is: the digest of the live fields that a step compares or overwrites.

    Fingerprints, times and whatever else the server sets are no part of it, so an unrelated change
    never spoils a plan; that nothing is there has a digest of its own.
    """
    if live is None:
        return digest("absent")
    canonical = canonical_value(
        {name: live[name] for name in fields if name in live}, rules_of(kind, project)
    )
    return digest(canonical)
