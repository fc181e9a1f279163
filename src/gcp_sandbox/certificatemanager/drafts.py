"""New and changed bodies: what each kind refuses, and what the server adds."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gcp_sandbox.certificatemanager import names, pem
from gcp_sandbox.certificatemanager.views import in_force
from gcp_sandbox.request import Body
from gcp_sandbox.status import StatusError, bad_field

if TYPE_CHECKING:
    from gcp_sandbox.certificatemanager.section import CertificateManager

MOST_DOMAINS: Final = 100
_MOST_IN_ENTRY: Final = 4
_LABEL: Final = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+[a-z][-a-z0-9]*[a-z0-9]")

KNOWN_REFERENCES: Final[tuple[Callable[[Body], list[str]], ...]] = (
    lambda body: list(body.get("certificates", ())),
    lambda body: list(body.get("managed", {}).get("dnsAuthorizations", ())),
    lambda body: [body.get("managed", {}).get("issuanceConfig", "")],
)
"""Where bodies refer to others."""


def prepare(section: CertificateManager, name: str, body: Body) -> Body:
    """A new resource with what the server adds. Raises 400, and 404 for a reference to nothing."""
    return _PREPARE[names.collection_of(name)](section, name, body)


def prepare_change(section: CertificateManager, name: str, changes: Body) -> Body:
    """New values by field (None: removed), as they are to be stored. Raises 400 and 404."""
    if "certificates" in changes:
        changes["certificates"] = _certificates(section, name, changes["certificates"] or [])
        before = in_force(section, section.find(name))
        changes["_"] = {"since": section.world.clock.time(), "before": before}
    if "selfManaged" in changes:
        if "selfManaged" not in section.find(name):
            raise bad_field("certificate.self_managed", "The certificate is not self-managed.")
        changes |= _self_managed(changes["selfManaged"] or {})
    return changes


def covers(domain: str, wanted: str) -> bool:
    """Whether an authorization for `domain` is one for `wanted`: also for `*.domain`."""
    return wanted.removeprefix("*.") == domain


def _certificate(section: CertificateManager, name: str, body: Body) -> Body:
    if ("managed" in body) == ("selfManaged" in body):
        raise bad_field("certificate", "Exactly one of managed and self_managed is required.")
    if "selfManaged" in body:
        return body | _self_managed(body["selfManaged"])
    managed = body["managed"]
    domains = [str(domain).lower() for domain in managed.get("domains", ())]
    at = "certificate.managed.domains"
    if not domains or len(domains) > MOST_DOMAINS or len(set(domains)) < len(domains):
        raise bad_field(at, f"1 to {MOST_DOMAINS} different domains are required.")
    for domain in domains:
        if not _DOMAIN.fullmatch(domain.removeprefix("*.")):
            raise bad_field(at, f"'{domain}' is not a valid domain name.")
    managed = {**managed, "domains": domains, **_authority(section, name, managed)}
    _check_authorized(section, managed)
    managed["state"] = "PROVISIONING"
    if "issuanceConfig" not in managed:
        managed["authorizationAttemptInfo"] = [
            {"domain": domain, "state": "AUTHORIZING"} for domain in domains
        ]
    return body | {"managed": managed, "sanDnsnames": domains}


def _authority(section: CertificateManager, name: str, managed: Body) -> Body:
    """Who proves that the domains are ours: DNS authorizations or a private authority."""
    refer: Body = {}
    if "dnsAuthorizations" in managed:
        refer["dnsAuthorizations"] = [
            section.existing(
                text, "dnsAuthorizations", "certificate.managed.dns_authorizations", name
            )
            for text in managed["dnsAuthorizations"]
        ]
    if "issuanceConfig" in managed:
        refer["issuanceConfig"] = section.existing(
            managed["issuanceConfig"],
            "certificateIssuanceConfigs",
            "certificate.managed.issuance_config",
            name,
        )
    if len(refer) > 1:
        raise bad_field(
            "certificate.managed", "DNS authorizations and an issuance config exclude each other."
        )
    return refer


def _check_authorized(section: CertificateManager, managed: Body) -> None:
    if "issuanceConfig" in managed:
        return
    given = managed.get("dnsAuthorizations", ())
    authorized = [section.bodies[it]["domain"] for it in given if it in section.bodies]
    if len(authorized) < len(given):
        return  # what another project holds is not seen from here
    for domain in managed["domains"]:
        if not any(covers(it, domain) for it in authorized) and (given or "*" in domain):
            raise bad_field(
                "certificate.managed.dns_authorizations",
                f"There is no DNS authorization for the domain '{domain}'.",
            )


def _self_managed(own: Body) -> Body:
    """`selfManaged` is never answered: only what the leaf says."""
    chain, key = own.get("pemCertificate"), own.get("pemPrivateKey")
    if not chain or not key:
        raise bad_field("certificate.self_managed", "Certificate and private key are required.")
    return {
        "selfManaged": {},
        **pem.parsed(chain, key),
        "pemCertificate": chain,
        "_": {"privateKey": key},
    }


def _map(_section: CertificateManager, name: str, body: Body) -> Body:
    if name.split("/")[3] != "global":
        raise StatusError("INVALID_ARGUMENT", "Certificate maps exist in location global only.")
    return body


def _entry(section: CertificateManager, name: str, body: Body) -> Body:
    above = name.rsplit("/", 2)[0]
    section.find(above)
    if ("hostname" in body) == ("matcher" in body):
        raise bad_field("certificate_map_entry", "Exactly one of hostname and matcher is required.")
    if "hostname" in body:
        body["hostname"] = body["hostname"].lower()
        if not _DOMAIN.fullmatch(body["hostname"].removeprefix("*.")):
            raise bad_field("certificate_map_entry.hostname", "Not a valid host name.")
    for other in section.of(above, "certificateMapEntries"):
        if all(other.get(field) == body.get(field) for field in ("hostname", "matcher")):
            raise StatusError(
                "ALREADY_EXISTS",
                f"The map has an entry for {body.get('hostname', 'PRIMARY')}: '{other['name']}'",
            )
    return body | {
        "certificates": _certificates(section, name, body.get("certificates", [])),
        "_": {"since": section.world.clock.time()},
    }


def _certificates(section: CertificateManager, name: str, given: list[str]) -> list[str]:
    at = "certificate_map_entry.certificates"
    if not 1 <= len(given) <= _MOST_IN_ENTRY:
        raise bad_field(at, f"1 to {_MOST_IN_ENTRY} certificates are required.")
    return [section.existing(text, "certificates", at, name) for text in given]


def _authorization(section: CertificateManager, name: str, body: Body) -> Body:
    domain = str(body.get("domain", "")).lower()
    if not _DOMAIN.fullmatch(domain):
        raise bad_field("dns_authorization.domain", f"'{domain}' is not a valid domain name.")
    location = name.split("/")[3]
    at_large = location == "global"
    kind = body.get("type", "FIXED_RECORD" if at_large else "PER_PROJECT_RECORD")
    label = "_acme-challenge"
    if kind == "PER_PROJECT_RECORD":
        label += f"_{zlib.crc32(names.numbered(name).encode()):08x}"
    where = "" if at_large else f"{location}."
    token = f"{section.world.chance.uuid()}.{section.world.chance.below(20)}"
    record = {
        "name": f"{label}.{domain}.",
        "type": "CNAME",
        "data": f"{token}.{where}authorize.certificatemanager.goog.",
    }
    return body | {"domain": domain, "type": kind, "dnsResourceRecord": record}


def _issuance(_section: CertificateManager, _name: str, body: Body) -> Body:
    for field in ("certificateAuthorityConfig", "keyAlgorithm", "lifetime"):
        if field not in body:
            raise bad_field(f"certificate_issuance_config.{field}", "The field is required.")
    if not 1 <= body.get("rotationWindowPercentage", 0) <= 99:  # noqa: PLR2004 - a percentage
        raise bad_field(
            "certificate_issuance_config.rotation_window_percentage", "It must be from 1 to 99."
        )
    return body


_PREPARE: Final[dict[str, Callable[[CertificateManager, str, Body], Body]]] = {
    "certificates": _certificate,
    "certificateMaps": _map,
    "certificateMapEntries": _entry,
    "dnsAuthorizations": _authorization,
    "certificateIssuanceConfigs": _issuance,
}
