"""What a PostgreSQL server says to who has only just come in."""

from __future__ import annotations

import socket
import struct

import pytest

from remediate.probes.dial import Dial
from remediate.probes.postgresql import start_up
from remediate.probes.seen import PostgresSeen
from tests.probes import edge
from tests.probes.edge import LB, LB6, listening, nobody, wait_for_end

SASL = b"\0\0\0\nSCRAM-SHA-256\0\0"


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def error(sqlstate: str, said: str) -> bytes:
    fields = f"SFATAL\0VFATAL\0C{sqlstate}\0M{said}\0Fauth.c\0\0"
    return message(b"E", fields.encode())


def saying(*pieces: bytes) -> edge.Meet:
    def meet(connection: socket.socket) -> None:
        connection.recv(4096)
        for piece in pieces:
            connection.sendall(piece)
        wait_for_end(connection)

    return meet


def told(meet: edge.Meet, deadline: float = 5.0) -> PostgresSeen:
    with listening(meet, 5432) as dial:
        return start_up(dial, LB, deadline=deadline)


def test_the_start_up_message_is_as_the_protocol_has_it() -> None:
    heard: list[bytes] = []

    def meet(connection: socket.socket) -> None:
        heard.append(connection.recv(4096))
        connection.sendall(message(b"R", SASL))

    assert told(meet).outcome == "ok"
    length, version = struct.unpack("!ii", heard[0][:8])
    assert (length, version) == (len(heard[0]), 196608)
    words = heard[0][8:].split(b"\0")
    assert dict(zip(words[::2], words[1::2], strict=False)) == {
        b"user": b"remediate",
        b"database": b"postgres",
        b"application_name": b"remediate",
        b"": b"",
    }


def test_a_server_that_asks_for_a_password_is_up() -> None:
    seen = told(saying(message(b"R", SASL)))
    assert (seen.outcome, seen.sqlstate) == ("ok", "")
    assert (seen.address, seen.port) == (LB, 5432)


def test_a_notice_before_it_and_single_bytes_are_heard_out() -> None:
    said = message(b"N", b"SWARNING\0Mhm\0\0") + message(b"v", b"\0\3\0\0\0\0\0\0")
    said += message(b"R", struct.pack("!i", 0))
    assert told(saying(*(bytes([each]) for each in said))).outcome == "ok"


@pytest.mark.parametrize(
    ("sqlstate", "said"),
    [
        ("53300", "remaining connection slots are reserved"),
        ("28P01", "password authentication failed"),
        ("57P03", "the database system is starting up"),
    ],
)
def test_an_error_is_told_with_its_sqlstate(sqlstate: str, said: str) -> None:
    seen = told(saying(error(sqlstate, said)))
    assert (seen.outcome, seen.sqlstate) == ("error", sqlstate)
    assert seen.message == f"{LB} answers {sqlstate} on port 5432: {said}"


def test_an_error_of_old_has_no_sqlstate() -> None:
    seen = told(saying(b"Ecould not fork new process\n\0"))
    assert (seen.outcome, seen.sqlstate) == ("error", "")
    assert "could not fork new process" in seen.message


def test_errors_never_speak_to_a_terminal() -> None:
    assert "\x1b" not in told(saying(error("\x1b[31m", "\x1b[31mred"))).message


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0", b"\x15\x03\x01", b"R\xff\xff\xff\xff", b"R" * 9],
)
def test_what_is_no_postgresql_is_malformed(said: bytes) -> None:
    assert told(saying(said)).outcome == "malformed"


def test_who_hangs_up_is_not_reached() -> None:
    assert told(edge.hang_up).outcome == "unreachable"
    assert told(edge.reset).outcome == "unreachable"


def test_who_says_nothing_is_given_up() -> None:
    for meet in (wait_for_end, saying(b"R\0\0")):
        seen = told(meet, deadline=0.05)
        assert seen.outcome == "timeout"
        assert seen.message == f"{LB} takes connections on port 5432, but says nothing"


def test_nobody_there_is_told_apart() -> None:
    with nobody(5432) as dial:
        assert start_up(dial, LB).outcome == "refused"
        assert start_up(dial, "203.0.113.99").outcome == "timeout"


def test_a_private_address_is_asked_by_who_may_and_nobody_else() -> None:
    assert start_up(Dial(), "10.20.0.3").outcome == "not_public"
    with listening(saying(message(b"R", SASL)), 5432, "10.20.0.3") as known:
        assert start_up(known, "10.20.0.3").outcome == "not_public"
        map_of = known._sandbox
        assert start_up(Dial(map_of, allow=["10.20.0.0/16"]), "10.20.0.3").outcome == "ok"


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_address_is_asked_alike() -> None:
    with listening(saying(message(b"R", SASL)), 5432, LB6) as dial:
        assert start_up(dial, LB6).outcome == "ok"
