"""What a sandbox tells beside Google's APIs: its clock, its trust root, where to dial."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from threading import Lock
from typing import cast
from urllib.parse import quote

import requests

from remediate.gcp.session import check_loopback
from remediate.model.clock import SystemClock
from remediate.model.errors import InvalidInput, Unreachable
from remediate.model.json import Body

_TIMEOUT = 30.0  # seconds
_REFUSED = {400, 404, 409}


class Sandbox:
    """The admin paths of a sandbox at a loopback URL; any other host is InvalidInput."""

    def __init__(self, session: requests.Session, url: str) -> None:
        self.url = url.rstrip("/")
        check_loopback(self.url)
        self._session = session

    def info(self) -> Body:
        """Ports, the CA's PEM and the project of its scenario."""
        return self._ask("GET", "info")

    def clock(self) -> SandboxClock:
        return SandboxClock(self)

    def time(self) -> datetime:
        return _moment(self._ask("GET", "clock"))

    def advance(self, seconds: float) -> datetime:
        """Let time pass; the time it is then. Raises InvalidInput for more than it can."""
        return _moment(self._ask("POST", "clock:advance", {"seconds": seconds}))

    def load(self, scenario: str) -> None:
        """Begin again with a scenario; raises InvalidInput where there is none of that name."""
        self._ask("POST", f"scenario/{scenario}")

    def ca(self) -> str:
        """The PEM of the root that the certificates served in it lead to."""
        return str(self.info().get("ca", ""))

    def dial(self) -> dict[str, str]:
        """`host:port` as the world knows it -> `127.0.0.1:port` where it is served now.

        Raises InvalidInput where that leads out of this machine.
        """
        dialled = {name: str(socket) for name, socket in self._ask("GET", "dial").items()}
        for socket in dialled.values():
            check_loopback(f"http://{socket}")
        return dialled

    def calls(self) -> list[Body]:
        """The API requests that it has answered, oldest first."""
        return cast("list[Body]", self._ask("GET", "calls").get("calls", []))

    def inject(self, kind: str, match: str = "*", times: int = 1) -> None:
        """Let the next `times` calls that match (`POST */changes*`) go wrong."""
        self._ask("POST", f"faults/{kind}", {"match": match, "times": times})

    def trouble(self, identity: str) -> Body:
        """Bring a whole fault about: `id`, `title`, and what of it was `already` so.

        Raises InvalidInput where there is none of that name, or it cannot be in this world.
        """
        return self._ask("POST", f"faults/{quote(identity, safe='')}")

    def faults(self) -> Body:
        """Those `inForce`, those on the `wire`, and all that are `known`."""
        return self._ask("GET", "faults")

    def clear(self) -> list[str]:
        """Take every fault back; the ids of those that were in force."""
        return cast("list[str]", self._ask("DELETE", "faults").get("cleared", []))

    def _ask(self, method: str, path: str, body: Body | None = None) -> Body:
        url = f"{self.url}/_sandbox/{path}"
        try:
            response = self._session.request(
                method, url, json=body, timeout=_TIMEOUT, allow_redirects=False
            )
            answer = json.loads(response.content)
        except (requests.RequestException, ValueError):
            raise self._absent(path) from None
        match answer:
            case {"error": {"message": str(why)}} if response.status_code in _REFUSED:
                raise InvalidInput(f"the sandbox refuses that: {why}")
            case dict() if response.ok:
                return answer
            case _:
                raise self._absent(path)

    def _absent(self, path: str) -> Unreachable:
        error = Unreachable(f"there is no sandbox at {self.url} (asked for /_sandbox/{path})")
        error.hint = "Start one with `remediate sandbox serve`, or use --sandbox without a URL."
        return error


class SandboxClock:
    """Waiting costs nothing: `sleep` moves the sandbox's clock on.

    The distance to this machine's clock is remembered, so that `now` does not ask each time.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._local = SystemClock()
        self._slept = 0.0
        self._turn = Lock()
        self._ahead = sandbox.time() - self._local.now()

    def now(self) -> datetime:
        return self._local.now() + self._ahead

    def monotonic(self) -> float:
        return self._local.monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        until = self.monotonic() + seconds
        with self._turn:
            # those who wait side by side wait for the same time to pass
            seconds = max(0.0, until - self.monotonic())
            told = self._sandbox.advance(seconds) - self._local.now()
            # told in whole milliseconds; a clock never goes back
            self._ahead = max(told, self._ahead + timedelta(seconds=seconds))
            self._slept += seconds


def _moment(answer: Body) -> datetime:
    try:
        return datetime.fromisoformat(str(answer.get("now")))
    except ValueError:
        raise Unreachable("the sandbox does not say what time it is") from None
