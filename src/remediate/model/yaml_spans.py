"""Where everything in a YAML file stands: for those who change a part and keep the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from remediate.model.yaml_events import Event, events

BOM = "\ufeff"


@dataclass(slots=True)
class Span:
    """One node: `[start:end]` of the text, and the column that its lines are indented to.

    `style` is how a scalar is quoted (nothing, `'`, `"`, `|`, `>`), or the bracket of a collection
    in flow style, or nothing for one in blocks; `inside` is what stands between brackets itself.
    The members of a list have no keys.
    """

    start: int
    end: int
    column: int
    style: str = ""
    text: str = ""
    is_mapping: bool = False
    is_list: bool = False
    inside: bool = False
    keys: list[Span] = field(default_factory=list)
    members: list[Span] = field(default_factory=list)

    @property
    def is_flow(self) -> bool:
        return self.style in {"{", "["}

    def find(self, name: str) -> int | None:
        """The place of a member, by key or, in a list, by index."""
        if self.is_mapping:
            return next((at for at, key in enumerate(self.keys) if key.text == name), None)
        at = int(name) if self.is_list and name.isdigit() else -1
        return at if 0 <= at < len(self.members) else None

    def entry(self, at: int, text: str) -> int:
        """Where a member begins, with its key or its dash."""
        if self.is_mapping:
            return self.keys[at].start
        first = self.members[at].start
        return first if self.is_flow else _dash(text, first, self.column)


@dataclass(frozen=True, slots=True)
class Laid:
    """A document: from its `---`, if it has one, to where the next one begins, and its root."""

    start: int
    end: int
    root: Span


def spans(text: str) -> list[Laid]:
    """The documents of a text that our loader has read without a fault, without a BOM."""
    return [*_Layout(events(text.encode()), text).documents()]


class _Layout:
    def __init__(self, get: Callable[[], Event], text: str) -> None:
        self._get = get
        self._text = text

    def documents(self) -> Iterator[Laid]:
        starts: list[int] = []
        roots: list[Span] = []
        while (event := self._get()).__class__ is not StreamEndEvent:
            if event.__class__ is DocumentStartEvent:
                # the first begins with what stands above it, as a comment
                starts.append(event.start_mark.index if roots else 0)
                roots.append(self._node(self._get()))
            elif event.__class__ is DocumentEndEvent:
                continue
        ends = [*starts[1:], len(self._text)]
        yield from (Laid(*each) for each in zip(starts, ends, roots, strict=True))

    def _node(self, event: Event, *, inside: bool = False) -> Span:
        mark = event.start_mark
        if event.__class__ is ScalarEvent:
            end = event.end_mark.index
            style = event.style or ""
            if style in {"|", ">"}:  # libyaml has read on to what follows
                end = mark.index + len(self._text[mark.index : end].rstrip())
            return Span(mark.index, end, mark.column, style, str(event.value), inside=inside)
        below = inside or event.flow_style
        if event.__class__ is MappingStartEvent:
            found = Span(mark.index, mark.index, mark.column, is_mapping=True, inside=inside)
            while (key := self._get()).__class__ is not MappingEndEvent:
                found.keys.append(self._node(key, inside=below))
                found.members.append(self._node(self._get(), inside=below))
            closing = key
        else:
            found = Span(mark.index, mark.index, mark.column, is_list=True, inside=inside)
            while (item := self._get()).__class__ is not SequenceEndEvent:
                found.members.append(self._node(item, inside=below))
            closing = item
        if event.flow_style:
            found.style, found.end = self._text[mark.index], closing.end_mark.index
        elif found.members:
            found.end = found.members[-1].end
        return found


def _dash(text: str, first: int, column: int) -> int:
    """The `-` of a member: on its line, or above it where comments stand between."""
    line = text.rfind("\n", 0, first) + 1
    while line >= 0:
        at = line + column
        if text[at : at + 1] == "-" and at <= first and not text[line:at].strip(" -"):
            return at
        if line == 0:
            break
        line = text.rfind("\n", 0, line - 1) + 1
    raise ValueError("a member of a list without its dash")
