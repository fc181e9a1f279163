"""Where a socket for a public address goes: there, or to a sandbox on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from remediate.gcp.google import Google

TIMEOUT: Final = 5.0  # seconds

Reason: TypeAlias = Literal[
    "timeout", "refused", "unreachable", "not-public", "handshake", "unreadable", "untrusted"
]
Where: TypeAlias = tuple[str, int]

_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052


@dataclass(frozen=True, slots=True)
class Failure:
    """A probe that got no answer: `reason` for programs, `message` in words for people."""

    reason: Reason
    message: str

    def __str__(self) -> str:
        return self.message


class Dial:
    """Which sockets probes may open.

    Without a map, public addresses themselves and no others: nothing of this machine, its network
    or its metadata server. With a sandbox's map, what is in the map and nothing else.
    """

    def __init__(self, sandbox: Callable[[], Mapping[str, str]] | None = None) -> None:
        """`sandbox` answers `{"203.0.113.10:443": "127.0.0.1:41234"}` as it is now."""
        self._sandbox = sandbox

    def where(self, address: str, port: int) -> Where | Failure:
        """What to connect to for `address`, an IP.

        A sandbox's name servers go by their host names too. Raises Unreachable where the sandbox
        itself is gone.
        """
        if self._sandbox is not None:
            found = self._sandbox().get(_key(address, port))
            if found is None:
                return silent(address, port)
            host, _, local = found.rpartition(":")
            return host, int(local)
        if not _is_public(address):
            return Failure("not-public", f"{address} is no public address; it is never probed")
        return address, port


def dial_for(google: Google) -> Dial:
    """As the command was told: to a sandbox, or out into the world."""
    return Dial(google.sandbox.dial if google.sandbox else None)


def silent(address: str, port: int) -> Failure:
    """Nobody answered, which in a sandbox costs no time."""
    return Failure("timeout", f"{address} does not answer on port {port}")


def lost(address: str, port: int, error: OSError) -> Failure:
    """What a socket's error means."""
    if isinstance(error, TimeoutError):
        return silent(address, port)
    if isinstance(error, ConnectionRefusedError):
        return Failure("refused", f"{address} refuses connections on port {port}")
    why = error.strerror or type(error).__name__
    return Failure("unreachable", f"{address} is not reached on port {port}: {why}")


def _key(address: str, port: int) -> str:
    try:
        ip = ip_address(address)
    except ValueError:
        return f"{address.lower().rstrip('.')}:{port}"
    return f"[{ip}]:{port}" if isinstance(ip, IPv6Address) else f"{ip}:{port}"


def _is_public(address: str) -> bool:
    """Whether the internet leads there, also by what an IPv6 address carries inside."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    carried = _carried(ip) if isinstance(ip, IPv6Address) else None
    if carried is not None:
        return _is_public(str(carried))
    return ip.is_global and not ip.is_multicast


def _carried(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address in a mapped, a 6to4 or a NAT64 one."""
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour
