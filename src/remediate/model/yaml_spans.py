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
                begin: Event = event.start_mark
                # the first begins with what stands above it, as a comment
                starts.append(begin.index if roots else 0)
                roots.append(self._node(self._get()))
            elif event.__class__ is DocumentEndEvent:
                continue
        ends = [*starts[1:], len(self._text)]
        yield from (Laid(*each) for each in zip(starts, ends, roots, strict=True))

    def _node(self, event: Event, *, inside: bool = False) -> Span:
        begin: Event = event.start_mark
        if isinstance(event, ScalarEvent):
            return self._scalar(event, inside=inside)
        is_mapping = isinstance(event, MappingStartEvent)
        found = Span(begin.index, begin.index, begin.column, inside=inside)
        found.is_mapping, found.is_list = is_mapping, not is_mapping
        below = inside or bool(event.flow_style)
        following = self._get()
        while not isinstance(following, MappingEndEvent | SequenceEndEvent):
            if is_mapping:
                found.keys.append(self._node(following, inside=below))
                following = self._get()
            found.members.append(self._node(following, inside=below))
            following = self._get()
        closing: Event = following.end_mark
        if event.flow_style:
            found.style, found.end = self._text[found.start], closing.index
        elif found.members:
            found.end = found.members[-1].end
        return found

    def _scalar(self, event: Event, *, inside: bool) -> Span:
        begin: Event = event.start_mark
        end: int = event.end_mark.index
        style = str(event.style or "")
        if style in {"|", ">"}:  # libyaml has read on to what follows
            end = begin.index + len(self._text[begin.index : end].rstrip())
        return Span(begin.index, end, begin.column, style, str(event.value), inside=inside)


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
