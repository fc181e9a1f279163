"""Target proxies: where TLS ends and a URL map begins."""

from __future__ import annotations

from gcp_sandbox.compute import refusals
from gcp_sandbox.compute.kind import Draft, Kind, Link, Setter
from gcp_sandbox.errors import GoogleError

MOST_CERTIFICATES = 15
MOST_CERTIFICATE_MANAGER = 100


def _prepare_https(draft: Draft) -> None:
    body = draft.body
    for name in ("certificateMap", "sslCertificates", "sslPolicy"):
        if name in body and not body[name]:
            del body[name]
    certificates = body.get("sslCertificates") or []
    if not certificates and not body.get("certificateMap"):
        raise refusals.invalid(
            "resource.sslCertificates", "", "At least one SSL certificate must be specified."
        )
    elsewhere = [link for link in certificates if link.startswith("//")]
    if elsewhere and len(elsewhere) != len(certificates):
        raise refusals.invalid(
            "resource.sslCertificates",
            elsewhere[0],
            "Certificate Manager and Compute certificates cannot be mixed.",
        )
    limit = MOST_CERTIFICATE_MANAGER if elsewhere else MOST_CERTIFICATES
    if len(certificates) > limit:
        raise GoogleError(
            403,
            "limitExceeded",
            "Exceeded limit 'SSL_CERTIFICATES_PER_TARGET_HTTPS_PROXY' on resource "
            f"'{draft.place.name}'. Limit: {limit}.0",
        )
    if draft.place.scope != "global":
        _refuse_managed(draft, certificates)


def _refuse_managed(draft: Draft, certificates: list[str]) -> None:
    for link in certificates:
        found = draft.compute.find_path(link)
        if found is not None and found.get("type") == "MANAGED":
            raise refusals.invalid(
                "resource.sslCertificates",
                link,
                "Managed certificates are not supported by regional target proxies.",
            )


_URL_MAP = Link("urlMap", ("urlMaps",), same_scope=True)

TARGET_HTTPS_PROXIES = Kind(
    collection="targetHttpsProxies",
    singular="targetHttpsProxy",
    noun="target_https_proxy",
    resources={"global": "targetHttpsProxies", "regions": "regionTargetHttpsProxies"},
    methods=frozenset({"insert", "get", "list", "delete", "patch"}),
    required=("urlMap",),
    texts=(
        "name",
        "description",
        "urlMap",
        "sslPolicy",
        "certificateMap",
        "serverTlsPolicy",
        "authorizationPolicy",
    ),
    numbers=("httpKeepAliveTimeoutSec",),
    flags=("proxyBind",),
    lists=("sslCertificates",),
    choices={
        "quicOverride": ("DISABLE", "ENABLE", "NONE"),
        "tlsEarlyData": ("DISABLED", "PERMISSIVE", "STRICT", "UNRESTRICTED"),
    },
    immutable=frozenset({"description", "proxyBind"}),  # gcloud 528 patches all the others
    links=(
        _URL_MAP,
        Link("sslCertificates[]", ("sslCertificates",), same_scope=True, certificate_manager=True),
        Link("sslPolicy", ("sslPolicies",), same_scope=True),
        Link("certificateMap", (), certificate_manager=True),
    ),
    setters=(
        Setter("setUrlMap", "urlMap", operation="SetUrlMap", odd_path=True),
        Setter("setSslCertificates", "sslCertificates", odd_path=True),
        Setter("setSslPolicy", "sslPolicy", scopes=("global",)),
        Setter("setCertificateMap", "certificateMap", scopes=("global",)),
        Setter("setQuicOverride", "quicOverride", scopes=("global",)),
    ),
    has_fingerprint=True,
    on_patch="required",
    defaults={"quicOverride": "NONE", "tlsEarlyData": "DISABLED"},
    prepare=_prepare_https,
    seconds={"insert": 1.0, "delete": 1.0, "patch": 1.0},
)

TARGET_HTTP_PROXIES = Kind(
    collection="targetHttpProxies",
    singular="targetHttpProxy",
    noun="target_http_proxy",
    resources={"global": "targetHttpProxies", "regions": "regionTargetHttpProxies"},
    methods=frozenset({"insert", "get", "list", "delete", "patch"}),
    methods_missing={"regions": frozenset({"patch"})},
    required=("urlMap",),
    texts=("name", "description", "urlMap"),
    numbers=("httpKeepAliveTimeoutSec",),
    flags=("proxyBind",),
    immutable=frozenset({"description", "proxyBind"}),
    links=(_URL_MAP,),
    setters=(Setter("setUrlMap", "urlMap", operation="SetUrlMap", odd_path=True),),
    has_fingerprint=True,
    on_patch="required",
    seconds={"insert": 1.0, "delete": 1.0, "patch": 1.0},
)
