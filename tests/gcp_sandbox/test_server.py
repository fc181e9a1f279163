"""HTTP as clients speak it, well and badly."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from gcp_sandbox.request import Request
from gcp_sandbox.sandbox import Sandbox
from tests.gcp_sandbox.client import COMPUTE, Client

POLICY = json.dumps({"name": "p"}).encode()


class Wire:
    """Bytes to and from the sandbox."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._buffer = b""

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def read(self, size: int) -> bytes:
        while len(self._buffer) < size:
            chunk = self._socket.recv(65536)
            if not chunk:
                break
            self._buffer += chunk
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def head(self) -> str:
        while b"\r\n\r\n" not in self._buffer:
            chunk = self._socket.recv(65536)
            assert chunk, "closed"
            self._buffer += chunk
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return head.decode()

    def answer(self) -> tuple[int, bytes]:
        head = self.head()
        lengths = [line.split(": ")[1] for line in head.split("\r\n") if "Length" in line]
        return int(head.split(" ")[1]), self.read(int(lengths[0]) if lengths else 0)

    def at_end(self) -> bool:
        return self.read(1) == b""

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def wire(client: Client) -> Iterator[Wire]:
    opened = Wire(client.port)
    yield opened
    opened.close()


def test_requests_sent_without_waiting_are_answered_in_order(wire: Wire) -> None:
    paths = [f"{COMPUTE}/global/urlMaps", "/nowhere", "/_sandbox/clock"] * 20
    wire.send(b"".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths))
    assert [wire.answer()[0] for _ in paths] == [200, 404, 200] * 20


def test_a_request_that_takes_time_holds_back_those_behind_it(client: Client, wire: Wire) -> None:
    client.post("/_sandbox/faults/slow", {"match": "GET */urlMaps", "seconds": 0.05})
    for path in (f"{COMPUTE}/global/urlMaps", "/nowhere"):
        wire.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert [wire.answer()[0] for _ in range(2)] == [200, 404]


def test_a_body_may_come_in_chunks_and_in_single_bytes(client: Client, wire: Wire) -> None:
    request = (
        f"POST {COMPUTE}/global/sslPolicies HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        + b"%x;x=y\r\n%b\r\n" % (5, POLICY[:5])
        + b"%x\r\n%b\r\n0\r\nTrailer: t\r\n\r\n" % (len(POLICY) - 5, POLICY[5:])
    )
    for byte in request:
        wire.send(bytes([byte]))
    assert wire.answer()[0] == 200
    assert client.get("global/sslPolicies/p")["profile"] == "COMPATIBLE"


def test_a_client_that_asks_whether_to_go_on_is_told_to(wire: Wire) -> None:
    head = f"POST {COMPUTE}/global/sslPolicies HTTP/1.1\r\nExpect: 100-continue\r\n"
    wire.send(f"{head}Content-Length: {len(POLICY)}\r\n\r\n".encode())
    assert wire.head() == "HTTP/1.1 100 Continue"
    wire.send(POLICY)
    assert wire.answer()[0] == 200


def test_a_proxys_absolute_target_is_served(wire: Wire) -> None:
    wire.send(
        f"GET http://compute.googleapis.com{COMPUTE}/global/urlMaps?x=1 HTTP/1.1\r\n\r\n".encode()
    )
    status, body = wire.answer()
    assert (status, json.loads(body)["kind"]) == (200, "compute#urlMapList")


def test_a_get_too_long_for_a_url_may_come_as_a_post(wire: Wire) -> None:
    body = b"fields=kind"
    wire.send(
        f"POST {COMPUTE}/global/urlMaps HTTP/1.1\r\nX-HTTP-Method-Override: GET\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        "".encode()
        + body
    )
    assert wire.answer() == (200, b'{"kind":"compute#urlMapList"}')


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, 431),
    ],
)
def test_what_is_not_http_is_refused_and_the_line_closed(
    wire: Wire, request_: bytes, status: int
) -> None:
    wire.send(request_)
    assert wire.answer() == (status, b"")
    assert wire.at_end()


def test_a_client_that_wants_to_close_is_closed(wire: Wire) -> None:
    wire.send(b"GET /_sandbox/clock HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert wire.answer()[0] == 200
    assert wire.at_end()


@pytest.mark.parametrize(
    "path", ["/", "/compute", "/compute/v1", "/sql/v1beta4/x", "/%00", "/a//b"]
)
def test_an_unknown_path_gets_googles_404(client: Client, path: str) -> None:
    answer = client.call("GET", path)
    assert (answer.status, answer.reason) == (404, "notFound")
    assert answer.body["error"]["code"] == 404


def test_a_method_that_a_path_lacks_is_refused(client: Client) -> None:
    assert client.call("PUT", "global/addresses/x", {}).status == 405


@pytest.mark.parametrize("body", [b"{", b'{"a": NaN}', b"[" * 100_000, b"\xff", b'{"a": 1} x'])
def test_a_body_that_is_not_json_is_refused(wire: Wire, body: bytes) -> None:
    wire.send(
        f"POST {COMPUTE}/global/urlMaps HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    status, answer = wire.answer()
    assert (status, json.loads(answer)["error"]["errors"][0]["reason"]) == (400, "parseError")


def test_a_fault_of_ours_is_googles_500_without_a_traceback(
    core: Sandbox, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_request: Request) -> None:
        raise ZeroDivisionError

    if ("GET", "/broken") not in core.service.router.routes:
        core.service.router.add("GET", "/broken", broken)
    answer = client.call("GET", "/broken")
    assert (answer.status, answer.reason) == (500, "backendError")
    assert "ZeroDivision" not in json.dumps(answer.body)
    assert "ZeroDivisionError" in caplog.text


def test_a_head_is_refused_and_the_line_closed(wire: Wire) -> None:
    wire.send(b"HEAD /_sandbox/clock HTTP/1.1\r\n\r\n")
    assert wire.answer()[0] == 405
    assert wire.at_end()


def test_it_listens_on_loopback_only(core: Sandbox) -> None:
    for listening in (core.port, core.dns_port):
        other = socket.socket()
        other.bind(("127.0.0.2", listening))  # free: nothing listens on every address
        other.close()


def test_with_a_latency_every_answer_comes_whole_and_in_order() -> None:
    with Sandbox(latency=0.001) as sandbox:
        client = Client(sandbox.port)
        client.done("POST", "global/sslPolicies", {"name": "p"})
        client.done("POST", "global/sslPolicies", {"name": "q"})
        names = [item["name"] for item in client.get("global/sslPolicies")["items"]]
        client.close()
    assert names == ["p", "q"]


def test_a_port_that_is_taken_is_told_to_whoever_starts_it(core: Sandbox) -> None:
    with pytest.raises(OSError, match="in use"):
        Sandbox(port=core.port)
