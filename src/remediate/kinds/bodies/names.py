"""What replacements are called, and which live resource is the one that a document means.

A replacement is `<name>-<8 hex of SHA-256 of the canonical immutable spec>`; issued again, `-2`,
`-3` and so on. Ours is the plain name or that pattern, and nothing else. Where Google allows less
than 63 characters, the kind says so (`Naming`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Container

from remediate.kinds.facts import RFC1035, Naming
from remediate.kinds.registry import kind
from remediate.model.json import Body, canonical
from remediate.model.ref import Ref


def replacement(base: str, immutable: Body, taken: Collection[str], by: Naming = RFC1035) -> str:
    """The lowest unused name for a replacement with this immutable spec."""
    digest = hashlib.sha256(canonical(immutable)).hexdigest()[: by.digits]
    number = 1
    while True:
        suffix = f"-{digest}" + (f"-{number}" if number > 1 else "")
        name = _cut(base, suffix, by)
        if name not in taken:
            return name
        number += 1


def _cut(base: str, suffix: str, by: Naming) -> str:
    while counted(base.rstrip("-") + suffix, by) > by.longest:
        base = base[:-1]
    return base.rstrip("-") + suffix


def counted(name: str, by: Naming) -> int:
    """How long a name is, as Google counts."""
    return len(name) + (by.hyphen - 1) * name.count("-")


def is_ours(name: str, base: str, by: Naming = RFC1035) -> bool:
    """Whether a live name is the plain one or one that a replacement of it got."""
    if name == base:
        return True
    suffixes = (re.search(rf"-[0-9a-f]{{{by.digits}}}{again}$", name) for again in ("", "-[0-9]+"))
    return any(name == _cut(base, found[0], by) for found in suffixes if found)


def stands_for(live: Ref, ref: Ref, declared: Container[Ref]) -> bool:
    """Whether a live resource may be the one of a document, and is not another document's own."""
    if live == ref:
        return True
    same_place = (live.kind, live.location) == (ref.kind, ref.location)
    by = kind(ref.kind).naming
    return same_place and is_ours(live.name, ref.name, by) and live not in declared


def issue(name: str, by: Naming = RFC1035) -> int:
    """How many times the same spec was issued: `x-0a1b2c3d-2` is the second."""
    found = re.search(rf"-[0-9a-f]{{{by.digits}}}-([0-9]+)$", name)
    return int(found[1]) if found else 1
