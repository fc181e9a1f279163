"""Merge patches onto the state of a section, whose lists of named objects are addressed by name."""

from __future__ import annotations

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


def _in_list(items: list[Json], patch: Body) -> list[Json]:
    if missing := patch.keys() - {_name(item) for item in items}:
        raise NothingThere(f"there is no {', '.join(sorted(missing))}")
    return [patched(item, patch[_name(item)]) if _name(item) in patch else item for item in items]


def _name(item: Json) -> str:
    return str(item.get("name", "")) if isinstance(item, dict) else ""
