"""`remediate comment`, as a job of GitHub or GitLab types it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Desk
from tests.cli.typed import Said, process, typed
from tests.forges.boards import TOKEN, Board
from tests.gcp.server import Stub

REPORT = "<!-- remediate:staging:plan -->\n\n### Plan\n"


@pytest.fixture
def stub() -> Iterator[Stub]:
    stub = Stub()
    yield stub
    stub.close()


@pytest.fixture(autouse=True)
def outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_REPOSITORY", "GITHUB_REF", "GITHUB_API_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("GITLAB_TOKEN", "CI_JOB_TOKEN", "CI_PROJECT_ID", "GITLAB_CI", "CI_API_V4_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("GITHUB_EVENT_PATH", "CI_MERGE_REQUEST_IID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "plan.md"
    file.write_text(REPORT)
    return file


def on_github(monkeypatch: pytest.MonkeyPatch, stub: Stub, **more: str) -> Board:
    board = Board()
    stub.answer = board
    said = {"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": "o/r", "GITHUB_API_URL": stub.url, **more}
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    return board


def insist_on_silence(said: Said) -> None:
    assert TOKEN not in said.out + said.err


def test_a_plan_becomes_a_comment_and_the_next_one_takes_its_place(
    desk: Desk, stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = on_github(monkeypatch, stub, GITHUB_REF="refs/pull/7/merge")
    file = tmp_path / "plan.md"
    assert desk.type("plan", "--md-out", str(file)).code == 0
    first = typed("comment", file, "-v")
    assert (first.code, first.out) == (0, "created: https://github.example/o/r/pull/7#1\n"), first
    assert "GitHub: POST /repos/o/r/issues/7/comments -> 201" in first.err
    assert desk.type("apply", "--yes", "--target", "DnsZone/*").code == 0
    assert desk.type("plan", "--md-out", str(file)).code == 0
    second = typed("comment", file, "--json")
    assert second.json["how"] == "edited"
    assert board.bodies == [file.read_text()]
    insist_on_silence(first)


def test_the_event_names_the_pull_request_where_the_ref_does_not(
    stub: Stub, report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 12}}))
    on_github(monkeypatch, stub, GITHUB_REF="refs/heads/x", GITHUB_EVENT_PATH=str(event))
    assert typed("comment", report).code == 0
    assert stub.asked[-1].path == "/repos/o/r/issues/12/comments"


def test_on_gitlab_the_job_says_which_merge_request(
    stub: Stub, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = Board("gitlab")
    stub.answer = board
    for name, value in {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": stub.url,
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "3",
        "CI_JOB_TOKEN": TOKEN,
    }.items():
        monkeypatch.setenv(name, value)
    said = typed("comment", report)
    assert (said.code, board.bodies) == (0, [REPORT]), said
    assert stub.asked[-1].path == "/projects/42/merge_requests/3/notes"
    assert stub.asked[-1].headers["job-token"] == TOKEN
    assert typed("comment", report).out.startswith("unchanged")


def test_a_project_of_gitlab_goes_by_its_path_too(
    stub: Stub, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.answer = Board("gitlab")
    monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
    said = typed("comment", report, "--gitlab", "group/sub/app", "--mr", "3", "--api", stub.url)
    assert said.code == 0, said
    assert stub.asked[-1].path == "/projects/group%2Fsub%2Fapp/merge_requests/3/notes"
    assert stub.asked[-1].headers["private-token"] == TOKEN


@pytest.mark.parametrize(
    ("environ", "words", "code", "what"),
    [
        ({"GITHUB_REPOSITORY": "o/404"}, (), 9, "this job is about no pull request"),
        ({"GITHUB_REPOSITORY": "404/r"}, ("--pr", "7"), 9, "was refused (404)"),
        ({"GITHUB_REPOSITORY": "nonsense"}, ("--pr", "7"), 9, "is no OWNER/REPO"),
        ({"GITHUB_TOKEN": "another-token"}, ("--pr", "7"), 10, "was refused (401)"),
        ({"GITHUB_TOKEN": ""}, ("--pr", "7"), 10, "there is no token"),
        ({"GITHUB_API_URL": "http://github.example"}, ("--pr", "7"), 9, "it is not https"),
        ({}, ("--pr", "7", "--mr", "8"), 64, "not both"),
        ({}, ("--pr", "none"), 64, "not a valid integer"),
    ],
)
def test_what_cannot_be_says_why(
    environ: dict[str, str],
    words: tuple[str, ...],
    code: int,
    what: str,
    stub: Stub,
    report: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    board = on_github(monkeypatch, stub, **environ)
    said = typed("comment", report, *words)
    assert (said.code, said.out, board.bodies) == (code, "", []), said
    assert what in said.told
    assert "another-token" not in said.err
    insist_on_silence(said)


def test_a_file_that_is_no_report_is_not_posted(
    stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_github(monkeypatch, stub)
    file = tmp_path / "other.md"
    for content in (b"# hello", b"\xff\xfe"):
        file.write_bytes(content)
        assert typed("comment", file, "--pr", "7").code == 9
    assert typed("comment", tmp_path / "nothing.md", "--pr", "7").code == 9
    assert not stub.asked


def test_no_option_takes_a_token() -> None:
    options = re.findall(r"--[a-z-]+", process("comment", "--help").out)
    assert not [name for name in options if "token" in name]
