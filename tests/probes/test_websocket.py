"""What becomes of a WebSocket: upgraded, echoed, held, closed and dropped, each told apart."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from remediate.probes.dial import Dial
from remediate.probes.http import Request as HttpRequest
from remediate.probes.http import get
from remediate.probes.seen import WebSocketSeen
from remediate.probes.websocket import ABNORMAL, Call, talk, talk_all
from tests.probes import edge
from tests.probes.certificates import DAY, NOW, authority, leaf
from tests.probes.edge import LB, LB6, answer, listening, nobody, secured, wait_for_end

ROOT = authority("a root for WebSockets")
HOST = "staging.netrasystems.ai"
WSS = f"wss://{HOST}/ws?a=b"
WS = f"ws://{HOST}/ws"
Answering = Callable[[ServerConnection, Request], Response | None]


@contextmanager
def talking(
    handle: Callable[[ServerConnection], None],
    answering: Answering | None = None,
    context: ssl.SSLContext | None = None,
    address: str = LB,
) -> Iterator[Dial]:
    """A WebSocket server at the load balancer's address."""
    host, family = ("::1", socket.AF_INET6) if ":" in address else ("127.0.0.1", socket.AF_INET)
    own_socket = socket.create_server((host, 0), family=family)
    with serve(handle, sock=own_socket, process_request=answering, ssl=context) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = 443 if context else 80
        own = server.socket.getsockname()[1]
        at = {f"[{address}]:{port}": f"[::1]:{own}", f"{address}:{port}": f"127.0.0.1:{own}"}
        yield Dial(lambda: at)
    thread.join()


def echo(connection: ServerConnection) -> None:
    with suppress(ConnectionClosed):
        for message in connection:
            connection.send(message)


def told(dial: Dial, url: str = WS, hold: float = 0.0, deadline: float = 5.0) -> WebSocketSeen:
    return talk(dial, url, LB, now=NOW, roots=[ROOT.pem], hold=hold, deadline=deadline)


def test_an_echo_over_tls_is_a_websocket() -> None:
    asked: list[tuple[str, str | None]] = []

    def look(_: ServerConnection, request: Request) -> None:
        asked.append((request.path, request.headers.get("Host")))

    with talking(echo, look, edge.context(leaf(ROOT, HOST))) as dial:
        seen = told(dial, WSS)
    assert (seen.outcome, seen.message) == ("ok", f"{LB}: it echoes")
    assert (seen.status, seen.close_code) == (None, None)
    assert asked == [("/ws?a=b", HOST)]
    assert seen.tls
    assert seen.tls.outcome == "ok"


def test_a_certificate_that_is_over_is_told_and_the_websocket_as_well() -> None:
    over = leaf(ROOT, HOST, begins=NOW - 2 * DAY, ends=NOW - DAY)
    with talking(echo, context=edge.context(over)) as dial:
        seen = told(dial, WSS)
    assert seen.outcome == "ok"
    assert seen.tls
    assert seen.tls.outcome == "expired"


def test_the_end_is_told_to_the_other_side() -> None:
    codes: list[int | None] = []

    def handle(connection: ServerConnection) -> None:
        echo(connection)
        codes.append(connection.close_code)

    with talking(handle) as dial:
        told(dial)
    assert codes == [1000]


def test_what_is_held_stays_open_as_long_and_answers_pings() -> None:
    with talking(echo) as dial:
        seen = told(dial, hold=0.1)
    assert (seen.outcome, seen.message) == ("ok", f"{LB}: it echoes, and stays open for 0.1 s")
    assert seen.held >= 0.1


def greet(connection: ServerConnection) -> None:
    connection.send("welcome")
    connection.ping()
    for message in connection:
        connection.send([message[:5], message[5:]])


def test_a_greeting_and_fragments_do_not_hide_the_echo() -> None:
    with talking(greet) as dial:
        assert told(dial).outcome == "ok"


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1013, 4000])
def test_the_code_of_a_close_is_told(code: int) -> None:
    with talking(lambda it: it.close(code, "database is gone")) as dial:
        seen = told(dial)
    assert (seen.outcome, seen.close_code) == ("closed", code)
    assert seen.message == f"{LB}: it closes with {code}: database is gone"


def test_a_close_after_the_echo_is_seen_while_it_is_held() -> None:
    def handle(connection: ServerConnection) -> None:
        connection.send(connection.recv())
        connection.close(1013)

    with talking(handle) as dial:
        seen = told(dial, hold=5)
    assert (seen.outcome, seen.close_code) == ("closed", 1013)
    assert seen.held < 5


def drop(connection: ServerConnection) -> None:
    connection.send(connection.recv())
    connection.socket.shutdown(socket.SHUT_RDWR)


def break_off(connection: ServerConnection) -> None:
    connection.recv()
    edge.reset(connection.socket)
    connection.socket.close()


