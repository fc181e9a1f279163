"""One comment of ours on a pull or merge request: written once, and rewritten from then on.

It is known by the hidden marker that it begins with. Whoever can comment can write that marker too,
so a comment counts only if its author is the one whose token we have: else somebody could have us
write our plan into a comment that is theirs to edit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from remediate.forges.wire import Wire
from remediate.gcp.errors import Transient
from remediate.gcp.retry import Patience
from remediate.model.errors import InvalidInput, RemediateError

MOST = 65_536  # characters that GitHub takes
_MARKER = re.compile(r"<!-- remediate:[^\n]*? -->")


@dataclass(frozen=True, slots=True)
class Comment:
    id: str
    body: str
    url: str


class Thread(Protocol):
    """A pull or merge request, as far as its comments go."""

    def ours(self) -> Iterator[Comment]:
        """The comments whose author we are."""

    def write(self, body: str) -> Comment: ...

    def rewrite(self, comment: Comment, body: str) -> Comment: ...


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of it: `created`, `edited` or `unchanged`."""

    how: str
    comment: Comment


def marker_of(body: str) -> str:
    """The hidden first line; raises InvalidInput where there is none, or where it is too long."""
    found = _MARKER.match(body)
    if found is None:
        raise InvalidInput(
            "it does not begin with the marker of a report of ours",
            hint="`remediate plan --md-out FILE` writes one.",
        )
    if len(body) > MOST:
        raise InvalidInput(f"it is longer than the {MOST:,} characters of a comment")
    return found[0]


def upsert(thread: Thread, body: str, patience: Patience) -> Posted:
    """Write the comment, or edit the newest one of ours with the same marker.

    What failed is begun again from reading: a write whose answer was lost is found, not repeated.
    """
    marker = marker_of(body)
    return patience.run(lambda: _once(thread, marker, body))


def _once(thread: Thread, marker: str, body: str) -> Posted:
    former = [each for each in thread.ours() if each.body.startswith(marker)]
    if not former:
        return Posted("created", thread.write(body))
    newest = former[-1]
    if newest.body.replace("\r\n", "\n").rstrip() == body.rstrip():
        return Posted("unchanged", newest)
    return Posted("edited", thread.rewrite(newest, body))


class PullRequest:
    """Of GitHub: https://docs.github.com/rest/issues/comments (API version 2022-11-28)."""

    def __init__(self, wire: Wire, repository: str, number: int) -> None:
        self._wire = wire
        self._repository = f"/repos/{repository}/issues"
        self._comments = f"{self._repository}/{number}/comments"

    def ours(self) -> Iterator[Comment]:
        me = self._me()
        for each in self._wire.pages(self._comments):
            author = each.get("user") or {}
            by_us = author.get("login") == me if me else author.get("type") == "Bot"
            if by_us:
                yield _of_github(each)

    def _me(self) -> str:
        """Who the token is of; a job's own token is a bot's, and may not ask."""
        return _asked(self._wire, "/user", "login")

    def write(self, body: str) -> Comment:
        return _of_github(self._wire.call("POST", self._comments, {"body": body}))

    def rewrite(self, comment: Comment, body: str) -> Comment:
        path = f"{self._repository}/comments/{comment.id}"
        return _of_github(self._wire.call("PATCH", path, {"body": body}))


class MergeRequest:
    """Of GitLab: https://docs.gitlab.com/api/notes/#merge-requests (API v4)."""

    def __init__(self, wire: Wire, project: str, number: int, *, job: bool = False) -> None:
        self._wire = wire
        self._notes = f"/projects/{project}/merge_requests/{number}/notes"
        self._job = job

    def ours(self) -> Iterator[Comment]:
        me = self._me()
        for each in self._wire.pages(f"{self._notes}?sort=asc&order_by=created_at"):
            author = each.get("author") or {}
            if me and author.get("username") == me and not each.get("system"):
                yield _of_gitlab(each)

    def _me(self) -> str:
        if self._job:
            return _asked(self._wire, "/job", "user", "username")
        return _asked(self._wire, "/user", "username")

    def write(self, body: str) -> Comment:
        return _of_gitlab(self._wire.call("POST", self._notes, {"body": body}))

    def rewrite(self, comment: Comment, body: str) -> Comment:
        return _of_gitlab(self._wire.call("PUT", f"{self._notes}/{comment.id}", {"body": body}))


def _asked(wire: Wire, path: str, *names: str) -> str:
    """A word of what they say about us; empty where the token may not ask."""
    try:
        found: object = wire.call("GET", path)
    except Transient:
        raise
    except RemediateError:
        return ""
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return str(found or "")


def _of_github(said: Any) -> Comment:  # noqa: ANN401 - JSON
    return Comment(
        str(said.get("id")), str(said.get("body") or ""), str(said.get("html_url") or "")
    )


def _of_gitlab(said: Any) -> Comment:  # noqa: ANN401 - JSON
    return Comment(str(said.get("id")), str(said.get("body") or ""), "")
