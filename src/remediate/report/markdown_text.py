"""Somebody else's text in GitHub's Markdown: nothing in it is markup, a mention or a link.

GitHub Flavored Markdown 0.29: code spans (§6.3) hold text literally, and GitHub looks for mentions,
issues and emoji outside of code alone. A pipe ends a cell of a table even in code (§4.10), so it
stands between two spans, as an entity.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from remediate.report.text import safe

_RUNS = re.compile(r"`+")
_QUOTED = re.compile(r"`([^`]+)`")
_PIPE = "&#124;"
# A word that no Markdown, and nothing that GitHub makes of text, sees anything in.
_PLAIN = re.compile(
    r"""%[)]*[.,;:]*|[("']*(?!www\.|GH-)[A-Za-z0-9]+(?:[.,'-][A-Za-z0-9]+)*%?[)"']*[.,;:?!…]*[)"']*""",
    re.IGNORECASE,
)
_LIST = re.compile(r"[0-9]+[.)]")
_COMMIT = re.compile(r"[0-9a-f]{7,40}[.,;:?!]*", re.IGNORECASE)


def code(text: str) -> str:
    """A code span; empty for an empty text."""
    return _PIPE.join(_span(part) for part in safe(text).split("|"))


def _span(text: str) -> str:
    if not text:
        return ""
    longest = max(map(len, _RUNS.findall(text)), default=0)
    mark = "`" * (longest + 1)
    is_framed = text.startswith(" ") and text.endswith(" ") and not text.isspace()
    if is_framed or text.startswith("`") or text.endswith("`"):
        text = f" {text} "  # one space at either end is no part of it
    return f"{mark}{text}{mark}"


def prose(text: str) -> str:
    """A sentence in one line: its plain words as they are, and all else as code.

    What stands in backticks is one span of code, as it is for people.
    """
    parts = _QUOTED.split(" ".join(map(safe, text.split("\n"))))
    return "".join(code(part) if at % 2 else _worded(part) for at, part in enumerate(parts))


def _worded(text: str) -> str:
    """Word by word, with what separates it from its neighbours."""
    if not text.strip():
        return " " if text else ""
    pieces: list[str] = []
    special: list[str] = []
    for word in text.split(" "):
        if _is_plain(word):
            pieces += _flushed(special, end=False)
            pieces.append(word)
        elif word:
            special.append(word)
    before, after = (" " * one.isspace() for one in (text[0], text[-1]))
    return before + " ".join([*pieces, *_flushed(special, end=True)]) + after


def _flushed(special: list[str], *, end: bool) -> Iterable[str]:
    """Words of code that stand together are one span, with what ends the sentence outside.

    A dot in the middle of a sentence ends a name.
    """
    if not special:
        return ()
    text = " ".join(special)
    special.clear()
    bare = text.rstrip(".,;:" if end else ",;:")
    return (code(bare) + text[len(bare) :],) if bare and bare[-1].isalnum() else (code(text),)


def _is_plain(word: str) -> bool:
    is_told = _LIST.fullmatch(word) or (_COMMIT.fullmatch(word) and re.search("[0-9]", word))
    return bool(_PLAIN.fullmatch(word)) and not is_told


def fence(lines: Iterable[str]) -> list[str]:
    """Lines as a block of code, whatever is in them."""
    held = [safe(line) for line in lines]
    runs = [len(run) for line in held for run in _RUNS.findall(line)]
    mark = "`" * max(3, max(runs, default=0) + 1)
    return [f"{mark}text", *held, mark]


def within(room: int, text: str, render: Callable[[str], str] = prose) -> str:
    """The text rendered, in at most so many characters: cut before it is rendered, never after."""
    rendered = render(text)
    while len(rendered) > room and len(text) > 1:
        keep = min(len(text) - 2, len(text) * room // len(rendered))
        text = text[: max(keep, 0)] + "…"
        rendered = render(text)
    return rendered


def row(cells: Iterable[str]) -> str:
    """A row of a table, of cells that are Markdown already."""
    return f"| {' | '.join(cells)} |"
