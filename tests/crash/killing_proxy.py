"""A proxy between a command and the sandbox that kills the command at a request of its choice."""

from __future__ import annotations

import http.client
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

When = Literal["before", "after"]  # the request has had its effect; in both, no answer comes


@dataclass
class Trap:
    """Springs at the n-th mutation, counted from 1; `pid` is known once the victim runs."""

    at: int
    when: When
    seen: int = 0
    pid: int = 0
    ready: threading.Event = field(default_factory=threading.Event)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def catches(self) -> bool:
        with self.turn:
            self.seen += 1
            return self.seen == self.at

    def spring(self) -> None:
        self.ready.wait(30)
        os.kill(self.pid, signal.SIGKILL)


def serve(url: str) -> tuple[ThreadingHTTPServer, Callable[[Trap], None]]:
    """A proxy for the sandbox at `url`, and how to set its trap."""
    upstream = urlsplit(url)
    assert upstream.hostname
    assert upstream.port
    traps: list[Trap] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer leaves in one piece: nobody waits for a delayed acknowledgement
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            trap = traps[-1]
            caught = is_mutation(self.command, self.path) and trap.catches()
            if caught and trap.when == "before":
                self._die(trap)
                return
            behind = http.client.HTTPConnection(str(upstream.hostname), upstream.port, timeout=30)
            behind.request(self.command, self.path, body or None, dict(self.headers))
            told = behind.getresponse()
            content = told.read()
            behind.close()
            if caught:
                self._die(trap)
                return
            self.send_response(told.status)
            self.send_header("Content-Type", told.getheader("Content-Type") or "text/plain")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()

        def _die(self, trap: Trap) -> None:
            trap.spring()
            self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - http.server's names

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_words: object) -> None:
            """The dead say no goodbye: their connections are reset."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, traps.append


def is_mutation(method: str, path: str) -> bool:
    path = path.partition("?")[0]
    return method != "GET" and not path.startswith("/_sandbox/") and not path.endswith("/wait")
