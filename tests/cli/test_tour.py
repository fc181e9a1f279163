"""README's tour is what the commands say: only ids and the sandbox's address are another's."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.architecture.repository import ROOT
from tests.cli.conftest import Desk
from tests.cli.typed import typed

URL = "http://127.0.0.1:8080"
ULID = re.compile(r"\b01[0-9A-Z]{24}\b")
BLOCK = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)


def tour() -> list[tuple[str, str]]:
    """(command, what it says on stdout), in README's order."""
    _, _, after = (ROOT / "README.md").read_text(encoding="utf-8").partition("<!-- tour -->")
    text, _, _ = after.partition("\n## ")
    told = "".join(f"{block}\n" for block in BLOCK.findall(text))
    parts = re.split(r"^\$ (.*)\n", told, flags=re.MULTILINE)[1:]
    return [*zip(parts[::2], (part.rstrip("\n") for part in parts[1::2]), strict=True)]


def test_the_tour_in_readme_is_what_the_commands_say(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.bench.root)
    assert len(tour()) == 4
    for command, promised in tour():
        words = shlex.split(command.replace(URL, desk.bench.url))
        said = typed(*words[1:])
        assert said.code == 0, said
        shown = said.out.replace(desk.bench.url, URL).rstrip("\n")
        assert ULID.sub("ID", shown) == ULID.sub("ID", promised), command
