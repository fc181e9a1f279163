"""The application's own end-to-end test: resolve its name, GET /health, echo over a WebSocket.

Against a sandbox, `REMEDIATE_DIAL` maps public sockets to those on this machine, and
`SSL_CERT_FILE` is the authority to trust; without them it goes out into the world.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import ssl
import sys

import dns.message
import dns.query
import dns.rdatatype
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

HOST = "api-staging.netrasystems.ai"
RESOLVER = "8.8.8.8"
SECONDS = 10.0
DIAL = json.loads(os.environ.get("REMEDIATE_DIAL", "{}"))
NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL


def dialled(address: str, port: int) -> tuple[str, int]:
    """Where a socket for a public address goes."""
    if not DIAL:
        return address, port
    if f"{address}:{port}" not in DIAL:
        raise TimeoutError(f"nothing answers at {address}:{port}")
    host, _, local = DIAL[f"{address}:{port}"].rpartition(":")
    return host.strip("[]"), int(local)


def resolved() -> str:
    where, port = dialled(RESOLVER, 53)
    question = dns.message.make_query(f"{HOST}.", "A")
    answer, _ = dns.query.udp_with_fallback(question, where, SECONDS, port)
    found = [rdata for each in answer.answer if each.rdtype == dns.rdatatype.A for rdata in each]
    if not found:
        raise SystemExit(f"{HOST} does not resolve at {RESOLVER}")
    return str(found[0])


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    if DIAL:
        context.verify_flags |= NO_CHECK_TIME  # a sandbox has a clock of its own
    return context


def connected(address: str) -> socket.socket:
    return socket.create_connection(dialled(address, 443), SECONDS)


def healthy(address: str) -> None:
    secured = trusting().wrap_socket(connected(address), server_hostname=HOST)
    connection = http.client.HTTPSConnection(HOST)
    connection.sock = secured
    connection.request("GET", "/health")
    answer = connection.getresponse()
    if answer.status != http.client.OK:
        raise SystemExit(f"GET https://{HOST}/health answers {answer.status}")


async def echoed(address: str) -> None:
    url, here = f"wss://{HOST}/ws", connected(address)
    async with connect(url, sock=here, ssl=trusting(), open_timeout=SECONDS) as websocket:
        await websocket.send("golden path")
        if await asyncio.wait_for(websocket.recv(), SECONDS) != "golden path":
            raise SystemExit(f"wss://{HOST}/ws does not echo")


def main() -> None:
    address = resolved()
    healthy(address)
    asyncio.run(echoed(address))
    print(f"{HOST}: resolved to {address}, healthy, and echoes over WebSocket")


if __name__ == "__main__":
    try:
        main()
    except (OSError, KeyError, WebSocketException) as error:
        sys.exit(f"{HOST}: {type(error).__name__}: {error}")
