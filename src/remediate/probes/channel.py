"""One connection of a probe: bytes there and back, through TLS once hands were shaken."""

from __future__ import annotations

import asyncio
import os
import ssl
from functools import cache
from typing import Final, Literal, TypeAlias

from remediate.probes.dial import Dial, Failure, lost

How: TypeAlias = Literal[
    "refused", "timeout", "unreachable", "not_public", "reset", "alert", "version", "malformed"
]
_CHUNK: Final = 65536
_FAILURES: Final[dict[str, How]] = {
    "refused": "refused",
    "timeout": "timeout",
    "not-public": "not_public",
}
_OTHER_VERSIONS: Final = {
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "UNSUPPORTED_PROTOCOL",
    "VERSION_TOO_LOW",
    "WRONG_SSL_VERSION",
}
# What OpenSSL calls the alerts of a peer: SSL_R_SSLV3_ALERT_*, SSL_R_TLSV1_* and SSL_R_TLSV13_*.
_ALERTS: Final = ("SSLV3_ALERT_", "TLSV1_", "TLSV13_")


class Broken(Exception):
    """A connection that came to nothing, and how."""

    def __init__(self, how: How, message: str) -> None:
        super().__init__(message)
        self.how: How = how
        self.message = message


class Channel(asyncio.Protocol):
    """What was received waits until it is taken. TLS runs in memory: no layer between us and it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._came: asyncio.Future[None] | None = None
        self._ended = False
        self._error: Exception | None = None
        self._received = bytearray()
        self._secured: ssl.SSLObject | None = None
        self._from_peer = ssl.MemoryBIO()
        self._to_peer = ssl.MemoryBIO()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._secured:
            self._from_peer.write(data)
        else:
            self._received += data
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._error = self._error or exc
        self._wake()

    async def shake_hands(self, host: str) -> ssl.SSLObject:
        """With anybody who knows how; raises Broken. A host that is "" or an IP sends no SNI."""
        context = bare_context()
        try:
            secured = context.wrap_bio(self._from_peer, self._to_peer, server_hostname=host or None)
        except (TypeError, ValueError):
            raise Broken("malformed", "that is no host name") from None
        self._secured = secured
        while True:
            try:
                secured.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
            except ssl.SSLError as error:
                self._flush()
                raise _of_handshake(error) from None
            else:
                self._flush()
                return secured
            if self._ended:
                raise Broken("reset", "it hangs up, as who has no certificate to show")
            await self._more()

    def send(self, data: bytes) -> None:
        """Raises Broken where TLS has ended already."""
        if self._secured:
            try:
                self._secured.write(data)
            except ssl.SSLError:
                raise Broken("reset", "the connection breaks off") from None
            self._flush()
        elif self._transport:
            self._transport.write(data)

    async def receive(self) -> bytes:
        """What has come since; b"" where the other side is done.

        Raises Broken where it broke off.
        """
        while True:
            if data := self._take():
                return data
            if self._error:
                raise Broken("reset", "the connection breaks off")
            if self._ended:
                return b""
            await self._more()

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    def _take(self) -> bytes:
        if self._secured is None:
            data = bytes(self._received)
            self._received.clear()
            return data
        try:
            data = self._secured.read(_CHUNK)
        except ssl.SSLWantReadError:
            self._flush()
            return b""
        except ssl.SSLError as error:
            self._ended, self._error = True, error
            return b""
        self._ended = self._ended or not data  # close_notify: no more will come
        return data

    def _flush(self) -> None:
        if self._transport and self._to_peer.pending:
            self._transport.write(self._to_peer.read())

    async def _more(self) -> None:
        self._came = self._loop.create_future()
        try:
            await self._came
        finally:
            self._came = None

    def _wake(self) -> None:
        if self._came and not self._came.done():
            self._came.set_result(None)


async def connect(dial: Dial, address: str, port: int) -> Channel:
    """A connection to an IP, wherever it leads; raises Broken."""
    where = dial.where(address, port)
    if isinstance(where, Failure):
        raise _broken(where)
    try:
        _, channel = await asyncio.get_running_loop().create_connection(Channel, *where)
    except ConnectionResetError:
        raise Broken("reset", f"{address} resets connections on port {port}") from None
    except OSError as error:
        known = OSError(error.errno, os.strerror(error.errno)) if error.errno else error
        raise _broken(lost(address, port, known)) from None
    return channel


@cache
def bare_context() -> ssl.SSLContext:
    """Takes any certificate and any version: what is wrong with them is just what is asked.

    It is made once, loads no roots, and resumes no sessions.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def _broken(failure: Failure) -> Broken:
    return Broken(_FAILURES.get(failure.reason, "unreachable"), failure.message)


def _of_handshake(error: ssl.SSLError) -> Broken:
    reason = error.reason or "TLS failed"
    words = reason.replace("_", " ").lower()
    if reason in _OTHER_VERSIONS:
        return Broken("version", f"it speaks no version of TLS that we speak ({words})")
    if reason.startswith(_ALERTS):
        return Broken("alert", f"it answers with an alert ({words})")
    return Broken("malformed", f"what it says is no TLS ({words})")
