"""The wire to GitHub or GitLab: JSON, a token that is in no message, and our own patience."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests

from remediate.gcp.errors import Transient, one_line, retry_after
from remediate.model.clock import Clock
from remediate.model.errors import ApiRefused, InvalidInput, NotAuthorised, Unreachable
from remediate.version import __version__

_TIMEOUT = (10.0, 60.0)  # seconds to connect and to read
_PAGE = 100  # comments; the most that either gives
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
OnRequest = Callable[[str], None]


class NoThread(InvalidInput):
    """There is no such pull or merge request, or the token may not see it."""

    hint = "Check the project and the number; a token that may not read it is told the same."


@dataclass(frozen=True, slots=True)
class Wire:
    """One API with one token. `headers` carry the token, which `secret` is, to keep it hidden."""

    name: str
    api: str
    headers: Mapping[str, str]
    secret: str
    clock: Clock
    on_request: OnRequest = lambda _line: None
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        parts = urlsplit(self.api)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise InvalidInput(f"refused to send a token to {self.api}: it is not https")
        self.session.auth = lambda request: request  # no netrc entry replaces the token

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 - JSON
        """The JSON of an answer. Raises Transient, NoThread, NotAuthorised, ApiRefused."""
        told = f"{self.name}: {method} {path}"
        try:
            answer = self.session.request(
                method,
                self.api.rstrip("/") + path,
                json=body,
                headers={"User-Agent": f"remediate/{__version__}", **self.headers},
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            why = f"{told} had no answer ({type(error).__name__})"
            raise Transient(Unreachable(why)) from None
        self.on_request(f"{told} -> {answer.status_code}")
        return self._read(told, answer)

    def pages(self, path: str) -> Iterator[Any]:
        """Every item of a list, page by page, until one is not full."""
        number, joint = 1, "&" if "?" in path else "?"
        while True:
            items = self.call("GET", f"{path}{joint}per_page={_PAGE}&page={number}")
            if not isinstance(items, list):
                raise Unreachable(f"{self.name}: GET {path} answered no list")
            yield from items
            if len(items) < _PAGE:
                return
            number += 1

    def _read(self, told: str, answer: requests.Response) -> Any:  # noqa: ANN401 - JSON
        status = answer.status_code
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            try:
                return answer.json()
            except ValueError:
                raise Unreachable(f"{told} answered something other than JSON") from None
        said = f"{told} was refused ({status}): {self._reason(answer)}"
        if _passes(answer):
            after = retry_after(answer.headers, self.clock.now())
            raise Transient(Unreachable(said), after, unheard=status in {403, 429})
        if status in {401, 403}:
            refused = NotAuthorised(said, status=status)
            refused.hint = "Give the job a token that may write comments; it is in the environment."
            raise refused
        if status == HTTPStatus.NOT_FOUND:
            raise NoThread(said)
        raise ApiRefused(said, status=status)

    def _reason(self, answer: requests.Response) -> str:
        """Their words, without the token even if they repeat it."""
        try:
            body = answer.json()
        except ValueError:
            return "no reason given"
        found = body.get("message") or body.get("error") if isinstance(body, dict) else None
        text = found if isinstance(found, str) else json.dumps(found)
        return one_line(text.replace(self.secret, "***")) if found else "no reason given"


def _passes(answer: requests.Response) -> bool:
    """Also GitHub's rate limits, which are a 403 with a header."""
    limited = answer.headers.get("X-RateLimit-Remaining") == "0" or "Retry-After" in answer.headers
    status = answer.status_code
    if status == HTTPStatus.FORBIDDEN:
        return limited
    return status in {408, 429} or status >= HTTPStatus.INTERNAL_SERVER_ERROR
