"""Resources as they are answered: with what follows from others, and from the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gcp_sandbox.certificatemanager import names
from gcp_sandbox.clock import rfc3339
from gcp_sandbox.compute.forwarding_rule import ports_of
from gcp_sandbox.issuance import served
from gcp_sandbox.project import number
from gcp_sandbox.request import Body

if TYPE_CHECKING:
    from gcp_sandbox.certificatemanager.section import CertificateManager

SERVED_AFTER: Final = 120.0
"""Seconds until an entry reaches Google's front ends: a guess at "a few minutes"."""
_COMPUTE: Final = "//compute.googleapis.com/"


def shown(section: CertificateManager, name: str) -> Body:
    """The resource `name` as it is answered now."""
    body = section.find(name)
    view = {field: value for field, value in body.items() if field != "_"}
    match names.collection_of(name):
        case "certificates":
            view |= _certificate(section, name, body)
        case "certificateMapEntries":
            view["certificates"] = [names.numbered(it) for it in body["certificates"]]
            view["state"] = "ACTIVE" if _is_served(section, body) else "PENDING"
        case "certificateMaps":
            targets = [_target(section, proxy) for proxy in section.proxies_of(name)]
            view |= {"gclbTargets": targets} if targets else {}
    return view


def _certificate(section: CertificateManager, name: str, body: Body) -> Body:
    users = [f"{names.HOST}{names.numbered(it)}" for it in section.referring(name)]
    users += [f"{_COMPUTE}{_numbered(path)}" for path in section.proxies_of(name)]
    view: Body = {"usedBy": [{"name": user} for user in users]} if users else {}
    if "managed" not in body:
        return view
    managed = dict(body["managed"])
    if "dnsAuthorizations" in managed:
        managed["dnsAuthorizations"] = [names.numbered(it) for it in managed["dnsAuthorizations"]]
    if "issuanceConfig" in managed:
        managed["issuanceConfig"] = names.numbered(managed["issuanceConfig"])
    return view | {"managed": managed} | _issued(section, body)


def _issued(section: CertificateManager, body: Body) -> Body:
    """The chain, once there is one: it is made when somebody first looks."""
    own = body.get("_", {})
    if "issued" not in own:
        return {}
    if section.compute.authority.certify(own, body["managed"]["domains"]):
        section.touch()
    return {"pemCertificate": own["chain"], "expireTime": rfc3339(own["expires"])}


def in_force(section: CertificateManager, entry: Body) -> list[str]:
    """The certificates that front ends show for an entry: as long as it is PENDING the former."""
    held: list[str] = entry["certificates"]
    before: list[str] = entry["_"].get("before", [])
    return held if _is_served(section, entry) else before


def _is_served(section: CertificateManager, entry: Body) -> bool:
    """Whether an entry's certificates are there and have had the time to get around."""
    held = [section.bodies[name] for name in entry["certificates"] if name in section.bodies]
    now = section.world.clock.time()
    around = all("selfManaged" in it or served(it.get("_", {}), now) for it in held)
    return around and now >= entry["_"]["since"] + SERVED_AFTER


def _target(section: CertificateManager, proxy: str) -> Body:
    """A load balancer that serves a map."""
    kind = "targetHttpsProxy" if "/targetHttpsProxies/" in proxy else "targetSslProxy"
    target: Body = {kind: f"{_COMPUTE}{_numbered(proxy)}"}
    rules = [section.compute.find_path(user) for user in section.compute.users_of(proxy)]
    configs = [
        {"ipAddress": rule["IPAddress"], "ports": [ports_of(rule).start]}
        for rule in rules
        if rule is not None and "IPAddress" in rule
    ]
    return target | ({"ipConfigs": configs} if configs else {})


def _numbered(path: str) -> str:
    _, project, rest = path.split("/", 2)
    return f"projects/{number(project)}/{rest}"
