"""What Google does with a managed certificate by itself, on the sandbox's clock.

With DNS authorizations it is issued once each domain's CNAME is in the sandbox's own DNS, before
any load balancer knows of it; without, once every domain leads to a load balancer that uses it.
CAA records must allow it either way. A private authority asks for nothing.
https://cloud.google.com/certificate-manager/docs/domain-authorization
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from gcp_sandbox.certificatemanager.drafts import covers
from gcp_sandbox.certificatemanager.section import CertificateManager
from gcp_sandbox.clock import rfc3339
from gcp_sandbox.compute.forwarding_rule import ports_of
from gcp_sandbox.issuance import ISSUE_AFTER, MINUTE, advance, caa_allows, renewing, waited
from gcp_sandbox.request import Body

ISSUE_AFTER_DNS: Final = 5 * MINUTE
"""With DNS authorizations: a guess at "a few minutes"."""
_HTTPS: Final = 443
_OK: Final = ""


@dataclass(slots=True)
class Provisioning:
    """Watches every managed certificate; looks again when the world or the clock moved."""

    section: CertificateManager
    _version: int = -1
    _due: float = field(default=0.0)

    def settle(self) -> None:
        world = self.section.world
        now = world.clock.time()
        if world.version == self._version and now < self._due:
            return
        self._due = math.inf
        for name, body in self.section.every("certificates"):
            if "managed" in body:
                self._advance(name, body, now)
        self._version = world.version

    def _advance(self, name: str, body: Body, now: float) -> None:
        own, managed = body.setdefault("_", {}), body["managed"]
        before = (dict(own), dict(managed))
        if own.get("doomed"):
            managed["state"] = "FAILED"
            managed["provisioningIssue"] = _issue("The certificate authority refused for good.")
        else:
            obstacles = self._obstacles(name, managed)
            by_load_balancer = not {"dnsAuthorizations", "issuanceConfig"} & managed.keys()
            after = ISSUE_AFTER if by_load_balancer else ISSUE_AFTER_DNS
            due = advance(own, now, obstructed=any(obstacles.values()), after=after)
            self._due = min(self._due, due)
            _set_state(managed, own, obstacles, now)
        if before != (own, managed):
            self.section.touch()

    def _obstacles(self, name: str, managed: Body) -> dict[str, str]:
        """Why each domain cannot be authorized now: CONFIG or CAA; empty if it can."""
        if "issuanceConfig" in managed:
            return {}
        held = managed.get("dnsAuthorizations", ())
        authorizations = [self.section.bodies[it] for it in held if it in self.section.bodies]
        addresses = set() if held else self._addresses(name)
        lookup = self.section.world.lookup
        found = {}
        for domain in managed["domains"]:
            if held:
                seen = any(
                    covers(it["domain"], domain) and self._recorded(it) for it in authorizations
                )
            else:
                seen = self._leads_to(domain, addresses)
            allowed = caa_allows(lookup, f"{domain.removeprefix('*.')}.")
            found[domain] = "CONFIG" if not seen else _OK if allowed else "CAA"
        return found

    def _recorded(self, authorization: Body) -> bool:
        """Whether the DNS says of an authorization what it asks for."""
        record = authorization["dnsResourceRecord"]
        said = self.section.world.lookup(record["name"].lower(), "CNAME")
        return [text.lower() for text in said] == [record["data"]]

    def _leads_to(self, domain: str, addresses: set[str]) -> bool:
        lookup = self.section.world.lookup
        seen = [*lookup(f"{domain}.", "A"), *lookup(f"{domain}.", "AAAA")]
        return bool(seen) and {str(ip_address(text)) for text in seen} <= addresses

    def _addresses(self, name: str) -> set[str]:
        """The IPs at whose port 443 the certificate would be seen."""
        section, compute = self.section, self.section.compute
        maps = {user.rsplit("/", 2)[0] for user in section.referring(name)}
        proxies = {path for holder in (name, *maps) for path in section.proxies_of(holder)}
        rules = (compute.find_path(user) for path in proxies for user in compute.users_of(path))
        return {
            str(rule["IPAddress"])
            for rule in rules
            if rule is not None and "IPAddress" in rule and _HTTPS in ports_of(rule)
        }


def _set_state(managed: Body, own: Body, obstacles: dict[str, str], now: float) -> None:
    valid = "issued" in own and now < own["expires"]
    managed["state"] = "ACTIVE" if valid else "PROVISIONING"
    late = renewing(own, now) or (waited(own, now) and not valid)
    told = late and any(obstacles.values())
    managed.pop("provisioningIssue", None)
    if told:
        managed["provisioningIssue"] = _issue("Some domains could not be authorized.")
    if obstacles:
        good = "AUTHORIZED" if valid else "AUTHORIZING"
        when = own["since"] if "since" in own else own["hidden"]
        managed["authorizationAttemptInfo"] = [
            {"domain": domain, "attemptTime": rfc3339(when)}
            | (_failure(obstacle) if obstacle and told else {"state": good})
            for domain, obstacle in obstacles.items()
        ]


def _failure(reason: str) -> Body:
    details = "CAA records forbid it." if reason == "CAA" else "DNS is not as it must be."
    return {"state": "FAILED", "failureReason": reason, "details": details}


def _issue(details: str) -> Body:
    return {"reason": "AUTHORIZATION_ISSUE", "details": details}
