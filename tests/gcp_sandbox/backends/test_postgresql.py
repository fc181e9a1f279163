"""The start-up handshake of PostgreSQL at the database's private address."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from tests.gcp_sandbox.backends.test_application import (
    NETWORK,
    PEERING,
    database,
    internet,
)
from tests.gcp_sandbox.client import PROJECT, Client
from tests.gcp_sandbox.front.handshake import dialled

SPOT = "10.20.0.3:5432"
START = struct.pack("!i", 196608) + b"user\0postgres\0database\0postgres\0\0"


@contextmanager
def connection(client: Client) -> Iterator[socket.socket]:
    with socket.create_connection(dialled(client, SPOT), timeout=30) as raw:
        yield raw


def send(raw: socket.socket, packet: bytes, kind: bytes = b"") -> None:
    raw.sendall(kind + struct.pack("!i", len(packet) + 4) + packet)


def message(raw: socket.socket) -> tuple[bytes, bytes]:
    """The type of the next message, and what is in it."""
    head = raw.recv(5, socket.MSG_WAITALL)
    kind, length = struct.unpack("!ci", head)
    return kind, raw.recv(length - 4, socket.MSG_WAITALL)


def sqlstate(said: bytes) -> str:
    fields = {it[:1]: it[1:].decode() for it in said.split(b"\0") if it}
    assert fields[b"S"] == "FATAL"
    return fields[b"C"]


def started(client: Client) -> str:
    """What a start-up ends in: `SASL`, or an SQLSTATE."""
    with connection(client) as raw:
        send(raw, START)
        kind, said = message(raw)
    if kind == b"E":
        return sqlstate(said)
    assert (kind, said) == (b"R", struct.pack("!i", 10) + b"SCRAM-SHA-256\0\0")
    return "SASL"


def hears_nothing(at: tuple[str, int]) -> bool:
    """Whether who kept the address of a database meets nobody there."""
    with suppress(OSError), socket.create_connection(at, timeout=30) as raw:
        send(raw, START)
        return raw.recv(1) == b""
    return True


def is_dialled(client: Client) -> bool:
    return SPOT in client.get("/_sandbox/dial")


def test_it_asks_for_a_password_and_knows_none(staging: Client) -> None:
    with connection(staging) as raw:
        send(raw, struct.pack("!i", 80877103))  # TLS?
        assert raw.recv(1) == b"N"
        send(raw, START)
        assert message(raw)[0] == b"R"
        send(raw, b"SCRAM-SHA-256\0\0\0\0\0", b"p")
        kind, said = message(raw)
        assert (kind, sqlstate(said)) == (b"E", "28P01")


@pytest.mark.parametrize("junk", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n"])
def test_what_is_no_start_up_is_hung_up_on(staging: Client, junk: bytes) -> None:
    with connection(staging) as raw:
        raw.sendall(junk)
        assert raw.recv(100) == b""


def test_another_protocol_is_refused(staging: Client) -> None:
    with connection(staging) as raw:
        send(raw, struct.pack("!i", 2 << 16))
        assert sqlstate(message(raw)[1]) == "0A000"


def test_slots_that_are_used_up_are_told_in_its_own_words(staging: Client, core: Any) -> None:
    internet(core, {"database": {"connections": 100}})
    assert started(staging) == "SASL"
    database(staging, databaseFlags=[{"name": "max_connections", "value": "100"}])
    assert started(staging) == "53300"
    database(staging, databaseFlags=[{"name": "max_connections", "value": "200"}])
    assert started(staging) == "SASL"


def test_a_password_that_was_rotated_is_rejected(staging: Client, core: Any) -> None:
    now = staging.get("/_sandbox/clock")["time"]
    internet(core, {"database": {"sqlstate": "28P01", "since": now}})
    assert started(staging) == "28P01"


def test_a_stopped_database_is_silent(staging: Client) -> None:
    at = dialled(staging, SPOT)
    database(staging, activationPolicy="NEVER")
    assert hears_nothing(at)
    assert not is_dialled(staging)
    database(staging, activationPolicy="ALWAYS")
    assert started(staging) == "SASL"


def test_a_database_under_maintenance_refuses(staging: Client, core: Any) -> None:
    def become(value: str) -> None:
        def change(world: Any) -> None:
            held = world.sections["sql"].instances[PROJECT]["staging-shared-postgres"]
            held["state"] = value

        core.call(change)

    become("MAINTENANCE")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(dialled(staging, SPOT), timeout=30)
    become("RUNNABLE")
    assert started(staging) == "SASL"


def test_nobody_gets_there_without_the_peering_or_a_connector(staging: Client, core: Any) -> None:
    assert started(staging) == "SASL"
    found = staging.get(PEERING, network=NETWORK)["connections"][0]
    staging.post(f"{PEERING}/{found['peering']}", {"consumerNetwork": NETWORK})
    assert not is_dialled(staging)
    body = {"network": NETWORK, "reservedPeeringRanges": found["reservedPeeringRanges"]}
    staging.post(PEERING, body)
    assert started(staging) == "SASL"
    core.call(
        lambda world: [
            it.update(state="ERROR") for it in world.sections["vpcaccess"].bodies.values()
        ]
    )
    assert not is_dialled(staging)
