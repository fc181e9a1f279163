"""Domain names of certificates: what Google takes for one, and which two are the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from remediate.kinds.facts import Pattern
from remediate.kinds.fields.rules import Fault, values
from remediate.model.json import Json

LONGEST = 253  # RFC 1035, as text without the dot at the end
_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}\.)+{_LABEL}\.?")


def plain_domain(value: Json) -> Json:
    """A domain in lower case, without the dot that Google accepts at its end."""
    return value.lower().removesuffix(".") if isinstance(value, str) else value


def is_domain(text: str) -> bool:
    """With a dot at its end or without; no wildcard."""
    return _DOMAIN.fullmatch(text.lower()) is not None and len(text) <= LONGEST


def is_host(text: str) -> bool:
    """A domain or a wildcard for what is directly below one, without a dot at the end."""
    return is_domain(text.removeprefix("*.")) and not text.endswith(".")


def once(spec: Mapping[str, object], pattern: Pattern) -> Iterator[Fault]:
    """Each domain once, however it is spelled."""
    seen: dict[Json, str] = {}
    for at, name in values(spec, pattern):
        first = seen.setdefault(plain_domain(name), at)
        if first != at:
            yield at, f"domain {name!r} is already at {first}"
