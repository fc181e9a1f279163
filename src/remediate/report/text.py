"""Text for terminals and pipes: nothing in it can steer a terminal, and colour is never needed."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import TypeAlias

WIDTH = 80
_NARROWEST = 40
_TO_TYPE = re.compile(r"`(?:remediate|--[a-z-]+) [^`]*`")
_GLUE = "\N{NO-BREAK SPACE}"  # textwrap breaks at the spaces of ASCII alone
_NOTHING, _COARSE, _LONG = 0.05, 10, 90  # seconds: not worth a digit, a tenth, the seconds


# The command line to type for a verb and its words, with the options that it needs where we are;
# `endpoint` is `google` or `sandbox`, if it is about one of them whatever was said.
Typed: TypeAlias = Callable[..., str]


def bare(*words: str, **_endpoint: str) -> str:
    """A command line that needs no option to say where."""
    return shlex.join(["remediate", *words])


class Tone(Enum):
    """ANSI attributes (ECMA-48 §8.3.117), always beside a word or a sign that says the same."""

    GOOD = "32"
    CHANGED = "33"
    BAD = "31"
    STRONG = "1"
    FAINT = "2"


class Palette:
    """Paints if asked to; else hands every text back as it is."""

    def __init__(self, *, colour: bool) -> None:
        self.colour = colour

    def paint(self, text: str, tone: Tone) -> str:
        return f"\x1b[{tone.value}m{text}\x1b[0m" if self.colour and text else text


def safe(text: str) -> str:
    """Somebody else's text with control, format and unassigned characters spelled out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _spelled(c) for c in text)


def safe_lines(text: str) -> str:
    """The same for a message of several lines: its line breaks stay."""
    return "\n".join(map(safe, text.split("\n")))


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode()


def cut(text: str, room: int, start: int = 0) -> str:
    """At most `room` columns of a text, from about `start` on, with `…` where something is left."""
    if len(text) <= room:
        return text
    room = max(room, 3)
    start = max(0, min(start - room // 3, len(text) - room + 1))
    head = "…" if start else ""
    whole_tail = len(text) - start <= room - len(head)
    body = text[start:] if whole_tail else text[start : start + room - len(head) - 1] + "…"
    return head + body


def first_difference(one: str, other: str) -> int:
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return min(len(one), len(other))


def wrapped(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """Paragraphs as lines; a command in backticks, or a long name, is never broken."""
    rest = " " * len(first) if rest is None else rest
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += textwrap.wrap(
            _TO_TYPE.sub(lambda found: whole(found[0]), paragraph),
            max(width, _NARROWEST),
            initial_indent=rest if lines else first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
    return [line.replace(_GLUE, " ") for line in lines] or [first.rstrip()]


def whole(text: str) -> str:
    """The same for `wrapped`, which will not break it."""
    return text.replace(" ", _GLUE)


def command(text: str, width: int, indent: str = "  ") -> Iterator[str]:
    """A command to copy: broken at spaces outside quotes, with the shell's own continuation."""
    line = indent
    for word in _with_values(_words(text), width - len(indent) - 4):
        glue = "" if line.isspace() else " "
        if not line.isspace() and len(line) + len(glue) + len(word) > width - 2:
            yield line + " \\"
            line, glue = indent + "  ", ""
        line += glue + word
    yield line


def _with_values(words: Iterable[str], room: int) -> Iterator[str]:
    """An option and its value together, if there is room for both on a line of their own."""
    option = ""
    for word in words:
        if option and (word.startswith("-") or len(option) + 1 + len(word) > room):
            yield option
            option = ""
        if word.startswith("-"):
            option = word
        else:
            yield f"{option} {word}".lstrip()
            option = ""
    if option:
        yield option


def _words(text: str) -> Iterable[str]:
    word, quoted = "", False
    for character in text:
        quoted ^= character == "'"
        if character == " " and not quoted:
            yield word
            word = ""
        else:
            word += character
    yield word


def table(rows: Iterable[Iterable[str]], gap: str = "  ") -> Iterator[str]:
    """Columns as wide as their widest cell; the last one runs on."""
    cells = [[safe(cell) for cell in row] for row in rows]
    if not cells:
        return
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        yield gap.join([*padded, row[-1]]).rstrip()


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """As people say it: `no time`, `0.8 s`, `45 s`, `25 min`, `2 h 30 min`."""
    if seconds < _NOTHING:
        return "no time"
    if seconds < _COARSE:
        return f"{round(seconds, 1):g} s"
    if seconds < _LONG:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours < 2:  # noqa: PLR2004 - `90 min` reads better than `1 h 30 min`
        return f"{hours * 60 + minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
