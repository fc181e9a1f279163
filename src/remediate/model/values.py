"""Values of a spec that are not plain JSON yet: quoted text, templates, the unknown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias
from urllib.parse import quote

from remediate.model.json import Json
from remediate.model.ref import Ref

# `${Kind/name.field}` or `${Kind/location/name.field}`; `${var.x}` and `${env.X}` are gone by now,
# and a `${` that is only text is spelled `$${`.
REFERENCE = re.compile(
    r"(?<!\$)\$\{([A-Z][A-Za-z]+)/(?:([a-z0-9-]+)/)?([a-z0-9-]+)\.([A-Za-z0-9_.]+)\}"
)


Tree: TypeAlias = Any  # JSON, and secrets and unknowns in it
HIDDEN = "(secret)"
MASKED = "$masked"  # what stores keep of a secret: `{"$masked": "hmac-sha256:…"}`


class Quoted(str):
    """A scalar that its writer put in quotes: text, never a number or a boolean."""

    __slots__ = ()


class Supplied(str):
    """Text that one process variable holds: it stands in no file."""

    __slots__ = ()


_SEEN: set[str] = set()  # every secret that this process has met, long enough to be told apart
_TELLABLE = 6  # characters; less could be any word


class Secret(str):
    """Text that is sent as it is and shown to nobody: outputs hide it, stores keep a digest."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if len(text) >= _TELLABLE:
            _SEEN.add(str(text))
        return super().__new__(cls, text)

    def __repr__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)


def without_seen(text: str) -> str:
    """Somebody else's words, which may repeat what they were sent, without any secret we know."""
    for secret in sorted(_SEEN, key=len, reverse=True):
        for spelling in (secret, repr(secret)[1:-1], quote(secret, safe="")):
            text = text.replace(spelling, HIDDEN)
    return text


def is_masked(value: Tree) -> bool:
    return isinstance(value, Mapping) and value.keys() == {MASKED}


def secrets_in(value: Tree) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from secrets_in(item)


def hidden(value: Tree) -> Tree:
    """The value with every secret in it hidden, masked or not."""
    if isinstance(value, Secret) or is_masked(value):
        return HIDDEN
    if isinstance(value, Mapping):
        return {name: hidden(item) for name, item in value.items()}
    return [hidden(item) for item in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that Google will choose: known after apply.

    `text` is what it is only a part of: a template in which all that is known is filled in, and
    references go by live names.
    """

    ref: Ref
    field: str
    text: str = ""

    def __str__(self) -> str:
        return "(known after apply)"

    @property
    def expression(self) -> str:
        return self.text or str(Reference(self.ref, self.field))

    @property
    def references(self) -> list[Reference]:
        return Template(self.expression).references


def unknowns(value: Tree) -> Iterator[Unknown]:
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from unknowns(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from unknowns(item)


@dataclass(frozen=True, slots=True)
class Reference:
    """`${Kind/name.field}`."""

    ref: Ref
    field: str

    def __str__(self) -> str:
        return f"${{{self.ref}.{self.field}}}"


class Template(str):
    """Text with references in it, each spelled with the whole name of what it refers to.

    A `${` that is no reference is written `$${`, as in YAML.
    """

    __slots__ = ()

    @property
    def references(self) -> list[Reference]:
        return [reference(match) for match in REFERENCE.finditer(self)]

    def render(self, look_up: Callable[[Reference], str | Unknown]) -> str | Unknown:
        """The text with every reference filled in, or the unknown that it is as yet."""
        unknown: list[Unknown] = []
        # A value that Google chose is not ours: a `${` in it stays text.
        open_text, end = "", 0
        for match in REFERENCE.finditer(self):
            value = look_up(reference(match))
            if isinstance(value, Unknown):
                unknown.append(value)
            filled = value.expression if isinstance(value, Unknown) else value.replace("${", "$${")
            open_text += self[end : match.start()] + filled
            end = match.end()
        open_text += self[end:]
        if not unknown:
            return open_text.replace("$${", "${")
        first = unknown[0]
        return first if open_text == first.expression else replace(first, text=open_text)


def reference(match: re.Match[str]) -> Reference:
    kind, location, name, field = match.groups()
    return Reference(Ref(kind, name, location or "global"), field)


Value: TypeAlias = "dict[str, Value] | list[Value] | Json | Unknown"
