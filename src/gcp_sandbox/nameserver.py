"""The sandbox's name servers: UDP and TCP on one port of loopback each.

They answer from the public zones of the world's own project and, for names that are in none of
them, from those of the other projects: one with authority, as the servers of a zone do, the other
as a public resolver does.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias, cast

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from gcp_sandbox.dns.answer import Answer, Records, answer
from gcp_sandbox.dns.resolution import resolve
from gcp_sandbox.dns.section import DnsSection
from gcp_sandbox.server import LOOPBACK
from gcp_sandbox.world import World

_PLAIN_UDP: Final = 512
"""RFC 1035 section 2.3.4."""
_LARGEST_UDP: Final = 1232
"""What fits every path unfragmented (DNS flag day 2020)."""
_HEADER: Final = 12
_TRIES: Final = 20
_NOT_SERVED: Final = frozenset(
    {dns.rdatatype.AXFR, dns.rdatatype.IXFR, dns.rdatatype.MAILA, dns.rdatatype.MAILB}
)


@dataclass(slots=True)
class NameServer:
    """A running server; `port` serves UDP and TCP."""

    port: int
    _udp: asyncio.DatagramTransport
    _tcp: asyncio.Server

    def close(self) -> None:
        self._udp.close()
        self._tcp.close()


Responder: TypeAlias = Callable[..., bytes | None]
"""`(message, datagram=…) -> reply`; None is silence."""


async def start_nameserver(world: World, port: int = 0, *, recursive: bool = False) -> NameServer:
    """Listen on loopback; port 0 takes one that is free for UDP and TCP both.

    `recursive` makes it a resolver. Raises OSError if the port is taken.
    """
    loop = asyncio.get_running_loop()
    responder = partial(respond, world, recursive=recursive)
    for attempt in range(_TRIES):
        tcp = await asyncio.start_server(lambda r, w: _converse(responder, r, w), LOOPBACK, port)
        chosen = tcp.sockets[0].getsockname()[1]
        try:
            udp, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(responder), local_addr=(LOOPBACK, chosen)
            )
        except OSError:
            tcp.close()
            if port or attempt == _TRIES - 1:
                raise
        else:
            return NameServer(chosen, udp, tcp)
    raise AssertionError("unreachable")


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, responder: Responder) -> None:
        self._respond = responder

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # 3.11 does not derive it

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self._respond(data, datagram=True)
        if reply is not None:
            self._transport.sendto(reply, addr)


async def _converse(
    responder: Responder, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Questions and answers on one connection, each after its length (RFC 7766)."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            reply = responder(await reader.readexactly(length), datagram=False)
            if reply is None:
                break
            writer.write(struct.pack("!H", len(reply)) + reply)
            await writer.drain()
    writer.close()


def respond(world: World, data: bytes, *, datagram: bool, recursive: bool = False) -> bytes | None:
    """The reply to one message on the wire; None where silence is the right answer."""
    if len(data) < _HEADER or data[2] & 0x80:
        return None  # nothing to tell a reply to by, or itself a reply
    try:
        query = dns.message.from_wire(data)
    except (dns.exception.DNSException, ValueError):
        return _format_error(data)
    reply = dns.message.make_response(query, our_payload=_LARGEST_UDP)
    reply.flags &= ~dns.flags.RA
    if recursive:
        reply.flags |= dns.flags.RA
    problem = _problem(query)
    if problem is None:
        problem = _fill(reply, _said(world, query, recursive=recursive))
    reply.set_rcode(problem)
    return _to_wire(reply, query, datagram=datagram)


def _format_error(data: bytes) -> bytes:
    flags = 0x8000 | (data[2] & 0x79) << 8 | dns.rcode.FORMERR
    return data[:2] + struct.pack("!HHHHH", flags, 0, 0, 0, 0)


def _problem(query: dns.message.Message) -> dns.rcode.Rcode | None:
    if query.edns > 0:
        return dns.rcode.BADVERS
    if query.opcode() != dns.opcode.QUERY:
        return dns.rcode.NOTIMP
    if len(query.question) != 1:
        return dns.rcode.FORMERR
    question = query.question[0]
    if question.rdclass not in {dns.rdataclass.IN, dns.rdataclass.ANY}:
        return dns.rcode.REFUSED
    return dns.rcode.REFUSED if question.rdtype in _NOT_SERVED else None


def _said(world: World, query: dns.message.Message, *, recursive: bool) -> Answer:
    section = world.sections["dns"]
    assert isinstance(section, DnsSection)
    question = query.question[0]
    name = question.name.to_text().lower()
    rrtype = dns.rdatatype.to_text(question.rdtype)
    own = list(section.public_zones(world.options.project))
    if recursive:
        return resolve(own, list(section.public_zones()), name, rrtype)
    said = answer(own, name, rrtype)
    if said.rcode == "REFUSED":
        said = answer(section.public_zones(), name, rrtype)
    return said


def _fill(reply: dns.message.Message, said: Answer) -> dns.rcode.Rcode:
    """Fill the sections; SERVFAIL where a set holds what cannot be sent (a balancer's address)."""
    try:
        sections = [
            [_rrset(records) for records in section]
            for section in (said.answer, said.authority, said.additional)
        ]
    except (dns.exception.DNSException, ValueError):
        return dns.rcode.SERVFAIL
    reply.answer, reply.authority, reply.additional = sections
    if said.authoritative:
        reply.flags |= dns.flags.AA
    return dns.rcode.from_text(said.rcode)


def _rrset(records: Records) -> dns.rrset.RRset:
    return dns.rrset.from_text_list(
        records.name, records.ttl, dns.rdataclass.IN, records.rrtype, records.rdatas
    )


def _to_wire(reply: dns.message.Message, query: dns.message.Message, *, datagram: bool) -> bytes:
    """Truncated with the TC bit where a datagram is too small (RFC 2181 section 9)."""
    room = 65535
    if datagram:
        room = max(_PLAIN_UDP, min(query.payload, _LARGEST_UDP)) if query.edns >= 0 else _PLAIN_UDP
    try:
        return reply.to_wire(max_size=room, want_shuffle=False)
    except dns.exception.TooBig:
        reply.answer, reply.authority, reply.additional = [], [], []
        reply.flags |= dns.flags.TC
        return reply.to_wire(max_size=room)
