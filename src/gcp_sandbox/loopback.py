"""Sockets of this machine that stand for public ones of the emulated world."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Final

V4: Final = "127.0.0.1"
V6: Final = "::1"
_SIX: Final = 6


def bound(address: str) -> socket.socket:
    """A TCP socket on a free port, which nobody else gets; it refuses until it listens.

    For an IPv6 address on `::1`, where this machine has that.
    """
    if ip_address(address).version == _SIX and socket.has_ipv6:
        six = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        try:
            six.bind((V6, 0))
        except OSError:
            six.close()
        else:
            return six
    four = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    four.bind((V4, 0))
    return four


def at(address: str, port: int) -> str:
    """`203.0.113.10:443`; an IPv6 address stands in brackets."""
    return f"[{address}]:{port}" if ip_address(address).version == _SIX else f"{address}:{port}"


def name_of(held: socket.socket) -> str:
    """Where a socket is bound, as `at` writes it."""
    address, port = held.getsockname()[:2]
    return at(address, port)
