"""Start-up is held by what is loaded; how long it takes is a benchmark's business."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.architecture.repository import REMEDIATE

LATE = {"google", "requests", "pydantic", "yaml", "rich"}


def loaded(*arguments: str) -> set[str]:
    """The packages that a command line imports before it leaves."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", REMEDIATE, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    names = re.findall(r"^import time:.*\| *(\S+)$", ended.stderr, re.MULTILINE)
    assert "click" in names, ended.stderr
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"]], ids=" ".join)
def test_asking_who_we_are_loads_nothing_heavy(arguments: list[str]) -> None:
    assert loaded(*arguments).isdisjoint(LATE)


def test_a_mistyped_verb_loads_nothing_heavy() -> None:
    assert loaded("paln").isdisjoint(LATE)


def test_a_plan_against_a_running_service_never_loads_the_sandbox() -> None:
    imported = loaded("plan", "-C", "there-is-no-such-folder", "--sandbox", "http://127.0.0.1:9")
    assert "gcp_sandbox" not in imported
    assert "rich" not in imported
