"""One loopback port, UDP and TCP, on which a DNS server listens from the moment it is bound."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from gcp_sandbox.internet.wire import Reply, Responder, respond

_TRIES: Final = 20
_BACKLOG: Final = 128
_ROOM: Final = 1 << 20
"""Bytes of datagrams that may wait, so that a burst is not lost."""


@dataclass(slots=True)
class DnsPort:
    """`tcp_is_blocked` is asked at each connection, which is then cut."""

    host: str
    responder: Responder
    tcp_is_blocked: Callable[[], bool]
    port: int = 0
    _serving: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Bind at once, any port that is free for both; who asks before we serve waits there."""
        tcp, udp = _bound(self.host)
        self.port = tcp.getsockname()[1]
        self._serving = asyncio.get_running_loop().create_task(self._serve(tcp, udp))

    def close(self) -> None:
        if self._serving is not None:
            self._serving.cancel()

    async def _serve(self, tcp: socket.socket, udp: socket.socket) -> None:
        with tcp, udp:
            datagrams, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Datagrams(self.responder), sock=udp
            )
            streams = await asyncio.start_server(self._converse, sock=tcp, backlog=_BACKLOG)
            try:
                await asyncio.Event().wait()
            finally:
                datagrams.close()
                streams.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Questions and answers on one connection, each after its length (RFC 7766)."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while not self.tcp_is_blocked():
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                reply = respond(self.responder, await reader.readexactly(length), datagram=False)
                if reply is None:
                    break
                await asyncio.sleep(reply.delay)
                writer.write(struct.pack("!H", len(reply.wire)) + reply.wire)
                await writer.drain()
        if self.tcp_is_blocked():
            writer.transport.abort()
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, responder: Responder) -> None:
        self._responder = responder

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # 3.11 does not derive it

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = respond(self._responder, data, datagram=True)
        if reply is None:
            return
        if reply.delay:
            asyncio.get_running_loop().call_later(reply.delay, self._send, reply, addr)
        else:
            self._send(reply, addr)

    def _send(self, reply: Reply, addr: tuple[str, int]) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(reply.wire, addr)


def _bound(host: str) -> tuple[socket.socket, socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for attempt in range(_TRIES):
        tcp = socket.create_server((host, 0), family=family, backlog=_BACKLOG)
        udp = socket.socket(family, socket.SOCK_DGRAM)
        try:
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
            udp.setblocking(False)
            udp.bind((host, tcp.getsockname()[1]))
        except OSError:
            tcp.close()
            udp.close()
            if attempt == _TRIES - 1:
                raise
        else:
            return tcp, udp
    raise AssertionError("unreachable")
