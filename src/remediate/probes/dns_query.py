"""A question as it goes over the wire: RFC 1035 section 4, and EDNS (RFC 6891)."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Final

UDP_PAYLOAD: Final = 1232  # bytes; what fits every path unfragmented (DNS flag day 2020)
RRTYPES: Final = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "PTR": 12,
    "MX": 15,
    "TXT": 16,
    "AAAA": 28,
    "SRV": 33,
    "DS": 43,
    "DNSKEY": 48,
    "HTTPS": 65,
    "CAA": 257,
}
PLAIN: Final = b"abcdefghijklmnopqrstuvwxyz0123456789-_*"
"""What stands in a plain name, the dots aside; others are left to dnspython."""

_RD, _AD, _CD = 0x0100, 0x0020, 0x0010
_EDNS: Final = struct.pack("!BHHIH", 0, 41, UDP_PAYLOAD, 0, 0)
_LONGEST: Final = 255  # bytes of a name on the wire
_LONGEST_LABEL: Final = 63


class NoName(ValueError):
    """A text that is no domain name, or no record type."""


@lru_cache(maxsize=8192)
def absolute(name: str) -> str:
    """A name as dnspython writes it, in lower case and with its dot. Raises NoName."""
    text = name.lower()
    if not text.endswith("."):
        text += "."
    return text if _plain_wire(text) else _by_dnspython(name)[0]


@lru_cache(maxsize=8192)
def question(name: str, rrtype: str) -> bytes:
    """The question's own bytes: name, type, class IN. Raises NoName."""
    return _wire(name) + struct.pack("!HH", code(rrtype), 1)


@lru_cache(maxsize=8192)
def template(name: str, rrtype: str, *, recursive: bool, checked: bool) -> bytes:
    """A whole query but for its id, the first two bytes. Raises NoName.

    The AD bit asks for the same in the answer (RFC 6840 section 5.7).
    """
    flags = (_RD if recursive else 0) | (_AD if checked else _CD)
    return struct.pack("!HHHHH", flags, 1, 0, 0, 1) + question(name, rrtype) + _EDNS


def code(rrtype: str) -> int:
    """The number of a record type. Raises NoName."""
    known = RRTYPES.get(rrtype)
    if known is not None:
        return known
    import dns.exception
    import dns.rdatatype

    try:
        return int(dns.rdatatype.from_text(rrtype))
    except (dns.exception.DNSException, ValueError):
        raise NoName(f"{rrtype!r} is no record type") from None


def _wire(name: str) -> bytes:
    text = name.lower()
    return _plain_wire(text if text.endswith(".") else f"{text}.") or _by_dnspython(name)[1]


def _plain_wire(text: str) -> bytes:
    """Empty for a name that is not plain, or none."""
    if text == ".":
        return b"\0"
    if not text.isascii():
        return b""
    labels = text.encode()[:-1].split(b".")
    for label in labels:
        if not 0 < len(label) <= _LONGEST_LABEL or label.translate(None, PLAIN):
            return b""
    wire = b"".join([bytes((len(label),)) + label for label in labels]) + b"\0"
    return wire if len(wire) <= _LONGEST else b""


def _by_dnspython(name: str) -> tuple[str, bytes]:
    import dns.exception
    import dns.name

    try:
        parsed = dns.name.from_text(name).canonicalize()
        return str(parsed.to_text()).lower(), parsed.to_wire() or b""
    except (dns.exception.DNSException, UnicodeError):
        raise NoName(f"{name!r} is no domain name") from None
