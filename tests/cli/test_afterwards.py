"""After a rollback: the checks that are about what it has changed, as a line to paste."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Desk
from tests.workbench import document

EDGE = {"http": {"urls": ["https://staging.netrasystems.ai/health"], "connectTo": "203.0.113.10"}}
LABEL = "To see from outside that it holds:"


@pytest.fixture
def changed(desk: Desk) -> Desk:
    """A health check was made beside what serves, by an apply."""
    desk.bench.reset("staging")
    for file in (desk.bench.root / "desired" / "staging").glob("*.yaml"):
        file.unlink()
    spec = {"type": "TCP", "tcpHealthCheck": {"port": 80}}
    checks = {
        "alive": {**EDGE, "gates": ["HealthCheck/*"]},
        "warned": {**EDGE, "gates": ["HealthCheck/*"], "severity": "warn"},
        "other": {**EDGE, "gates": ["Address/*"]},
    }
    desk.bench.write(document("HealthCheck", "ours", spec), document("Checks", "staging", checks))
    assert desk.type("apply").code == 0
    return desk


def line_after(text: str) -> list[str]:
    _, label, rest = text.partition(f"{LABEL}\n")
    assert label, text
    return shlex.split(rest.replace("\\\n", " "))


def test_a_rollback_says_how_to_see_that_it_holds_and_the_line_can_be_pasted(changed: Desk) -> None:
    said = changed.type("rollback", "--snapshot", "latest")
    assert said.code == 0, said
    program, *words = line_after(said.out)
    assert program == "remediate"
    assert words[:6] == ["verify", "--until-pass", "--within", "5m", "--check", "alive"]
    assert "other" not in words  # it is about what was left alone
    assert "warned" not in words
    assert changed.type(*words[:6]).code == 0


def test_without_yaml_a_rollback_is_as_good_and_says_nothing_of_checks(changed: Desk) -> None:
    for file in (changed.bench.root / "desired").rglob("*.yaml"):
        Path(file).write_text("no: yaml: at: all")
    said = changed.type("rollback", "--snapshot", "latest", "-e", "staging")
    assert said.code == 0, said
    assert LABEL not in said.out


def test_a_patch_on_stdout_stays_a_patch(changed: Desk) -> None:
    said = changed.type("rollback", "--snapshot", "latest", "--write-desired")
    assert said.code == 0, said
    assert LABEL not in said.out
    assert LABEL in said.err
