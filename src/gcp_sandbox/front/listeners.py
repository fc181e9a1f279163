"""The sockets behind `dial`: one on loopback for every address and port of a load balancer."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
import tempfile
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

from gcp_sandbox import loopback
from gcp_sandbox.backends.postgresql import Databases
from gcp_sandbox.front.balancer import Balancer
from gcp_sandbox.front.selection import Pair, Selection, Spot
from gcp_sandbox.front.tls import Tls
from gcp_sandbox.internet.section import internet_of
from gcp_sandbox.request import Body
from gcp_sandbox.server import Connection

_log = logging.getLogger(__name__)
_BACKLOG = 128
_BODY_LIMIT = 32 * 1024 * 1024
"""What Cloud Run takes over HTTP/1."""
_NOTHING_TO_SHOW = ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
"""What visitors of an edge report whose managed certificate is not issued yet."""
_ALERTS = {"unrecognized_name": ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME}


@dataclass(frozen=True, slots=True)
class _Listener:
    name: str
    serving: asyncio.Task[None]


@dataclass(slots=True)
class Front:
    """Listens where the state says that a load balancer does, from the first time it is asked.

    Everything happens on the thread of the event loop, which owns the world.
    """

    selection: Selection
    balancer: Balancer
    databases: Databases
    _listeners: dict[Spot, _Listener] = field(default_factory=dict)
    _connections: set[Connection] = field(default_factory=set)

    def dial(self) -> dict[str, str]:
        """`{"203.0.113.10:443": "127.0.0.1:41234"}`; an IPv6 address stands in brackets.

        With the databases behind, as the VPC sees them.
        """
        wanted = self.selection.spots()
        for spot in self._listeners.keys() - wanted:
            self._listeners.pop(spot).serving.cancel()
        for spot in wanted - self._listeners.keys():
            self._listeners[spot] = self._listen(spot)
        found = {loopback.at(it.address, it.port): own for it, own in self._listeners.items()}
        edge = {public: listener.name for public, listener in sorted(found.items())}
        return edge | self.databases.dial()

    def close(self) -> None:
        for listener in self._listeners.values():
            listener.serving.cancel()
        self._listeners.clear()
        self.databases.close()
        for connection in list(self._connections):
            connection.close()

    def _listen(self, spot: Spot) -> _Listener:
        """Bound at once: who dials before the loop gets to serving waits in the backlog."""
        bound = loopback.bound(spot.address)
        bound.listen(_BACKLOG)
        serving = asyncio.get_running_loop().create_task(self._serve(bound, spot))
        return _Listener(loopback.name_of(bound), serving)

    async def _serve(self, bound: socket.socket, spot: Spot) -> None:
        answer = partial(self.balancer.answer, spot)
        context = self._context(spot) if spot.secure else None

        def met() -> asyncio.Protocol:
            connection = Connection(answer, self._connections, _BODY_LIMIT)
            return connection if context is None else self._secured(spot, context, connection)

        with bound:
            server = await asyncio.get_running_loop().create_server(
                met, sock=bound, backlog=_BACKLOG
            )
            try:
                await asyncio.Event().wait()
            finally:
                server.close()

    def _secured(self, spot: Spot, context: ssl.SSLContext, connection: Connection) -> Tls:
        context.minimum_version = self.selection.min_version(spot)
        delay = float(self._ails(spot).get("delay", 0.0))

        def resets() -> bool:
            is_gone = self.selection.proxy_at(spot) is None
            return is_gone or self._ails(spot).get("refusal") == "reset"

        return Tls(context, connection, delay=delay, resets=resets)

    def _ails(self, spot: Spot) -> Body:
        """What the internet says of an edge, or of all."""
        edges = internet_of(self.selection.compute.world).part("edges")
        everywhere, here = (edges.get(it, {}) for it in ("*", loopback.at(spot.address, spot.port)))
        return {**everywhere, **here}

    def _context(self, spot: Spot) -> ssl.SSLContext:
        """Without a certificate of its own: each handshake brings the one to be shown."""

        def choose(
            connection: ssl.SSLSocket | ssl.SSLObject,
            server_name: str | None,
            _context: ssl.SSLContext,
        ) -> int | None:
            try:
                context = self._shown(spot, server_name)
            except Exception:  # noqa: BLE001 - nobody is above a callback of OpenSSL
                _log.exception("no certificate could be chosen")
                return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
            if context is None:
                return _ALERTS.get(self._ails(spot).get("refusal", ""), _NOTHING_TO_SHOW)
            connection.context = context
            return None

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = choose
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _shown(self, spot: Spot, server_name: str | None) -> ssl.SSLContext | None:
        world = self.selection.compute.world
        world.settle()
        pair = self.selection.choose(spot, server_name)
        world.save()  # what a client has seen is kept
        return None if pair is None else _context_of(pair)


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
