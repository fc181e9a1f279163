"""Which certificate a load balancer shows to whom.

A proxy with a certificate map asks that by host name, any other looks through its list. The first
certificate is for clients that name no host, or one that none covers
(https://cloud.google.com/load-balancing/docs/ssl-certificates).
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from gcp_sandbox.certificatemanager import names
from gcp_sandbox.certificatemanager.section import CertificateManager
from gcp_sandbox.certificatemanager.views import in_force
from gcp_sandbox.compute.forwarding_rule import ports_of
from gcp_sandbox.compute.links import certificate_manager, parse
from gcp_sandbox.compute.section import NAME, Compute
from gcp_sandbox.issuance import served
from gcp_sandbox.request import Body

PORTS: Final = (80, 443)
_PROXIES: Final = {"targetHttpsProxies": True, "targetHttpProxies": False}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a load balancer listens: an IP as it is written shortest, a port, with TLS or not."""

    address: str
    port: int
    secure: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate to show: the PEM of its chain, leaf first, and of its key."""

    chain: str
    key: str


@dataclass(slots=True)
class Selection:
    """Follows each change of the state at once."""

    compute: Compute
    certificates: CertificateManager
    _version: int = -1
    _proxies: dict[Spot, Body] = field(default_factory=dict)

    def spots(self) -> set[Spot]:
        """The external ones, on the ports 80 and 443."""
        return set(self._at())

    def proxy_at(self, spot: Spot) -> Body | None:
        return self._at().get(spot)

    def min_version(self, spot: Spot) -> ssl.TLSVersion:
        """What the proxy's SSL policy asks for; TLS 1.2 at least, for want of anything older."""
        proxy = self.proxy_at(spot) or {}
        policy = self.compute.find_path(proxy.get("sslPolicy") or "") or {}
        newest = policy.get("minTlsVersion") == "TLS_1_3"
        return ssl.TLSVersion.TLSv1_3 if newest else ssl.TLSVersion.TLSv1_2

    def _at(self) -> dict[Spot, Body]:
        """The proxy at each spot; looked up anew whenever the world has changed."""
        if self._version != self.compute.world.version:
            self._version = self.compute.world.version
            self._proxies = dict(self._fronts())
        return self._proxies

    def choose(self, spot: Spot, server_name: str | None) -> Pair | None:
        """What is shown there to a client that asks for `server_name`; None: nothing."""
        proxy = self.proxy_at(spot)
        if proxy is None:
            return None
        host = (server_name or "").lower().rstrip(".")
        if certificate_map := proxy.get("certificateMap"):
            return self._from_map(certificate_map, host)
        held = list(self._held(proxy.get("sslCertificates", ())))
        return _best([pair for pair in held if covers(pair, host)], host) or next(iter(held), None)

    def _fronts(self) -> Iterator[tuple[Spot, Body]]:
        for _, rule in self.compute.every("forwardingRules"):
            outside = rule["loadBalancingScheme"].startswith("EXTERNAL")
            target = parse(rule.get("target", ""), "")
            if not outside or target is None or target.collection not in _PROXIES:
                continue
            proxy = self.compute.find(target)
            if proxy is None or rule["IPProtocol"] != "TCP":
                continue
            ports = ports_of(rule)
            for port in PORTS:
                if port in ports:
                    at = str(ip_address(rule["IPAddress"]))
                    yield Spot(at, port, _PROXIES[target.collection]), proxy

    def _held(self, links: list[str]) -> Iterator[Pair]:
        """Those of a proxy's certificates that can be shown by now, in its order."""
        for link in links:
            elsewhere = certificate_manager(link) if link.startswith("//") else None
            pair = self._managed_elsewhere(elsewhere) if elsewhere else self._classic(link)
            if pair is not None:
                yield pair

    def _classic(self, link: str) -> Pair | None:
        body = self.compute.find_path(link)
        if body is None:
            return None
        own = body.get("_", {})
        if body["type"] == "SELF_MANAGED" and "issued" not in own:
            return Pair(body["certificate"], own["privateKey"])
        domains = body["managed"]["domains"] if "managed" in body else body[_NAMES]
        return self._issued(own, domains, NAME)

    def _managed_elsewhere(self, link: str) -> Pair | None:
        """One of Certificate Manager's, by its link or name."""
        section = self.certificates
        body = section.bodies.get(section.canonical(link.removeprefix(names.HOST)))
        if body is None:
            return None
        own = body.get("_", {})
        if "selfManaged" in body:
            return Pair(body["pemCertificate"], own["privateKey"])
        return self._issued(own, body["managed"]["domains"], "certificatemanager")

    def _issued(self, own: Body, domains: list[str], section: str) -> Pair | None:
        """What Google issued, once it has got around."""
        world = self.compute.world
        record = served(own, world.clock.time())
        if record is None:
            return None
        if self.compute.authority.certify(record, domains):
            world.touch(section)
        return Pair(record["chain"], record["privateKey"])

    def _from_map(self, link: str, host: str) -> Pair | None:
        """By exact host name, by wildcard, by the primary entry; or not at all.

        https://cloud.google.com/certificate-manager/docs/certificate-selection-logic
        """
        section = self.certificates
        above = section.canonical(link.removeprefix(names.HOST))
        entries = section.of(above, "certificateMapEntries")
        wildcard = f"*.{host.partition('.')[2]}"
        for by, wanted in (("hostname", host), ("hostname", wildcard), ("matcher", "PRIMARY")):
            entry = next((it for it in entries if it.get(by) == wanted), None)
            if entry is not None and (held := in_force(section, entry)):
                return _best(list(self._held_by(held)), host)
        return None

    def _held_by(self, certificates: list[str]) -> Iterator[Pair]:
        for name in certificates:
            pair = self._managed_elsewhere(name)
            if pair is not None:
                yield pair


_NAMES: Final = "subjectAlternativeNames"


def covers(pair: Pair, host: str) -> bool:
    """Whether the leaf names a host, itself or by a wildcard (RFC 9525 section 6.3)."""
    return bool({host, f"*.{host.partition('.')[2]}"} & _leaf(pair.chain)[0])


def _best(pairs: list[Pair], host: str) -> Pair | None:
    """Of several: who names the host itself, then who was issued last.

    Google does not say which. This way a certificate is seen beside the one that it replaces.
    """
    return max(pairs, key=lambda pair: _rank(pair, host), default=None)


def _rank(pair: Pair, host: str) -> tuple[bool, datetime]:
    named, begins = _leaf(pair.chain)
    return host in named, begins


@lru_cache(maxsize=256)
def _leaf(chain: str) -> tuple[frozenset[str], datetime]:
    """A leaf's names in lower case, and when it begins."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    leaf = x509.load_pem_x509_certificates(chain.encode())[0]
    subject = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    named = {str(attribute.value).lower() for attribute in subject}
    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        named |= {name.lower() for name in extension.value.get_values_for_type(x509.DNSName)}
    except x509.ExtensionNotFound:
        pass
    return frozenset(named), leaf.not_valid_before_utc
