"""Fields of a body by their way down from the top: `labels`, `settings/tier`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from remediate.model.json import Body


def at_field(body: Mapping[str, object], field: str) -> Any:  # noqa: ANN401 - JSON is any
    """Its value; None where there is none."""
    value: object = body
    for name in field.split("/"):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def with_fields(
    body: Mapping[str, Any], other: Mapping[str, object], fields: Iterable[str]
) -> Body:
    """The body with these fields as they are in another; null where it has none."""
    result: Body = dict(body)
    for field in fields:
        *way, last = field.split("/")
        holder: dict[str, Any] = result
        for name in way:
            below = holder.get(name)
            holder[name] = dict(below) if isinstance(below, Mapping) else {}
            holder = holder[name]
        holder[last] = at_field(other, field)
    return result


def picked(body: Mapping[str, object], fields: Iterable[str]) -> Body:
    """These fields alone, where the body has them."""
    return with_fields({}, body, [name for name in fields if at_field(body, name) is not None])