@pytest.mark.parametrize("handle", [drop, break_off])
def test_who_goes_without_a_word_is_1006(handle: Callable[[ServerConnection], None]) -> None:
    with talking(handle) as dial:
        seen = told(dial, hold=5)
    assert (seen.outcome, seen.close_code) == ("closed", ABNORMAL)
    assert "without a word (1006)" in seen.message


def swallow(connection: ServerConnection) -> None:
    with suppress(ConnectionClosed):
        for _ in connection:
            pass


def mumble(connection: ServerConnection) -> None:
    with suppress(ConnectionClosed):
        for _ in connection:
            connection.send("something else")


@pytest.mark.parametrize(("handle", "words"), [(swallow, "nothing"), (mumble, "something else")])
def test_who_does_not_echo_is_told(handle: Callable[[ServerConnection], None], words: str) -> None:
    with talking(handle) as dial:
        seen = told(dial, deadline=0.2)
    assert (seen.outcome, seen.close_code) == ("no_echo", None)
    assert seen.message.endswith(f"what comes back is {words}")


def test_where_no_echo_is_wanted_an_upgrade_is_enough() -> None:
    with talking(swallow) as dial:
        (seen,) = talk_all(dial, [Call(WS, LB, hold=0.05, echo=False)], now=NOW)
    assert (seen.outcome, seen.message) == ("ok", f"{LB}: it opens, and stays open for 0.05 s")


@pytest.mark.parametrize(
    ("status", "location"),
    [(200, ""), (302, "https://accounts.google.com/x"), (403, ""), (404, "")],
)
def test_an_answer_that_is_no_upgrade_is_told_with_its_status(status: int, location: str) -> None:
    def refuse(_: ServerConnection, __: Request) -> Response:
        headers = Headers({"Location": location} if location else {})
        return Response(status, HTTPStatus(status).phrase, headers, b"no")

    with talking(echo, refuse) as dial:
        seen = told(dial)
    assert (seen.outcome, seen.status, seen.location) == ("not_upgraded", status, location)
    assert seen.close_code is None
    assert f"answers {status}" in seen.message


UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "malformed"),
        (UPGRADE + b"Sec-WebSocket-Accept: wrong\r\n\r\n", "malformed"),
        (UPGRADE + b"\r\n", "malformed"),
        (b"HTTP/1.0 101 Hm\r\n\r\n", "malformed"),
        (b"", "reset"),
    ],
)
def test_an_upgrade_that_is_none_is_told(said: bytes, outcome: str) -> None:
    with listening(answer(said), 80) as dial:
        assert told(dial).outcome == outcome


def test_frames_that_are_none_are_told() -> None:
    def handle(connection: ServerConnection) -> None:
        connection.socket.sendall(b"\xff\xff\xff\xff")
        swallow(connection)

    with talking(handle) as dial:
        seen = told(dial)
    assert seen.outcome == "malformed"
    assert "is no WebSocket" in seen.message


def test_a_message_that_has_no_end_is_not_taken() -> None:
    with talking(lambda it: it.send("x" * 1_000_000)) as dial:
        seen = told(dial)
    assert seen.outcome == "malformed"


def test_nobody_there_is_told_apart() -> None:
    with nobody(80) as dial:
        assert told(dial).outcome == "refused"
        assert talk(dial, WS, "203.0.113.99", now=NOW).outcome == "timeout"
    with listening(wait_for_end, 80) as dial:
        assert told(dial, deadline=0.05).outcome == "timeout"
    with listening(edge.hang_up) as dial:
        seen = told(dial, WSS)
    assert seen.outcome == "tls"
    assert seen.tls
    assert seen.tls.outcome == "reset"
    assert talk(Dial(), WS, "10.0.0.1", now=NOW).outcome == "not_public"
    assert talk(Dial(), "ftp://x/", LB, now=NOW).outcome == "malformed"


def test_several_are_talked_to_at_once_in_their_order() -> None:
    with talking(echo) as dial:
        calls = [Call(f"{WS}?{n}", LB) for n in range(8)] + [Call(WS, "203.0.113.99")]
        seen = talk_all(dial, calls, now=NOW, limit=3)
    assert [(each.url, each.address) for each in seen] == [(c.url, c.address) for c in calls]
    assert [each.outcome for each in seen] == ["ok"] * 8 + ["timeout"]


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_address_is_talked_to_alike() -> None:
    with talking(echo, address=LB6) as dial:
        assert talk(dial, WS, LB6, now=NOW).outcome == "ok"


def test_health_says_nothing_of_a_websocket_that_is_dead() -> None:
    """The incident plan takes 200 from /health for a working WebSocket."""
    healthy = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with listening(secured(leaf(ROOT, HOST), answer(healthy))) as dial:
        request = HttpRequest(f"https://{HOST}/health", LB)
        (theirs,) = get(dial, [request], now=NOW, roots=[ROOT.pem])
        ours = told(dial, f"wss://{HOST}/ws")
    assert theirs.status == 200
    assert (ours.outcome, ours.status) == ("not_upgraded", 200)
