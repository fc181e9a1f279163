"""Which addresses the internet leads to: the IANA registries of special-purpose addresses.

The standard library's own lists differ from one Python to the next; these do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

DOCUMENTATION: Final = "for documentation"
METADATA: Final = "a metadata server's"

# What clouds tell a machine about itself, its credentials included, to whoever asks from it:
# Google, AWS and Azure; Google over IPv6; AWS over IPv6; Alibaba; Azure's host; Oracle.
_METADATA: Final = frozenset(
    ip_address(each)
    for each in (
        "169.254.169.254",
        "fd20:ce::254",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
    )
)
# https://www.iana.org/assignments/iana-ipv4-special-registry and …/multicast-addresses
_SPECIAL_IPV4: Final = tuple(
    (IPv4Network(network), what)
    for network, what in (
        ("0.0.0.0/8", "this machine's"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "a carrier's own, behind its address translation"),
        ("127.0.0.0/8", "this machine's"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", DOCUMENTATION),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", DOCUMENTATION),
        ("203.0.113.0/24", DOCUMENTATION),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
# https://www.iana.org/assignments/iana-ipv6-special-registry; what is not here is judged by
# _UNICAST, the only space that is given out (RFC 4291 section 2.4).
_SPECIAL_IPV6: Final = tuple(
    (IPv6Network(network), what)
    for network, what in (
        ("::/128", "this machine's"),
        ("::1/128", "this machine's"),
        ("2001:2::/48", "for benchmarks"),
        ("2001:db8::/32", DOCUMENTATION),
        ("2001::/23", "for protocols, such as Teredo"),
        ("3fff::/20", DOCUMENTATION),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
    )
)
_UNICAST: Final = IPv6Network("2000::/3")
_MAPPED: Final = IPv6Network("::ffff:0:0/96")  # RFC 4291 section 2.5.5.2
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052
_6TO4: Final = IPv6Network("2002::/16")  # RFC 3056
_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})  # RFC 5214


def parse(text: str) -> Address | None:
    """An address in its one notation; None for any other, which some libraries would take.

    Those are names, short, decimal, octal and hexadecimal IPv4 (`127.1`, `2130706433`, `0177.0.0.1`
    as inet_aton takes them), brackets, blanks, zone ids, and digits that are not ASCII.
    """
    if not text.isascii() or "%" in text:
        return None
    try:
        return ip_address(text)
    except ValueError:
        return None


def why_not_public(address: Address) -> str:
    """What an address is instead of public, `""` where the internet leads there.

    An IPv6 address that carries an IPv4 one is what the carried one is.
    """
    return next(_objections(address), "")


def is_metadata(address: Address) -> bool:
    return any(each in _METADATA for each in (address, *_carried(address)))


def is_allowed(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether a network holds it; a metadata server's has to be named by itself."""
    whole = 32 if address.version == 4 else 128  # noqa: PLR2004 - bits of an address
    return any(
        address in network and (network.prefixlen == whole or not is_metadata(address))
        for network in allowed
    )


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Raises ValueError for what is neither an address nor a network."""
    return tuple(ip_network(text) for text in texts)


def _objections(address: Address) -> Iterator[str]:
    if is_metadata(address):
        yield METADATA
    for carried in _carried(address):
        yield from _objections(carried)
    if isinstance(address, IPv4Address):
        yield from (what for network, what in _SPECIAL_IPV4 if address in network)
        return
    yield from (what for network, what in _SPECIAL_IPV6 if address in network)
    if address not in _UNICAST and address not in _MAPPED and address not in _NAT64:
        yield "reserved"


def _carried(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 address in a mapped, a NAT64, a 6to4 or an ISATAP one."""
    if isinstance(address, IPv4Address):
        return
    last = IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _MAPPED or address in _NAT64:
        yield last
    if address in _6TO4:
        yield IPv4Address((int(address) >> 80) & 0xFFFF_FFFF)
    if (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP:
        yield last
