"""What is seen of the world from outside, by clients of others: dnspython, ssl, websockets.

Nothing of `remediate` is in here: faults must show their signs to anybody.
"""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI

HOST = "api-staging.netrasystems.ai"
EDGE = "203.0.113.10"
PARENT = "192.0.2.53"
NAME_SERVERS = {f"a{number}": f"198.51.100.1{number}" for number in range(1, 5)}
RESOLVERS = ("8.8.8.8", "1.1.1.1", "9.9.9.9")
DATABASE = "10.20.0.3"
_PATIENCE = 5.0
_VERIFYING = {
    10: "TLS_EXPIRED",
    18: "TLS_SELF_SIGNED",
    19: "TLS_UNTRUSTED",
    20: "TLS_MISSING_INTERMEDIATE",
    21: "TLS_MISSING_INTERMEDIATE",
    62: "TLS_SAN_MISMATCH",
}
"""OpenSSL's X509_V_ERR_… by number."""


@dataclass(frozen=True)
class Named:
    """One server's answer: an outcome, and what it says."""

    outcome: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fetched:
    outcome: str
    location: str = ""
    seconds: float = 0.0
    body: bytes = b""


class Outside:
    """`dial` is where the world's addresses are on this machine, `ca` what is trusted."""

    def __init__(self, dial: dict[str, str], ca: str) -> None:
        self._dial = dial
        self._tls = ssl.create_default_context(cadata=ca)

    def _at(self, public: str) -> tuple[str, int] | None:
        local = self._dial.get(public)
        if local is None:
            return None
        host, _, port = local.rpartition(":")
        return host.strip("[]"), int(port)

    # names

    def parent(self) -> Named:
        """A referral is REFERRAL, with its name servers."""
        answer = self._ask(PARENT, recursive=False)
        if isinstance(answer, str):
            return Named(answer)
        servers = [it for it in answer.authority if it.rdtype == dns.rdatatype.NS]
        if servers and not answer.flags & dns.flags.AA:
            return Named("REFERRAL", tuple(sorted(it.to_text() for it in servers[0])))
        return Named(dns.rcode.to_text(answer.rcode()))

    def authority(self, address: str) -> Named:
        return self._said(self._ask(address, recursive=False))

    def resolver(self, address: str, *, checked: bool = True) -> Named:
        return self._said(self._ask(address, recursive=True, checked=checked))

    def _said(self, answer: dns.message.Message | str) -> Named:
        if isinstance(answer, str):
            return Named(answer)
        values = [
            it.to_text()
            for found in answer.answer
            if found.rdtype == dns.rdatatype.A
            for it in found
        ]
        if answer.rcode() != dns.rcode.NOERROR:
            return Named(dns.rcode.to_text(answer.rcode()))
        return Named("OK" if values else "NODATA", tuple(sorted(values)))

    def _ask(
        self, address: str, *, recursive: bool, checked: bool = True
    ) -> dns.message.Message | str:
        at = self._at(f"{address}:53")
        if at is None:
            return "TIMEOUT"
        query = dns.message.make_query(f"{HOST}.", "A", use_edns=0, payload=1232)
        query.flags |= 0 if checked else dns.flags.CD
        if not recursive:
            query.flags &= ~dns.flags.RD
        answer = dns.query.udp(query, at[0], port=at[1], timeout=_PATIENCE)
        if not answer.flags & dns.flags.TC:
            return answer
        try:
            return dns.query.tcp(query, at[0], port=at[1], timeout=_PATIENCE)
        except (OSError, EOFError, dns.exception.DNSException):
            return "TRUNCATED_TCP_BLOCKED"

    # the edge

    def get(self, path: str, *, address: str = EDGE, host: str = HOST) -> Fetched:
        tls = self._shake_hands(address, host)
        if isinstance(tls, str):
            return Fetched(tls)
        with tls:
            begun = time.perf_counter()
            tls.sendall(
                f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
            )
            response = http.client.HTTPResponse(tls, method="GET")
            response.begin()
            took = time.perf_counter() - begun
            location = response.getheader("Location") or ""
            return Fetched(f"HTTP_{response.status}", location, took, response.read())

    def served(self) -> bytes:
        """The leaf that is shown, in DER, whatever it is worth."""
        at = self._at(f"{EDGE}:443")
        assert at is not None
        careless = ssl.create_default_context()
        careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection(at, _PATIENCE)
        with careless.wrap_socket(plain, server_hostname=HOST) as tls:
            return tls.getpeercert(binary_form=True) or b""

    def _shake_hands(self, address: str, host: str) -> ssl.SSLSocket | str:
        at = self._at(f"{address}:443")
        if at is None:
            return "TCP_TIMEOUT"
        plain = socket.create_connection(at, _PATIENCE)
        try:
            return self._tls.wrap_socket(plain, server_hostname=host)
        except ssl.SSLCertVerificationError as refused:
            outcome = _VERIFYING[refused.verify_code]
        except (ssl.SSLEOFError, ConnectionError):
            outcome = "TLS_RESET"
        except ssl.SSLError as refused:
            outcome = f"TLS_ALERT:{refused.reason}"
        plain.close()
        return outcome

    # WebSockets

    def talk(self, path: str = "/ws") -> str:
        """OK where an echo comes back."""
        at = self._at(f"{EDGE}:443")
        tls = self._shake_hands(EDGE, HOST)
        if at is None or isinstance(tls, str):
            return f"CONNECT_{tls}"
        tls.close()
        return asyncio.run(self._echoed(at, path, lambda: None))

    def held(self, path: str, advance: Callable[[], None]) -> str:
        """The same of one that is left open while time passes."""
        at = self._at(f"{EDGE}:443")
        assert at is not None
        return asyncio.run(self._echoed(at, path, advance))

    async def _echoed(self, at: tuple[str, int], path: str, advance: Callable[[], None]) -> str:
        """With asyncio: OpenSSL does not stand the two threads of the other client."""
        target = f"wss://{HOST}{path}"
        try:
            async with connect(
                target, host=at[0], port=at[1], ssl=self._tls, server_hostname=HOST, proxy=None
            ) as talk:
                advance()
                await talk.send("ping")
                said = await asyncio.wait_for(talk.recv(), _PATIENCE)
                return "OK" if said == "ping" else "NO_ECHO"
        except ConnectionClosed as closed:
            return f"CLOSED_{closed.rcvd.code if closed.rcvd else 1006}"
        except (InvalidStatus, InvalidURI) as refused:
            said_no = refused if isinstance(refused, InvalidStatus) else refused.__context__
            assert isinstance(said_no, InvalidStatus)
            return f"UPGRADE_{said_no.response.status_code}"

    # the database

    def start_up(self) -> str:
        """PostgreSQL's first message: OK where a password is asked for."""
        at = self._at(f"{DATABASE}:5432")
        if at is None:
            return "TIMEOUT"
        names = b"user\0postgres\0database\0postgres\0\0"
        message = struct.pack("!ii", 8 + len(names), 196608) + names
        try:
            with socket.create_connection(at, _PATIENCE) as plain:
                plain.sendall(message)
                said = plain.recv(4096)
        except ConnectionError:
            return "REFUSED"
        if not said:
            return "REFUSED"
        if said[:1] == b"R":
            return "OK"
        fields = {part[:1]: part[1:].decode() for part in said[5:].split(b"\0") if part}
        return f"SQLSTATE_{fields[b'C']}"
