from __future__ import annotations

from typing import Any

import pytest

from tests.kinds.checking import faults

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "features without CUSTOM": (
        {"profile": "MODERN", "customFeatures": ["TLS_RSA_WITH_AES_128_GCM_SHA256"]},
        "/customFeatures",
    ),
    "features without a profile": ({"customFeatures": ["x"]}, "/customFeatures"),
    "CUSTOM without features": ({"profile": "CUSTOM"}, "/profile"),
    "TLS 1.3 with MODERN": ({"profile": "MODERN", "minTlsVersion": "TLS_1_3"}, "/minTlsVersion"),
    "TLS 1.3 with the default profile": ({"minTlsVersion": "TLS_1_3"}, "/minTlsVersion"),
    "FIPS with the default version": ({"profile": "FIPS_202205"}, "/profile"),
}


@pytest.mark.parametrize(("spec", "at"), REFUSED.values(), ids=REFUSED)
def test_the_mistake_is_reported_at_its_field(spec: dict[str, Any], at: str) -> None:
    assert list(faults("SslPolicy", spec)) == [at]


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"profile": "MODERN", "minTlsVersion": "TLS_1_2"},
        {"profile": "RESTRICTED", "minTlsVersion": "TLS_1_3"},
        {"profile": "FIPS_202205", "minTlsVersion": "TLS_1_2"},
        {"profile": "CUSTOM", "customFeatures": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]},
    ],
)
def test_what_google_takes_has_no_faults(spec: dict[str, Any]) -> None:
    assert faults("SslPolicy", spec) == {}
