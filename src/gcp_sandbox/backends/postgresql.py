"""PostgreSQL as far as its start-up handshake goes, on the private address of every instance.

Seen from inside the VPC: it is dialled only where somebody there looks out, the network is peered
and the instance is up. https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gcp_sandbox import loopback
from gcp_sandbox.backends import database
from gcp_sandbox.backends.database import Database
from gcp_sandbox.world import World

PORT: Final = 5432
_BACKLOG: Final = 128
_LEAST: Final = 4
_LARGEST: Final = 10_000
_VERSION_3: Final = 3
_SSL: Final = 80877103
_GSS: Final = 80877104
_CANCEL: Final = 80877102
_SASL: Final = 10
_PASSWORD: Final = ord("p")


@dataclass(frozen=True, slots=True)
class _Listener:
    name: str
    held: socket.socket
    serving: asyncio.Task[None] | None


@dataclass(slots=True)
class Databases:
    """Listens where the state says that a database is, from the first time it is asked."""

    world: World
    _listeners: dict[tuple[str, bool], _Listener] = field(default_factory=dict)

    def dial(self) -> dict[str, str]:
        """`{"10.20.0.3:5432": "127.0.0.1:41235"}`; where it refuses nobody listens there."""
        wanted = {(it.address, it.door == "open") for it in self._within_reach()}
        for key in self._listeners.keys() - wanted:
            _close(self._listeners.pop(key))
        for address, is_open in wanted - self._listeners.keys():
            self._listeners[address, is_open] = self._listen(address, is_open=is_open)
        return {
            loopback.at(address, PORT): listener.name
            for (address, _), listener in sorted(self._listeners.items())
        }

    def close(self) -> None:
        for listener in self._listeners.values():
            _close(listener)
        self._listeners.clear()

    def _within_reach(self) -> Iterator[Database]:
        for it in database.databases(self.world):
            if not it.body["databaseVersion"].startswith("POSTGRES"):
                continue
            inside = it.network and database.has_vantage(self.world, it.network)
            if inside and database.peered(self.world, it.network) and it.door != "silent":
                yield it

    def _listen(self, address: str, *, is_open: bool) -> _Listener:
        held = loopback.bound(address)
        serving = None
        if is_open:
            held.listen(_BACKLOG)
            serving = asyncio.get_running_loop().create_task(self._serve(held, address))
        return _Listener(loopback.name_of(held), held, serving)

    async def _serve(self, held: socket.socket, address: str) -> None:
        with held:
            server = await asyncio.get_running_loop().create_server(
                lambda: _StartUp(self, address), sock=held, backlog=_BACKLOG
            )
            try:
                await asyncio.Event().wait()
            finally:
                server.close()

    def refusal(self, address: str) -> str | None:
        """The SQLSTATE of now, "" for none; None where nobody is there any more."""
        self.world.settle()
        found = next((it for it in self._within_reach() if it.address == address), None)
        if found is None or found.door != "open":
            return None
        return database.error_for(self.world, found, None) or database.plainly(found)


def _close(listener: _Listener) -> None:
    if listener.serving is not None:
        listener.serving.cancel()
    else:
        listener.held.close()


class _StartUp(asyncio.Protocol):
    """One connection: encryption declined, then a request for a password, or a refusal."""

    def __init__(self, databases: Databases, address: str) -> None:
        self._databases = databases
        self._address = address
        self._buffer = bytearray()
        self._started = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while not self._transport.is_closing() and (packet := self._next()) is not None:
            self._heard(packet)

    def _next(self) -> bytes | None:
        """The next packet without its length; a type stands before all but the first."""
        kind = 1 if self._started else 0
        if len(self._buffer) < kind + 4:
            return None
        length = int.from_bytes(self._buffer[kind : kind + 4])
        if not _LEAST <= length <= _LARGEST:
            self._transport.close()
            return None
        if len(self._buffer) < kind + length:
            return None
        packet = bytes(self._buffer[:kind] + self._buffer[kind + 4 : kind + length])
        del self._buffer[: kind + length]
        return packet

    def _heard(self, packet: bytes) -> None:
        if self._started:
            if packet[0] == _PASSWORD:  # it knows nobody's
                self._refuse(database.BAD_PASSWORD)
            else:
                self._transport.close()
            return
        code = int.from_bytes(packet[:4])
        if code in {_SSL, _GSS}:
            self._transport.write(b"N")
        elif code == _CANCEL or len(packet) < _LEAST:
            self._transport.close()
        elif code >> 16 != _VERSION_3:
            self._refuse("0A000", "unsupported frontend protocol")
        else:
            self._start()

    def _start(self) -> None:
        sqlstate = self._databases.refusal(self._address)
        if sqlstate is None:
            self._transport.abort()
        elif sqlstate:
            self._refuse(sqlstate)
        else:
            self._started = True
            mechanisms = _SASL.to_bytes(4) + b"SCRAM-SHA-256\0\0"
            self._transport.write(b"R" + (4 + len(mechanisms)).to_bytes(4) + mechanisms)

    def _refuse(self, sqlstate: str, message: str = "") -> None:
        said = message or database.MESSAGES.get(sqlstate, "the database cannot take connections")
        fields = b"".join(
            kind + text.encode() + b"\0"
            for kind, text in ((b"S", "FATAL"), (b"V", "FATAL"), (b"C", sqlstate), (b"M", said))
        )
        body = fields + b"\0"
        self._transport.write(b"E" + (4 + len(body)).to_bytes(4) + body)
        self._transport.close()
