"""The pipelines that are shipped: what they type parses, and nothing in them can be turned."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.version import __version__
from tests.architecture.command_lines import why_refused
from tests.architecture.repository import ROOT

DEPLOY = ROOT / "deploy"
WORKFLOWS = sorted((DEPLOY / "github" / "workflows").glob("*.yml"))
GITLAB = DEPLOY / "gitlab" / ".gitlab-ci.yml"
FILES = [*WORKFLOWS, GITLAB, *sorted((DEPLOY / "atlantis").glob("*.yaml"))]
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


class Loader(yaml.SafeLoader):
    """GitLab has a tag of its own."""


Loader.add_constructor("!reference", lambda _loader, _node: [])


def read(file: Path) -> Any:
    found = yaml.load(file.read_text(encoding="utf-8"), Loader)
    return {("on" if key is True else key): value for key, value in found.items()}


def scripts(value: Any, key: str = "") -> Iterator[str]:
    """Every text that some shell is given."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from scripts(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from scripts(item, key)
    elif isinstance(value, str) and key in {"run", "script", "before_script", "after_script"}:
        yield value


def typed(file: Path) -> Iterator[str]:
    for script in scripts(read(file)):
        yield from re.findall(r"(?:^|; then )remediate ([^|;>&\n]+)", script, re.MULTILINE)


COMMANDS = [(file, line) for file in FILES for line in typed(file)]


@pytest.mark.parametrize(("file", "line"), COMMANDS, ids=lambda each: getattr(each, "name", each))
def test_every_command_line_parses(file: Path, line: str) -> None:
    assert why_refused(line.replace("$DIGEST", f"sha256:{'0' * 64}")) == "", file


def test_each_pipeline_validates_plans_and_applies_what_was_reviewed() -> None:
    for folder in ("github", "gitlab", "atlantis"):
        lines = [line for file, line in COMMANDS if folder in file.parts]
        assert {"validate", "plan", "apply"} <= {line.split()[0] for line in lines}
        (applied,) = [line for line in lines if line.startswith("apply")]
        assert "--digest" in applied or "--plan" in applied
    assert [line for file, line in COMMANDS if line.startswith("drift")] != []


def test_this_version_is_installed() -> None:
    for file in (*WORKFLOWS, GITLAB):
        assert set(re.findall(r"remediate==([\w.]+)", file.read_text())) == {__version__}


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_actions_are_pinned_and_nothing_of_an_event_is_run(file: Path) -> None:
    text = file.read_text()
    used = re.findall(r"uses: (.+)", text)
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []
    assert [script for script in scripts(read(file)) if "${{" in script] == []
    assert "pull_request_target" not in text


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_each_job_may_do_what_it_has_to_and_no_more(file: Path) -> None:
    found = read(file)
    assert found["permissions"] == {}
    assert "group" in found["concurrency"]
    for job in found["jobs"].values():
        asked = job["permissions"]
        assert asked["contents"] == "read"
        assert asked.keys() <= {"contents", "id-token", "pull-requests"}
        assert {"id-token", "pull-requests"} <= asked.keys() or "pull-requests" not in asked
        for step in job["steps"]:
            if "actions/checkout@" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False
        signs_in = any("google-github-actions/auth" in s.get("uses", "") for s in job["steps"])
        assert signs_in == ("id-token" in asked)
        if signs_in and "pull_request" in found["on"]:
            assert "head.repo.full_name == github.repository" in job["if"]
        if any("remediate apply" in s.get("run", "") for s in job["steps"]):
            assert "environment" in job
            assert found["concurrency"]["cancel-in-progress"] is False


def test_a_fork_gets_no_credentials_from_gitlab() -> None:
    found = read(GITLAB)
    for name, job in found.items():
        if isinstance(job, dict) and job.get("extends") == ".google":
            for rule in job["rules"]:
                said = rule["if"]
                ours = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID"
                assert "merge_request" not in said or ours in said, name
    assert found["apply"]["resource_group"]
    assert "id_tokens" not in found["validate"]


def test_drift_is_looked_for_every_two_hours_and_told() -> None:
    found = read(DEPLOY / "github" / "workflows" / "remediate-drift.yml")
    assert found["on"]["schedule"] == [{"cron": "0 */2 * * *"}]
    last = found["jobs"]["drift"]["steps"][-1]
    assert last["if"] == "failure()"
    assert "$SLACK_WEBHOOK_URL" in last["run"]


@pytest.mark.parametrize(
    ("tool", "words"), [("zizmor", ["--offline", "--persona=pedantic"]), ("actionlint", [])]
)
def test_the_workflows_lint(tool: str, words: list[str]) -> None:
    found = shutil.which(tool, path=str(Path(sys.executable).parent)) or shutil.which(tool)
    if found is None:
        pytest.skip(f"{tool} is not installed")
    ended = subprocess.run(
        [found, *words, *map(str, WORKFLOWS)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
