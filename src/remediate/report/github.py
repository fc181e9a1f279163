"""What GitHub Actions understands of a step: annotations, outputs, and lines that are no commands.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions. The runner reads
commands from stdout and stderr alike, so annotations go to stderr and stdout stays a result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from remediate.report.result import Remark, Result, remarks, under
from remediate.report.text import safe, safe_lines

_MOST = 10  # of each level, which is what GitHub keeps of a step
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
# A command begins a line, whatever space is before it; an older form may stand anywhere in it.
_BEGINS = re.compile(r"(^|[\n\r])(\s*):(?=:)")


def annotated(result: Result) -> Iterator[str]:
    """Lines of `::error file=…,line=…::…`; what was acknowledged is told no more."""
    told = [remark for remark in remarks(result) if not remark.allowed]
    for level, word in _COMMANDS.items():
        these = [remark for remark in told if remark.level == level]
        yield from (_annotation(word, remark, result.root) for remark in these[:_MOST])


def _annotation(command: str, remark: Remark, root: str) -> str:
    facts = {"title": f"remediate: {remark.rule}"}
    if at := remark.place:
        facts = {"file": under(root, at), "line": str(at.line), "col": str(at.column), **facts}
    named = ",".join(f"{name}={_property(safe(value))}" for name, value in facts.items())
    return f"::{command} {named}::{_data(safe_lines(remark.text))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def outputs(facts: Sequence[tuple[str, str]], delimiter: str) -> str:
    """Lines for `$GITHUB_OUTPUT`. Nobody can have guessed the delimiter, so no value ends early."""
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in facts)


def inert(text: str) -> str:
    """Lines to be read, in which the runner sees no command, whoever wrote what is in them."""
    return _BEGINS.sub(r"\1\2\\:", text).replace("##[", "##\\[")


def inert_json(text: str) -> str:
    """The same for JSON, which stays the same document: `[` inside a string has another spelling.

    Outside of a string no `#` stands, and every line begins with something else than a colon.
    """
    return text.replace("##[", "##\\u005b")
