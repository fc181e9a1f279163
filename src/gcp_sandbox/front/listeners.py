"""The sockets behind `dial`: one on loopback for every address at which TLS is served."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path

from gcp_sandbox.front.selection import HTTPS, Pair, Selection
from gcp_sandbox.server import LOOPBACK, Connection, Message, Reply

_log = logging.getLogger(__name__)
_BACKLOG = 128


@dataclass(frozen=True, slots=True)
class _Listener:
    port: int
    serving: asyncio.Task[None]


@dataclass(slots=True)
class Front:
    """Listens where the state says that a load balancer does, from the first time it is asked.

    Everything happens on the thread of the event loop, which owns the world.
    """

    selection: Selection
    _listeners: dict[str, _Listener] = field(default_factory=dict)
    _connections: set[Connection] = field(default_factory=set)

    def dial(self) -> dict[str, str]:
        """`{"203.0.113.10:443": "127.0.0.1:41234"}`; an IPv6 address stands in brackets."""
        wanted = self.selection.addresses()
        for address in self._listeners.keys() - wanted:
            self._listeners.pop(address).serving.cancel()
        for address in sorted(wanted - self._listeners.keys()):
            self._listeners[address] = self._listen(address)
        return {
            f"{_bracketed(address)}:{HTTPS}": f"{LOOPBACK}:{listener.port}"
            for address, listener in sorted(self._listeners.items())
        }

    def close(self) -> None:
        for listener in self._listeners.values():
            listener.serving.cancel()
        self._listeners.clear()
        for connection in list(self._connections):
            connection.close()

    def _listen(self, address: str) -> _Listener:
        """Bound at once: who dials before the loop gets to serving waits in the backlog."""
        bound = socket.create_server((LOOPBACK, 0), backlog=_BACKLOG)
        port: int = bound.getsockname()[1]
        return _Listener(port, asyncio.get_running_loop().create_task(self._serve(bound, address)))

    async def _serve(self, bound: socket.socket, address: str) -> None:
        with bound:
            server = await asyncio.get_running_loop().create_server(
                lambda: Connection(_answer, self._connections),
                sock=bound,
                backlog=_BACKLOG,
                ssl=self._context(address),
            )
            try:
                await asyncio.Event().wait()
            finally:
                server.close()

    def _context(self, address: str) -> ssl.SSLContext:
        """Without a certificate of its own: each handshake brings the one to be shown."""

        def choose(
            connection: ssl.SSLSocket | ssl.SSLObject,
            server_name: str | None,
            _context: ssl.SSLContext,
        ) -> int | None:
            try:
                context = self._shown(address, server_name)
            except Exception:  # noqa: BLE001 - nobody is above a callback of OpenSSL
                _log.exception("no certificate could be chosen")
                return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
            if context is None:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            connection.context = context
            return None

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = choose
        return context

    def _shown(self, address: str, server_name: str | None) -> ssl.SSLContext | None:
        world = self.selection.compute.world
        world.settle()
        pair = self.selection.choose(address, server_name)
        world.save()  # what a client has seen is kept
        return None if pair is None else _context_of(pair)


def _answer(_message: Message) -> Reply:
    return Reply(503, b"No backend of this load balancer is emulated.\n", "text/plain")


def _bracketed(address: str) -> str:
    return f"[{address}]" if ip_address(address).version == 6 else address  # noqa: PLR2004 - IPv6


@lru_cache(maxsize=64)
def _context_of(pair: Pair) -> ssl.SSLContext | None:
    """None for a pair that OpenSSL does not take: a key that is too short, say."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    handle, name = tempfile.mkstemp(suffix=".pem")  # OpenSSL reads keys from files only
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{pair.chain}\n{pair.key}\n")
        context.load_cert_chain(name)
    except ssl.SSLError:
        _log.info("a certificate that cannot be served", exc_info=True)
        return None
    finally:
        Path(name).unlink()
    return context
