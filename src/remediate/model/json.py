"""JSON as Google sends it, and one canonical spelling of it (RFC 8785)."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Body: TypeAlias = dict[str, Json]

# Where ECMAScript's Number::toString turns to exponents.
_MOST_DIGITS = 21
_MOST_ZEROS = 6


def part(body: Mapping[str, Json], *way: str) -> Body:
    """The object at the end of a way of names; empty where there is none."""
    found: Json = dict(body)
    for name in way:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def parts(body: Mapping[str, Json], *way: str) -> list[Body]:
    """The objects in the list at the end of a way of names; none where there is none."""
    found = part(body, *way[:-1]).get(way[-1])
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def canonical(value: object) -> bytes:
    """RFC 8785: keys in UTF-16 order, no white space, numbers as ECMAScript writes them.

    A whole number beyond 2**53, which the RFC leaves out, keeps all its digits. Raises ValueError
    for what is no JSON: infinity, NaN, half a surrogate pair.
    """
    return "".join(_pieces(value)).encode()


def digest(value: object) -> str:
    """`sha256:` and the hex digest of the canonical form."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def _pieces(value: object) -> list[str]:
    match value:
        case str():
            return [encode_basestring(str(value))]
        case None | bool():
            return [json.dumps(value)]
        case int():
            return [str(value)]
        case float():
            return [_number(value)]
        case Mapping():
            rows = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
            inner = [[*_pieces(key), ":", *_pieces(item)] for key, item in rows]
            return ["{", *_joined(inner), "}"]
        case list() | tuple():
            return ["[", *_joined([_pieces(item) for item in value]), "]"]
        case _:
            raise TypeError(f"{type(value).__name__} is not JSON")


def _joined(rows: list[list[str]]) -> list[str]:
    return [piece for at, row in enumerate(rows) for piece in ([","] if at else []) + row]


def _number(value: float) -> str:
    """The shortest digits that mean the number, placed as ECMAScript places them."""
    if not math.isfinite(value):
        raise ValueError("JSON has no number for infinity or NaN")
    if value == 0:
        return "0"
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    padded = whole + fraction
    digits = padded.lstrip("0")
    point = len(whole) + int(power or 0) - (len(padded) - len(digits))
    digits = digits.rstrip("0")
    return ("-" if value < 0 else "") + _placed(digits, point)


def _placed(digits: str, point: int) -> str:
    """`point` is how many digits stand before the decimal point, or less than 1 if none does."""
    if len(digits) <= point <= _MOST_DIGITS:
        return digits.ljust(point, "0")
    if 0 < point <= _MOST_DIGITS:
        return f"{digits[:point]}.{digits[point:]}"
    if -_MOST_ZEROS < point <= 0:
        return f"0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{rest}e{point - 1:+d}"
