"""A WebSocket that says everything again, until its time is over.

The `websockets` package speaks the protocol (RFC 6455), without a socket of its own.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from gcp_sandbox.clock import Clock
from gcp_sandbox.server import Message, Reply

if TYPE_CHECKING:
    from websockets.frames import Frame
    from websockets.server import ServerProtocol

_INTERNAL_ERROR: Final = 1011
_LARGEST: Final = 1 << 20
_UPGRADED: Final = 101


def asked_for(message: Message) -> bool:
    """Whether a request would be upgraded to a WebSocket."""
    return message.headers.get("upgrade", "").lower() == "websocket"


def upgraded(clock: Clock, message: Message, *, seconds: float, closing: str = "") -> Reply:
    """The answer to an upgrade: an echo that is cut without a word after so many seconds.

    With a reason for `closing` it is closed at once, with 1011.
    """
    from websockets.http11 import Request
    from websockets.server import ServerProtocol

    protocol = ServerProtocol(max_size=_LARGEST)
    protocol.receive_data(_head(message))
    asked = protocol.events_received()
    if not asked or not isinstance(asked[0], Request):
        return Reply(400, b"This is no request for a WebSocket.\n", "text/plain")
    response = protocol.accept(asked[0])
    protocol.send_response(response)
    protocol.data_to_send()  # sent as our reply instead
    headers = dict(response.headers.raw_items())
    for name in ("Date", "Content-Type", "Content-Length"):
        headers.pop(name, None)
    if response.status_code != _UPGRADED:
        return Reply(response.status_code, bytes(response.body or b""), "text/plain", headers)
    talk = Echo(clock, protocol, seconds, closing)
    return Reply(_UPGRADED, headers=headers, then=talk)


def _head(message: Message) -> bytes:
    lines = [f"{message.method} {message.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in message.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Echo(asyncio.Protocol):
    """One connection from its upgrade on.

    Its time ends in real time or on the sandbox's clock, whichever is first.
    """

    def __init__(
        self, clock: Clock, protocol: ServerProtocol, seconds: float, closing: str
    ) -> None:
        self._clock = clock
        self._protocol = protocol
        self._seconds = seconds
        self._closing = closing
        self._ends = clock.time() + seconds
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._closing:
            self._protocol.send_close(_INTERNAL_ERROR, self._closing)
            self._flush()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._cut)

    def data_received(self, data: bytes) -> None:
        from websockets.frames import Frame

        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._echo(event)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()

    def cut_if_due(self) -> None:
        """For when the clock was moved."""
        if self._clock.time() >= self._ends:
            self._cut()

    def _cut(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _echo(self, frame: Frame) -> None:
        from websockets.frames import Opcode
        from websockets.protocol import State

        if self._protocol.state is not State.OPEN:
            return
        if frame.opcode is Opcode.TEXT:
            self._protocol.send_text(bytes(frame.data), fin=frame.fin)
        elif frame.opcode is Opcode.BINARY:
            self._protocol.send_binary(bytes(frame.data), fin=frame.fin)
        elif frame.opcode is Opcode.CONT:
            self._protocol.send_continuation(bytes(frame.data), fin=frame.fin)

    def _flush(self) -> None:
        if self._transport is None:
            return
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()  # the end of what is to be sent
                return
