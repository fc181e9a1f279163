"""What a Cloud Armor policy does with a visitor: the first rule that matches decides.

https://cloud.google.com/armor/docs/security-policy-overview. Expressions other than `true` match
nobody, and actions other than `allow` and `deny` let in: they are not emulated.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Final

from gcp_sandbox.compute.section import Compute
from gcp_sandbox.request import Body

VISITORS: Final = {4: "192.0.2.200", 6: "2001:db8:ffff::200"}
"""Who asks, as far as rules by address go: everybody comes from here."""
_DENIED: Final = 403


def denied(compute: Compute, service: Body, visitor: str) -> int | None:
    """The status with which a backend service's policies turn a visitor away; None lets in."""
    for field in ("edgeSecurityPolicy", "securityPolicy"):
        policy = compute.find_path(service[field]) if service.get(field) else None
        if policy is not None and (status := _status(policy, visitor)) is not None:
            return status
    return None


def _status(policy: Body, visitor: str) -> int | None:
    for rule in sorted(policy.get("rules", ()), key=lambda it: int(it["priority"])):
        if rule.get("preview") or not _matches(rule["match"], visitor):
            continue
        kind, _, status = rule["action"].partition("(")
        if not kind.startswith("deny"):
            return None
        code = status.rstrip(")")
        return int(code) if code.isdecimal() else _DENIED
    return None


def _matches(match: Body, visitor: str) -> bool:
    if "expr" in match:
        return bool((match["expr"] or {}).get("expression", "").strip() == "true")
    at = ip_address(visitor)
    ranges = (match.get("config") or {}).get("srcIpRanges") or []
    return any(text == "*" or at in ip_network(text, strict=False) for text in ranges)
