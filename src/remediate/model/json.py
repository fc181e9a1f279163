"""JSON as Google sends it, and one canonical spelling of it (RFC 8785)."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Body: TypeAlias = dict[str, Json]

_MAX_PLAIN = 1e21  # ECMAScript writes larger numbers with an exponent
_MIN_PLAIN = 1e-6


def canonical(value: object) -> bytes:
    """RFC 8785: keys in UTF-16 order, no white space, numbers as ECMAScript writes them."""
    return "".join(_pieces(value)).encode()


def digest(value: object) -> str:
    """`sha256:` and the hex digest of the canonical form."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def _pieces(value: object) -> list[str]:
    match value:
        case None | bool() | str():
            return [json.dumps(str(value) if isinstance(value, str) else value, ensure_ascii=False)]
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
    if not math.isfinite(value):
        raise ValueError("JSON has no number for infinity or NaN")
    if value == int(value) and abs(value) < _MAX_PLAIN:
        return str(int(value))
    if _MIN_PLAIN <= abs(value) < 1e-4:  # noqa: PLR2004 - where Python turns to exponents
        return f"{value:.24f}".rstrip("0") if float(f"{value:.24f}") == value else _decimal(value)
    mantissa, exponent, power = repr(value).partition("e")
    if not exponent:
        return mantissa
    sign = "-" if power.startswith("-") else "+"
    return f"{mantissa}e{sign}{power.lstrip('+-0')}"


def _decimal(value: float) -> str:
    from decimal import Decimal  # noqa: PLC0415 - for numbers that bodies hardly ever hold

    return format(Decimal(repr(value)), "f")
