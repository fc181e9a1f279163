"""What replacements are called, and which live resource is the one that a document means.

A replacement is `<name>-<8 hex of SHA-256 of the canonical immutable spec>`; issued again, `-2`,
`-3` and so on. Ours is the plain name or that pattern, and nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection

from remediate.model.json import Body, canonical

LONGEST = 63  # RFC 1035, and Google's limit for compute names
_HEX = 8


def replacement(base: str, immutable: Body, taken: Collection[str]) -> str:
    """The lowest unused name for a replacement with this immutable spec."""
    digest = hashlib.sha256(canonical(immutable)).hexdigest()[:_HEX]
    number = 1
    while True:
        suffix = f"-{digest}" + (f"-{number}" if number > 1 else "")
        name = base[: LONGEST - len(suffix)].rstrip("-") + suffix
        if name not in taken:
            return name
        number += 1


def is_ours(name: str, base: str) -> bool:
    """Whether a live name is the plain one or one that a replacement of it got."""
    if name == base:
        return True
    found = re.fullmatch(r"(.+)-[0-9a-f]{8}(?:-[0-9]+)?", name)
    if not found:
        return False
    return found[1] == base or (len(name) >= LONGEST - 1 and base.startswith(found[1]))


def issue(name: str) -> int:
    """How many times the same spec was issued: `x-0a1b2c3d-2` is the second."""
    found = re.search(r"-[0-9a-f]{8}-([0-9]+)$", name)
    return int(found[1]) if found else 1
