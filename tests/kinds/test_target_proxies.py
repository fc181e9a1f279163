from __future__ import annotations

from typing import Any

import pytest

from remediate.kinds.facts import Compare, Scope
from remediate.kinds.fields.spellings import without_host
from remediate.kinds.registry import kind
from tests.kinds.checking import faults

THEIRS = "//certificatemanager.googleapis.com/projects/p/locations/global/certificates/c"
BASE = {"urlMap": "m", "sslCertificates": ["c"]}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no certificate at all": ({"urlMap": "m"}, ""),
    "sixteen certificates": (
        {"urlMap": "m", "sslCertificates": [f"c{n}" for n in range(16)]},
        "/sslCertificates",
    ),
    "a hundred and one of Certificate Manager": (
        {"urlMap": "m", "sslCertificates": [THEIRS] * 101},
        "/sslCertificates",
    ),
    "both sorts of certificates": (
        {"urlMap": "m", "sslCertificates": ["c", THEIRS]},
        "/sslCertificates",
    ),
    "a keep-alive of four seconds": (
        {**BASE, "httpKeepAliveTimeoutSec": 4},
        "/httpKeepAliveTimeoutSec",
    ),
}


@pytest.mark.parametrize(("spec", "at"), REFUSED.values(), ids=REFUSED)
def test_the_mistake_is_reported_at_its_field(spec: dict[str, Any], at: str) -> None:
    assert list(faults("TargetHttpsProxy", spec)) == [at]


@pytest.mark.parametrize(
    "spec",
    [
        BASE,
        {"urlMap": "m", "certificateMap": "cm"},
        {"urlMap": "m", "sslCertificates": [f"c{n}" for n in range(15)]},
        {"urlMap": "m", "sslCertificates": [THEIRS] * 16},
        {**BASE, "certificateMap": "cm"},  # Google ignores the list then
    ],
)
def test_what_google_takes_has_no_faults(spec: dict[str, Any]) -> None:
    assert faults("TargetHttpsProxy", spec) == {}


def test_the_keep_alive_of_a_plain_proxy_has_the_same_range() -> None:
    assert list(faults("TargetHttpProxy", {"urlMap": "m", "httpKeepAliveTimeoutSec": 1201})) == [
        "/httpKeepAliveTimeoutSec"
    ]
    assert faults("TargetHttpProxy", {"urlMap": "m", "httpKeepAliveTimeoutSec": 1200}) == {}


def test_everything_on_an_https_proxy_goes_by_the_call_that_compares() -> None:
    (update,) = kind("TargetHttpsProxy").updates
    assert (update.method, update.compare) == ("patch", Compare.FINGERPRINT)
    assert update.scopes == frozenset(Scope)


def test_a_regional_http_proxy_has_no_patch() -> None:
    methods = {
        scope: [u.method for u in kind("TargetHttpProxy").updates if scope in u.scopes]
        for scope in (Scope.GLOBAL, Scope.REGION)
    }
    assert methods == {Scope.GLOBAL: ["patch"], Scope.REGION: ["setUrlMap"]}


def test_the_order_of_certificates_means_something() -> None:
    assert "/sslCertificates" not in kind("TargetHttpsProxy").unordered


def test_links_into_other_apis_are_equal_with_and_without_their_host() -> None:
    bare = "projects/p/locations/global/serverTlsPolicies/t"
    spellings = (
        bare,
        f"//networksecurity.googleapis.com/{bare}",
        f"https://networksecurity.googleapis.com/v1/{bare}",
        f"https://networksecurity.googleapis.com/v1beta1/{bare}",
    )
    assert {without_host(text) for text in spellings} == {bare}
