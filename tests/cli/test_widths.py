"""What is shown of any fault fits on 80 columns; what is to be typed or followed stays whole."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from tests.cli.conftest import Desk

WIDEST = 80
FAULTS = sorted(json.loads((files("gcp_sandbox") / "troubles" / "entries.json").read_text()))
COMMANDS = (
    "sandbox status",
    "diagnose",
    "verify",
    "verify --quiet",
    "plan",
    "sandbox clear",
)
# Alone on its line: a command, the rest of one that goes on there, or a URL.
_WHOLE = re.compile(r"[$ ]*(?:`remediate [^`]*`|remediate .*|--\S+(?: \S+)?|https?://\S+)(?: \\)?")


def too_wide(text: str) -> list[str]:
    lines = text.splitlines()
    return [line for line in lines if len(line) > WIDEST and not _WHOLE.fullmatch(line)]


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_told_in_80_columns(desk: Desk, fault: str) -> None:
    desk.bench.reset("staging")
    for line in (f"sandbox inject {fault}", *COMMANDS):
        said = desk.type(*line.split())
        assert too_wide(f"{said.out}\n{said.err}") == [], line


def test_only_what_is_to_be_typed_or_followed_may_be_wider() -> None:
    typed = f"  remediate diagnose -C /{'x' * WIDEST}"
    url = f"        https://example.com/{'x' * WIDEST}"
    assert too_wide(f"{typed}\n{url}") == []
    assert too_wide(f"go on with {typed}") != []
    assert too_wide(f"{url} answers 302") != []
