"""SSL policies: a profile, a least version, and the cipher suites that follow."""

from __future__ import annotations

from gcp_sandbox.compute import refusals
from gcp_sandbox.compute.kind import Draft, Kind
from gcp_sandbox.compute.links import Place
from gcp_sandbox.compute.section import Compute
from gcp_sandbox.request import Body

_GCM = (
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
)
_RESTRICTED = (
    *_GCM,
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
)
_MODERN = (
    *_RESTRICTED,
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
)
_COMPATIBLE = (
    *_MODERN,
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
)
_SUITES = {
    "COMPATIBLE": _COMPATIBLE,
    "MODERN": _MODERN,
    "RESTRICTED": _RESTRICTED,
    "FIPS_202205": _GCM,
}
AVAILABLE_FEATURES = sorted(_COMPATIBLE)


def _prepare(draft: Draft) -> None:
    body = draft.body
    features = body.get("customFeatures") or []
    if body["profile"] == "CUSTOM":
        if not features:
            raise refusals.required("resource.customFeatures")
        for feature in features:
            if feature not in AVAILABLE_FEATURES:
                raise refusals.invalid("resource.customFeatures", feature, "Unknown feature.")
    elif features:
        raise refusals.invalid(
            "resource.customFeatures", features[0], "Only the profile CUSTOM has features."
        )
    if body["minTlsVersion"] == "TLS_1_3" and body["profile"] != "RESTRICTED":
        raise refusals.invalid(
            "resource.minTlsVersion", "TLS_1_3", "TLS 1.3 requires the profile RESTRICTED."
        )


def _view(_compute: Compute, _place: Place, body: Body) -> Body:
    enabled = _SUITES.get(body["profile"]) or body.get("customFeatures") or ()
    return body | {"enabledFeatures": sorted(enabled)}


SSL_POLICIES = Kind(
    collection="sslPolicies",
    singular="sslPolicy",
    noun="ssl_policy",
    resources={"global": "sslPolicies", "regions": "regionSslPolicies"},
    methods=frozenset({"insert", "get", "list", "delete", "patch"}),
    lists=("customFeatures",),
    choices={
        "profile": ("COMPATIBLE", "CUSTOM", "FIPS_202205", "MODERN", "RESTRICTED"),
        "minTlsVersion": ("TLS_1_0", "TLS_1_1", "TLS_1_2", "TLS_1_3"),
        "postQuantumKeyExchange": ("DEFAULT", "DEFERRED", "ENABLED"),
    },
    served=frozenset({"enabledFeatures", "warnings"}),
    has_fingerprint=True,
    on_patch="required",
    defaults={"profile": "COMPATIBLE", "minTlsVersion": "TLS_1_0"},
    prepare=_prepare,
    view=_view,
    list_word="sslPoliciesList",
    aggregated_word="sslPoliciesAggregatedList",
    operations={"patch": "compute.*.patch"},
    seconds={"insert": 1.0, "patch": 1.0, "delete": 1.0},
)
