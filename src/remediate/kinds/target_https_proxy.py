"""Target HTTPS proxies: which certificates are shown, in which order, and which URL map follows.

Facts: the discovery document's `TargetHttpsProxy`; `gcloud compute target-https-proxies update`
(528.0) changes everything by one patch with the fingerprint, global and regional alike, so none
of the setters (`setSslCertificates`, `setSslPolicy` ...), which compare nothing, is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from remediate.kinds.facts import Linked, Removal, Replacement, Scope, Verdict
from remediate.kinds.fields.rules import Fault, at_most, within
from remediate.kinds.fields.spec import Bool, Int, Spec, Text, Word
from remediate.kinds.fields.spellings import without_host
from remediate.kinds.kind import Kind
from remediate.model.plan import Action, Undo

CLASSIC_LIMIT = 15
CERTIFICATE_MANAGER_LIMIT = 100
NOT_MIXED = "certificates of Compute and of Certificate Manager do not mix"


class TargetHttpsProxy(Spec):
    authorizationPolicy: Text | None = None
    certificateMap: Text | None = None
    description: Text | None = None
    httpKeepAliveTimeoutSec: Int | None = None
    proxyBind: Bool | None = None
    quicOverride: Annotated[Literal["DISABLE", "ENABLE", "NONE"], Word] | None = None
    serverTlsPolicy: Text | None = None
    sslCertificates: list[Text] | None = None
    sslPolicy: Text | None = None
    tlsEarlyData: (
        Annotated[Literal["DISABLED", "PERMISSIVE", "STRICT", "UNRESTRICTED"], Word] | None
    ) = None
    urlMap: Text


def check(spec: Mapping[str, object]) -> list[Fault]:
    return [
        *within(spec, "/httpKeepAliveTimeoutSec", 5, 1200, "the keep-alive in seconds"),
        *_certificates(spec),
    ]


def _certificates(spec: Mapping[str, Any]) -> Iterator[Fault]:
    certificates = spec.get("sslCertificates") or []
    theirs = [_is_of_certificate_manager(text) for text in certificates]
    if any(theirs) and not all(theirs):
        yield "/sslCertificates", NOT_MIXED
    limit = CERTIFICATE_MANAGER_LIMIT if any(theirs) else CLASSIC_LIMIT
    yield from at_most(spec, "/sslCertificates", limit, "certificates on a proxy")
    elsewhere = ("certificateMap", "serverTlsPolicy", "proxyBind")
    if not certificates and not any(spec.get(name) for name in elsewhere):
        yield "", "sslCertificates or a certificateMap is needed"


def check_links(spec: Mapping[str, object], linked: Linked) -> list[Fault]:
    """A bare name tells only in the end whose certificate it is."""
    kinds = {ref.kind for where, (ref, _) in linked.items() if where.startswith("/sslCertificates")}
    told = [*_certificates(spec)]
    if len(kinds) > 1 and not any(at == "/sslCertificates" for at, _said in told):
        return [("/sslCertificates", NOT_MIXED)]
    return []


def _is_of_certificate_manager(link: str) -> bool:
    return link.startswith("Certificate/") or "/certificates/" in link


KIND = Kind(
    name="TargetHttpsProxy",
    collection="targetHttpsProxies",
    schema="TargetHttpsProxy",
    spec=TargetHttpsProxy,
    scopes=frozenset({Scope.GLOBAL, Scope.REGION}),
    links={
        "/urlMap": ("UrlMap",),
        "/sslCertificates/*": ("SslCertificate", "Certificate"),
        "/sslPolicy": ("SslPolicy",),
        # It may be empty too, which is none.
        "/certificateMap": ("CertificateMap", "certificateMaps"),
    },
    yields_to={"sslCertificates": "certificateMap"},
    overlaps="sslCertificates",
    overlap_limit=CLASSIC_LIMIT,
    handshakes=True,
    server_set=frozenset(
        {
            *("/kind", "/id", "/name", "/selfLink", "/creationTimestamp", "/region"),
            "/fingerprint",
        }
    ),
    immutable=frozenset({"/description", "/proxyBind", "/authorizationPolicy"}),
    replacement=Replacement.BESIDE,
    normalise={"/serverTlsPolicy": without_host, "/authorizationPolicy": without_host},
    defaults={
        "/quicOverride": "NONE",
        "/tlsEarlyData": "DISABLED",
        "/httpKeepAliveTimeoutSec": 610,
        "/sslPolicy": None,
        "/certificateMap": None,
        "/serverTlsPolicy": None,
    },
    outputs=frozenset({"selfLink", "id"}),
    removal=Removal.LATER,
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is deleted again"),
        Action.UPDATE: Verdict(Undo.EXACT, "what it pointed to is attached again while it exists"),
        Action.REPLACE: Verdict(Undo.EXACT, "the old proxy is set aside until `gc`"),
        Action.DELETE: Verdict(Undo.EXACT, "it is inserted again as it was"),
    },
    seconds=dict.fromkeys((Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE), 1.0),
    check=check,
    check_links=check_links,
)
