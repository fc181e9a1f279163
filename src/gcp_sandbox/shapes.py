"""Bodies of the newer APIs on their way in: proto3's JSON, checked and put in one form.

What Google's own clients and people write for one message differs: enums by number or name,
camelCase or snake_case, int64 as text, nulls. https://protobuf.dev/programming-guides/json
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from gcp_sandbox.request import Body, Json
from gcp_sandbox.status import StatusError, bad_field

Shape: TypeAlias = "str | Choice | Message | list[Shape]"
"""A scalar below, a Choice, a Message, or a list of one shape for repeated fields."""

TEXT: Final = "TYPE_STRING"
FLAG: Final = "TYPE_BOOL"
INT32: Final = "TYPE_INT32"
NUMBER: Final = "TYPE_FLOAT"
DURATION: Final = "type.googleapis.com/google.protobuf.Duration"
TEXTS: Final = "Map"
STRUCT: Final = "Struct"
"""Any object, taken as it is."""

_DURATION: Final = re.compile(r"(\d{1,12})(\.\d{1,9})?s")
_INT32: Final = 2**31
_EMPTY: Final[tuple[Json, ...]] = ("", 0, False, [], None)


@dataclass(frozen=True, slots=True)
class Choice:
    """An enum: the names by their numbers, from 0; the 0th means that nothing is chosen."""

    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Message:
    """Fields by name, those `required` to say something.

    `ignored` ones may be sent, being the server's own; `kept` ones are even if they are empty.
    """

    fields: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    ignored: frozenset[str] = frozenset()
    kept: frozenset[str] = field(default=frozenset())


def taken(shape: Message, value: Json, at: str) -> Body:
    """The body in its one form: what is unset or at proto3's default left out. Raises 400."""
    value = {} if value is None else value
    if not isinstance(value, dict):
        raise _wrong(at, "TYPE_MESSAGE", value)
    body: Body = {}
    for given, member in value.items():
        name = camel(given)
        if name in shape.ignored:
            continue
        if name not in shape.fields:
            raise StatusError(
                "INVALID_ARGUMENT",
                f"Invalid JSON payload received. Unknown name \"{given}\" at '{at}': "
                "Cannot find field.",
            )
        if member is None:
            continue
        read = _member(shape.fields[name], member, f"{at}.{name}")
        if name in shape.kept or read not in _EMPTY:
            body[name] = read
    for name in shape.required:
        if name not in body:
            raise bad_field(f"{at}.{name}", "is required")
    return body


def _member(shape: Shape, value: Json, at: str) -> Json:
    if isinstance(shape, Message):
        return taken(shape, value, at)
    if isinstance(shape, list):
        if not isinstance(value, list):
            raise _wrong(at, "TYPE_MESSAGE", value)
        return [_member(shape[0], item, f"{at}[{i}]") for i, item in enumerate(value)]
    if isinstance(shape, Choice):
        return _chosen(shape, value, at)
    return _scalar(shape, value, at)


def _chosen(shape: Choice, value: Json, at: str) -> Json:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(shape.names):
        value = shape.names[value]
    if value not in shape.names:
        raise _wrong(at, "TYPE_ENUM", value)
    return None if value == shape.names[0] else value


def _scalar(kind: str, value: Json, at: str) -> Json:
    if kind == INT32:
        return _integer(value, at)
    if kind == TEXTS:
        good = isinstance(value, dict) and all(isinstance(it, str) for it in value.values())
    elif kind == DURATION:
        good = isinstance(value, str) and _DURATION.fullmatch(value) is not None
        value = duration(value) if good else value
    elif kind == NUMBER:
        good = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        good = isinstance(value, {TEXT: str, FLAG: bool, STRUCT: dict}[kind])
    if not good:
        raise _wrong(at, kind, value)
    return value


def _integer(value: Json, at: str) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,12}", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    good = isinstance(value, int) and not isinstance(value, bool)
    if not good or not -_INT32 <= value < _INT32:
        raise _wrong(at, INT32, value)
    return int(value)


def duration(text: str) -> str:
    """`300.0s` as `300s`: protobuf writes no fraction, or three, six or nine digits of it."""
    whole, _, fraction = text[:-1].partition(".")
    fraction = fraction.rstrip("0")
    if not fraction:
        return f"{int(whole)}s"
    return f"{int(whole)}.{fraction:0<{-(-len(fraction) // 3) * 3}}s"


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in tail)


def mask(text: str | None) -> list[list[str]]:
    """An update mask, `a.b_c,d`, as paths of names; [] for none or `*`."""
    if not text or text == "*":
        return []
    return [[camel(name) for name in path.strip().split(".")] for path in text.split(",")]


def masked(shape: Message, old: Body, new: Body, paths: Sequence[Sequence[str]]) -> Body:
    """`old` with what `paths` name taken from `new`, or removed where it is not there."""
    body = old
    for path in paths:
        _check_path(shape, path)
        body = _put(body, new, path)
    return body


def _check_path(shape: Shape, path: Sequence[str]) -> None:
    for at, name in enumerate(path):
        if shape == TEXTS or (isinstance(shape, Message) and name in shape.ignored):
            return
        if not isinstance(shape, Message) or name not in shape.fields:
            where = ".".join(path[: at + 1])
            raise StatusError("INVALID_ARGUMENT", f"Invalid update mask: no field '{where}'.")
        shape = shape.fields[name]


def _put(old: Body, new: Body, path: Sequence[str]) -> Body:
    name, *deeper = path
    body = dict(old)
    value = _put(old.get(name) or {}, new.get(name) or {}, deeper) if deeper else new.get(name)
    if value in (None, {}):
        body.pop(name, None)
    else:
        body[name] = value
    return body


def _wrong(at: str, expected: str, value: Json) -> StatusError:
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    return StatusError("INVALID_ARGUMENT", f"Invalid value at '{at}' ({expected}), {shown}")
