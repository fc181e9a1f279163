"""The data of DNS records: what people write, what Cloud DNS holds, and one spelling to compare.

Cloud DNS takes and answers presentation format (RFC 1035 §5.1). `canonical` gives every value one
spelling: names in lower case with their final dot, IPv6 as in RFC 5952, service parameters in the
order of their keys, and TXT as its decoded octets, joined, then quoted and split anew. dnspython
knows the formats; the plainest values take a shorter way to the same result.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from remediate.model.errors import Fault, InvalidInput

if TYPE_CHECKING:
    from dns.rdata import Rdata

# https://cloud.google.com/dns/docs/records-overview; ALIAS is Google's own and lives at an apex.
TYPES = frozenset(
    {
        *("A", "AAAA", "ALIAS", "CAA", "CNAME", "DNSKEY", "DS", "HTTPS", "IPSECKEY", "MX"),
        *("NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT"),
    }
)
TEXT_TYPES = frozenset({"SPF", "TXT"})
MAX_STRING = 255  # octets in one character-string (RFC 1035 §3.3)
MAX_RDATA = 65_535
_MAX_NAME = 254  # presentation form with its final dot

_FORMS = {
    "A": "an IPv4 address such as 192.0.2.1",
    "AAAA": "an IPv6 address such as 2001:db8::1",
    "CAA": '`flags tag "value"`, such as `0 issue "pki.goog"`',
    "DNSKEY": "`flags protocol algorithm base64`, such as `257 3 8 AwEAAc…`",
    "DS": "`key-tag algorithm digest-type hex`, such as `60485 8 2 d4b7…`",
    "HTTPS": '`priority target parameters`, such as `1 . alpn="h2,h3"`',
    "IPSECKEY": "`precedence gateway-type algorithm gateway base64`",
    "MX": "`preference host.`, such as `10 mail.example.com.`",
    "NAPTR": '`order preference "flags" "service" "regexp" replacement.`',
    "SOA": "`primary. mailbox. serial refresh retry expire minimum`",
    "SRV": "`priority weight port host.`, such as `10 5 443 www.example.com.`",
    "SSHFP": "`algorithm fingerprint-type hex`",
    "SVCB": '`priority target parameters`, such as `1 svc.example.com. alpn="h2"`',
    "TLSA": "`usage selector matching-type hex`",
}
_A_NAME = "a full name with its final dot, such as `www.example.com.`"
_ALIKE = {"ALIAS": "CNAME"}  # dnspython does not know Google's own type

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_IPV6 = re.compile(r"[0-9a-fA-F:]{2,39}")
_NAME = re.compile(r"(?=.{2,254}\Z)(?:[a-z0-9_*-]{1,63}\.)+")
_MX = re.compile(r"(?:0|[1-9][0-9]{0,3}) ((?:[A-Za-z0-9_*-]{1,63}\.)+)")
_SRV = re.compile(r"(?:(?:0|[1-9][0-9]{0,3}) ){3}((?:[A-Za-z0-9_*-]{1,63}\.)+)")
_CAA = re.compile(r'(?:0|[1-9][0-9]?|1[01][0-9]|12[0-8]) [a-z0-9]{1,15} "[ !#-\[\]-~]{0,255}"')
_PLAIN_TEXT = re.compile(r"[ !#-\[\]-~]{0,255}")
_PLAIN_STRINGS = re.compile(r'"[ !#-\[\]-~]{0,255}"(?: "[ !#-\[\]-~]{0,255}")*')
_QUOTED_OR_ESCAPED = re.compile(r'"(?:[^"\\]|\\.)*"|\\.', re.DOTALL)
_ESCAPED_OR_SPECIAL = re.compile(r"\\.|[;()\n]", re.DOTALL)


def encode(rrtype: str, text: str) -> str:
    """What Cloud DNS is to hold for a value as people write it.

    TXT and SPF are plain text of any length (UTF-8; lone surrogates stand for octets that are
    not); every other type is written in presentation format already. Raises InvalidInput.
    """
    if rrtype in TEXT_TYPES:
        if _PLAIN_TEXT.fullmatch(text):
            return f'"{text}"'
        return encode_text(text.encode("utf-8", "surrogateescape"))
    return canonical(rrtype, text)


def decode(rrtype: str, rrdata: str) -> str:
    """What people would write for a value that Cloud DNS holds: the inverse of `encode`."""
    if rrtype in TEXT_TYPES:
        return decode_text(rrdata).decode("utf-8", "surrogateescape")
    return canonical(rrtype, rrdata)


def canonical(rrtype: str, rrdata: str) -> str:
    """The one spelling of a value in presentation format; raises InvalidInput if it has none."""
    shorter = _SHORTER.get(rrtype)
    plain = shorter(rrdata) if shorter else None
    return plain if plain is not None else by_dnspython(rrtype, rrdata)


def same(rrtype: str, left: Iterable[str], right: Iterable[str]) -> bool:
    """Whether two sets hold the same data, in whatever order and spelling.

    A value that cannot be read equals only itself, letter by letter.
    """
    return sorted(_or_itself(rrtype, each) for each in left) == sorted(
        _or_itself(rrtype, each) for each in right
    )


def _or_itself(rrtype: str, rrdata: str) -> str:
    try:
        return canonical(rrtype, rrdata)
    except InvalidInput:
        return rrdata


# The shorter ways: None means that dnspython must look.


def _ipv4(text: str) -> str | None:
    return text if _IPV4.fullmatch(text) else None


def _ipv6(text: str) -> str | None:
    if not _IPV6.fullmatch(text):
        return None
    try:
        return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text))
    except OSError:
        return None


def _name(text: str) -> str | None:
    lower = text.lower()
    return lower if text.isascii() and _NAME.fullmatch(lower) else None


def _mx(text: str) -> str | None:
    match = _MX.fullmatch(text)
    return text.lower() if match and len(match[1]) <= _MAX_NAME else None


def _srv(text: str) -> str | None:
    match = _SRV.fullmatch(text)
    return text.lower() if match and len(match[1]) <= _MAX_NAME else None


def _caa(text: str) -> str | None:
    return text if _CAA.fullmatch(text) else None


def _text(rrdata: str) -> str | None:
    if not _PLAIN_STRINGS.fullmatch(rrdata):
        return None
    if '" "' not in rrdata:
        return rrdata
    return encode_text(rrdata[1:-1].replace('" "', "").encode("ascii"))


_SHORTER: dict[str, Callable[[str], str | None]] = {
    "A": _ipv4,
    "AAAA": _ipv6,
    "ALIAS": _name,
    "CNAME": _name,
    "NS": _name,
    "PTR": _name,
    "CAA": _caa,
    "MX": _mx,
    "SRV": _srv,
    "TXT": _text,
    "SPF": _text,
}


def by_dnspython(rrtype: str, rrdata: str) -> str:
    """The same as `canonical`, always the long way."""
    import dns.exception  # 40 ms that plain zones never need
    import dns.rdata
    import dns.rdataclass

    if rrtype not in TYPES:
        raise _bad(f"Cloud DNS serves no records of type {rrtype}")
    if rrtype in TEXT_TYPES:
        return encode_text(decode_text(rrdata))
    if not rrdata.strip():
        raise _bad(f"an empty value for {rrtype}", f"{form(rrtype)} was expected")
    _refuse_comments(rrdata)
    try:
        parsed = dns.rdata.from_text(
            dns.rdataclass.IN, _ALIKE.get(rrtype, rrtype), rrdata, relativize=False
        )
        return str(_lower_names(parsed).to_text(chunksize=0))
    except (dns.exception.DNSException, ValueError) as error:
        says_nothing = str(error) == dns.exception.SyntaxError.__doc__
        why = "" if says_nothing else f": {error}"
        raise _bad(f"{rrdata!r} is no {rrtype} value{why}", f"write {form(rrtype)}") from None


def form(rrtype: str) -> str:
    """What a value of this type looks like."""
    return _FORMS.get(rrtype, _A_NAME)


def _lower_names(parsed: Rdata) -> Rdata:
    import dns.name  # loaded with dns.rdata
    import dns.rdatatype

    lowered: dict[str, object] = {}
    if parsed.rdtype == dns.rdatatype.CAA:
        lowered["tag"] = getattr(parsed, "tag", b"").lower()  # RFC 8659 §4.1: tags know no case
    for field in ("target", "exchange", "replacement", "gateway", "mname", "rname"):
        name = getattr(parsed, field, None)
        if isinstance(name, dns.name.Name):
            if not name.is_absolute():
                raise ValueError(f"`{name}` does not end with a dot")
            lowered[field] = name.canonicalize()
    return parsed.replace(**lowered) if lowered else parsed


def _refuse_comments(rrdata: str) -> None:
    """In a zone file `;` begins a comment; here it would cut the value short without a word."""
    bare = _QUOTED_OR_ESCAPED.sub("", rrdata)
    if ";" in bare or "\n" in bare:
        raise _bad(f"{rrdata!r} holds a `;` or a line break outside quotes", "put it in quotes")


def decode_text(rrdata: str) -> bytes:
    """The octets of a TXT value: its character-strings decoded and joined."""
    if _PLAIN_STRINGS.fullmatch(rrdata):
        return rrdata[1:-1].replace('" "', "").encode("ascii")
    import dns.exception  # for values that are not plain
    import dns.rdata
    import dns.rdataclass

    line = _ESCAPED_OR_SPECIAL.sub(_as_decimal, rrdata)
    try:
        parsed = dns.rdata.from_text(dns.rdataclass.IN, "TXT", line)
    except (dns.exception.DNSException, ValueError) as error:
        raise _bad(f"{rrdata!r} is no TXT value: {error}") from None
    strings: tuple[bytes, ...] = getattr(parsed, "strings", ())
    return b"".join(strings)


def _as_decimal(match: re.Match[str]) -> str:
    """A value is one line of data: nothing in it is a comment, a bracket or a line's end."""
    found = match[0]
    return found if found[0] == "\\" else f"\\{ord(found):03}"


def encode_text(data: bytes) -> str:
    """Octets as quoted character-strings of at most 255 octets each."""
    strings = [data[at : at + MAX_STRING] for at in range(0, len(data), MAX_STRING)] or [b""]
    if len(data) + len(strings) > MAX_RDATA:
        raise _bad(f"{len(data):,} octets of text do not fit into one record (65,535 with lengths)")
    return " ".join(f'"{_escaped(string)}"' for string in strings)


_ESCAPES = {
    code: chr(code) if 0x20 <= code <= 0x7E else f"\\{code:03}"  # noqa: PLR2004 - printable ASCII
    for code in range(256)
} | {ord('"'): '\\"', ord("\\"): "\\\\"}


def _escaped(string: bytes) -> str:
    return string.decode("latin-1").translate(_ESCAPES)


def size(rrdata: str) -> int:
    """What a value counts towards the quota of rrdata in a change, in bytes."""
    return len(rrdata.encode("utf-8", "surrogateescape"))


def _bad(message: str, hint: str = "") -> InvalidInput:
    return InvalidInput(message, [Fault(None, message, hint)])
