"""Record data as text: what each type allows, and the one spelling that the API answers.

The types are those of Google's page "DNS records overview"
(https://docs.cloud.google.com/dns/docs/records-overview). The API answers TXT quoted, one string
a word if the client sent none quoted, and addresses and names in canonical form.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import dns.exception
import dns.ipv4
import dns.ipv6
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from gcp_sandbox.dns import names
from gcp_sandbox.dns.errors import Faults, bad_value
from gcp_sandbox.request import Json

_TOKEN: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(?=\s|$)|((?:[^"\s\\]|\\.)+)', re.DOTALL)
_PLAIN_TXT: Final = re.compile(r'"[ !#-\[\]-~]{0,255}"(?: "[ !#-\[\]-~]{0,255}")*')
_ESCAPE: Final = re.compile(rb"\\([0-9]{3}|.)", re.DOTALL)
_MX: Final = re.compile(r"([0-9]{1,5})\s+(\S+)")
_SRV: Final = re.compile(r"([0-9]{1,5})\s+([0-9]{1,5})\s+([0-9]{1,5})\s+(\S+)")
_LONGEST_STRING: Final = 255
_LARGEST_SHORT: Final = 65535


def canonical(rrtype: str, text: str) -> str:
    """The spelling in which the API stores and answers `text`; raises ValueError if it is bad."""
    spell = _SPELLINGS.get(rrtype)
    if spell is None:
        raise ValueError(f"no such record type: {rrtype}")
    return spell(text.strip())


def is_served(rrtype: str) -> bool:
    """Whether Cloud DNS has the type."""
    return rrtype in _SPELLINGS


def spelt(given: Json, rrtype: str, at: str, faults: Faults) -> list[str]:
    """The list `given` in canonical spelling, in its order; what is wrong is added to `faults`."""
    if not isinstance(given, list) or not given:
        faults.append(bad_value(at, "<empty>"))
        return []
    forms: list[str] = []
    for number, text in enumerate(given):
        if not rrtype:
            continue  # the type's own fault is told already
        try:
            form = canonical(rrtype, text if isinstance(text, str) else "")
        except ValueError:
            faults.append(bad_value(f"{at}[{number}]", text))
            continue
        if form in forms:
            faults.append(bad_value(f"{at}[{number}]", text))
        forms.append(form)
    return forms


def character_strings(text: str) -> list[bytes]:
    """The strings of TXT rdata: quoted ones, or words, with the escapes of RFC 1035 undone."""
    strings, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"unbalanced quotes: {text!r}")
        string = match[1] if match[1] is not None else match[2]
        strings.append(_ESCAPE.sub(_unescaped, string.encode()))
        at = match.end()
        at += len(text[at:]) - len(text[at:].lstrip())
    if not strings or any(len(string) > _LONGEST_STRING for string in strings):
        raise ValueError("TXT data is strings of at most 255 bytes")
    return strings


def _unescaped(match: re.Match[bytes]) -> bytes:
    if not match[1].isdigit():
        return match[1]
    try:
        return bytes([int(match[1])])
    except ValueError:
        raise ValueError(f"no such byte: {match[0]!r}") from None


def _a(text: str) -> str:
    return dns.ipv4.inet_ntoa(dns.ipv4.inet_aton(text))


def _aaaa(text: str) -> str:
    return dns.ipv6.inet_ntoa(dns.ipv6.inet_aton(text))


def _mx(text: str) -> str:
    match = _MX.fullmatch(text)
    if match is None or int(match[1]) > _LARGEST_SHORT:
        raise ValueError(f"not a preference and a host: {text!r}")
    return f"{int(match[1])} {names.target(match[2])}"


def _srv(text: str) -> str:
    match = _SRV.fullmatch(text)
    if match is None or any(int(number) > _LARGEST_SHORT for number in match.groups()[:3]):
        raise ValueError(f"not priority, weight, port and host: {text!r}")
    return f"{int(match[1])} {int(match[2])} {int(match[3])} {names.target(match[4])}"


def _txt(text: str) -> str:
    if _PLAIN_TXT.fullmatch(text):
        return text
    return " ".join(f'"{_escaped(string)}"' for string in character_strings(text))


def _escaped(string: bytes) -> str:
    return "".join(
        f"\\{byte:c}" if byte in b'"\\' else f"{byte:c}" if 0x20 <= byte < 0x7F else f"\\{byte:03}"  # noqa: PLR2004 - the printable part of ASCII
        for byte in string
    )


def _parsed(rrtype: str, text: str) -> dns.rdata.Rdata:
    """By dnspython, without what only zone files have: comments, generic data, relative names."""
    if text.startswith("\\#") or ";" in re.sub(r'"(?:[^"\\]|\\.)*"', "", text):
        raise ValueError(f"not plain rdata: {text!r}")
    try:
        parsed = dns.rdata.from_text(dns.rdataclass.IN, rrtype, text, relativize=False)
        parsed.to_wire()
    except (dns.exception.DNSException, ValueError, ArithmeticError) as error:
        raise ValueError(f"bad {rrtype} data: {error}") from error
    return parsed


def _as_given(rrtype: str) -> Callable[[str], str]:
    def spell(text: str) -> str:
        _parsed(rrtype, text)
        return text

    return spell


def _caa(text: str) -> str:
    return _parsed("CAA", text).to_text()


def _guarded(spell: Callable[[str], str]) -> Callable[[str], str]:
    def guarded(text: str) -> str:
        try:
            return spell(text)
        except dns.exception.DNSException as error:
            raise ValueError(str(error)) from error

    return guarded


_SPELLINGS: Final[dict[str, Callable[[str], str]]] = {
    "A": _guarded(_a),
    "AAAA": _guarded(_aaaa),
    "ALIAS": names.target,
    "CAA": _caa,
    "CNAME": names.target,
    "MX": _mx,
    "NS": names.target,
    "PTR": names.target,
    "SPF": _txt,
    "SRV": _srv,
    "TXT": _txt,
    **{
        rrtype: _as_given(rrtype)
        for rrtype in (
            *("DNSKEY", "DS", "HTTPS", "IPSECKEY", "NAPTR"),
            *("SOA", "SSHFP", "SVCB", "TLSA"),
        )
    },
}
