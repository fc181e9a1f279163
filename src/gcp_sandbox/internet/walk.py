"""From the parent down to the server that has the answer: one question, nothing kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from gcp_sandbox.dns import names
from gcp_sandbox.dns.answer import Answer
from gcp_sandbox.internet import keys
from gcp_sandbox.internet.addresses import PARENT, addresses_of
from gcp_sandbox.internet.name_servers import NameServers

Security = Literal["secure", "insecure", "bogus"]
FAILED: Final = Answer("SERVFAIL", authoritative=False)


@dataclass(frozen=True, slots=True)
class Reached:
    """An answer, how DNSSEC judges its zone, and the seconds that slow servers took."""

    said: Answer
    security: Security = "secure"
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class _Cut:
    """A delegation: below `apex` these servers answer, and one of the keys is in `ds`."""

    apex: str
    servers: list[str]
    ds: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Walk:
    """`fits` tells whether an answer goes into a datagram, for when there is no TCP.

    Delegations are looked up anew each time: nobody here keeps those.
    """

    servers: NameServers
    fits: Callable[[Answer], bool]

    def ask(self, name: str, rrtype: str) -> Reached:
        """What a zone's own server says, aliases not followed; SERVFAIL where none will."""
        at = Reached(self._first(list(PARENT[:1]), name, rrtype)[0])
        above: _Cut | None = None
        while (cut := self._cut(at, above)) is not None:
            if above is not None and not _is_below(cut, above):
                return replace(at, said=FAILED)
            at = self._descend(cut, at, name, rrtype)
            above = cut
        return at

    def _cut(self, at: Reached, above: _Cut | None) -> _Cut | None:
        """The delegation that an answer refers to, if it does."""
        if at.said.answer or at.said.rcode != "NOERROR":
            return None
        for records in at.said.authority:
            if records.rrtype == "NS":
                servers = list(PARENT[:1]) if above is None else _addresses(above.servers)
                return _Cut(records.name, records.rdatas, self._ds(servers, records.name))
        return None

    def _ds(self, addresses: list[str], apex: str) -> list[str]:
        said, _ = self._first(addresses, apex, "DS")
        return [text for it in said.answer if it.rrtype == "DS" for text in it.rdatas]

    def _descend(self, cut: _Cut, at: Reached, name: str, rrtype: str) -> Reached:
        addresses = _addresses(cut.servers)
        said, delay = self._first(addresses, name, rrtype)
        security = at.security
        if security == "secure":
            security = self._judge(cut, addresses)
        return Reached(said, security, at.delay + delay)

    def _judge(self, cut: _Cut, addresses: list[str]) -> Security:
        if not cut.ds:
            return "insecure"
        said, _ = self._first(addresses, cut.apex, "DNSKEY")
        shown = {text for records in said.answer for text in records.rdatas}
        known = keys.ds(cut.apex) in cut.ds and keys.dnskey(cut.apex) in shown
        return "secure" if known else "bogus"

    def _first(self, addresses: list[str], name: str, rrtype: str) -> tuple[Answer, float]:
        """The first useful answer, the quicker servers asked first, and what it took."""
        for address in sorted(addresses, key=self._delay):
            said = self.servers.answer(address, name, rrtype)
            if said is None or said.rcode in {"REFUSED", "SERVFAIL"}:
                continue
            if self.servers.internet.tcp_is_blocked and not self.fits(said):
                continue
            return said, self._delay(address)
        return FAILED, 0.0

    def _delay(self, address: str) -> float:
        return float(self.servers.trouble(address).get("delay", 0.0))


def _addresses(hosts: list[str]) -> list[str]:
    """By IPv4: whoever resolves here has both."""
    return [addresses_of(host)[0] for host in hosts if addresses_of(host)]


def _is_below(cut: _Cut, above: _Cut) -> bool:
    return cut.apex != above.apex and names.within(cut.apex, above.apex)
