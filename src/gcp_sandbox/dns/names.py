"""Domain names as Cloud DNS takes them: absolute, lower case, with their final dot."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_/-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}\.|\.")
_OWNER: Final = re.compile(rf"(?:\*\.)?(?:{_LABEL}\.)*{_LABEL}\.")
_LONGEST: Final = 254
"""255 octets on the wire (RFC 1035 section 2.3.4), less the one that the text does not show."""


@lru_cache(maxsize=65536)
def target(text: str) -> str:
    """A name in rdata, canonical; raises ValueError unless it is absolute."""
    name = text.lower()
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        raise ValueError(f"not an absolute domain name: {text!r}")
    return name


def owner(text: str) -> str:
    """A record set's own name, canonical, `*` allowed as its first label; raises ValueError."""
    name = text.lower()
    if len(name) > _LONGEST or not _OWNER.fullmatch(name):
        raise ValueError(f"not an absolute domain name: {text!r}")
    return name


def within(name: str, zone: str) -> bool:
    """Whether `name` is the zone's apex or below it."""
    return name == zone or name.endswith("." + zone)


def parent(name: str) -> str:
    """One label less; the root's parent is the root."""
    return name.partition(".")[2] or "."


def tree_key(name: str) -> str:
    """Sorts as the tree of names does (RFC 4034 section 6.1): a parent just before its children."""
    return "\0".join(reversed(name.removesuffix(".").split(".")))


def set_key(name: str, rrtype: str) -> str:
    """Sorts record sets by name in the tree's order, then by type."""
    return f"{tree_key(name)}\0\0{rrtype}"
