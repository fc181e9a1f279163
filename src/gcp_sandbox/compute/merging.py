"""Walking and changing JSON bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gcp_sandbox.request import Body, Json


def merged(below: Json, patch: Json) -> Json:
    """JSON merge patch (RFC 7396): null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(below) if isinstance(below, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def without_nulls(value: Json) -> Json:
    """Leave out every null member, as a protocol buffer would."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def replace_texts(body: Body, path: str, change: Callable[[str, str], str]) -> None:
    """Replace every text at `path` (see Link) by `change(text, where)`; empty ones are left."""
    if path.startswith("**."):
        _replace_anywhere(body, path[3:], change, "resource")
    else:
        _replace_at(body, path.split("."), change, "resource")


def _replace_at(
    value: Json, names: list[str], change: Callable[[str, str], str], where: str
) -> None:
    name, in_list = names[0].removesuffix("[]"), names[0].endswith("[]")
    if not isinstance(value, dict) or name not in value:
        return
    for container, key, at in _slots(value, name, in_list=in_list, where=where):
        item = container[key]
        if len(names) > 1:
            _replace_at(item, names[1:], change, at)
        elif isinstance(item, str) and item:
            container[key] = change(item, at)


def _slots(
    value: Body, name: str, *, in_list: bool, where: str
) -> Iterator[tuple[Json, Json, str]]:
    if not in_list:
        yield value, name, f"{where}.{name}"
    elif isinstance(value[name], list):
        for number in range(len(value[name])):
            yield value[name], number, f"{where}.{name}[{number}]"


def _replace_anywhere(
    value: Json, name: str, change: Callable[[str, str], str], where: str
) -> None:
    if isinstance(value, list):
        for number, item in enumerate(value):
            _replace_anywhere(item, name, change, f"{where}[{number}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == name and isinstance(item, str) and item:
                value[key] = change(item, f"{where}.{key}")
            else:
                _replace_anywhere(item, name, change, f"{where}.{key}")


def texts_at(body: Body, path: str) -> list[str]:
    """Every text that stands at `path`."""
    found: list[str] = []

    def note(text: str, _where: str) -> str:
        found.append(text)
        return text

    replace_texts(body, path, note)
    return found
