"""Where a socket for a public address goes: there, or to a sandbox on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from remediate.model.addresses import (
    DOCUMENTATION,
    Address,
    is_allowed,
    networks,
    parse,
    why_not_public,
)

if TYPE_CHECKING:
    from remediate.gcp.google import Google

TIMEOUT: Final = 5.0  # seconds

Reason: TypeAlias = Literal[
    "timeout", "refused", "unreachable", "not-public", "handshake", "unreadable", "untrusted"
]
Where: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Failure:
    """A probe that got no answer: `reason` for programs, `message` in words for people."""

    reason: Reason
    message: str

    def __str__(self) -> str:
        return self.message


class Dial:
    """Which sockets probes may open.

    Addresses are judged before anything else, and what was judged is what is dialled: no name is
    ever looked up on the way. Without a map, public addresses themselves; with a sandbox's map,
    what is in the map, documentation ranges included, and nothing else. What is private, or this
    machine's, or a metadata server's, is for who was told so by `allow`.
    """

    def __init__(
        self,
        sandbox: Callable[[], Mapping[str, str]] | None = None,
        allow: Iterable[str] = (),
    ) -> None:
        """`sandbox` answers `{"203.0.113.10:443": "127.0.0.1:41234"}` as it is now.

        `allow` are addresses and networks (`10.20.0.0/16`); raises ValueError for anything else. A
        metadata server's address has to be among them itself.
        """
        self._sandbox = sandbox
        self._allow = networks(allow)

    def for_a_round(self) -> Dial:
        """The same with a sandbox's map as it is now, asked for once.

        Raises Unreachable where the sandbox is gone.
        """
        if self._sandbox is None:
            return self
        now = self._sandbox()
        pinned = Dial(lambda: now)
        pinned._allow = self._allow
        return pinned

    def where(self, address: str, port: int) -> Where | Failure:
        """What to connect to for `address`, an IP: always an IP again.

        Raises Unreachable where the sandbox itself is gone.
        """
        ip = parse(address)
        if ip is None:
            return Failure("not-public", f"{address!r} is no IP address; it is never probed")
        objection = why_not_public(ip)
        mapped_only = objection == DOCUMENTATION and self._sandbox is not None
        if objection and not mapped_only and not is_allowed(ip, self._allow):
            return Failure(
                "not-public", f"{address} is no public address but {objection}; it is never probed"
            )
        if self._sandbox is None:
            return str(ip), port
        found = self._sandbox().get(_key(ip, port))
        if found is None:
            return silent(address, port)
        host, _, local = found.rpartition(":")
        return host.strip("[]"), int(local)


def dial_for(google: Google, allow: Iterable[str] = ()) -> Dial:
    """As the command was told: to a sandbox, or out into the world."""
    return Dial(google.sandbox.dial if google.sandbox else None, allow)


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


def _key(ip: Address, port: int) -> str:
    return f"[{ip}]:{port}" if isinstance(ip, IPv6Address) else f"{ip}:{port}"
