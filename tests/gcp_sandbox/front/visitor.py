"""A visitor of the load balancer: HTTP with SNI and Host, by address, through the dial map."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as connect_websocket

from tests.gcp_sandbox.client import Client
from tests.gcp_sandbox.front.handshake import dialled

ADDRESS = "203.0.113.10"
WEB = "staging.netrasystems.ai"
API = f"api-{WEB}"


@dataclass
class Seen:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def trusting() -> ssl.SSLContext:
    """Takes any certificate: what is asked here is what comes after the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def connected(client: Client, host: str = API, at: str = f"{ADDRESS}:443") -> socket.socket:
    plain = socket.create_connection(dialled(client, at), timeout=30)
    secure = at.endswith(":443")
    return trusting().wrap_socket(plain, server_hostname=host) if secure else plain


@contextmanager
def visit(client: Client, host: str = API, at: str = f"{ADDRESS}:443") -> Iterator[Any]:
    """A keep-alive connection: call it with a path, or with a method, a path and headers."""
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.sock = connected(client, host, at)

    def ask(path: str, method: str = "GET", body: Any = None, **headers: str) -> Seen:
        connection.request(method, path, body, {"Host": host, **headers})
        response = connection.getresponse()
        told = {name.lower(): value for name, value in response.getheaders()}
        return Seen(response.status, told, response.read())

    try:
        yield ask
    finally:
        connection.close()


def get(client: Client, path: str = "/health", host: str = API, at: str = f"{ADDRESS}:443") -> Seen:
    with visit(client, host, at) as ask:
        seen: Seen = ask(path)
    return seen


def websocket(client: Client, path: str = "/ws", host: str = API) -> ClientConnection:
    """Raises websockets' InvalidStatus where it is not upgraded.

    Its two threads share an SSL object, which before Python 3.13 nothing guards: with TLS 1.3 the
    one reads session tickets while the other sends its request, which now and then is lost.
    """
    context = trusting()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return connect_websocket(
        f"wss://{host}{path}",
        sock=socket.create_connection(dialled(client, f"{ADDRESS}:443"), timeout=30),
        ssl=context,
        server_hostname=host,
        proxy=None,
        compression=None,
        open_timeout=30,
    )
