"""How fast one resource is answered over connections that stay open."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_connection, socket
from urllib.parse import urlsplit

BODY = json.dumps({"kind": "compute#address", "name": "staging-lb", "address": "203.0.113.10"})


class Plain(BaseHTTPRequestHandler):
    """http.server as it comes, but for connections that stay open."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = BODY.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        pass


@contextmanager
def plain_server() -> Iterator[str]:
    """http.server in a process of its own; its URL."""
    process = subprocess.Popen(
        [sys.executable, Path(__file__)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait()


def median_ms(url: str, path: str, times: int) -> float:
    """Milliseconds for a GET with http.client over one connection, the median."""
    where = urlsplit(url)
    connection = HTTPConnection(str(where.hostname), where.port)
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        took.append(time.perf_counter() - begun)
        assert answer.status == 200, answer.status
    connection.close()
    return statistics.median(took) * 1000


def per_second(url: str, path: str, seconds: float, threads: int = 8) -> float:
    """GETs a second that `threads` threads get through, one connection each.

    Bare sockets and a request made beforehand, so that the client is not what is measured.
    """
    where = urlsplit(url)
    request = f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode()
    counts = [0] * threads
    begun = time.perf_counter()

    def work(number: int) -> None:
        with create_connection((where.hostname, where.port)) as connection:
            size = _first_answer(connection, request)
            while time.perf_counter() - begun < seconds:
                connection.sendall(request)
                got = 0
                while got < size:
                    got += len(connection.recv(65536))
                counts[number] += 1

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - begun)


def _first_answer(connection: socket, request: bytes) -> int:
    """Its length, head and body: every answer of one server to one GET is as long."""
    connection.sendall(request)
    answer = connection.recv(65536)
    head, _, _ = answer.partition(b"\r\n\r\n")
    assert b" 200 " in head.split(b"\r\n")[0], head
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    size = len(head) + 4 + int(fields[b"content-length"])
    while len(answer) < size:
        answer += connection.recv(65536)
    return size


if __name__ == "__main__":
    plain = ThreadingHTTPServer(("127.0.0.1", 0), Plain)
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{plain.server_port}", flush=True)
    sys.stdin.read()
    plain.shutdown()
