"""Places in a file, found in a second pass over its events when somebody asks for them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from yaml.error import YAMLError
from yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from remediate.model.yaml_events import Event, events

_OPENING = (MappingStartEvent, SequenceStartEvent)
_CLOSING = (MappingEndEvent, SequenceEndEvent)


class Spot(NamedTuple):
    """A place in a document by JSON pointer: the value there, or the key that leads to it."""

    pointer: str
    on_key: bool = False


def locate(
    data: bytes, wanted: Mapping[int, Iterable[Spot]]
) -> dict[tuple[int, Spot], tuple[int, int]]:
    """(line, column) of spots of documents (by number), in a second pass over what was read.

    A spot that is not written gets the place of what it would be written in.
    """
    finder = _Finder(events(data))
    # Where the end of a file is broken, what stands before it is found all the same.
    with contextlib.suppress(YAMLError):
        finder.stream({number: _tree(spots) for number, spots in wanted.items()})
    return finder.found


@dataclass(slots=True)
class _Wanted:
    """Spots as a tree along their pointers."""

    values: list[Spot] = field(default_factory=list)
    keys: list[Spot] = field(default_factory=list)
    below: dict[str, _Wanted] = field(default_factory=dict)

    def everything(self) -> list[Spot]:
        deeper = [spot for child in self.below.values() for spot in child.everything()]
        return self.keys + self.values + deeper


def _tree(spots: Iterable[Spot]) -> _Wanted:
    root = _Wanted()
    for spot in spots:
        node = root
        for part in spot.pointer.split("/")[1:]:
            node = node.below.setdefault(part.replace("~1", "/").replace("~0", "~"), _Wanted())
        (node.keys if spot.on_key else node.values).append(spot)
    return root


class _Finder:
    """Follows only what is wanted, and skips the rest."""

    def __init__(self, get: Callable[[], Event]) -> None:
        self.found: dict[tuple[int, Spot], tuple[int, int]] = {}
        self._get = get
        self._number = -1

    def stream(self, wanted: Mapping[int, _Wanted]) -> None:
        last = max(wanted, default=-1)
        while self._number < last and (event := self._get()).__class__ is not StreamEndEvent:
            if event.__class__ is DocumentStartEvent:
                self._number += 1
                self._enter(self._get(), wanted.get(self._number))

    def _enter(self, event: Event, wanted: _Wanted | None) -> None:
        if wanted is not None:
            self._mark(wanted.values, event)
            for child in wanted.below.values():
                self._mark(child.everything(), event)
        if wanted is None or not wanted.below or event.__class__ not in _OPENING:
            self._skip(event)
        elif event.__class__ is MappingStartEvent:
            self._mapping(dict(wanted.below))
        else:
            self._sequence(wanted.below)

    def _mapping(self, wanted: dict[str, _Wanted]) -> None:
        while (event := self._get()).__class__ is not MappingEndEvent:
            # A key that is written twice counts where it stands first, as in `read`.
            child = wanted.pop(event.value, None) if event.__class__ is ScalarEvent else None
            if child is not None:
                self._mark(child.keys, event)
            self._skip(event)
            self._enter(self._get(), child)

    def _sequence(self, wanted: dict[str, _Wanted]) -> None:
        at = 0
        while (event := self._get()).__class__ is not SequenceEndEvent:
            child = wanted.get(str(at))
            if child is not None:
                self._mark(child.keys, event)
            self._enter(event, child)
            at += 1

    def _skip(self, event: Event) -> None:
        depth = 1 if event.__class__ in _OPENING else 0
        while depth:
            kind = self._get().__class__
            if kind in _OPENING:
                depth += 1
            elif kind in _CLOSING:
                depth -= 1

    def _mark(self, spots: list[Spot], event: Event) -> None:
        mark = event.start_mark
        for spot in spots:
            self.found[self._number, spot] = (mark.line + 1, mark.column + 1)
