"""The registrar, and the parent zones that it fills: everything above the zones that are here.

It takes the delegation of an apex from the first public zone that is made there, and follows no
zone by itself afterwards. A zone below another delegated one is that one's to delegate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gcp_sandbox.dns import names
from gcp_sandbox.dns.answer import Answer, Records
from gcp_sandbox.internet import keys
from gcp_sandbox.internet.addresses import addresses_of
from gcp_sandbox.internet.section import Internet
from gcp_sandbox.request import Body

_TTL: Final = 3600
NEGATIVE_TTL: Final = 900
"""Seconds for which the parent's word that there is nothing may be kept."""
_ABOVE_SERVERS: Final = frozenset({"googledomains.com.", "com.", "."})
_KEYS: Final = {"signed": "", "stale": "former"}


@dataclass(frozen=True, slots=True)
class Registrar:
    internet: Internet

    def name_servers(self, apex: str) -> list[str]:
        """To whom an apex is delegated; [] for nobody."""
        followed: list[str] = self.internet.part("followed").get(apex, [])
        told: list[str] = self._entry(apex).get("nameServers", followed)
        return told

    def ds(self, apex: str) -> list[str]:
        """The DS set of an apex: what goes with its key, or with one that it had."""
        state = self._entry(apex).get("ds")
        return [keys.ds(apex, _KEYS[state])] if state in _KEYS else []

    def _entry(self, apex: str) -> Body:
        entry: Body = self.internet.part("registrar").get(apex, {})
        return entry

    def cut(self, name: str) -> str | None:
        """The topmost registered apex at or above a name, delegated or not."""
        known = self.internet.part("registrar"), self.internet.part("followed")
        found = [at for at in _upwards(name) if any(at in part for part in known)]
        return found[-1] if found else None

    def answer(self, name: str, rrtype: str) -> Answer:
        """What the parent's server says: a referral with glue, a DS, or that there is nothing."""
        apex = self.cut(name)
        if apex is not None and (servers := self.name_servers(apex)):
            if (name, rrtype) != (apex, "DS"):
                return _referral(apex, servers)
            if ds := self.ds(apex):
                return Answer(answer=[Records(apex, "DS", _TTL, ds)])
            return self._nothing(name, exists=True)
        records = self._own(name, rrtype)
        if records:
            return Answer(answer=[Records(name, rrtype, _TTL, records)])
        return self._nothing(name, exists=name in self._zones() or bool(addresses_of(name)))

    def _own(self, name: str, rrtype: str) -> list[str]:
        if rrtype in {"A", "AAAA"}:
            return [it for it in addresses_of(name) if (":" in it) == (rrtype == "AAAA")]
        if name not in self._zones():
            return []
        return {"NS": [_server(name)], "SOA": [_soa(name)]}.get(rrtype, [])

    def _zones(self) -> frozenset[str]:
        """Every name above a registered one, or above Google's servers: the parent's zones."""
        apexes = {*self.internet.part("registrar"), *self.internet.part("followed")}
        return _ABOVE_SERVERS | {at for it in apexes for at in _upwards(names.parent(it))}

    def _nothing(self, name: str, *, exists: bool) -> Answer:
        zones = self._zones()
        zone = next(at for at in (*_upwards(name), ".") if at in zones)
        soa = Records(zone, "SOA", NEGATIVE_TTL, [_soa(zone)])
        return Answer("NOERROR" if exists else "NXDOMAIN", authority=[soa])


def _referral(apex: str, servers: list[str]) -> Answer:
    glue = [
        Records(host, "AAAA" if ":" in address else "A", _TTL, [address])
        for host in servers
        for address in addresses_of(host)
    ]
    delegation = Records(apex, "NS", _TTL, servers)
    return Answer(authoritative=False, authority=[delegation], additional=glue)


def _upwards(name: str) -> Iterator[str]:
    """A name and those above it, but the root."""
    while name != ".":
        yield name
        name = names.parent(name)


def _server(zone: str) -> str:
    top = zone.rstrip(".").rpartition(".")[2]
    return f"ns1.nic.{top}." if top else "ns1.nic."


def _soa(zone: str) -> str:
    return f"{_server(zone)} hostmaster.{_server(zone)} 1 7200 900 1209600 {NEGATIVE_TTL}"
