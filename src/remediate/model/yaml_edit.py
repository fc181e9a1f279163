"""Edits of YAML in place: what changes is written anew, and every other character stays.

So comments, order and style are kept, but for comments inside of what goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeAlias

from remediate.model.yaml_spans import BOM, Span, spans
from remediate.model.yaml_written import block, one_line


class Fate(Enum):
    """What becomes of a value that is not written anew."""

    KEPT = auto()
    GONE = auto()


KEPT, GONE = Fate.KEPT, Fate.GONE


@dataclass(frozen=True, slots=True)
class Members:
    """Of a mapping or a list what changes, by key or index; what is not there is added."""

    by_name: Mapping[str, Edit]


@dataclass(frozen=True, slots=True)
class Items:
    """A list anew: for each item where it stands now, None for a new one, and what it becomes."""

    each: tuple[tuple[int | None, Edit], ...]


Edit: TypeAlias = "Members | Items | Fate | Any"
"""What is to become of a node; JSON is what it is to be, in whatever way it stands there."""
_QUOTES = frozenset({"'", '"'})
Patch: TypeAlias = tuple[int, int, str]  # [start:end] becomes this


def edited(data: bytes, edits: Mapping[int, Edit], added: str = "") -> bytes:
    """A file with edits of its documents, by number, and `added` documents behind the last one.

    The file is one that our loader has read whole. Raises ValueError for an edit that does not fit
    what stands there.
    """
    whole = data.decode()
    text = whole.removeprefix(BOM)
    newline = "\r\n" if "\r\n" in text else "\n"
    patches: list[Patch] = []
    for number, laid in enumerate(spans(text)):
        edit = edits.get(number, KEPT)
        if edit is GONE:
            patches.append((laid.start, laid.end, ""))
        elif edit is not KEPT:
            patches += _Editor(text).node(laid.root, edit, None)
    made = patched(text, [(start, end, new.replace("\n", newline)) for start, end, new in patches])
    if added:
        gap = "" if not made or made.endswith("\n") else newline
        made += gap + (f"---{newline}" if made.strip() else "") + added.replace("\n", newline)
    made = _begun(made) if edits.get(0) is GONE else made
    return (whole[: len(whole) - len(text)] + made).encode()


def _begun(text: str) -> str:
    """Where the first document went, the next one needs no mark that it begins."""
    return text.removeprefix("---\n").removeprefix("---\r\n") if text.startswith("---") else text


def patched(text: str, patches: list[Patch]) -> str:
    """All of them at once; none overlaps another."""
    pieces, at = [], 0
    for start, end, new in sorted(patches, key=lambda patch: (patch[0], patch[1])):
        if start < at:
            raise ValueError("two edits of one place")
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]])


class _Editor:
    def __init__(self, text: str) -> None:
        self._text = text

    def node(self, span: Span, edit: Edit, holder: Span | None) -> Iterator[Patch]:
        """`holder` is the mapping or list around it."""
        if edit is KEPT:
            return
        if isinstance(edit, Members) and (span.is_mapping or span.is_list):
            yield from self._members(span, edit.by_name)
        elif isinstance(edit, Items) and span.is_list:
            yield from self._items(span, edit)
        else:
            yield self._anew(span, plain(edit), holder)

    def _anew(self, span: Span, value: Any, holder: Span | None) -> Patch:  # noqa: ANN401 - any JSON
        """One value in the place of another, quoted as that was."""
        column = holder.column if holder else 0
        below_a_key = holder is not None and holder.is_mapping
        gap = " " if self._text[span.start - 1 : span.start] in {":", "-"} else ""
        if isinstance(value, str) and "\n" in value and not (span.inside or span.style in _QUOTES):
            new = block(value, column)
        elif not (isinstance(value, dict | list) and value) or span.inside or span.is_flow:
            new = one_line(value, "" if span.members else span.style or "plain")
        elif below_a_key and span.column <= column:
            line = self._line(
                span.start
            )  # a list under its key is not indented; a mapping has to be
            return line, span.end, " " * (column + 2) + block(value, column + 2)
        elif below_a_key and not span.members:
            new = f"\n{' ' * (column + 2)}{block(value, column + 2)}"
            return span.start, span.end, new
        else:
            inside = span.start - self._line(span.start) + len(gap)
            return span.start, span.end, gap + block(value, inside)
        if span.members:
            return self._shortened(span, new)
        return span.start, span.end, gap + new

    def _members(self, span: Span, wanted: Mapping[str, Edit]) -> Iterator[Patch]:
        places = {name: span.find(name) for name in wanted}
        gone = {at for name, at in places.items() if at is not None and wanted[name] is GONE}
        for name, at in places.items():
            if at is not None and at not in gone:
                yield from self.node(span.members[at], wanted[name], span)
        new = [
            (name, plain(edit))
            for name, edit in wanted.items()
            if places[name] is None and edit is not GONE
        ]
        if span.is_list and new:
            raise ValueError("an item of a list that is not there")
        yield from self._without(span, gone, more=bool(new))
        if new:
            yield from self._with(span, gone, new)

    def _without(self, span: Span, gone: set[int], *, more: bool) -> Iterator[Patch]:
        """What goes, run by run, with the lines or the commas that are its own."""
        count = len(span.members)
        if not gone:
            return
        if len(gone) == count:
            if not more:
                yield self._emptied(span)
            return
        for first, last in _runs(sorted(gone)):
            begin = span.entry(first, self._text)
            line = self._line(begin)
            alone = line and not self._text[line:begin].strip()
            if span.is_flow and last + 1 == count:
                yield span.members[first - 1].end, span.members[last].end, ""
            elif span.is_flow or not alone:
                yield begin, span.entry(last + 1, self._text), ""
            else:
                yield from (self._lines(span, at) for at in range(first, last + 1))

    def _lines(self, span: Span, at: int) -> Patch:
        """The lines of a member, from the end of the line above to that of its own last one."""
        line, end = self._line(span.entry(at, self._text)), self._line_end(span.members[at].end)
        return self._line_end(line - 1), end, ""

    def _emptied(self, span: Span) -> Patch:
        """Nothing is left in it: `{}` or `[]`, behind its key where it stood below that."""
        return self._shortened(span, "{}" if span.is_mapping else "[]")

    def _shortened(self, span: Span, new: str) -> Patch:
        """What stood below its key stands behind it now."""
        line = self._line(span.start)
        if span.is_flow or self._text[line : span.start].strip(" ") or not line:
            return span.start, span.end, new
        return self._behind_the_key(span.start), self._line_end(span.end), f" {new}"

    def _behind_the_key(self, start: int) -> int:
        """The end of the line above that is no comment: where the `:` stands."""
        at = self._line(start)
        while at:
            line = self._text.rfind("\n", 0, at - 1) + 1
            content = self._text[line : at - 1]
            bare = content.split(" #")[0].rstrip()
            if bare.strip() and not bare.lstrip().startswith("#"):
                return line + len(bare)
            at = line
        return start

    def _with(self, span: Span, gone: set[int], new: list[tuple[str, Any]]) -> Iterator[Patch]:
        """Members of a mapping behind those that stay."""
        stay = [at for at in range(len(span.members)) if at not in gone]
        if span.is_flow:
            text = ", ".join(f"{one_line(name)}: {one_line(value)}" for name, value in new)
            if stay:
                end = span.members[stay[-1]].end
                yield end, end, f", {text}"
            else:
                yield span.start, span.end, f"{{{text}}}"
            return
        indent = " " * span.column
        lines = [self._line_of(span, name, value) for name, value in new]
        if stay:
            end = self._line_end(span.members[stay[-1]].end)
            yield end, end, "".join(f"\n{indent}{line}" for line in lines)
        else:
            yield span.start, span.end, f"\n{indent}".join(lines)

    def _line_of(self, span: Span, name: str, value: Any) -> str:  # noqa: ANN401 - any JSON
        """One more member, in brackets where those beside it are."""
        beside = [one for one in span.members if one.is_mapping or one.is_list]
        short = bool(beside) and all(one.is_flow for one in beside)
        key = one_line(name)
        if short or not isinstance(value, dict | list) or not value:
            long = isinstance(value, str) and "\n" in value
            return f"{key}: {block(value, span.column) if long else one_line(value)}"
        below = span.column + 2
        text = block({name: value}, span.column)
        return text if "\n" in text else f"{key}:\n{' ' * below}{block(value, below)}"

    def _items(self, span: Span, edit: Items) -> Iterator[Patch]:
        kept = [at for at, _ in edit.each if at is not None]
        if not kept or kept != sorted(kept):
            yield self._list_anew(span, edit)
            return
        for at, each in edit.each:
            if at is not None:
                yield from self.node(span.members[at], each, span)
        yield from self._without(span, {*range(len(span.members))} - {*kept}, more=True)
        before: int | None = None
        waiting: list[str] = []
        for at, each in edit.each:
            if at is None:
                waiting.append(self._item(span, plain(each)))
                continue
            if waiting and before is None:
                yield self._ahead(span, at, waiting)
            elif waiting and before is not None:
                yield self._behind(span, before, waiting)
            waiting, before = [], at
        if waiting and before is not None:
            yield self._behind(span, before, waiting)

    def _item(self, span: Span, value: Any) -> str:  # noqa: ANN401 - any JSON
        beside = [one for one in span.members if one.is_mapping or one.is_list]
        quotes = {one.style for one in span.members if not (one.is_mapping or one.is_list)}
        if isinstance(value, str) and "\n" not in value:
            return one_line(value, quotes.pop() or "plain" if len(quotes) == 1 else "")
        if span.is_flow or span.inside or any(one.is_flow for one in beside):
            return one_line(value)
        return block(value, span.column + 2)

    def _ahead(self, span: Span, first: int, items: list[str]) -> Patch:
        begin = span.entry(first, self._text)
        if span.is_flow:
            return begin, begin, "".join(f"{item}, " for item in items)
        indent = " " * span.column
        return begin, begin, "".join(f"- {item}\n{indent}" for item in items)

    def _behind(self, span: Span, last: int, items: list[str]) -> Patch:
        end = span.members[last].end
        if span.is_flow:
            return end, end, "".join(f", {item}" for item in items)
        end, indent = self._line_end(end), " " * span.column
        return end, end, "".join(f"\n{indent}- {item}" for item in items)

    def _list_anew(self, span: Span, edit: Items) -> Patch:
        """Where nothing stays, or what stays changes places: the texts of the items, moved."""
        texts = [
            self._item(span, plain(each)) if at is None else self._moved(span, at, each)
            for at, each in edit.each
        ]
        if not texts:
            return self._emptied(span)
        if span.is_flow:
            return span.start, span.end, f"[{', '.join(texts)}]"
        return span.start, span.end, f"\n{' ' * span.column}".join(f"- {text}" for text in texts)

    def _moved(self, holder: Span, at: int, edit: Edit) -> str:
        span = holder.members[at]
        found = self.node(span, edit, holder)
        patches = [(start - span.start, end - span.start, new) for start, end, new in found]
        return patched(self._text[span.start : span.end], patches)

    def _line(self, at: int) -> int:
        return self._text.rfind("\n", 0, at) + 1

    def _line_end(self, at: int) -> int:
        end = self._text.find("\n", at)
        end = len(self._text) if end < 0 else end
        return end - 1 if self._text[end - 1 : end] == "\r" and end > at else end


def plain(edit: Edit) -> Any:  # noqa: ANN401 - any JSON
    """What an edit makes of nothing: the JSON that is to stand there."""
    if isinstance(edit, Members):
        return {name: plain(each) for name, each in edit.by_name.items() if each is not GONE}
    if isinstance(edit, Items):
        return [plain(each) for _, each in edit.each]
    if edit is KEPT or edit is GONE:
        raise ValueError("something is to be kept that is not there")
    return edit


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of those that follow each other."""
    first = last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            yield first, last
            first = number
        last = number
    yield first, last
