"""What replacements are called, and which live resource is the one that a document means.

A replacement is `<name>-<8 hex of SHA-256 of the canonical immutable spec>`; issued again, `-2`,
`-3` and so on. Ours is the plain name or that pattern, and nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Container

from remediate.model.json import Body, canonical
from remediate.model.ref import Ref

LONGEST = 63  # RFC 1035, and Google's limit for compute names
_HEX = 8
_SUFFIXES = (r"-[0-9a-f]{8}$", r"-[0-9a-f]{8}-[0-9]+$")


def replacement(base: str, immutable: Body, taken: Collection[str]) -> str:
    """The lowest unused name for a replacement with this immutable spec."""
    digest = hashlib.sha256(canonical(immutable)).hexdigest()[:_HEX]
    number = 1
    while True:
        suffix = f"-{digest}" + (f"-{number}" if number > 1 else "")
        name = _cut(base, suffix)
        if name not in taken:
            return name
        number += 1


def _cut(base: str, suffix: str) -> str:
    return base[: LONGEST - len(suffix)].rstrip("-") + suffix


def is_ours(name: str, base: str) -> bool:
    """Whether a live name is the plain one or one that a replacement of it got."""
    if name == base:
        return True
    suffixes = (re.search(pattern, name) for pattern in _SUFFIXES)
    return any(name == _cut(base, found[0]) for found in suffixes if found)


def stands_for(live: Ref, ref: Ref, declared: Container[Ref]) -> bool:
    """Whether a live resource may be the one of a document, and is not another document's own."""
    if live == ref:
        return True
    same_place = (live.kind, live.location) == (ref.kind, ref.location)
    return same_place and is_ours(live.name, ref.name) and live not in declared


def issue(name: str) -> int:
    """How many times the same spec was issued: `x-0a1b2c3d-2` is the second."""
    found = re.search(r"-[0-9a-f]{8}-([0-9]+)$", name)
    return int(found[1]) if found else 1
