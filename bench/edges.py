"""A thousand edges on this machine: hosts with a certificate each, behind addresses of a dial map.

Prints the map, the root and the hosts as JSON, and serves until its input ends.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gcp_sandbox.authority import Authority
from gcp_sandbox.chance import Chance
from gcp_sandbox.clock import Clock
from gcp_sandbox.world import World

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n"
    b'Connection: close\r\n\r\n{"status":"ok"}'
)


def main() -> None:
    hosts, certificates = int(sys.argv[1]), int(sys.argv[2])
    asyncio.run(serve(hosts, certificates))


async def serve(count: int, certificates: int) -> None:
    authority = Authority(World(Clock(), Chance()))
    hosts = [f"h{n}.edge.example.com" for n in range(count)]
    contexts: dict[str, ssl.SSLContext] = {}
    for first in range(certificates):
        names = hosts[first::certificates]
        contexts |= dict.fromkeys(names, context(authority, names))
    front = contexts[hosts[0]]
    front.sni_callback = lambda it, name, _: setattr(it, "context", contexts[name])
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=front, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    addresses = [f"203.0.113.{n % 250 + 1}" for n in range(count)]
    told = {
        "dial": {f"{address}:443": f"127.0.0.1:{port}" for address in addresses},
        "root": authority.certificate,
        "edges": list(zip(addresses, hosts, strict=True)),
    }
    print(json.dumps(told), flush=True)
    await asyncio.to_thread(sys.stdin.read)


def context(authority: Authority, names: list[str]) -> ssl.SSLContext:
    now = datetime.now(UTC)
    issued = authority.issue(names, now - timedelta(days=1), now + timedelta(days=60))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        chain, key = Path(folder, "chain"), Path(folder, "key")
        chain.write_text(issued.chain)
        key.write_text(issued.key)
        made.load_cert_chain(chain, key)
    return made


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    writer.close()


if __name__ == "__main__":
    main()
