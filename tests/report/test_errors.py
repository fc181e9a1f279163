"""Errors in words, and the page that explains them."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import remediate
from remediate.model.errors import (
    Fault,
    InvalidInput,
    PartlyApplied,
    Place,
    RemediateError,
    Unreachable,
)
from remediate.report.errors import error_text

PAGE = Path(__file__).parents[2] / "docs/reference/errors.md"


def errors() -> list[type[RemediateError]]:
    for module in pkgutil.walk_packages(remediate.__path__, "remediate."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return sorted({RemediateError, *below(RemediateError)}, key=lambda error: error.__name__)


def below(error: type[RemediateError]) -> Iterator[type[RemediateError]]:
    for kind in error.__subclasses__():
        yield kind
        yield from below(kind)


@pytest.mark.parametrize("error", errors())
def test_every_error_is_explained_and_gives_advice(error: type[RemediateError]) -> None:
    section = sections()[error.__name__]
    assert error.hint
    assert f"xit code {error.exit_code}" in section


def test_the_page_explains_no_error_that_is_not_there() -> None:
    assert set(sections()) == {error.__name__ for error in errors()}


def sections() -> dict[str, str]:
    found = re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return dict(found)


def test_every_fault_has_a_line_that_an_editor_can_follow() -> None:
    faults = [
        Fault(
            Place("desired/staging/dns.yaml", 3, 7), "unknown field `tll`", "did you mean `ttl`?"
        ),
        Fault(Place("desired/staging/dns.yaml", 9, 1), "a second \x1b[2J `@`"),
    ]
    assert error_text(InvalidInput(faults=faults)) == (
        "desired/staging/dns.yaml:3:7: unknown field `tll` (did you mean `ttl`?)\n"
        "desired/staging/dns.yaml:9:1: a second \\x1b[2J `@`\n"
        "error: 2 faults in what you wrote; nothing was sent\n"
        "what to do: Correct the places named above; `remediate validate` checks them\n"
        "  without a network."
    )


def test_a_message_of_several_lines_keeps_them() -> None:
    text = error_text(PartlyApplied("it failed\n3 of 6 steps are done."))
    assert text.startswith("error: it failed\n3 of 6 steps are done.\nwhat to do: ")


def test_an_error_may_give_advice_of_its_own() -> None:
    error = Unreachable("no answer")
    error.hint = "Wait."
    assert error_text(error) == "error: no answer\nwhat to do: Wait."


def test_nothing_that_somebody_else_wrote_steers_the_terminal() -> None:
    text = error_text(Unreachable("sad \x1b]0;owned\x07 \u202e page"))
    assert all(character == "\n" or character.isprintable() for character in text)


def test_colour_is_only_where_asked_for() -> None:
    assert "\x1b" not in error_text(Unreachable("x"))
    assert "\x1b[31merror:\x1b[0m" in error_text(Unreachable("x"), colour=True)
