"""Whether a PostgreSQL server answers at an address: the first exchange of a start-up.

What is asked carries no password, so that no database is ever entered: a server that asks for one
is up, reached, and takes connections (PostgreSQL's documentation, 55.2.1 and 55.7).
"""

from __future__ import annotations

import asyncio
import struct
from typing import Final

from remediate.probes.channel import Broken, Channel, connect
from remediate.probes.dial import TIMEOUT, Dial, silent
from remediate.probes.round import in_one_round
from remediate.probes.seen import PostgresOutcome, PostgresSeen

POSTGRESQL: Final = 5432
_PROTOCOL: Final = 3 << 16  # 3.0
_PARAMETERS: Final = ("user", "remediate", "database", "postgres", "application_name", "remediate")
_START_UP: Final = "".join(f"{each}\0" for each in (*_PARAMETERS, "")).encode()
_HEADER: Final = 5  # bytes: a type and a length that counts itself
_LONGEST: Final = 30000  # bytes; libpq takes no longer message at this point for one either


def start_up(
    dial: Dial, address: str, port: int = POSTGRESQL, *, deadline: float = TIMEOUT
) -> PostgresSeen:
    """Ask `address`, an IP, within `deadline` seconds.

    Raises Unreachable where a sandbox is gone, and nothing for what the network does.
    """
    dial = dial.for_a_round()

    async def probe(asked: str, end: float) -> PostgresSeen:
        return await _start_up(dial, asked, port, end)

    return in_one_round(probe, [address], deadline=deadline, limit=1)[0]


async def _start_up(dial: Dial, address: str, port: int, end: float) -> PostgresSeen:
    channel: Channel | None = None
    try:
        async with asyncio.timeout_at(end):
            channel = await connect(dial, address, port)
            channel.send(struct.pack("!ii", 8 + len(_START_UP), _PROTOCOL) + _START_UP)
            return await _answer(channel, address, port)
    except TimeoutError:
        late = f"{address} takes connections on port {port}, but says nothing"
        message = late if channel else silent(address, port).message
        return PostgresSeen(address, port, "timeout", message)
    except Broken as broken:
        return PostgresSeen(address, port, _outcome(broken), broken.message)
    finally:
        if channel:
            channel.close()


def _outcome(broken: Broken) -> PostgresOutcome:
    match broken.how:
        case "refused" | "timeout" | "unreachable" | "not_public" | "malformed":
            return broken.how
        case _:
            return "unreachable"


async def _answer(channel: Channel, address: str, port: int) -> PostgresSeen:
    """The first message that decides: notices and words on the protocol's version do not."""
    came = bytearray()
    while True:
        while (message := _message(came)) is None:
            data = await channel.receive()
            if not data:
                raise Broken("reset", f"{address} hangs up on port {port} without a word")
            came += data
        kind, body = message
        match kind:
            case b"R":
                words = f"{address} asks who we are on port {port}: PostgreSQL is up"
                return PostgresSeen(address, port, "ok", words)
            case b"E":
                sqlstate, said = _error(body)
                words = f"{address} answers {sqlstate or 'an error'} on port {port}: {said}"
                return PostgresSeen(address, port, "error", words, sqlstate)
            case b"N" | b"v":
                continue
            case _:
                words = f"what {address} says on port {port} is no PostgreSQL"
                raise Broken("malformed", words)


def _message(came: bytearray) -> tuple[bytes, bytes] | None:
    """A message, taken from what came; None where more has to come."""
    kind = bytes(came[:1])
    if kind and kind not in b"RENv":
        return b"?", b""
    if len(came) < _HEADER:
        return None
    (length,) = struct.unpack("!i", came[1:_HEADER])
    if kind == b"E" and not _HEADER <= length <= _LONGEST:
        return _old_error(came)
    if not _HEADER <= length <= _LONGEST:
        return b"?", b""
    if len(came) <= length:
        return None
    body = bytes(came[_HEADER : length + 1])
    del came[: length + 1]
    return kind, body


def _old_error(came: bytearray) -> tuple[bytes, bytes] | None:
    """A server that cannot even fork says so as it did of old: text up to a zero byte."""
    text, ended, _ = bytes(came[1:_LONGEST]).partition(b"\0")
    if not ended:
        return None if len(came) < _LONGEST else (b"?", b"")
    return b"E", b"M" + text + b"\0\0"


def _error(body: bytes) -> tuple[str, str]:
    """SQLSTATE and message, as printable text."""
    fields = {each[:1]: each[1:] for each in body.split(b"\0") if each}
    code, said = (fields.get(it, b"").decode("utf-8", "replace") for it in (b"C", b"M"))
    return (
        "".join(c for c in code if c.isalnum())[:5],
        "".join(c if c.isprintable() else "?" for c in said)[:200] or "it does not say why",
    )
