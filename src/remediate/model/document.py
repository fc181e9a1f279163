"""YAML as we take it: mappings, lists and text, read from libyaml's events by a builder of our own.

No types are guessed: a plain scalar is its text, a quoted or block scalar is `Quoted`, and nothing
(`null`, `~` or no text at all) is None. What can make a file mean something else than it shows is
refused: duplicate keys, anchors, aliases, tags. Positions are not kept; see `position`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from remediate.model.errors import Fault, Place
from remediate.model.malformed import malformed, place_of, unprintable
from remediate.model.values import Quoted
from remediate.model.yaml_events import Event, events

MOST_BYTES = 64 * 1024 * 1024
DEEPEST = 64
MOST_NODES = 5_000_000
_MOST_FAULTS = 100  # of one file's form: a file of 16 million aliases is not worth more
_SHORT = 9  # scalars shorter than this are kept once: `A`, `ttl`, `300`
_WIDEST = 80

Node: TypeAlias = "dict[str, Node] | list[Node] | str | None"
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


class Written(NamedTuple):
    """A scalar with `${` in it: `container[key]` is its text, and where it begins."""

    container: dict[str, Node] | list[Node]
    key: str | int
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document whose root is a mapping.

    `number` counts the documents of its file from 0. One that is not `whole` has a fault in its
    form, and parts of it are missing.
    """

    place: Place
    number: int
    body: dict[str, Node]
    written: list[Written]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of a file: its documents, and what is wrong with its form.

    `complete` is false where the reader had to give the rest of the file up.
    """

    documents: list[Document] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    complete: bool = True


def read(data: bytes, file: str) -> Reading:
    """All documents of a file; whatever is in it, nothing is raised but YamlUnavailable."""
    if len(data) > MOST_BYTES:
        return _refused(Place(file, 1, 1), f"the file is larger than {MOST_BYTES >> 20} MiB")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        place = place_of(file, data[: error.start].decode())
        return _refused(place, f"byte 0x{data[error.start]:02x} is not UTF-8", "save it as UTF-8")
    builder = _Builder(events(data), file)
    try:
        builder.stream()
    except ReaderError as error:
        builder.faults.append(unprintable(file, data.decode(), str(error.reason)))
    except MarkedYAMLError as error:
        builder.faults.append(malformed(file, data, error))
    except YAMLError as error:
        builder.faults.append(Fault(Place(file, 1, 1), str(error)))
    except _GivenUp:
        pass
    else:
        return Reading(builder.documents, builder.faults)
    return Reading(builder.documents, builder.faults, complete=False)


class _GivenUp(Exception):
    """The rest of the file cannot be read."""


class _Builder:
    """Events to documents. `_mapping` and `_sequence` see every node of large zones."""

    def __init__(self, get: Callable[[], Event], file: str) -> None:
        self.documents: list[Document] = []
        self.faults: list[Fault] = []
        self._get = get
        self._file = file
        self._once: dict[str, str] = {}
        self._left = MOST_NODES
        self._written: list[Written] = []
        self._whole = True

    def stream(self) -> None:
        number = 0
        while (event := self._get()).__class__ is not StreamEndEvent:
            if event.__class__ is DocumentStartEvent:
                self._document(number)
                number += 1

    def _document(self, number: int) -> None:
        event = self._get()
        self._written, self._whole = [], True
        self._count(event, 1)
        place = self._place(event.start_mark)
        body = self._node(event, 1)
        if isinstance(body, dict):
            self.documents.append(Document(place, number, body, self._written, self._whole))
        elif body is not None:
            self._fault(event, "a document is a mapping", "apiVersion, kind, metadata, spec")

    def _node(self, event: Event, depth: int) -> Node:
        kind = event.__class__
        if kind is AliasEvent:
            self._whole = False
            self._fault(
                event, f"the alias {_shown('*' + event.anchor)} is refused", "write the value out"
            )
            return None
        if event.anchor is not None or event.tag is not None:
            self._decorated(event)
        if kind is ScalarEvent:
            return self._scalar(event)
        if depth > DEEPEST:
            self._give_up(event, f"this is nested more than {DEEPEST} deep")
        return self._mapping(depth) if kind is MappingStartEvent else self._sequence(depth)

    def _mapping(self, depth: int) -> dict[str, Node]:
        out: dict[str, Node] = {}
        get, once = self._get, self._once.setdefault
        while (event := get()).__class__ is not MappingEndEvent:
            self._count(event, 2)
            if event.__class__ is not ScalarEvent:
                self._odd_key(event, depth)
                continue
            if event.anchor is not None or event.tag is not None:
                self._decorated(event)
            key = event.value
            if len(key) < _SHORT:
                key = once(key, key)
            if key in out:
                self._fault(event, f"the key {_shown(key)} is written twice", "keep one of them")
                self._node(get(), depth + 1)
                continue
            event = get()
            if event.__class__ is ScalarEvent and event.anchor is None and event.tag is None:
                out[key] = text = self._scalar(event)
                if text is not None and "${" in text:
                    self._note(out, key, event)
            else:
                out[key] = self._node(event, depth + 1)
        return out

    def _sequence(self, depth: int) -> list[Node]:
        out: list[Node] = []
        get = self._get
        while (event := get()).__class__ is not SequenceEndEvent:
            self._count(event, 1)
            if event.__class__ is ScalarEvent and event.anchor is None and event.tag is None:
                out.append(text := self._scalar(event))
                if text is not None and "${" in text:
                    self._note(out, len(out) - 1, event)
            else:
                out.append(self._node(event, depth + 1))
        return out

    def _scalar(self, event: Event) -> str | None:
        text: str = event.value
        if event.style:
            return Quoted(text)
        if len(text) < _SHORT:
            return None if text in _NOTHING else self._once.setdefault(text, text)
        return text

    def _note(self, container: dict[str, Node] | list[Node], key: str | int, event: Event) -> None:
        mark = event.start_mark
        self._written.append(Written(container, key, mark.line + 1, mark.column + 1))

    def _odd_key(self, event: Event, depth: int) -> None:
        self._whole = False
        if event.__class__ is AliasEvent:
            self._node(event, depth)
        else:
            self._fault(event, "a key is text, not a mapping or a list")
            self._node(event, depth + 1)
        self._node(self._get(), depth + 1)

    def _decorated(self, event: Event) -> None:
        if event.anchor is not None:
            self._fault(
                event, f"the anchor {_shown('&' + event.anchor)} is refused", "write the value out"
            )
        if event.tag is not None:
            self._fault(
                event, f"the tag {_shown(event.tag)} is refused", "fields know their own types"
            )

    def _count(self, event: Event, nodes: int) -> None:
        self._left -= nodes
        if self._left < 0:
            self._give_up(event, f"there are more than {MOST_NODES:,} values in this file")

    def _give_up(self, event: Event, message: str) -> None:
        self._fault(event, message)
        raise _GivenUp

    def _fault(self, event: Event, message: str, hint: str = "") -> None:
        self.faults.append(Fault(self._place(event.start_mark), message, hint))
        if len(self.faults) >= _MOST_FAULTS:
            raise _GivenUp

    def _place(self, mark: Event) -> Place:
        return Place(self._file, mark.line + 1, mark.column + 1)


def _refused(place: Place, message: str, hint: str = "") -> Reading:
    return Reading(faults=[Fault(place, message, hint)], complete=False)


def _shown(key: str) -> str:
    return f"`{key}`" if len(key) <= _WIDEST and key.isprintable() else f"{key[:_WIDEST]!r}…"
