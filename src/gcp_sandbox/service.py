"""From a message to a reply: decode, find the handler, let the world move on, encode."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from urllib.parse import parse_qsl, unquote

from gcp_sandbox.errors import GoogleError, bad_json, internal
from gcp_sandbox.faults import Fault, Faults
from gcp_sandbox.fields import select
from gcp_sandbox.request import Answer, Body, Json, Query, Request, Response
from gcp_sandbox.router import Router
from gcp_sandbox.server import Message, Reply
from gcp_sandbox.world import World

ADMIN = "/_sandbox/"
_log = logging.getLogger(__name__)


class Service:
    """Every API on one port, on one world.

    `calls` lists what clients asked, in order; what goes to `/_sandbox/` is not among it, and
    neither delayed nor broken. `gates` may refuse what a client asks of an API.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.router = Router()
        self.faults = Faults()
        self.calls: deque[Body] = deque(maxlen=200_000)
        self.gates: list[Callable[[Request], GoogleError | None]] = []

    def answer(self, message: Message) -> Reply | Awaitable[Reply]:
        """Answer at once where that is possible, which is nearly always."""
        path, query = split_target(message.target)
        request = Request(message.method, path, query, message.headers, raw=message.body)
        _override_method(request)
        if path.startswith(ADMIN):
            return self._finish(request, self._begin(request))
        call: Body = {"method": request.method, "path": unquote(path), "query": query, "status": 0}
        self.calls.append(call)
        fault = self.faults.take(request.method, call["path"])
        if fault is not None or self.world.options.latency:
            return self._delayed(request, call, fault)
        answer = self._begin(request)
        if isawaitable(answer):
            return self._later(request, call, answer)
        return self._logged(call, self._finish(request, answer))

    async def _delayed(self, request: Request, call: Body, fault: Fault | None) -> Reply:
        await asyncio.sleep(self.world.options.latency)
        if fault is None:
            return await self._later(request, call, self._begin(request))
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        request.fault = fault.kind
        request.fault_seconds = fault.seconds
        if fault.before is not None:
            return self._logged(call, fault.before)
        answer = fault.error or self._begin(request)
        return fault.after(await self._later(request, call, answer))

    async def _later(
        self, request: Request, call: Body, answer: Answer | GoogleError | Awaitable[Answer]
    ) -> Reply:
        if isawaitable(answer):
            try:
                answer = await answer
            except GoogleError as refused:
                answer = refused
            except Exception:  # noqa: BLE001 - a fault of ours is Google's 500
                _log.exception("request failed")
                answer = internal()
        return self._logged(call, self._finish(request, answer))

    @staticmethod
    def _logged(call: Body, reply: Reply) -> Reply:
        call["status"] = reply.status
        return reply

    def _begin(self, request: Request) -> Answer | GoogleError | Awaitable[Answer]:
        """What the handler says, or why it was refused."""
        try:
            self.world.settle()
            handler, request.params = self.router.find(request.method, request.path)
            request.body = _parsed(request)
            return self._refused(request) or handler(request)
        except GoogleError as refused:
            return refused
        except Exception:  # noqa: BLE001 - a fault of ours is Google's 500
            _log.exception("request failed")
            return internal()

    def _refused(self, request: Request) -> GoogleError | None:
        if request.path.startswith(ADMIN):
            return None
        return next((why for gate in self.gates if (why := gate(request))), None)

    def _finish(self, request: Request, answer: Answer | GoogleError) -> Reply:
        """Let the world settle, write it down, and only then tell."""
        try:
            if request.method != "GET":
                self.world.settle()
            self.world.save()
            return _reply(request, answer)
        except GoogleError as refused:
            return _refusal(refused)
        except Exception:  # noqa: BLE001 - a fault of ours is Google's 500
            _log.exception("answer failed")
            return _refusal(internal())


def _reply(request: Request, answer: Answer | GoogleError) -> Reply:
    if isinstance(answer, GoogleError):
        return _refusal(answer)
    response = answer if isinstance(answer, Response) else Response(200, answer)
    body = response.body
    if isinstance(body, bytes):
        return Reply(response.status, body, response.content_type, response.headers)
    if "fields" in request.query and isinstance(body, dict):
        body = select(body, request.query["fields"])
    return Reply(response.status, b"" if body is None else _encoded(body))


def _refusal(error: GoogleError) -> Reply:
    return Reply(error.status, _encoded(error.body()))


def split_target(target: str) -> tuple[str, dict[str, str]]:
    """Path and query of a request target, in origin or absolute form."""
    if not target.startswith("/"):
        _, _, rest = target.partition("://")
        target = "/" + rest.partition("/")[2]
    path, _, query = target.partition("?")
    return path, Query(parse_qsl(query, keep_blank_values=True)) if query else {}


def _override_method(request: Request) -> None:
    """A GET too long for a URL comes as a POST (Google's Python client does so)."""
    method = request.headers.get("x-http-method-override")
    if method is None or request.method != "POST":
        return
    request.method = method.upper()
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        request.query |= parse_qsl(request.raw.decode("utf-8", "replace"))
        request.raw = b""


def _parsed(request: Request) -> Json:
    content_type = request.headers.get("content-type", "")
    if not request.raw or content_type.startswith("multipart/") or _is_upload(request):
        return None
    try:
        body = json.loads(request.raw, parse_constant=_refuse_constant)
        if b"\\u" in request.raw:
            _encoded(body)  # half of a surrogate pair is no text: no answer could repeat it
    except (ValueError, RecursionError):
        raise bad_json() from None
    return body


def _is_upload(request: Request) -> bool:
    """Content of any type, which only its handler understands."""
    return request.path.startswith(("/upload/", "/resumable/upload/"))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _encoded(body: Json) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
