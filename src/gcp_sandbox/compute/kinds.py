"""Every kind that is emulated, each after those it refers to."""

from __future__ import annotations

from gcp_sandbox.compute.address import ADDRESSES
from gcp_sandbox.compute.backend_service import BACKEND_SERVICES
from gcp_sandbox.compute.endpoint_group import NETWORK_ENDPOINT_GROUPS
from gcp_sandbox.compute.forwarding_rule import FORWARDING_RULES
from gcp_sandbox.compute.health_check import HEALTH_CHECKS
from gcp_sandbox.compute.kind import Kind
from gcp_sandbox.compute.ssl_certificate import SSL_CERTIFICATES
from gcp_sandbox.compute.ssl_policy import SSL_POLICIES
from gcp_sandbox.compute.target_proxy import TARGET_HTTP_PROXIES, TARGET_HTTPS_PROXIES
from gcp_sandbox.compute.url_map import URL_MAPS

KINDS: dict[str, Kind] = {
    kind.collection: kind
    for kind in (
        ADDRESSES,
        HEALTH_CHECKS,
        NETWORK_ENDPOINT_GROUPS,
        BACKEND_SERVICES,
        URL_MAPS,
        SSL_CERTIFICATES,
        SSL_POLICIES,
        TARGET_HTTP_PROXIES,
        TARGET_HTTPS_PROXIES,
        FORWARDING_RULES,
    )
}
