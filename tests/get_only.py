"""A server between a client and a sandbox that refuses whatever is not a GET."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

METHOD_NOT_ALLOWED = 405
NONE: Mapping[str, str] = {}


@contextmanager
def get_only(url: str) -> Iterator[tuple[str, list[str]]]:
    """Its URL, and the requests that it has refused so far."""
    behind = urlsplit(url)
    refused: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            connection = HTTPConnection(str(behind.hostname), behind.port or 80, timeout=30)
            connection.request("GET", self.path)
            answer = connection.getresponse()
            self._answer(answer.status, answer.read(), answer.headers)
            connection.close()

        def refuse(self) -> None:
            refused.append(f"{self.command} {self.path}")
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._answer(METHOD_NOT_ALLOWED, b"{}")

        do_POST = do_PUT = do_PATCH = do_DELETE = refuse  # noqa: N815 - http.server's names

        def _answer(self, status: int, body: bytes, headers: Mapping[str, str] = NONE) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower().startswith("x-goog-"):  # an object's generation
                    self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Nothing is told."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", refused
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
