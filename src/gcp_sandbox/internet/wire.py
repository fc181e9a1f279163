"""DNS messages on the wire: a question out of a datagram or a stream, a reply back into it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from gcp_sandbox.dns.answer import Answer, Records

PLAIN_UDP: Final = 512
"""RFC 1035 section 2.3.4."""
LARGEST_UDP: Final = 1232
"""What fits every path unfragmented (DNS flag day 2020)."""
_HEADER: Final = 12
_NOT_SERVED: Final = frozenset(
    {dns.rdatatype.AXFR, dns.rdatatype.IXFR, dns.rdatatype.MAILA, dns.rdatatype.MAILB}
)
_FEW: Final = 400
"""Characters of rdata that fit into a datagram however they are written."""


@dataclass(frozen=True, slots=True)
class Question:
    """`name` in lower case with its dot; `recursive` is the RD bit, `checked` CD unset."""

    name: str
    rrtype: str
    recursive: bool
    checked: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be answered: the RA and the AD bit beside it, and after how many seconds."""

    answer: Answer
    recursion_available: bool = False
    authenticated: bool = False
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    wire: bytes
    delay: float = 0.0


Responder: TypeAlias = Callable[[Question], Said | None]
"""What a server says; None is silence."""


def respond(responder: Responder, data: bytes, *, datagram: bool) -> Reply | None:
    """The reply to one message on the wire; None where silence is the right answer."""
    if len(data) < _HEADER or data[2] & 0x80:
        return None  # nothing to tell a reply to by, or itself a reply
    try:
        query = dns.message.from_wire(data)
    except (dns.exception.DNSException, ValueError):
        return Reply(_format_error(data))
    reply = dns.message.make_response(query, our_payload=LARGEST_UDP)
    reply.flags = reply.flags & ~dns.flags.RA | query.flags & dns.flags.CD
    delay = 0.0
    problem = _problem(query)
    if problem is None:
        said = responder(_question(query))
        if said is None:
            return None
        problem = _fill(reply, said, query)
        delay = said.delay
    reply.set_rcode(problem)
    return Reply(_to_wire(reply, _room(query, datagram=datagram)), delay)


def fits(said: Answer) -> bool:
    """Whether an answer goes into a datagram, as resolvers ask for one."""
    sets = (*said.answer, *said.authority)
    if sum(len(text) for records in sets for text in records.rdatas) < _FEW:
        return True
    name = said.answer[0].name if said.answer else "."
    query = dns.message.make_query(name, "A", use_edns=0, payload=LARGEST_UDP)
    reply = dns.message.make_response(query, our_payload=LARGEST_UDP)
    _fill(reply, Said(said), query)
    return not dns.message.from_wire(_to_wire(reply, LARGEST_UDP)).flags & dns.flags.TC


def _question(query: dns.message.Message) -> Question:
    question = query.question[0]
    return Question(
        question.name.to_text().lower(),
        dns.rdatatype.to_text(question.rdtype),
        bool(query.flags & dns.flags.RD),
        not query.flags & dns.flags.CD,
    )


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


def _fill(reply: dns.message.Message, said: Said, query: dns.message.Message) -> dns.rcode.Rcode:
    """Fill the sections; SERVFAIL where a set holds what cannot be sent (a balancer's address)."""
    answer = said.answer
    try:
        sections = [
            [_rrset(records) for records in section]
            for section in (answer.answer, answer.authority, answer.additional)
        ]
    except (dns.exception.DNSException, ValueError):
        return dns.rcode.SERVFAIL
    reply.answer, reply.authority, reply.additional = sections
    if answer.authoritative:
        reply.flags |= dns.flags.AA
    if said.recursion_available:
        reply.flags |= dns.flags.RA
    wants_to_know = query.flags & dns.flags.AD or query.ednsflags & dns.flags.DO
    if said.authenticated and wants_to_know:  # RFC 6840 section 5.8
        reply.flags |= dns.flags.AD
    return dns.rcode.from_text(answer.rcode)


def _rrset(records: Records) -> dns.rrset.RRset:
    return dns.rrset.from_text_list(
        records.name, records.ttl, dns.rdataclass.IN, records.rrtype, records.rdatas
    )


def _room(query: dns.message.Message, *, datagram: bool) -> int:
    if not datagram:
        return 65535
    return max(PLAIN_UDP, min(query.payload, LARGEST_UDP)) if query.edns >= 0 else PLAIN_UDP


def _to_wire(reply: dns.message.Message, room: int) -> bytes:
    """Truncated with the TC bit where a datagram is too small (RFC 2181 section 9)."""
    try:
        return reply.to_wire(max_size=room, want_shuffle=False)
    except dns.exception.TooBig:
        reply.answer, reply.authority, reply.additional = [], [], []
        reply.flags |= dns.flags.TC
        return reply.to_wire(max_size=room)
