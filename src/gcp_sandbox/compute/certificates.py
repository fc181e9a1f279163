"""What Google does with a managed certificate by itself, on the sandbox's clock.

PROVISIONING until every domain resolves, in the sandbox's own DNS, to an address at whose port 443
a proxy with the certificate answers, and no CAA record forbids it
(https://cloud.google.com/load-balancing/docs/ssl-certificates/troubleshooting). Then ACTIVE for 90
days, renewed from 30 days before the end under the same conditions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address

from gcp_sandbox.compute.forwarding_rule import ports_of
from gcp_sandbox.compute.links import Place
from gcp_sandbox.compute.section import NAME, Compute
from gcp_sandbox.issuance import advance, caa_allows, renewing, waited
from gcp_sandbox.request import Body

_HTTPS = 443

OK = ""


@dataclass(slots=True)
class Provisioning:
    """Watches every managed certificate.

    Conditions change only with the world, and dates only with the clock; so it looks again when
    either moved. A certificate's times (see `issuance`) stand under `_`.
    """

    compute: Compute
    _version: int = -1
    _due: float = field(default=0.0)

    def settle(self) -> None:
        world = self.compute.world
        now = world.clock.time()
        if world.version == self._version and now < self._due:
            return
        self._due = float("inf")
        for place, body in list(self.compute.every("sslCertificates")):
            if body["type"] == "MANAGED":
                self._advance(place, body, now)
        self._version = world.version

    def _advance(self, place: Place, body: Body, now: float) -> None:
        own = body.setdefault("_", {})
        managed = body["managed"]
        before = (dict(own), managed["status"], dict(managed["domainStatus"]))
        if own.get("doomed"):
            managed["status"] = "PROVISIONING_FAILED_PERMANENTLY"
            return
        obstacles = self._obstacles(place, managed["domains"])
        obstacles |= dict.fromkeys(own.get("limited", ()), "FAILED_RATE_LIMITED")
        due = advance(own, now, obstructed=any(obstacles.values()))
        self._due = min(self._due, due)
        _set_status(managed, own, obstacles, now)
        if before != (own, managed["status"], managed["domainStatus"]):
            self.compute.world.touch(NAME)

    def _obstacles(self, place: Place, domains: list[str]) -> dict[str, str]:
        """Why each domain cannot be validated now; OK if it can."""
        addresses = self._addresses(place)
        return {domain: self._obstacle(domain, addresses) for domain in domains}

    def _addresses(self, place: Place) -> set[str]:
        """The IPs at whose port 443 the certificate would be seen."""
        found = set()
        for proxy in self.compute.users_of(place.path):
            if (self.compute.find_path(proxy) or {}).get("certificateMap"):
                continue  # a proxy with a map ignores its certificates
            for user in self.compute.users_of(proxy):
                rule = self.compute.find_path(user)
                if rule is not None and _HTTPS in ports_of(rule):
                    found.add(str(rule["IPAddress"]))
        return found

    def _obstacle(self, domain: str, addresses: set[str]) -> str:
        name = domain.lower().rstrip(".") + "."
        lookup = self.compute.world.lookup
        seen = [*lookup(name, "A"), *lookup(name, "AAAA")]
        if not seen or not {str(ip_address(text)) for text in seen} <= addresses:
            return "FAILED_NOT_VISIBLE"
        return OK if caa_allows(lookup, name) else "FAILED_CAA_FORBIDDEN"


def _set_status(managed: Body, own: Body, obstacles: dict[str, str], now: float) -> None:
    active = "issued" in own
    again = renewing(own, now)
    failing = again or (waited(own, now) and not active)
    if active:
        managed["status"] = "RENEWAL_FAILED" if again and any(obstacles.values()) else "ACTIVE"
    else:
        managed["status"] = "PROVISIONING"
    good = "ACTIVE" if active else "PROVISIONING"
    managed["domainStatus"] = {
        domain: obstacle if obstacle and failing else good for domain, obstacle in obstacles.items()
    }
