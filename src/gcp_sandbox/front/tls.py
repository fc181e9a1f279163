"""TLS on one connection, in memory, so that an alert gets out before the connection ends.

asyncio's own drops what OpenSSL has to say once a handshake fails, and clients see a bare end.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Final

_CHUNK: Final = 65536
_RESET: Final = struct.pack("ii", 1, 0)
"""Linger for no time: a closed connection is reset rather than ended."""


class Tls(asyncio.Protocol):
    """The server's side; `inside` speaks through it as if it were the connection.

    The hello is answered after `delay` seconds. A handshake that fails ends with OpenSSL's alert,
    or, where `resets` says so by then, with a reset and no word.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        inside: asyncio.Protocol,
        *,
        delay: float = 0.0,
        resets: Callable[[], bool] = bool,
    ) -> None:
        self._from_peer = ssl.MemoryBIO()
        self._to_peer = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._from_peer, self._to_peer, server_side=True)
        self._inside = inside
        self._delay = delay
        self._resets = resets
        self._transport: asyncio.Transport | None = None
        self._is_secured = False
        self._is_waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._is_secured:
            self._is_secured = False
            self._inside.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._from_peer.write(data)
        if self._is_secured:
            self._take()
        elif self._delay and not self._is_waiting:
            self._is_waiting = True
            asyncio.get_running_loop().call_later(self._delay, self._shake_hands)
        elif not self._delay:
            self._shake_hands()

    def _shake_hands(self) -> None:
        self._delay = 0.0
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self.flush()
        except ssl.SSLError:
            self.end(said=not self._resets())
        else:
            self.flush()
            self._is_secured = True
            self._inside.connection_made(_Within(self))
            self._take()

    def _take(self) -> None:
        """Hand on what has come; a peer that says goodbye, or nonsense, is hung up on."""
        while self._is_secured and self._transport is not None:
            try:
                data = self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                self.flush()
                return
            except ssl.SSLError:
                data = b""
            if not data:
                self.end()
                return
            self._inside.data_received(data)

    def write(self, data: bytes) -> None:
        if data and self._transport is not None:
            self._tls.write(data)
            self.flush()

    def flush(self) -> None:
        if self._transport is not None and self._to_peer.pending:
            self._transport.write(self._to_peer.read())

    def say_goodbye(self) -> None:
        """A close_notify, and the end once it is sent."""
        if self._transport is not None:
            with contextlib.suppress(ssl.SSLError):  # the peer's own goodbye is not waited for
                self._tls.unwrap()
            self.end()

    def end(self, *, said: bool = True) -> None:
        """Hang up, once all that was `said` is sent; otherwise at once, with a reset."""
        if self._transport is None:
            return
        if said:
            self.flush()
            self._transport.close()
        else:
            self._transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _RESET
            )
            self._transport.abort()


class _Within(asyncio.Transport):
    """What is spoken through: whoever writes here does not know of TLS."""

    def __init__(self, tls: Tls) -> None:
        super().__init__()
        self._tls = tls

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._tls.write(bytes(data))

    def close(self) -> None:
        self._tls.say_goodbye()

    def abort(self) -> None:
        self._tls.end(said=False)
