"""Lay what is wanted over what is live: what a write sends, and what the user leaves to others."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from remediate.kinds.bodies.canonical import Fields, Rules, Value, partners, rules_of
from remediate.kinds.fields.pointers import parts
from remediate.kinds.kind import Kind
from remediate.model.plan import FieldChange


def merged(wanted: Value, live: Value, before: Value, rules: Rules) -> Value:
    """Wanted over live: what a write must send so that unwritten subfields stay as they are.

    What was written before and no longer is goes.
    """
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        was = before if isinstance(before, Mapping) else {}
        kept = {
            name: item
            for name, item in live.items()
            if name not in was and not _gives_way(name, wanted, rules)
        }
        return kept | {
            name: merged(item, live.get(name), was.get(name), rules.below(name))
            for name, item in wanted.items()
        }
    if isinstance(wanted, list) and isinstance(live, list):
        below = rules.below("0")
        was_there = partners(wanted, before if isinstance(before, list) else [], rules)
        there = zip(wanted, partners(wanted, live, rules), was_there, strict=True)
        return [merged(item, old, was, below) for item, old, was in there]
    return wanted


def _gives_way(name: str, wanted: Fields, rules: Rules) -> bool:
    """Whether a live field does not stay where it is not written: another is, in its place."""
    others = rules.alternatives.fact or ()
    return bool(rules.momentary.below(name).fact) or (
        name in others and any(other in wanted for other in others)
    )


def merged_changes(
    wanted: Fields, live: Fields, changes: tuple[FieldChange, ...], of: Rules
) -> dict[str, Value]:
    """The live body with the changes in it; a field that goes is null, as merge patches want it."""
    touched = {parts(change.pointer)[0] for change in changes}
    after = {
        name: merged(wanted[name], live.get(name), None, of.below(name))
        if name in wanted
        else live.get(name)
        for name in sorted(touched)
    }
    after = json_copy(after)
    for change in changes:
        *way, last = parts(change.pointer)
        holder: Value = after
        for part in way:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        if isinstance(holder, list):
            holder[int(last)] = json_copy(change.after)
        elif any(part.isdigit() for part in way) and change.after is None:
            holder.pop(last, None)  # lists are sent whole, so there is nothing to merge with
        else:
            holder[last] = json_copy(change.after)
    return {**live, **after}


def widened(
    kind: Kind,
    wanted: Fields,
    live: Fields,
    ignore: tuple[str, ...],
    project: str,
) -> Value:
    """Wanted, with what the user ignores wished for exactly as it is live.

    An index is one of the list as it is written; the values follow the item that stands there.
    """
    result = json_copy(wanted)
    for glob in ignore:
        result = _as_live(result, live, parts(glob), rules_of(kind, project))
    return result


def _as_live(want: Value, live: Value, glob: list[str], rules: Rules) -> Value:
    """One value with what a glob names in it as it is live."""
    head, *rest = glob
    if isinstance(want, list) and isinstance(live, list):
        below = rules.below("0")
        return [
            item
            if old is None or not fnmatchcase(str(at), head)
            else _as_live(item, old, rest, below)
            if rest
            else json_copy(old)
            for at, (item, old) in enumerate(zip(want, partners(want, live, rules), strict=True))
        ]
    if not isinstance(want, Mapping):
        return want
    there = live if isinstance(live, Mapping) else {}
    named = {name for name in (*want, *there) if fnmatchcase(name, head)}
    if rest:
        return dict(want) | {
            name: _as_live(want[name], there.get(name), rest, rules.below(name))
            for name in named
            if name in want
        }
    kept = {name: item for name, item in want.items() if name not in named}
    return kept | {name: json_copy(there[name]) for name in sorted(named) if name in there}


def json_copy(value: Value) -> Value:
    if isinstance(value, Mapping):
        return {name: json_copy(item) for name, item in value.items()}
    return [json_copy(item) for item in value] if isinstance(value, list | tuple) else value
