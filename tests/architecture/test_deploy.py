"""The pipelines that are shipped: what they type parses, and nothing in them can be turned."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

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
    said = line.replace("$DIGEST", f"sha256:{'0' * 64}")
    assert why_refused(said.replace('"${approved[@]}"', "--approved-by=ann")) == "", file


def test_each_pipeline_validates_plans_and_applies_what_was_reviewed() -> None:
    for folder in ("github", "gitlab", "atlantis"):
        lines = [line for file, line in COMMANDS if folder in file.parts]
        assert {"validate", "plan", "apply"} <= {line.split()[0] for line in lines}
        (applied,) = [line for line in lines if line.startswith("apply")]
        assert "--digest" in applied or "--plan" in applied
    assert [line for file, line in COMMANDS if line.startswith("drift")] != []


def test_each_pipeline_installs_one_commit_of_this_project_with_what_it_needs_by_hash() -> None:
    for file in (*WORKFLOWS, GITLAB):
        installs = [s for s in scripts(read(file)) if "pip install" in s]
        assert installs
        for script in installs:
            assert 'test "$(git rev-parse HEAD)" = "$REMEDIATE_REF"' in script
            assert "--require-hashes -r requirements/run.txt -r requirements/build.txt" in script
            assert "--no-deps --no-build-isolation ." in script


def test_nothing_installs_our_name_from_an_index_where_it_is_somebody_elses() -> None:
    """On PyPI `remediate` is another project."""
    by_name = re.compile(
        r"(?:pip3?|pipx|uv|uvx)\b[^\n]*\b(?:install|run|add)\b[^\n]*[\s\"'](?:remediate)(?=$|[\s\"'\[=<>~@`])"
    )
    assert by_name.search('python -m pip install --quiet "remediate==0.1.0"')
    assert by_name.search("pipx install remediate")
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    about = [name for name in tracked if not name.startswith(("src/", "tests/", "bench/"))]
    found = {name: by_name.findall((ROOT / name).read_text("utf-8", "replace")) for name in about}
    assert {name: lines for name, lines in found.items() if lines} == {}


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
        assert asked.keys() <= {"actions", "contents", "id-token", "pull-requests"}
        assert asked.get("actions", "read") == "read"
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
    assert last["if"] == "always() && job.status != 'success'"  # a timeout cancels
    assert "$SLACK_WEBHOOK_URL" in last["run"]


def acted(
    folder: Path, script: str, programs: dict[str, str], **variables: str
) -> tuple[int, list[str]]:
    """How a script ends where these programs stand for the real ones, and what they were told."""
    log = folder / "log"
    log.write_text("")
    for name, body in programs.items():
        program = folder / name
        told = f'(printf {name}; printf " [%s]" "$@"; echo) >> {log}'
        program.write_text(f"#!/bin/bash\n{told}\n{body}")
        program.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": path, "ENVIRONMENT": "staging", "REMEDIATE_ENVIRONMENT": "staging"}
        | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, log.read_text().splitlines()


def step_that_applies() -> str:
    (found,) = [
        step["run"]
        for step in read(WORKFLOWS[0].with_name("remediate-apply.yml"))["jobs"]["apply"]["steps"]
        if "remediate apply" in step.get("run", "")
    ]
    return str(found)


APPROVALS = [
    {"state": "approved", "environments": [{"name": "remediate-apply"}], "user": {"login": "ann"}},
    {"state": "approved", "environments": [{"name": "remediate-apply"}], "user": {"login": "$(x)"}},
    {"state": "approved", "environments": [{"name": "remediate-plan"}], "user": {"login": "ben"}},
    {"state": "rejected", "environments": [{"name": "remediate-apply"}], "user": {"login": "eve"}},
]


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is what gh does with --jq")
@pytest.mark.parametrize(
    ("attempt", "approvals", "by"),
    [
        ("1", APPROVALS, ["--approved-by=$(x)", "--approved-by=ann"]),
        ("1", APPROVALS[2:], []),
        ("2", APPROVALS, []),  # they may have approved the plan of the attempt before
    ],
)
def test_on_github_who_approved_is_asked_and_never_made_up(
    tmp_path: Path, attempt: str, approvals: list[object], by: list[str]
) -> None:
    (tmp_path / "approvals.json").write_text(json.dumps(approvals))
    code, told = acted(
        tmp_path,
        step_that_applies(),
        {"gh": 'jq -r "$4" approvals.json\n', "remediate": ""},
        GITHUB_RUN_ATTEMPT=attempt,
        GITHUB_REPOSITORY="netra/desired",
        GITHUB_RUN_ID="7",
        DIGEST="sha256:1",
    )
    said = "".join(f" [{word}]" for word in by)
    assert code == 0
    assert told[-1] == f"remediate [apply] [-e] [staging] [--digest] [sha256:1]{said}"
    if attempt == "1":
        assert told[0].startswith("gh [api] [repos/netra/desired/actions/runs/7/approvals] [--jq]")


def test_on_github_nothing_is_applied_where_the_approvals_cannot_be_asked_for(
    tmp_path: Path,
) -> None:
    code, told = acted(
        tmp_path,
        step_that_applies(),
        {"gh": "exit 1\n", "remediate": ""},
        GITHUB_RUN_ATTEMPT="1",
        GITHUB_REPOSITORY="netra/desired",
        GITHUB_RUN_ID="7",
    )
    assert code != 0
    assert [line for line in told if line.startswith("remediate")] == []


def test_where_the_forge_does_not_say_who_approved_nobody_is_said_to_have() -> None:
    for file in (GITLAB, DEPLOY / "atlantis" / "repos.yaml"):
        assert "--approved-by" not in file.read_text()


@pytest.mark.parametrize(
    ("plan", "comment", "code"),
    [("exit 4", "", 4), ("", "exit 1", 1), ("", "", 0)],
    ids=["denied", "no comment", "fine"],
)
def test_on_gitlab_a_denied_plan_is_told_and_fails_the_job(
    tmp_path: Path, plan: str, comment: str, code: int
) -> None:
    planned = f'echo "# plan" > plan.md; {plan or ":"}'
    body = f'if [ "$1" = plan ]; then {planned}; else {comment or ":"}; fi\n'
    script = read(GITLAB)["plan"]["script"][0]
    ended, told = acted(tmp_path, script, {"remediate": body}, COMMENT="yes")
    assert ended == code
    assert [line.split()[1] for line in told] == ["[plan]", "[comment]"]


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
