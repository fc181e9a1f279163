"""Which pull or merge request a job is about, and with which token, as its CI tells it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from remediate.forges.thread import MergeRequest, PullRequest, Thread
from remediate.forges.wire import OnRequest, Wire
from remediate.model.clock import Clock
from remediate.model.errors import InvalidInput, NotAuthorised

GITHUB, GITLAB = "https://api.github.com", "https://gitlab.com/api/v4"
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_PULL = re.compile(r"refs/pull/([0-9]+)/")


def pull_request(
    repository: str | None,
    number: int | None,
    api: str | None,
    environ: Mapping[str, str],
    clock: Clock,
    on_request: OnRequest,
) -> Thread:
    """Of GitHub: what was said, or what the job is about. Raises InvalidInput, NotAuthorised."""
    where = repository or environ.get("GITHUB_REPOSITORY", "")
    if not where:
        raise InvalidInput(
            "no repository is named, and GITHUB_REPOSITORY is not set",
            hint="Name it with --github OWNER/REPO and the request with --pr NUMBER.",
        )
    if not _REPOSITORY.fullmatch(where):
        raise InvalidInput(f"{where!r} is no OWNER/REPO", hint="Name it with --github OWNER/REPO.")
    number = number or _pull_of(environ)
    if not number:
        raise InvalidInput(
            "this job is about no pull request", hint="Name it with --pr NUMBER, or leave this out."
        )
    token = _token(environ, "GITHUB_TOKEN", "GH_TOKEN")
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    base = api or environ.get("GITHUB_API_URL") or GITHUB
    return PullRequest(Wire("GitHub", base, headers, token, clock, on_request), where, number)


def merge_request(
    project: str | None,
    number: int | None,
    api: str | None,
    environ: Mapping[str, str],
    clock: Clock,
    on_request: OnRequest,
) -> Thread:
    """Of GitLab, likewise. A project is its number, or its path with the groups."""
    where = project or environ.get("CI_PROJECT_ID", "")
    if not where:
        raise InvalidInput("no project is named", hint="Name it with --gitlab PROJECT.")
    number = number or int(environ.get("CI_MERGE_REQUEST_IID") or 0)
    if not number:
        raise InvalidInput(
            "this job is about no merge request", hint="Name it with --mr IID, or leave this out."
        )
    token = _token(environ, "GITLAB_TOKEN", "CI_JOB_TOKEN")
    is_job = not environ.get("GITLAB_TOKEN")
    headers = {"JOB-TOKEN" if is_job else "PRIVATE-TOKEN": token}
    wire = Wire(
        "GitLab", api or environ.get("CI_API_V4_URL") or GITLAB, headers, token, clock, on_request
    )
    return MergeRequest(wire, quote(where, safe=""), number, job=is_job)


def _pull_of(environ: Mapping[str, str]) -> int:
    """From the ref, else from the event; 0 where the job is about none."""
    if found := _PULL.match(environ.get("GITHUB_REF", "")):
        return int(found[1])
    try:
        event = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_bytes())
        about = event.get("pull_request") or event.get("issue") or {}
        return int(about.get("number") or 0)
    except (KeyError, OSError, ValueError, AttributeError, TypeError):
        return 0


def _token(environ: Mapping[str, str], *names: str) -> str:
    for name in names:
        if token := environ.get(name, "").strip():
            return token
    refused = NotAuthorised(f"there is no token: {' and '.join(names)} are not set")
    refused.hint = "A token is taken from the environment alone, never from the command line."
    raise refused
