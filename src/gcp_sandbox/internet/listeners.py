"""The sockets behind `dial`: one port on loopback for every DNS server's address."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Final

from gcp_sandbox.dns.answer import Answer
from gcp_sandbox.internet.addresses import EVERYWHERE, PORT, RESOLVERS
from gcp_sandbox.internet.name_servers import NameServers
from gcp_sandbox.internet.resolver import Resolvers
from gcp_sandbox.internet.section import Internet
from gcp_sandbox.internet.sockets import DnsPort
from gcp_sandbox.internet.wire import Question, Responder, Said
from gcp_sandbox.server import LOOPBACK

_LOOPBACK_6: Final = "::1"
_REFUSED: Final = Answer("REFUSED", authoritative=False)


@dataclass(slots=True)
class DnsListeners:
    """Listens at an address from the first time that somebody asks for it.

    Everything happens on the thread of the event loop, which owns the world.
    """

    internet: Internet
    servers: NameServers
    resolvers: Resolvers
    _open: dict[str, DnsPort] = field(default_factory=dict)

    def dial(self) -> dict[str, str]:
        """`{"8.8.8.8:53": "127.0.0.1:41234", "[2001:db8:53::11]:53": "[::1]:41235"}`.

        Who is silent is not in it.
        """
        if self.servers.are_out_of_reach:
            return {}
        wanted = [*RESOLVERS, *self.servers.addresses()]
        return {
            f"{_bracketed(address)}:{PORT}": f"{_bracketed(port.host)}:{port.port}"
            for address in wanted
            if not self.servers.trouble(address).get("silent")
            if (port := self.listen(address)) is not None
        }

    def listen(self, address: str) -> DnsPort | None:
        """The port that stands for an address; None for IPv6 where this machine has none."""
        if ":" not in address:
            return self._listen_as(address, LOOPBACK)
        return self._listen_as(address, _LOOPBACK_6) if _has_ipv6() else None

    def _listen_as(self, address: str, host: str) -> DnsPort:
        if address not in self._open:
            ask = self._resolve if address in RESOLVERS else self._answer
            self._open[address] = self._opened(host, partial(ask, address))
        return self._open[address]

    def listen_for_everything(self) -> dict[str, int]:
        """Two ports for people: `dns` answers with authority for all zones, `resolver` is 8.8.8.8.

        The first stands for no address, so that nothing ails it.
        """
        self._open[EVERYWHERE] = self._opened(LOOPBACK, self._answer_all)
        resolver = self._listen_as(RESOLVERS[0], LOOPBACK)
        return {"dns": self._open[EVERYWHERE].port, "resolver": resolver.port}

    def close(self) -> None:
        for port in self._open.values():
            port.close()
        self._open.clear()

    def _opened(self, host: str, responder: Responder) -> DnsPort:
        port = DnsPort(host, responder, lambda: self.internet.tcp_is_blocked)
        port.open()
        return port

    def _answer(self, address: str, asked: Question) -> Said | None:
        said = self.servers.answer(address, asked.name, asked.rrtype)
        if said is None or self.servers.are_out_of_reach:
            return None
        return Said(said, delay=self.servers.delay(address))

    def _answer_all(self, asked: Question) -> Said:
        return Said(self.servers.of_everything(asked.name, asked.rrtype))

    def _resolve(self, address: str, asked: Question) -> Said | None:
        trouble = self.servers.trouble(address)
        if trouble.get("silent") or self.servers.are_out_of_reach:
            return None
        if trouble.get("refuses"):
            return Said(_REFUSED, recursion_available=True, delay=self.servers.delay(address))
        found = self.resolvers.at(address).resolve(
            asked.name, asked.rrtype, checked=asked.checked, recursive=asked.recursive
        )
        return Said(
            found.answer,
            recursion_available=True,
            authenticated=found.authenticated,
            delay=found.delay + self.servers.delay(address),
        )


@cache
def _has_ipv6() -> bool:
    try:
        socket.create_server((_LOOPBACK_6, 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
