"""What is answered over HTTP, and how an answer goes wrong."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.probes.answer import BODY_LIMIT, HEAD_LIMIT, Answer, Malformed
from remediate.probes.dial import Dial
from remediate.probes.http import Request, get
from remediate.probes.seen import HttpSeen
from remediate.probes.target import target_of
from tests.probes import edge
from tests.probes.certificates import DAY, NOW, authority, leaf
from tests.probes.edge import LB, LB6, answer, listening, nobody, secured, wait_for_end

ROOT = authority("a root for HTTP")
HOST = "staging.netrasystems.ai"
GOOD = leaf(ROOT, HOST)
PLAIN = f"http://{HOST}/health"
HTTPS = f"https://{HOST}/health"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\nX-A: 1\r\nx-a:2 \r\n\r\n{'status':'ok'}"


def asked(
    meet: edge.Meet, url: str = PLAIN, method: str = "GET", deadline: float = 5.0
) -> HttpSeen:
    with listening(meet, target_of(url).port) as dial:
        request = Request(url, LB, method)
        return get(dial, [request], now=NOW, roots=[ROOT.pem], deadline=deadline)[0]


def test_an_answer_over_tls_is_whole() -> None:
    seen = asked(secured(GOOD, answer(OK)), HTTPS)
    assert (seen.outcome, seen.status, seen.body) == ("ok", 200, b"{'status':'ok'}")
    assert seen.headers == {"content-length": "15", "x-a": "1, 2"}
    assert seen.message == f"{LB} answers 200"
    assert seen.tls
    assert seen.tls.outcome == "ok"
    assert min(seen.connect, seen.handshake, seen.first_byte) > 0
    assert seen.total >= seen.first_byte


def test_an_expired_certificate_does_not_hide_the_answer_behind_it() -> None:
    over = leaf(ROOT, "other.example.com", begins=NOW - 2 * DAY, ends=NOW - DAY)
    seen = asked(secured(over, answer(OK)), HTTPS)
    assert (seen.outcome, seen.status) == ("ok", 200)
    assert seen.tls
    assert seen.tls.problems == ("expired", "name_mismatch")


def test_the_host_is_in_sni_and_in_the_header_and_the_query_is_sent() -> None:
    heard: list[bytes] = []
    named: list[str | None] = []

    def listen(connection: socket.socket) -> None:
        heard.append(connection.recv(4096))
        connection.sendall(OK)

    made = edge.context(GOOD)
    made.sni_callback = lambda _, name, __: named.append(name)
    seen = asked(edge.with_context(made, listen), f"https://{HOST}/a b?c=d&e=%20#f")
    assert seen.outcome == "ok"
    assert named == [HOST]
    lines = heard[0].decode().split("\r\n")
    assert lines[0] == "GET /a%20b?c=d&e=%20 HTTP/1.1"
    assert f"Host: {HOST}" in lines
    assert lines[-2:] == ["", ""]


def test_a_redirect_is_told_and_not_followed() -> None:
    moved = b"HTTP/1.1 301 Moved Permanently\r\nLocation: https://elsewhere.example/\r\n\r\n"
    seen = asked(answer(moved))
    assert (seen.outcome, seen.status) == ("ok", 301)
    assert seen.headers["location"] == "https://elsewhere.example/"
    assert seen.tls is None


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE = {
    "with a length": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
    "until the end": (b"HTTP/1.1 200 OK\r\n\r\nhi", b"hi"),
    "of an old server": (b"HTTP/1.0 200 OK\r\n\r\nhi", b"hi"),
    "without a reason": (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
    "in chunks": (CHUNKED + b"1;x=y\r\nh\r\n1\r\ni\r\n0\r\n\r\n", b"hi"),
    "in no chunks": (CHUNKED + b"0\r\n\r\n", b""),
    "with a trailer": (CHUNKED + b"2\r\nhi\r\n0\r\nX: y\r\n\r\n", b"hi"),
    "after a word before": (
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhi",
        b"hi",
    ),
    "with nothing": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
}


@pytest.mark.parametrize("way", WHOLE)
def test_a_body_comes_in_many_ways(way: str) -> None:
    said, body = WHOLE[way]
    seen = asked(answer(said))
    assert (seen.outcome, seen.body) == ("ok", body)


def test_a_head_has_no_body() -> None:
    seen = asked(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"), method="HEAD")
    assert (seen.outcome, seen.status, seen.body) == ("ok", 200, b"")


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"],
)
def test_no_more_of_a_huge_body_is_kept_than_is_bearable(head: bytes) -> None:
    seen = asked(answer(head + b"x" * 900000))
    assert (seen.outcome, len(seen.body)) == ("ok", BODY_LIMIT)


def test_an_endless_body_in_chunks_is_not_read_to_its_end() -> None:
    def meet(connection: socket.socket) -> None:
        answer(CHUNKED)(connection)
        with suppress(OSError):
            while True:
                connection.sendall(b"3e8\r\n" + b"x" * 1000 + b"\r\n")

    seen = asked(meet)
    assert (seen.outcome, len(seen.body)) == ("ok", BODY_LIMIT)


BROKEN = {
    "that is no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", "malformed", None),
    "that is no HTTP, in a line": (b"HTTP/1.1 0 Hm\r\n\r\n", "malformed", None),
    "with a header that is none": (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "malformed", None),
    "with a folded header": (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "malformed", None),
    "with two lengths": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhi",
        "malformed",
        200,
    ),
    "with no length": (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "malformed", 200),
    "with a chunk of no size": (CHUNKED + b"zz\r\n", "malformed", 200),
    "with a chunk that is too long": (CHUNKED + b"1\r\nhi\r\n", "malformed", 200),
    "with an endless size of a chunk": (CHUNKED + b"0" * 5000, "malformed", 200),
    "with an endless head": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20000, "too_large", None),
    "that is half a head": (b"HTTP/1.1 200 OK\r\nA:", "reset", None),
    "that is half a word": (b"HTT", "reset", None),
    "that is nothing": (b"", "reset", None),
    "that is half": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "reset", 200),
    "that is half a chunk": (CHUNKED + b"9\r\nhalf", "reset", 200),
    "that lacks its last chunk": (CHUNKED + b"4\r\nhalf\r\n", "reset", 200),
}


def test_who_says_goodbye_in_tls_and_keeps_the_line_has_ended_its_answer() -> None:
    def meet(connection: socket.socket) -> None:
        answer(b"HTTP/1.1 200 OK\r\n\r\nhi")(connection)
        assert isinstance(connection, ssl.SSLSocket)
        connection.settimeout(5)
        with suppress(OSError):
            connection.unwrap()

    seen = asked(secured(GOOD, meet), HTTPS)
    assert (seen.outcome, seen.body) == ("ok", b"hi")
    assert seen.total < 5


@pytest.mark.parametrize("kind", BROKEN)
def test_an_answer_that_is_none_is_told(kind: str) -> None:
    said, outcome, status = BROKEN[kind]
    seen = asked(answer(said))
    assert (seen.outcome, seen.status) == (outcome, status)
    assert seen.message.startswith(f"{LB}: ")
    assert "127.0.0.1" not in seen.message


def break_off(connection: socket.socket) -> None:
    answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")(connection)
    edge.reset(connection)


def test_a_connection_that_breaks_off_is_a_reset() -> None:
    assert asked(edge.reset).outcome == "reset"
    assert asked(break_off).outcome == "reset"
    assert asked(edge.hang_up).outcome == "reset"


def wait_forever_after(data: bytes) -> edge.Meet:
    def meet(connection: socket.socket) -> None:
        answer(data)(connection)
        wait_for_end(connection)

    return meet


@pytest.mark.parametrize(
    ("said", "status"), [(b"", None), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 200)]
)
@pytest.mark.parametrize("url", [PLAIN, HTTPS])
def test_who_is_too_slow_is_given_up(url: str, said: bytes, status: int | None) -> None:
    meet = wait_forever_after(said)
    seen = asked(secured(GOOD, meet) if url == HTTPS else meet, url, deadline=0.3)
    assert (seen.outcome, seen.status) == ("timeout", status)
    assert seen.message.startswith(f"{LB} does not answer in time")


def test_a_whole_answer_does_not_wait_for_the_connection_to_end() -> None:
    seen = asked(secured(GOOD, wait_forever_after(OK)), HTTPS)
    assert (seen.outcome, seen.status) == ("ok", 200)


def test_what_comes_in_drops_is_the_same_answer() -> None:
    def meet(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for each in OK:
            connection.sendall(bytes([each]))

    assert asked(meet).body == b"{'status':'ok'}"


@given(data=st.data(), said=st.sampled_from([it[0] for it in WHOLE.values()]))
def test_however_it_is_cut_an_answer_is_the_same(data: st.DataObject, said: bytes) -> None:
    whole, cut = Answer(), Answer()
    whole.feed(said)
    for piece in _pieces(data, said):
        cut.feed(piece)
    assert (cut.status, cut.headers, cut.body) == (whole.status, whole.headers, whole.body)
    assert cut.complete == whole.complete


def _pieces(data: st.DataObject, said: bytes) -> list[bytes]:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=8)))
    return [said[a:b] for a, b in zip([0, *cuts], [*cuts, len(said)], strict=True)]


@given(st.lists(st.binary(max_size=40) | st.sampled_from([OK, CHUNKED, b"\r\n", b"1\r\n"])))
def test_whatever_is_said_ends_as_an_answer_or_as_none(pieces: list[bytes]) -> None:
    heard = Answer()
    with suppress(Malformed):
        for piece in pieces:
            heard.feed(piece)
        heard.end()
        assert heard.complete
    assert len(heard.body) <= BODY_LIMIT < HEAD_LIMIT + 1


def test_nobody_there_is_told_apart() -> None:
    with nobody(80) as dial:
        (refused, silent) = get(dial, [Request(PLAIN, LB), Request(PLAIN, "203.0.113.99")], now=NOW)
    assert (refused.outcome, silent.outcome) == ("refused", "timeout")
    assert refused.message == f"{LB} refuses connections on port 80"


def say_at_once(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(OK)


@pytest.mark.parametrize(("meet", "why"), [(edge.hang_up, "reset"), (say_at_once, "malformed")])
def test_a_failed_handshake_is_told_with_its_reason(meet: edge.Meet, why: str) -> None:
    seen = asked(meet, HTTPS)
    assert seen.outcome == "tls"
    assert seen.tls
    assert seen.tls.outcome == why


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example/", "https://", "https://a b/", "nonsense", "https://u:p@a.example/",
     "https://a.example:99999/", "https://[::1/"],
)  # fmt: skip
def test_what_is_no_url_is_malformed(url: str) -> None:
    with nobody() as dial:
        assert get(dial, [Request(url, LB)], now=NOW)[0].outcome == "malformed"


def test_private_addresses_are_not_asked() -> None:
    for address in ("10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1"):
        assert get(Dial(), [Request(PLAIN, address)], now=NOW)[0].outcome == "not_public"


def test_one_that_says_nothing_keeps_no_other_waiting() -> None:
    turns = iter(range(1000))

    def meet(connection: socket.socket) -> None:
        (wait_for_end if next(turns) == 0 else answer(OK))(connection)

    with listening(meet, 80) as dial:
        requests = [Request(f"{PLAIN}?{n}", LB) for n in range(50)]
        seen = get(dial, requests, now=NOW, deadline=1, limit=8)
    assert [each.url for each in seen] == [each.url for each in requests]
    outcomes = sorted(each.outcome for each in seen)
    assert outcomes == ["ok"] * 49 + ["timeout"]


def test_what_no_time_is_left_for_is_said_not_to_have_been_asked() -> None:
    with listening(wait_for_end, 80) as dial:
        seen = get(dial, [Request(PLAIN, LB)] * 2, now=NOW, deadline=0.05, limit=1)
    assert [each.outcome for each in seen] == ["timeout", "timeout"]
    assert seen[1].message == f"no time was left to ask {LB} on port 80"


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_address_is_asked_alike() -> None:
    with listening(secured(GOOD, answer(OK)), address=LB6) as dial:
        (seen,) = get(dial, [Request(HTTPS, LB6)], now=NOW, roots=[ROOT.pem])
    assert (seen.outcome, seen.status) == ("ok", 200)
