"""SSL certificates: brought by the customer, or got and renewed by Google."""

from __future__ import annotations

import re

from gcp_sandbox.clock import pacific
from gcp_sandbox.compute import refusals
from gcp_sandbox.compute.kind import Draft, Kind
from gcp_sandbox.compute.links import Place
from gcp_sandbox.compute.section import NAME, Compute
from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Body

MOST_DOMAINS = 100
_MOST_IN_CHAIN = 5
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z][-a-z0-9]*[a-z0-9]\.?")


def _prepare(draft: Draft) -> None:
    body = draft.body
    if "managed" in body or body.get("type") == "MANAGED":
        _prepare_managed(draft)
    elif "issued" not in body.get("_", {}):
        _prepare_self_managed(draft)


def _prepare_managed(draft: Draft) -> None:
    body = draft.body
    if draft.place.scope != "global":
        raise refusals.invalid("resource.type", "MANAGED", "Only global certificates are managed.")
    managed = body.get("managed")
    domains = managed.get("domains") if isinstance(managed, dict) else None
    if not domains or not isinstance(domains, list):
        raise refusals.required("resource.managed.domains")
    if len(domains) > MOST_DOMAINS:
        raise refusals.invalid(
            "resource.managed.domains", str(len(domains)), f"At most {MOST_DOMAINS} domains."
        )
    for domain in domains:
        if not isinstance(domain, str) or not _DOMAIN.fullmatch(domain.lower()):
            raise refusals.invalid(
                "resource.managed.domains", str(domain), "Must be a valid domain name."
            )
    body["type"] = "MANAGED"
    body["managed"] = {
        "domains": domains,
        "status": "PROVISIONING",
        "domainStatus": dict.fromkeys(domains, "PROVISIONING"),
    }


def _prepare_self_managed(draft: Draft) -> None:
    body = draft.body
    own: Body = body["selfManaged"] if isinstance(body.get("selfManaged"), dict) else {}
    certificate = body.get("certificate") or own.get("certificate")
    key = body.pop("privateKey", None) or own.get("privateKey")
    if not certificate:
        raise refusals.required("resource.certificate")
    if not key:
        raise refusals.required("resource.privateKey")
    body["type"] = "SELF_MANAGED"
    body["certificate"] = certificate
    body["selfManaged"] = {"certificate": certificate}
    body |= _parsed(certificate, key)
    body["_"] = {"privateKey": key}


def _parsed(certificate: str, key: str) -> Body:
    """What the leaf says of itself. Raises 400 if it is none, or not of this key."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import (
        load_pem_private_key,
    )

    try:
        chain = x509.load_pem_x509_certificates(certificate.encode())
    except ValueError:
        raise _refused("CouldNotParseCert", "The SSL certificate could not be parsed.") from None
    if len(chain) > _MOST_IN_CHAIN:
        raise _refused("ChainTooLong", f"The chain has more than {_MOST_IN_CHAIN} certificates.")
    try:
        private = load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _refused("CouldNotParseKey", "The SSL private key could not be parsed.") from None
    leaf = chain[0]
    if private.public_key() != leaf.public_key():
        raise _refused("BadKeyPair", "The SSL certificate and private key do not match.")
    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    return {
        "expireTime": pacific(leaf.not_valid_after_utc),
        "subjectAlternativeNames": list(names),
    }


def _refused(word: str, message: str) -> GoogleError:
    return GoogleError(400, f"sslCertificate{word}", message)


def _view(compute: Compute, _place: Place, body: Body) -> Body:
    """With the chain, once there is one: it is made when somebody first looks."""
    own = body.get("_", {})
    if "issued" not in own:
        return body
    names = body["managed"]["domains"] if "managed" in body else body["subjectAlternativeNames"]
    if compute.authority.certify(own, names):
        compute.world.touch(NAME)
    shown = body | {
        "certificate": own["chain"],
        "expireTime": pacific(own["expires"]),
        "subjectAlternativeNames": body.get("subjectAlternativeNames")
        or body["managed"]["domains"],
    }
    if "selfManaged" in body:
        shown["selfManaged"] = {"certificate": own["chain"]}
    return shown


SSL_CERTIFICATES = Kind(
    collection="sslCertificates",
    singular="sslCertificate",
    noun="ssl_certificate",
    resources={"global": "sslCertificates", "regions": "regionSslCertificates"},
    texts=("name", "description", "certificate", "privateKey"),
    objects=("managed", "selfManaged"),
    choices={"type": ("MANAGED", "SELF_MANAGED", "TYPE_UNSPECIFIED")},
    served=frozenset({"expireTime", "subjectAlternativeNames"}),
    prepare=_prepare,
    view=_view,
    seconds={"insert": 1.0, "delete": 1.0},
)
