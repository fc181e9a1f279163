"""HTTP/1.1 on loopback, by hand: one connection is one protocol object on the event loop.

Keep-alive, pipelining, `Content-Length` and chunked bodies, `Expect: 100-continue` and
absolute-form targets (RFC 9112 §3.2.2: gcloud uses the sandbox as its forward proxy). An answer
leaves in one write, so that no client waits for a delayed acknowledgement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeAlias

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 128 * 1024 * 1024
LOOPBACK = "127.0.0.1"


@dataclass(slots=True)
class Message:
    """A request as it came: `target` undecoded, header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    keep_alive: bool = True


@dataclass(slots=True)
class Reply:
    """An answer to be sent; `cut` breaks it on purpose: after half the body, or before any byte.

    `then` is who goes on talking on the connection, once it has been answered.
    """

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    then: asyncio.Protocol | None = None

    def encode(self, *, keep_alive: bool) -> bytes:
        lines = [_STATUS_LINES.get(self.status) or _status_line(self.status)]
        if self.body or self.status not in _BODILESS:
            lines += [f"Content-Type: {self.content_type}", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if not keep_alive:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


Answerer: TypeAlias = Callable[[Message], Reply | Awaitable[Reply]]


def _status_line(status: int) -> str:
    try:
        return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP/1.1 {status} Unknown"


_BODILESS = frozenset({HTTPStatus.SWITCHING_PROTOCOLS, HTTPStatus.NO_CONTENT})
_STATUS_LINES = {status.value: _status_line(status) for status in HTTPStatus}


class Malformed(Exception):
    """Not HTTP, or more of it than we take."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Connection(asyncio.Protocol):
    """Requests of one client, answered in the order in which they came.

    `body_limit` is in bytes.
    """

    def __init__(
        self,
        answer: Answerer,
        open_connections: set[Connection],
        body_limit: int = BODY_LIMIT,
    ) -> None:
        self._answer = answer
        self._body_limit = body_limit
        self._open = open_connections
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._working: asyncio.Task[None] | None = None
        self._talk: asyncio.Protocol | None = None
        self._continued = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._open.discard(self)
        if self._talk is not None:
            self._talk.connection_lost(exc)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._talk is not None:
            self._talk.data_received(data)
            return
        self._buffer += data
        if self._working is None:
            self._work()

    def _work(self) -> None:
        """Answer what is whole in the buffer; stop at the first answer that takes time."""
        while self._transport is not None and self._buffer and self._talk is None:
            try:
                message = self._next()
            except Malformed as refused:
                self._send(Reply(refused.status, b"", "text/plain"), keep_alive=False)
                return
            if message is None:
                return
            reply = self._answer(message)
            if isinstance(reply, Reply):
                self._send(reply, keep_alive=message.keep_alive)
                continue
            self._working = asyncio.ensure_future(self._wait(reply, message))
            return

    async def _wait(self, reply: Awaitable[Reply], message: Message) -> None:
        self._send(await reply, keep_alive=message.keep_alive)
        self._working = None
        self._work()

    def _send(self, reply: Reply, *, keep_alive: bool) -> None:
        if self._transport is None:
            return
        if reply.cut == "reset":
            self._transport.abort()
            return
        encoded = reply.encode(keep_alive=keep_alive)
        if reply.cut == "half":
            encoded, keep_alive = encoded[: -len(reply.body) // 2], False
        self._transport.write(encoded)
        if reply.then is not None:
            self._hand_over(reply.then, self._transport)
        elif not keep_alive:
            self._transport.close()
            self._transport = None

    def _hand_over(self, talk: asyncio.Protocol, transport: asyncio.Transport) -> None:
        self._talk = talk
        talk.connection_made(transport)
        if self._buffer:
            early = bytes(self._buffer)
            self._buffer.clear()
            talk.data_received(early)

    def _next(self) -> Message | None:
        """The first message in the buffer, taken out of it, if it is all there."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > HEAD_LIMIT:
                raise Malformed(431)
            return None
        message = parse_head(bytes(self._buffer[:end]).decode("latin-1"))
        body, taken = _body(message.headers, self._buffer, end + 4, self._body_limit)
        if body is None:
            if "expect" in message.headers and not self._continued and self._transport:
                self._continued = True
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return None
        self._continued = False
        message.body = body
        del self._buffer[:taken]
        return message


def parse_head(text: str) -> Message:
    """Request line and headers; also for the parts of a batch. Raises Malformed."""
    lines = text.lstrip("\r\n").split("\r\n")
    try:
        method, target, version = lines[0].split(" ")
    except ValueError:
        raise Malformed(400) from None
    if not version.startswith("HTTP/1."):
        raise Malformed(505)
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise Malformed(400)
        headers[name.lower()] = value.strip()
    connection = headers.get("connection", "").lower()
    keep_alive = connection != "close" and (version != "HTTP/1.0" or connection == "keep-alive")
    if method == "HEAD":
        keep_alive = False  # its refusal has a body, which such a client does not read
    return Message(method, target, headers, keep_alive=keep_alive)


def _body(
    headers: dict[str, str], buffer: bytearray, start: int, limit: int
) -> tuple[bytes | None, int]:
    """The body after the head and where it ends; None while it is not all there."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return _chunks(buffer, start, limit)
    text = headers.get("content-length", "0")
    if not text.isdecimal():
        raise Malformed(400)
    end = start + int(text)
    if end - start > limit:
        raise Malformed(413)
    return (bytes(buffer[start:end]), end) if len(buffer) >= end else (None, start)


def _chunks(buffer: bytearray, at: int, limit: int) -> tuple[bytes | None, int]:
    body = bytearray()
    while (end := buffer.find(b"\r\n", at)) >= 0:
        try:
            size = int(bytes(buffer[at:end]).partition(b";")[0], 16)
        except ValueError:
            raise Malformed(400) from None
        at = end + 2
        if size == 0:
            trailer = buffer.find(b"\r\n", at)
            while trailer > at:
                at = trailer + 2
                trailer = buffer.find(b"\r\n", at)
            return (bytes(body), at + 2) if trailer == at else (None, at)
        if len(body) + size > limit:
            raise Malformed(413)
        if len(buffer) < at + size + 2:
            return None, at
        body += buffer[at : at + size]
        at += size + 2
    return None, at


class HttpServer:
    """A listening socket, on loopback only."""

    def __init__(self, server: asyncio.Server, connections: set[Connection]) -> None:
        self._server = server
        self._connections = connections
        self.port: int = server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self._server.close()
        for connection in list(self._connections):
            connection.close()
        await self._server.wait_closed()


async def start_server(answer: Answerer, port: int) -> HttpServer:
    """Listen; port 0 takes a free one. Raises OSError where the port is taken."""
    connections: set[Connection] = set()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(answer, connections), LOOPBACK, port, backlog=512
    )
    return HttpServer(server, connections)
