"""An answer read from the wire: by ourselves where it is plain, by dnspython where it is not.

Both ways give the same, which a property test holds; ours is what makes thousands affordable.
"""

from __future__ import annotations

import struct
from socket import AF_INET6, inet_ntoa, inet_ntop
from typing import Final, NamedTuple

from remediate.probes.dns_query import PLAIN, RRTYPES

NOERROR: Final = 0
NXDOMAIN: Final = 3
REFUSED: Final = 5
SERVFAIL: Final = 2
HEADER: Final = 12

_A, _NS, _CNAME, _SOA, _AAAA, _OPT = 1, 2, 5, 6, 28, 41
_AA, _TC, _AD = 0x0400, 0x0200, 0x0020
_RCODE: Final = 0x000F
_NAMES: Final = {number: name for name, number in RRTYPES.items()}
_NAME_DATA: Final = frozenset({"NS", "CNAME", "SOA", "PTR", "MX", "SRV", "DNAME"})
_POINTER: Final = 0xC0
_LONGEST_TTL: Final = 0x7FFF_FFFF  # RFC 2181 section 8: what is longer is nothing
_LARGE: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ANY_PLAIN: Final = PLAIN + _LARGE
_RECORD: Final = struct.Struct("!HHIH")
_FIELDS: Final = struct.Struct("!HHHHHH")
_NUMBERS: Final = struct.Struct("!IIIII")


class Record(NamedTuple):
    """One record: `owner` and names in `text` are in lower case."""

    owner: str
    rrtype: str
    ttl: int
    text: str


class Reply(NamedTuple):
    rcode: int
    authoritative: bool
    truncated: bool
    authenticated: bool
    answer: tuple[Record, ...]
    authority: tuple[Record, ...]
    additional: tuple[Record, ...]


class Malformed(ValueError):
    """Bytes that are no DNS message."""


class _NotPlain(Exception):
    """For dnspython."""


def read(wire: bytes) -> Reply:
    """Records of class IN. Raises Malformed."""
    try:
        return _read_plain(wire)
    except (_NotPlain, struct.error, IndexError):
        return read_with_dnspython(wire)


def _read_plain(wire: bytes) -> Reply:
    _, flags, questions, answers, authorities, additionals = _FIELDS.unpack_from(wire)
    if questions != 1:
        raise _NotPlain
    names: dict[int, str] = {}
    _, at = _name(wire, HEADER, names)
    at += 4
    answer, at = _section(wire, at, answers, names)
    authority, at = _section(wire, at, authorities, names)
    additional, at = _section(wire, at, additionals, names)
    if at != len(wire):
        raise _NotPlain
    return Reply(
        flags & _RCODE,
        bool(flags & _AA),
        bool(flags & _TC),
        bool(flags & _AD),
        answer,
        authority,
        additional,
    )


def _section(
    wire: bytes, at: int, count: int, names: dict[int, str]
) -> tuple[tuple[Record, ...], int]:
    if not count:
        return (), at
    records = []
    for _ in range(count):
        owner, at = _name(wire, at, names)
        rrtype, rrclass, ttl, length = _RECORD.unpack_from(wire, at)
        at += 10
        end = at + length
        if rrtype == _OPT and ttl < 1 << 24:  # no extended rcode
            at = end
            continue
        if rrclass != 1:
            raise _NotPlain
        text = _data(wire, at, end, rrtype, names)
        records.append(Record(owner, _NAMES[rrtype], ttl if ttl <= _LONGEST_TTL else 0, text))
        at = end
    return tuple(records), at


def _data(wire: bytes, at: int, end: int, rrtype: int, names: dict[int, str]) -> str:
    """The rdata's text; what it is made of ends where it ends."""
    if rrtype == _A and end - at == 4:  # noqa: PLR2004 - bytes
        return inet_ntoa(wire[at:end])
    if rrtype == _AAAA and end - at == 16 and wire[at]:  # noqa: PLR2004 - bytes; "::…" is not plain
        return inet_ntop(AF_INET6, wire[at:end])
    if rrtype in {_CNAME, _NS}:
        target, ended = _name(wire, at, names)
        if ended == end:
            return target
    if rrtype == _SOA:
        server, at = _name(wire, at, names)
        mailbox, at = _name(wire, at, names)
        if at + _NUMBERS.size == end:
            return f"{server} {mailbox} {' '.join(map(str, _NUMBERS.unpack_from(wire, at)))}"
    raise _NotPlain


def _name(wire: bytes, at: int, names: dict[int, str]) -> tuple[str, int]:
    """A name and where it ends; `names` are those that were read, by where they begin.

    A pointer leads to one of them, or it is not plain: so none can lead round in a circle.
    """
    start, labels = at, []
    while True:
        length = wire[at]
        if length >= _POINTER:
            rest = names.get((length & 0x3F) << 8 | wire[at + 1])
            if rest is None:
                raise _NotPlain
            at += 2
            break
        at += 1
        if not length:
            rest = "."
            break
        label = wire[at : at + length]
        if length > 63 or label.translate(None, _ANY_PLAIN):  # noqa: PLR2004 - bytes of a label
            raise _NotPlain
        labels.append((at - 1, label))
        at += length
    if not labels:
        return rest, at
    text = rest
    for begins, label in reversed(labels):
        text = f"{label.decode().lower()}." + (text if text != "." else "")
        names[begins] = text
    if len(text) > 254 or start not in names:  # noqa: PLR2004 - 255 bytes with the first length
        raise _NotPlain
    return text, at


def read_with_dnspython(wire: bytes) -> Reply:
    """The same for every message there is. Raises Malformed."""
    import dns.exception
    import dns.flags
    import dns.message

    try:
        message = dns.message.from_wire(wire, one_rr_per_rrset=True)
        sections = [
            tuple(record for rrset in section for record in _records(rrset))
            for section in (message.answer, message.authority, message.additional)
        ]
    except (dns.exception.DNSException, ValueError, struct.error, IndexError) as error:
        raise Malformed(str(error) or type(error).__name__) from None
    return Reply(
        int(message.rcode()),
        bool(message.flags & dns.flags.AA),
        bool(message.flags & dns.flags.TC),
        bool(message.flags & dns.flags.AD),
        *sections,
    )


def _records(rrset: object) -> list[Record]:
    import dns.rdataclass
    import dns.rdatatype
    import dns.rrset

    assert isinstance(rrset, dns.rrset.RRset)
    if rrset.rdclass != dns.rdataclass.IN:
        return []
    owner = str(rrset.name.to_text()).lower()
    rrtype = dns.rdatatype.to_text(rrset.rdtype)
    ttl = rrset.ttl if rrset.ttl <= _LONGEST_TTL else 0
    texts = [str(rdata.to_text()) for rdata in rrset]
    names = rrtype in _NAME_DATA
    return [Record(owner, rrtype, ttl, text.lower() if names else text) for text in texts]
