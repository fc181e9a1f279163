"""A live record set: what of it is a user's, and what the server counts up by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from remediate.model.json import Body

WORDS = ("name", "type", "ttl", "rrdatas", "routingPolicy")
_SERIAL = 2  # which word of a SOA the server counts up by itself


def with_live_serial(wanted: Body, live: Mapping[str, Any] | None) -> Body:
    """A set to be written in place of a live one; of a SOA, the serial stays the server's."""
    values: Any = wanted.get("rrdatas")
    if wanted.get("type") != "SOA" or not values or live is None:
        return wanted
    return {**wanted, "rrdatas": with_serial_of(live.get("rrdatas") or [], values)}


def essence(live: Mapping[str, Any]) -> dict[str, Any]:
    """All of a live set that a user could have changed; the serial of a SOA is the server's."""
    words = {name: live[name] for name in WORDS if live.get(name) is not None}
    if words.get("type") == "SOA":
        words["rrdatas"] = without_serial(words.get("rrdatas") or [])
    if words.get("routingPolicy"):
        from remediate.kinds.records.routing import canonical_policy  # few sets do

        words["routingPolicy"] = canonical_policy(str(words.get("type")), words["routingPolicy"])
        words.pop("rrdatas", None)
    return words


def negative_ttl(live: Mapping[str, Any]) -> int | None:
    """Seconds for which a live SOA lets caches keep that there is none (RFC 2308 §5)."""
    values = live.get("rrdatas") or [""]
    minimum = str(values[0]).rpartition(" ")[2]
    ttl = live.get("ttl")
    return min(int(ttl), int(minimum)) if minimum.isdecimal() and ttl is not None else None


def without_serial(values: list[Any]) -> list[Any]:
    """The data of a SOA, the same whatever the server has counted up to."""
    return with_serial_of(["- - 0"], values)


def with_serial_of(live: list[str], values: list[Any]) -> list[Any]:
    """The server counts the serial up; we neither compare nor choose it."""
    words = live[0].split() if live else []
    if len(words) <= _SERIAL:
        return values
    wanted = [str(value).split(" ") for value in values]
    return [" ".join([*each[:_SERIAL], words[_SERIAL], *each[_SERIAL + 1 :]]) for each in wanted]
