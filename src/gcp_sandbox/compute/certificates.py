"""What Google does with a managed certificate by itself, on the sandbox's clock.

PROVISIONING until every domain resolves, in the sandbox's own DNS, to an address at whose port 443
a proxy with the certificate answers, and no CAA record forbids it (GCP.md §2, and
https://cloud.google.com/load-balancing/docs/ssl-certificates/troubleshooting). Then ACTIVE for 90
days, renewed from 30 days before the end under the same conditions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address

from gcp_sandbox.compute.forwarding_rule import ports_of
from gcp_sandbox.compute.links import Place
from gcp_sandbox.compute.section import NAME, Compute
from gcp_sandbox.request import Body

MINUTE = 60.0
DAY = 86400.0
ISSUE_AFTER = 20 * MINUTE
"""How long the conditions must hold; Google says up to an hour."""
VISIBLE_WITHIN = 15 * MINUTE
"""How long a domain may be out of sight before its status says so."""
LIFETIME = 90 * DAY
RENEW_BEFORE = 30 * DAY
AUTHORITIES = frozenset({"pki.goog", "letsencrypt.org"})
_HTTPS = 443

OK = ""


@dataclass(slots=True)
class Provisioning:
    """Watches every managed certificate.

    Conditions change only with the world, and dates only with the clock; so it looks again when
    either moved. A certificate's times stand under `_`: `since` when all conditions hold, `hidden`
    since when one does not, `issued`, `expires`.
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
        if any(obstacles.values()):
            own.pop("since", None)
            own.setdefault("hidden", now)
        else:
            own.pop("hidden", None)
            own.setdefault("since", now)
        self._issue_if_due(own, now)
        _set_status(managed, own, obstacles, now)
        if before != (own, managed["status"], managed["domainStatus"]):
            self.compute.world.touch(NAME)

    def _issue_if_due(self, own: Body, now: float) -> None:
        while True:
            renewing = "issued" in own
            due = own["expires"] - RENEW_BEFORE if renewing else 0.0
            if "since" not in own:
                self._look_again(max(due, own["hidden"] + VISIBLE_WITHIN), now)
                return
            due = max(due, own["since"] + ISSUE_AFTER)
            if now < due:
                self._look_again(due, now)
                return
            own |= {"issued": due, "expires": due + LIFETIME}
            own.pop("chain", None)
            own.pop("privateKey", None)

    def _look_again(self, when: float, now: float) -> None:
        if when > now:
            self._due = min(self._due, when)

    def _obstacles(self, place: Place, domains: list[str]) -> dict[str, str]:
        """Why each domain cannot be validated now; OK if it can."""
        addresses = self._addresses(place)
        return {domain: self._obstacle(place.project, domain, addresses) for domain in domains}

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

    def _obstacle(self, project: str, domain: str, addresses: set[str]) -> str:
        name = domain.lower().rstrip(".") + "."
        lookup = self.compute.world.lookup
        seen = [*lookup(project, name, "A"), *lookup(project, name, "AAAA")]
        if not seen or not {str(ip_address(text)) for text in seen} <= addresses:
            return "FAILED_NOT_VISIBLE"
        return OK if self._caa_allows(project, name) else "FAILED_CAA_FORBIDDEN"

    def _caa_allows(self, project: str, name: str) -> bool:
        """RFC 8659: the nearest CAA set upwards decides; one without `issue` allows all."""
        while name.count(".") > 1:
            records = self.compute.world.lookup(project, name, "CAA")
            if records:
                issuers = [_issuer(record) for record in records if _tag(record) == "issue"]
                return not issuers or bool(AUTHORITIES & set(issuers))
            name = name.partition(".")[2]
        return True


def _set_status(managed: Body, own: Body, obstacles: dict[str, str], now: float) -> None:
    active = "issued" in own
    renewing = active and now >= own["expires"] - RENEW_BEFORE
    waited = "hidden" in own and now >= own["hidden"] + VISIBLE_WITHIN
    failing = renewing or (waited and not active)
    if active:
        managed["status"] = "RENEWAL_FAILED" if renewing and any(obstacles.values()) else "ACTIVE"
    else:
        managed["status"] = "PROVISIONING"
    good = "ACTIVE" if active else "PROVISIONING"
    managed["domainStatus"] = {
        domain: obstacle if obstacle and failing else good for domain, obstacle in obstacles.items()
    }


def _tag(record: str) -> str:
    return record.split(maxsplit=2)[1].lower()


def _issuer(record: str) -> str:
    value = record.split(maxsplit=2)[2].strip().strip('"')
    return value.partition(";")[0].strip().lower()
