"""An answer too long for a datagram: RFC 7766; and what is an answer to a question at all."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from remediate.probes.dial import Where

_HEADER: Final = 12
_RESPONSE: Final = 0x80
_OPCODE: Final = 0x78
_RCODE: Final = 0x0F
# FORMERR, SERVFAIL, NOTIMP, REFUSED: said by some without repeating the question.
_MAY_BE_BARE: Final = frozenset({1, 2, 4, 5})


def is_answer(wire: bytes, query: bytes, question: bytes) -> bool:
    """Whether it has the query's id, is a response, and repeats the question."""
    if len(wire) < _HEADER or wire[:2] != query[:2]:
        return False
    if not wire[2] & _RESPONSE or wire[2] & _OPCODE:
        return False
    repeated = wire[_HEADER : _HEADER + len(question)]
    if wire[4:6] == b"\0\1":
        return repeated == question or repeated.lower() == question.lower()
    return wire[4:6] == b"\0\0" and wire[3] & _RCODE in _MAY_BE_BARE


async def converse(where: Where, query: bytes, question: bytes) -> bytes:
    """The answer. Raises OSError, and EOFError where it hangs up or says something else."""
    reader, writer = await asyncio.open_connection(*where)
    try:
        writer.write(len(query).to_bytes(2, "big") + query)
        length = int.from_bytes(await reader.readexactly(2), "big")
        wire = await reader.readexactly(length)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    if not is_answer(wire, query, question):
        raise EOFError
    return wire
