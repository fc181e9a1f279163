"""Google's discovery documents: which paths there are, and what an answer may hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import googleapiclient

_FOLDER = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


@cache
def document(name: str) -> Any:
    """For instance `dns.v1`."""
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def faults(name: str, schema: str, value: Any) -> list[str]:
    """What in `value` is not as the schema has it: unknown members, wrong types, bad numbers."""
    return list(_faults(document(name)["schemas"], {"$ref": schema}, value, schema))


def _faults(schemas: Any, schema: Any, value: Any, at: str) -> Iterator[str]:
    schema = schemas[schema["$ref"]] if "$ref" in schema else schema
    kind = schema.get("type")
    if kind == "object":
        yield from _object_faults(schemas, schema, value, at)
    elif kind == "array":
        if not isinstance(value, list):
            yield f"{at}: {value!r} is no array"
            return
        for number, item in enumerate(value):
            yield from _faults(schemas, schema["items"], item, f"{at}[{number}]")
    elif kind in _TYPES:
        right = isinstance(value, _TYPES[kind]) and (kind == "boolean") == isinstance(value, bool)
        if not right:
            yield f"{at}: {value!r} is no {kind}"
        elif schema.get("format") in {"int64", "uint64"} and kind == "string":
            if not value.removeprefix("-").isdecimal():
                yield f"{at}: {value!r} is no number"
        elif "enum" in schema and value not in schema["enum"]:
            yield f"{at}: {value!r} is none of {schema['enum']}"


def _object_faults(schemas: Any, schema: Any, value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at}: {value!r} is no object"
        return
    members, others = schema.get("properties", {}), schema.get("additionalProperties")
    for name, member in value.items():
        if name in members or others:
            yield from _faults(schemas, members.get(name, others), member, f"{at}.{name}")
        else:
            yield f"{at}.{name}: unknown"
