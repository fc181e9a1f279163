from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.facts import Replacement
from remediate.kinds.fields.domains import plain_domain
from remediate.kinds.fields.pem import leaf_digest
from remediate.kinds.registry import kind
from remediate.kinds.ssl_certificate import ready
from remediate.model.json import Body
from remediate.model.plan import Action, Undo
from remediate.model.values import Template
from tests.kinds.checking import faults

KEY = "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n"


@cache
def pem(name: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=90))
        .sign(key, SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode()


def managed(*domains: str) -> dict[str, Any]:
    return {"type": "MANAGED", "managed": {"domains": list(domains)}}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a managed one without domains": ({"type": "MANAGED"}, "/managed"),
    "a managed one with a key": ({**managed("a.example.com"), "privateKey": KEY}, "/privateKey"),
    "a wildcard": (managed("*.example.com"), "/managed/domains/0"),
    "a name with one label": (managed("localhost"), "/managed/domains/0"),
    "a name with a space": (managed("a.example.com", "b example.com"), "/managed/domains/1"),
    "a label of 64 letters": (managed("a" * 64 + ".example.com"), "/managed/domains/0"),
    "a domain twice": (managed("a.example.com", "A.example.com."), "/managed/domains/1"),
    "101 domains": (managed(*(f"a{n}.example.com" for n in range(101))), "/managed/domains"),
    "domains on a self-managed one": (
        {"certificate": pem("a"), "managed": {"domains": ["a.example.com"]}},
        "/managed",
    ),
    "a self-managed one without a certificate": ({"privateKey": KEY}, ""),
    "a certificate that is no PEM": ({"certificate": "MIIB"}, "/certificate"),
    "a chain of six": ({"certificate": pem("a") * 6}, "/certificate"),
    "a key that is no PEM": ({"certificate": pem("a"), "privateKey": "hunter2"}, "/privateKey"),
}


@pytest.mark.parametrize(("spec", "at"), REFUSED.values(), ids=REFUSED)
def test_the_mistake_is_reported_at_its_field(spec: dict[str, Any], at: str) -> None:
    assert list(faults("SslCertificate", spec)) == [at]


@pytest.mark.parametrize(
    "spec",
    [
        managed("a.example.com", "b.example.com."),
        managed(*(f"a{n}.example.com" for n in range(100))),
        managed(Template("${Address/a.address}.example.com")),
        {"certificate": pem("a"), "privateKey": KEY},
        {"type": "SELF_MANAGED", "selfManaged": {"certificate": pem("a"), "privateKey": KEY}},
        {"certificate": pem("a"), "selfManaged": {"certificate": pem("a")}},  # as Google answers
    ],
)
def test_what_google_takes_has_no_faults(spec: dict[str, Any]) -> None:
    assert faults("SslCertificate", spec) == {}


def test_a_bad_key_is_never_shown() -> None:
    said = faults("SslCertificate", {"certificate": pem("a"), "privateKey": "hunter2"})
    assert "hunter2" not in str(said)


def test_domains_are_equal_in_any_order_and_with_their_dot() -> None:
    wanted = managed("b.example.com.", "A.example.com")
    live = managed("a.example.com", "b.example.com")
    assert field_changes(kind("SslCertificate"), wanted, live, project="p") == ()


def test_certificates_are_equal_when_their_leaves_are() -> None:
    chain = pem("leaf") + pem("issuer")
    assert leaf_digest(chain) == leaf_digest(pem("leaf").replace("\n", "\r\n"))
    assert leaf_digest(chain) != leaf_digest(pem("issuer"))
    assert leaf_digest("no certificate") == "no certificate"


def test_a_key_that_was_never_read_back_is_no_difference() -> None:
    wanted = {"certificate": pem("a"), "privateKey": KEY}
    live = {"certificate": pem("a"), "type": "SELF_MANAGED"}
    assert field_changes(kind("SslCertificate"), wanted, live, project="p") == ()


def test_spelling_a_domain_twice_is_spelling_it_once() -> None:
    assert plain_domain(plain_domain("A.Example.COM.")) == "a.example.com"


STATES = {
    "PROVISIONING": (False, False),
    "PROVISIONING_FAILED": (False, False),  # Google tries again
    "PROVISIONING_FAILED_PERMANENTLY": (False, True),
    "RENEWAL_FAILED": (False, True),
    "ACTIVE": (True, False),
}


@pytest.mark.parametrize(("status", "expected"), STATES.items())
def test_a_managed_certificate_is_ready_when_active_and_lost_when_google_gives_up(
    status: str, expected: tuple[bool, bool]
) -> None:
    found = ready({"type": "MANAGED", "managed": {"status": status}})
    assert (found.ready, found.failed) == expected
    assert found.state == status


def test_the_state_names_each_domain_that_lags_behind() -> None:
    body: Body = {
        "type": "MANAGED",
        "managed": {
            "status": "PROVISIONING",
            "domainStatus": {"b.example.com": "FAILED_NOT_VISIBLE", "a.example.com": "ACTIVE"},
        },
    }
    assert ready(body).state == "PROVISIONING (FAILED_NOT_VISIBLE of b.example.com)"


def test_domains_that_are_merely_on_their_way_are_counted() -> None:
    waiting = {"a.example.com": "PROVISIONING", "b.example.com": "PROVISIONING"}
    body: Body = {"managed": {"status": "PROVISIONING", "domainStatus": waiting}}
    assert ready(body).state == "PROVISIONING of 2 domains"
    waiting["c.example.com"] = "FAILED_CAA_FORBIDDEN"
    told = "PROVISIONING (PROVISIONING of 2 domains; FAILED_CAA_FORBIDDEN of c.example.com)"
    assert ready(body).state == told


@pytest.mark.parametrize(
    ("word", "what_to_do"),
    [
        ("FAILED_NOT_VISIBLE", "Point its A and AAAA records at the load balancer's addresses"),
        ("FAILED_CAA_CHECKING", "Mend the name servers of its zone"),
        ("FAILED_CAA_FORBIDDEN", "Let them permit pki.goog"),
        ("FAILED_RATE_LIMITED", "Wait: Google tries again by itself"),
    ],
)
def test_each_of_googles_words_is_explained_with_what_to_do(word: str, what_to_do: str) -> None:
    body: Body = {"managed": {"status": "PROVISIONING", "domainStatus": {"a.example": word}}}
    assert ready(body).advice.startswith(f"{word}: the domain ")
    assert what_to_do in ready(body).advice


def test_one_that_was_only_just_inserted_is_provisioning() -> None:
    assert ready({"type": "MANAGED", "managed": {"domains": ["a.example.com"]}}).ready is False


def test_a_self_managed_certificate_is_ready_at_once() -> None:
    assert ready({"type": "SELF_MANAGED"}).ready


def test_a_replacement_stands_beside_and_only_a_deletion_cannot_be_undone_exactly() -> None:
    facts = kind("SslCertificate")
    assert facts.replacement is Replacement.BESIDE
    assert facts.undo[Action.REPLACE].undo is Undo.EXACT
    assert facts.undo[Action.DELETE].undo is Undo.APPROXIMATE
