"""A GitHub or GitLab on loopback: one thread of comments, by page, with an author for each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.gcp.server import Asked, Say

TOKEN = "ghs_" + "s3cr3tT0ken" * 3
ME = "remediate-bot"


@dataclass
class Board:
    """What `Stub.answer` asks; `trouble` is said first, one by one, to requests that match."""

    kind: str = "github"
    me: str = ME
    comments: list[dict[str, Any]] = field(default_factory=list)
    trouble: list[tuple[str, Say, bool]] = field(default_factory=list)  # method, answer, after it

    def put(self, body: str, author: str = ME, sort: str = "Bot") -> None:
        number = len(self.comments) + 1
        who = {"login": author, "username": author, "type": sort}
        self.comments.append({"id": number, "body": body, "user": who, "author": who})

    def __call__(self, asked: Asked) -> Say:
        for at, (method, say, after) in enumerate(self.trouble):
            if method == asked.method and not asked.path.endswith(("/user", "/job")):
                del self.trouble[at]
                if after:
                    self._answer(asked)
                return say
        return self._answer(asked)

    def _answer(self, asked: Asked) -> Say:
        given = asked.headers.get("authorization") or asked.headers.get("private-token")
        if TOKEN not in (given or asked.headers.get("job-token") or ""):
            return Say(401, {"message": f"Bad credentials: {given}"})
        if asked.path in {"/user", "/job"}:
            return self._who(asked.path)
        if "/404/" in asked.path:
            return Say(404, {"message": "Not Found"})
        if asked.method == "GET":
            size, page = int(asked.query["per_page"]), int(asked.query["page"])
            return Say(200, self.comments[(page - 1) * size : page * size])
        body = json.loads(asked.body)["body"]
        if asked.method == "POST":
            self.put(body, self.me or ME)
            return Say(201, self._shown(self.comments[-1]))
        found = next(one for one in self.comments if str(one["id"]) == asked.path.split("/")[-1])
        found["body"] = body
        return Say(200, self._shown(found))

    def _who(self, path: str) -> Say:
        if not self.me:
            return Say(403, {"message": "Resource not accessible by integration"})
        who = {"login": self.me, "username": self.me}
        return Say(200, {"user": who} if path == "/job" else who)

    def _shown(self, comment: dict[str, Any]) -> dict[str, Any]:
        return {**comment, "html_url": f"https://github.example/o/r/pull/7#{comment['id']}"}

    @property
    def bodies(self) -> list[str]:
        return [one["body"] for one in self.comments]
