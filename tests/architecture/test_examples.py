"""The environments that the documents show as a whole can be loaded, planned and lived with."""

from __future__ import annotations

from pathlib import Path

import pytest

from gcp_sandbox import Sandbox
from remediate.pipeline.load import load
from tests.architecture.repository import ROOT
from tests.cli.typed import typed

EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.yaml"))


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.name)
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "desired" / request.param.stem
    folder.mkdir(parents=True)
    (folder / request.param.name).write_text(request.param.read_text(encoding="utf-8"))
    return tmp_path


def test_an_example_is_valid(root: Path) -> None:
    said = typed("-C", root, "validate")
    assert said.code == 0, said
    assert "warning:" not in said.err, said


def test_production_shows_windows_approvals_and_thresholds(tmp_path: Path) -> None:
    folder = tmp_path / "desired" / "production"
    folder.mkdir(parents=True)
    text = (ROOT / "docs" / "examples" / "production.yaml").read_text(encoding="utf-8")
    (folder / "all.yaml").write_text(text)
    rules = load(tmp_path, None, {}).environment.change_rules
    assert (rules.percent, rules.most) == (10, 20)
    assert rules.approvals == {"high": 1, "critical": 2}
    assert [hours.text for hours in rules.window.allow] == [
        "mon-thu 09:00-16:00",
        "fri 09:00-12:00",
    ]
    assert [freeze.reason for freeze in rules.window.freeze]


def test_staging_has_no_window_and_takes_no_approvals() -> None:
    rules = load(ROOT, "staging", {}).environment.change_rules
    assert (rules.window.allow, rules.window.freeze, dict(rules.approvals)) == ((), (), {})


def test_production_can_be_applied_within_its_rules(root: Path) -> None:
    with Sandbox() as sandbox:
        at = ("-C", root, "--sandbox", sandbox.url)
        planned = typed(*at, "plan")
        assert planned.code == 0, planned
        words = ("--incident", "the first apply", "--approved-by", "ann", "--approved-by", "ben")
        applied = typed(*at, "apply", *words)
        assert applied.code == 0, applied
        assert typed(*at, "plan", "--detailed-exitcode").code == 0
