from __future__ import annotations

from typing import Any

import pytest

from remediate.kinds.bodies.compare import field_changes, masked, writable
from remediate.kinds.certificate import as_written, lost, one_way, ready, ready_alone
from remediate.kinds.registry import kind
from remediate.model.json import Body
from remediate.model.plan import FieldChange
from remediate.model.values import Template
from tests.kinds.checking import faults
from tests.kinds.test_ssl_certificate import KEY, pem

AUTHORIZED = {"dnsAuthorizations": ["a"]}


def managed(*domains: str, **more: Any) -> dict[str, Any]:
    return {"managed": {"domains": [*domains], **more}}


def own(**fields: str) -> dict[str, Any]:
    return {"selfManaged": fields}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing to show": ({"description": "x"}, ""),
    "both sorts at once": ({**managed("a.example.com"), **own(pemCertificate=pem("a"))}, "/selfM"),
    "no domains": ({"managed": AUTHORIZED}, "/managed"),
    "a name with one label": (managed("localhost"), "/managed/domains/0"),
    "a dot at the end": (managed("a.example.com."), "/managed/domains/0"),
    "a wildcard within": (managed("a.*.example.com", **AUTHORIZED), "/managed/domains/0"),
    "a wildcard that nothing proves": (managed("*.example.com"), "/managed/domains/0"),
    "a domain twice": (managed("a.example.com", "A.example.com"), "/managed/domains/1"),
    "101 domains": (managed(*(f"a{n}.example.com" for n in range(101))), "/managed/domains"),
    "two who prove it": (
        managed("a.example.com", **AUTHORIZED, issuanceConfig="projects/p/x"),
        "/managed/issuanceConfig",
    ),
    "no certificate": (own(pemPrivateKey=KEY), "/selfManaged"),
    "a certificate that is no PEM": (own(pemCertificate="MIIB"), "/selfManaged/pemCertificate"),
    "a chain of six": (own(pemCertificate=pem("a") * 6), "/selfManaged/pemCertificate"),
    "a key that is no PEM": (
        own(pemCertificate=pem("a"), pemPrivateKey="hunter2"),
        "/selfManaged/pemPrivateKey",
    ),
    "a label with a capital": ({**managed("a.example.com"), "labels": {"A": "b"}}, "/labels/A"),
}


@pytest.mark.parametrize(("spec", "at"), REFUSED.values(), ids=REFUSED)
def test_the_mistake_is_reported_at_its_field(spec: dict[str, Any], at: str) -> None:
    (found,) = faults("Certificate", spec)
    assert found.startswith(at)
    assert "hunter2" not in str(faults("Certificate", spec))


@pytest.mark.parametrize(
    "spec",
    [
        managed("a.example.com", "b.example.com"),
        managed("*.example.com", "example.com", **AUTHORIZED),
        managed("*.example.com", issuanceConfig="projects/p/locations/global/x/y"),
        managed(Template("${Address/a.address}.example.com")),
        own(pemCertificate=pem("a"), pemPrivateKey=KEY),
        own(pemCertificate=pem("a")),  # as it is imported: the key is never given back
    ],
)
def test_what_google_takes_has_no_faults(spec: dict[str, Any]) -> None:
    assert faults("Certificate", spec) == {}


def changes(wanted: Body, live: Body) -> list[str]:
    facts = kind("Certificate")
    return [c.pointer for c in field_changes(facts, wanted, as_written(live), project="p")]


def test_a_projects_number_the_order_and_the_usual_scope_make_no_difference() -> None:
    wanted = managed(
        "B.example.com",
        "a.example.com",
        dnsAuthorizations=[f"projects/p/locations/global/dnsAuthorizations/{x}" for x in "ba"],
    )
    live = managed(
        "a.example.com",
        "b.example.com",
        dnsAuthorizations=[f"projects/123/locations/global/dnsAuthorizations/{x}" for x in "ab"],
        state="ACTIVE",
    )
    assert changes({**wanted, "scope": "DEFAULT"}, {**live, "pemCertificate": pem("x")}) == []
    assert changes({**wanted, "scope": "ALL_REGIONS"}, live) == ["/scope"]
    elsewhere = ["projects/p/locations/us-central1/dnsAuthorizations/a"]
    assert changes(managed("a.example.com", dnsAuthorizations=elsewhere), live) == [
        "/managed/dnsAuthorizations",
        "/managed/domains",
    ]


def test_what_was_brought_along_is_compared_by_its_leaf_and_never_by_its_key() -> None:
    live: Body = {"selfManaged": {}, "pemCertificate": pem("a").replace("\n", "\r\n")}
    assert changes(own(pemCertificate=pem("a") + pem("issuer"), pemPrivateKey=KEY), live) == []
    assert changes(own(pemCertificate=pem("b"), pemPrivateKey=KEY), live) == [
        "/selfManaged/pemCertificate"
    ]


def test_a_key_is_never_shown() -> None:
    shown = masked(kind("Certificate"), own(pemCertificate=pem("a"), pemPrivateKey=KEY))
    assert KEY not in str(shown)
    assert lost(own(pemCertificate=pem("a"))) == "its private key is never given back"


def attempt(domain: str, state: str, **more: str) -> Body:
    return {"domain": domain, "state": state, **more}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({}, "PROVISIONING"),
        ({"state": "ACTIVE"}, "ACTIVE"),
        (
            {"authorizationAttemptInfo": [attempt("a.example.com", "AUTHORIZING")]},
            "PROVISIONING (a.example.com AUTHORIZING)",
        ),
        (
            {
                "state": "FAILED",
                "provisioningIssue": {"reason": "AUTHORIZATION_ISSUE"},
                "authorizationAttemptInfo": [
                    attempt("a.example.com", "FAILED", failureReason="CAA"),
                    attempt("b.example.com", "AUTHORIZED"),
                ],
            },
            "FAILED: AUTHORIZATION_ISSUE (a.example.com FAILED CAA)",
        ),
    ],
)
def test_it_stands_where_google_says_that_it_stands(status: Body, said: str) -> None:
    stands = ready(managed("a.example.com", **status))
    assert stands.state == said
    assert stands.ready is (status.get("state") == "ACTIVE")
    assert stands.failed is (status.get("state") == "FAILED")


def test_one_of_our_own_is_ready_at_once() -> None:
    assert ready(own(pemCertificate=pem("a"))).ready


def test_only_who_proves_a_domain_by_a_load_balancer_needs_one_before() -> None:
    assert ready_alone(managed("a.example.com", **AUTHORIZED))
    assert ready_alone(managed("a.example.com", issuanceConfig="x"))
    assert not ready_alone(managed("a.example.com"))


def test_what_was_issued_is_not_sent_back() -> None:
    body = managed("a.example.com")
    live = {**body, "pemCertificate": pem("a"), "expireTime": "2026-12-01T00:00:00Z"}
    assert writable(kind("Certificate"), as_written(live)) == body


def test_the_two_sorts_never_become_each_other() -> None:
    new = {"pemCertificate": pem("a")}
    assert one_way(FieldChange("/selfManaged", None, new))
    assert not one_way(FieldChange("/selfManaged/pemCertificate", pem("b"), pem("a")))
    assert not one_way(FieldChange("/description", None, "x"))
