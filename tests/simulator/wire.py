"""What stands where the network does: requests go straight to the world, if they get there."""

from __future__ import annotations

from json import dumps
from typing import TYPE_CHECKING, Any, Protocol

import requests
from requests.structures import CaseInsensitiveDict

from gcp_sandbox.server import Message, Reply
from tests.simulator.cloud import Cloud, target_of

if TYPE_CHECKING:
    from requests import Response

_ASKING = ("/wait", "/validate", ":testIamPermissions")  # what is posted and changes nothing
_PATIENCE = 60.0  # seconds, until a client gives an answer up
_PAGE = b"<!DOCTYPE html><html lang=en><title>Error 502 (Server Error)!!1</title></html>"


def _refused(status: int, reason: str) -> Reply:
    error = {"code": status, "message": "no", "errors": [{"reason": reason}]}
    return Reply(status, dumps({"error": error}).encode())


REFUSED: dict[str, Reply] = {
    "429": _refused(429, "rateLimitExceeded"),
    "403": _refused(403, "rateLimitExceeded"),
    "500": _refused(500, "backendError"),
    "503": _refused(503, "backendError"),
    "page": Reply(502, _PAGE, "text/html; charset=UTF-8"),
}
LOST = ("reset", "timeout")  # no answer, and no effect
AFTER = ("lost", "late", "broken", "500-after", "half")  # the effect, and then no good answer
OF_OPERATIONS = ("slow-operation", "failed-operation")
STALE = "stale"  # a list as it was before the last writes


class Client(Protocol):
    """The process whose requests these are."""

    cloud: Cloud

    def passing(self, place: str) -> None: ...

    def wait(self, seconds: float) -> None: ...

    def begins(self) -> None:
        """It sends a request, or the same one again."""

    def fault(self, message: Message) -> str:
        """What goes wrong with this request; empty if nothing does."""

    def about_to_write(self, message: Message) -> None: ...

    def written(self, message: Message, reply: Reply) -> None: ...

    def read(self, message: Message, reply: Reply) -> None: ...

    def former(self, message: Message) -> Reply | None:
        """What a list answered before, if it was asked."""


class Direct(requests.Session):
    """The session of one process: what it is asked to send is there at once."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.trust_env = False
        self._client = client

    def request(self, method: str, url: str, **how: Any) -> Response:  # type: ignore[override]  # what our wire says of the many that requests takes
        data, json = how.get("data"), how.get("json")
        headers = {name.lower(): str(value) for name, value in (how.get("headers") or {}).items()}
        if json is not None:
            data, headers["content-type"] = dumps(json).encode(), "application/json"
        headers["host"] = "127.0.0.1"
        message = Message(method, target_of(url), headers, data or b"")
        return _response(url, self._exchanged(message))

    def _exchanged(self, message: Message) -> Reply:
        client = self._client
        writes = is_mutation(message)
        client.begins()
        client.passing(f"sending {message.method} {path_of(message)}")
        fault = client.fault(message)
        if fault in REFUSED:
            return REFUSED[fault]
        if fault in LOST:
            self._lose(fault)
        if fault == STALE and (former := client.former(message)):
            return former
        if writes:
            client.about_to_write(message)
        if fault in OF_OPERATIONS:
            seconds = 400 if fault == "slow-operation" else 1
            client.cloud.service.faults.inject("it", {"kind": fault, "seconds": seconds})
        reply = client.cloud.answer(message)
        if writes:
            client.written(message, reply)
        else:
            client.read(message, reply)
        client.passing(f"answered {reply.status}")
        return _arriving(fault, reply, client)

    def _lose(self, fault: str) -> None:
        if fault == "timeout":
            self._client.wait(_PATIENCE)
            raise requests.ReadTimeout("simulated: no answer, no effect")
        raise requests.ConnectionError("simulated: reset before the request was taken")


def _arriving(fault: str, reply: Reply, client: Client) -> Reply:
    """The answer as it gets through, if it does."""
    match fault:
        case "lost":
            raise requests.ConnectionError("simulated: reset after the effect")
        case "late":
            client.wait(_PATIENCE)
            raise requests.ReadTimeout("simulated: the effect, but no answer in time")
        case "broken":
            raise requests.exceptions.ChunkedEncodingError("simulated: broke off")
        case "500-after":
            return REFUSED["500"]
        case "half" if reply.status == 200:
            return Reply(200, reply.body[: len(reply.body) // 2])
    return reply


def path_of(message: Message) -> str:
    return message.target.partition("?")[0]


def is_mutation(message: Message) -> bool:
    """Whether it can change what anybody sees."""
    path, _, query = message.target.partition("?")
    if message.method == "GET" or path.startswith("/_sandbox/"):
        return False
    return not path.endswith(_ASKING) and "validateOnly=" not in query


def _response(url: str, reply: Reply) -> Response:
    response = requests.Response()
    response.status_code = reply.status
    response.headers = CaseInsensitiveDict({"Content-Type": reply.content_type, **reply.headers})
    response._content = reply.body
    response.url = url
    return response
