"""What each name server says, asked without recursion: the parent's and Google's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Final

from gcp_sandbox.dns.answer import Answer, Records, answer
from gcp_sandbox.dns.section import DnsSection
from gcp_sandbox.dns.zone import Zone
from gcp_sandbox.internet import keys
from gcp_sandbox.internet.addresses import EVERYWHERE, NAME_SERVERS, PARENT
from gcp_sandbox.internet.registrar import Registrar
from gcp_sandbox.internet.section import Internet
from gcp_sandbox.request import Body

_KEY_TTL: Final = 300


@dataclass(frozen=True, slots=True)
class NameServers:
    internet: Internet
    zones: DnsSection
    registrar: Registrar

    def answer(self, address: str, name: str, rrtype: str) -> Answer | None:
        """What the server at an address says; None where it is silent.

        A server knows the public zones whose `nameServers` name it, and refuses all others.
        """
        trouble = self.trouble(address)
        if trouble.get("silent"):
            return None
        if trouble.get("refuses"):
            return Answer("REFUSED", authoritative=False)
        if address in PARENT:
            return self.registrar.answer(name, rrtype)
        host = NAME_SERVERS.get(address)
        public = list(self.zones.public_zones())
        mine = [zone for zone in public if host in zone.body["nameServers"]]
        return _with_key(mine, answer(mine, name, rrtype, public), name, rrtype)

    def of_everything(self, name: str, rrtype: str) -> Answer:
        """All name servers in one: the zones of the world's own project, then the others'."""
        own = self.zones.public_zones(self.internet.world.options.project)
        public = list(chain(own, self.zones.public_zones()))
        return _with_key(public, answer(public, name, rrtype, public), name, rrtype)

    def trouble(self, address: str) -> Body:
        """What is the matter with a server: `silent`, `refuses`, `delay` in seconds."""
        trouble: Body = self.internet.part("servers").get(address, {})
        return trouble

    def delay(self, address: str) -> float:
        """Seconds from a question of the prober's to the answer, the way there and back with it."""
        return sum(float(self.trouble(it).get("delay", 0.0)) for it in (address, EVERYWHERE))

    @property
    def are_out_of_reach(self) -> bool:
        """Whether the prober's own network lets no DNS through."""
        return bool(self.trouble(EVERYWHERE).get("silent"))

    def addresses(self) -> list[str]:
        """Where a name server is that some zone or some delegation names, and the parent's."""
        hosts = {host for zone in self.zones.public_zones() for host in zone.body["nameServers"]}
        for apex in {*self.internet.part("registrar"), *self.internet.part("followed")}:
            hosts.update(self.registrar.name_servers(apex))
        return [*PARENT, *(address for address, host in NAME_SERVERS.items() if host in hosts)]


def _with_key(zones: Iterable[Zone], said: Answer, name: str, rrtype: str) -> Answer:
    """A signed zone's key at its apex."""
    if rrtype != "DNSKEY" or said.rcode != "NOERROR" or said.answer:
        return said
    zone = next((zone for zone in zones if zone.apex == name), None)
    if zone is None or zone.body.get("dnssecConfig", {}).get("state", "off") == "off":
        return said
    return Answer(answer=[Records(name, rrtype, _KEY_TTL, [keys.dnskey(name)])])
