"""Bad input by command line: refused with every fault at its place, and nothing is sent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.typed import typed
from tests.pipeline.bad_input import CASES, Case, lay_out, records
from tests.workbench import Workbench


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why.replace(" ", "-"))
def test_bad_input_leaves_with_9_and_sends_nothing(
    case: Case, workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNSET", raising=False)
    for name, value in case.process.items():
        monkeypatch.setitem(os.environ, name, value)
    root = lay_out(case, tmp_path)
    workbench.forget_calls()
    said = typed("plan", "-C", root, "--sandbox", workbench.url)
    assert said.code == 9, said
    assert said.out == ""
    told = [line for line in said.err.splitlines() if line.startswith("desired/staging")]
    assert len(told) == len(case.faults), said
    for line, (place, message) in zip(told, case.faults, strict=True):
        assert line.startswith(f"desired/staging/{place}" if place else "desired/staging has")
        assert message in line
    assert workbench.calls() == []
    assert not (root / ".remediate").exists()


def test_of_thousands_of_faults_the_first_hundred_are_told_and_the_others_counted(
    tmp_path: Path,
) -> None:
    wrong = "".join(f"    n{number}: {{A: {{ttl: 60, values: [x]}}}}\n" for number in range(2417))
    lay_out(Case("", {"zone.yaml": records(wrong)}, ()), tmp_path)
    said = typed("validate", "-C", tmp_path)
    assert said.code == 9
    lines = said.err.splitlines()
    assert sum(line.startswith("desired/staging/zone.yaml:") for line in lines) == 100
    assert "... and 2,317 more faults" in lines
    assert "2,417 faults in what you wrote; nothing was sent" in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--env", "nowhere"), "there is no environment 'nowhere'"),
        (("--env", "stagin"), "did you mean `staging`?"),
    ],
)
def test_an_environment_that_is_not_there_is_named(
    words: tuple[str, ...], told: str, workbench: Workbench
) -> None:
    workbench.write()
    said = typed("plan", "-C", workbench.root, "--sandbox", workbench.url, *words)
    assert said.code == 9
    assert told in said.err


def test_of_several_environments_one_must_be_named(workbench: Workbench) -> None:
    workbench.write()
    (workbench.root / "desired" / "production").mkdir()
    said = typed("validate", "-C", workbench.root)
    assert said.code == 9
    assert "several environments: production, staging" in said.err
    assert typed("validate", "-C", workbench.root, "-e", "staging").code == 0


def test_an_empty_folder_is_an_error_and_deletes_nothing(workbench: Workbench) -> None:
    workbench.copy_staging()
    workbench.apply()
    before = workbench.state()
    for file in (workbench.root / "desired" / "staging").iterdir():
        file.unlink()
    said = typed("apply", "-C", workbench.root, "--sandbox", workbench.url, "--prune", "--yes")
    assert said.code == 9
    assert workbench.state() == before
