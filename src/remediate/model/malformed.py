"""libyaml's complaints in the words of somebody who writes YAML."""

from __future__ import annotations

import re
from typing import Protocol

from yaml.error import MarkedYAMLError

from remediate.model.errors import Fault, Place

_LATIN = 0x100  # below it, `\\x` and two digits escape a character
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class _Mark(Protocol):
    index: int


def place_of(file: str, before: str) -> Place:
    """The place after so much text; a byte order mark takes no column."""
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return Place(file, line, column - before.startswith("\ufeff") if line == 1 else column)


def unprintable(file: str, text: str, reason: str) -> Fault:
    found = _UNPRINTABLE.search(text.removeprefix("\ufeff"))
    if found is None:
        return Fault(Place(file, 1, 1), reason)
    code = ord(found[0])
    message = f"the control character U+{code:04X} is refused"
    place = place_of(file, text.removeprefix("\ufeff")[: found.start()])
    return Fault(
        place, message, f'in double quotes, write "\\x{code:02x}"' if code < _LATIN else ""
    )


_MEANT = {
    "mapping values are not allowed in this context": (
        "a `: ` stands where no key can be",
        "indent it like its neighbours, or quote the text",
    ),
    "did not find expected key": ("a key was expected here", "is the indentation right?"),
    "could not find expected ':'": ("a key without its `:`", "is a `: ` missing?"),
    "did not find expected '-' indicator": ("a list item was expected here", "begin it with `- `"),
    "did not find expected node content": ("a value was expected here", "is a bracket left open?"),
    "found unexpected end of stream": ("the file ends inside of this", "is a quote left open?"),
    "did not find expected ',' or '}'": (
        "`,` or `}` was expected here",
        "text with `${` or `:` in it is quoted inside of braces",
    ),
    "did not find expected ',' or ']'": ("`,` or `]` was expected here", "is it left open?"),
}
_BAD_STARTS = {
    "\t": ("a tab is where YAML wants spaces", "indent with spaces"),
    "@": ("text cannot begin with `@`", 'quote it: "@"'),
    "`": ("text cannot begin with a backquote", "quote it"),
    "%": ("text cannot begin with `%`", "quote it"),
}


def malformed(file: str, data: bytes, error: MarkedYAMLError) -> Fault:
    mark = error.problem_mark or error.context_mark
    problem = str(error.problem)
    if mark is None:
        return Fault(Place(file, 1, 1), problem)
    place = Place(file, mark.line + 1, mark.column + 1)
    if problem == "found character that cannot start any token":
        message, hint = _BAD_STARTS.get(_character(data, mark), (problem, ""))
    else:
        message, hint = _MEANT.get(problem, (problem, str(error.context or "")))
    return Fault(place, message, hint)


def _character(data: bytes, mark: _Mark) -> str:
    text = data.decode().removeprefix("\ufeff")
    return text[mark.index : mark.index + 1]
