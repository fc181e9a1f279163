"""Patches and changes of the state of a section, whose lists of named objects go by name."""

from __future__ import annotations

from typing import Final

from gcp_sandbox.request import Body, Json


class NothingThere(LookupError):
    """A patch for an object that a list does not hold."""


def patched(below: Json, patch: Json) -> Json:
    """RFC 7396, but that an object for a list changes its members of these names.

    Raises NothingThere.
    """
    if isinstance(below, list) and isinstance(patch, dict):
        return _in_list(below, patch)
    if not isinstance(patch, dict):
        return patch
    result: Body = dict(below) if isinstance(below, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = patched(result.get(name), value)
    return result


def merged(before: Json, after: Json, now: Json) -> Json:
    """`now` without what led from `before` to `after`, as far as it still stands.

    Member by member; what has changed since is kept whole.
    """
    if now == after:
        return before
    if before == after:
        return now
    states = (before, after, now)
    if isinstance(now, dict) and _UNTOLD in now and _public(now) == _public(after):
        return before  # what follows from it has been worked out since
    if all(isinstance(state, dict) for state in states):
        return _members(before, after, now)
    if all(isinstance(state, list) and _are_named(state) for state in states):
        by_name = [{_identity(item): item for item in state} for state in states]
        return list(_members(*by_name).values())
    return now


def _members(before: Body, after: Body, now: Body) -> Body:
    found = {
        name: merged(before.get(name, _GONE), after.get(name, _GONE), now.get(name, _GONE))
        for name in {**before, **now}
    }
    return {name: value for name, value in found.items() if value is not _GONE}


def _public(state: Json) -> Json:
    if not isinstance(state, dict):
        return state
    return {name: value for name, value in state.items() if name != _UNTOLD}


_GONE: Final = object()
_UNTOLD: Final = "_"
"""Under which an object keeps what no API tells of it."""


def _are_named(items: list[Json]) -> bool:
    names = [_identity(item) for item in items]
    return all(names) and len({*names}) == len(names)


def _identity(item: Json) -> str:
    """An object's name, or that of its body; with its type, since record sets share names."""
    own = item.get("body", item) if isinstance(item, dict) else {}
    name = _name(own)
    return f"{name}/{own.get('type', '')}" if name else ""


def _in_list(items: list[Json], patch: Body) -> list[Json]:
    if missing := patch.keys() - {_name(item) for item in items}:
        raise NothingThere(f"there is no {', '.join(sorted(missing))}")
    return [patched(item, patch[_name(item)]) if _name(item) in patch else item for item in items]


def _name(item: Json) -> str:
    return str(item.get("name", "")) if isinstance(item, dict) else ""
