"""Managed certificates: issued and renewed by themselves, as the sandbox's own DNS allows."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509

from gcp_sandbox.issuance import DAY, MINUTE
from tests.gcp_sandbox.certificatemanager.bodies import (
    DOMAIN,
    PARENT,
    ZONES,
    add,
    certificate,
    create,
    get,
    zone,
)
from tests.gcp_sandbox.client import Client

AUTHORIZATION = f"{PARENT}/dnsAuthorizations/a"


def managed(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = get(client, "certificates/c")["managed"]
    return found


@pytest.fixture
def authorized(client: Client) -> Client:
    """A zone, and a certificate whose authorization's record is not in it yet."""
    zone(client)
    create(client, "dnsAuthorizations/a", {"domain": DOMAIN})
    certificate(client, DOMAIN, f"*.{DOMAIN}", dnsAuthorizations=[AUTHORIZATION])
    return client


def record(client: Client) -> None:
    wanted = get(client, "dnsAuthorizations/a")["dnsResourceRecord"]
    add(client, wanted["name"], wanted["type"], wanted["data"])


def test_it_is_issued_by_its_record_before_any_load_balancer(authorized: Client) -> None:
    authorized.advance(60 * MINUTE)
    assert managed(authorized)["state"] == "PROVISIONING"
    record(authorized)
    authorized.advance(4 * MINUTE)
    assert managed(authorized)["state"] == "PROVISIONING"
    authorized.advance(2 * MINUTE)
    found = get(authorized, "certificates/c")
    assert found["managed"]["state"] == "ACTIVE"
    assert {it["state"] for it in found["managed"]["authorizationAttemptInfo"]} == {"AUTHORIZED"}
    leaf = x509.load_pem_x509_certificate(found["pemCertificate"].encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [DOMAIN, f"*.{DOMAIN}"]
    assert get(authorized, "certificates/c")["pemCertificate"] == found["pemCertificate"]


def test_a_missing_record_is_told_after_a_while(authorized: Client) -> None:
    attempt = managed(authorized)["authorizationAttemptInfo"][0]
    assert (attempt["domain"], attempt["state"]) == (DOMAIN, "AUTHORIZING")
    authorized.advance(16 * MINUTE)
    found = managed(authorized)
    assert found["provisioningIssue"]["reason"] == "AUTHORIZATION_ISSUE"
    attempt = found["authorizationAttemptInfo"][0]
    assert (attempt["state"], attempt["failureReason"]) == ("FAILED", "CONFIG")


def test_a_record_of_another_content_does_not_count(authorized: Client) -> None:
    add(authorized, f"_acme-challenge.{DOMAIN}.", "CNAME", "elsewhere.example.com.")
    authorized.advance(60 * MINUTE)
    assert managed(authorized)["state"] == "PROVISIONING"


def test_caa_forbids(authorized: Client) -> None:
    record(authorized)
    add(authorized, "example.com.", "CAA", '0 issue "other.example"')
    authorized.advance(60 * MINUTE)
    found = managed(authorized)
    assert found["state"] == "PROVISIONING"
    assert {it["failureReason"] for it in found["authorizationAttemptInfo"]} == {"CAA"}
    authorized.call("DELETE", f"{ZONES}/ex/rrsets/example.com./CAA")
    authorized.advance(6 * MINUTE)
    assert managed(authorized)["state"] == "ACTIVE"


def test_it_renews_itself_while_its_record_stays(authorized: Client) -> None:
    record(authorized)
    authorized.advance(6 * MINUTE)
    first = get(authorized, "certificates/c")
    authorized.advance(61 * DAY)
    second = get(authorized, "certificates/c")
    assert second["expireTime"] > first["expireTime"]
    assert second["pemCertificate"] != first["pemCertificate"]
    authorized.call("DELETE", f"{ZONES}/ex/rrsets/_acme-challenge.{DOMAIN}./CNAME")
    authorized.advance(61 * DAY)
    assert managed(authorized)["state"] == "ACTIVE"
    assert "provisioningIssue" in managed(authorized)
    authorized.advance(31 * DAY)
    assert managed(authorized)["state"] == "PROVISIONING"


def test_a_private_authority_asks_for_nothing(client: Client) -> None:
    config = {
        "certificateAuthorityConfig": {"certificateAuthorityServiceConfig": {"caPool": "p"}},
        "keyAlgorithm": "RSA_2048",
        "lifetime": "2592000s",
        "rotationWindowPercentage": 50,
    }
    create(client, "certificateIssuanceConfigs/i", config)
    certificate(client, issuanceConfig=f"{PARENT}/certificateIssuanceConfigs/i")
    client.advance(6 * MINUTE)
    assert managed(client)["state"] == "ACTIVE"
    assert "authorizationAttemptInfo" not in managed(client)


def test_a_doomed_certificate_fails_for_good(client: Client) -> None:
    fault = {"kind": "doomed-certificate", "match": "POST *certificates*", "times": 1}
    client.post("/_sandbox/faults/f", fault)
    certificate(client)
    client.advance(DAY)
    assert managed(client)["state"] == "FAILED"


def test_without_authorization_it_waits_for_its_load_balancer(staging: Client) -> None:
    host = "staging.netrasystems.ai"
    certificate(staging, host)
    staging.advance(60 * MINUTE)
    assert managed(staging)["state"] == "PROVISIONING"
    create(staging, "certificateMaps/m", {})
    entry = {"hostname": host, "certificates": [f"{PARENT}/certificates/c"]}
    above = f"{PARENT}/certificateMaps/m"
    create(staging, "certificateMapEntries/e", entry, above)
    proxy = "global/targetHttpsProxies/staging-https-proxy"
    link = {"certificateMap": f"//certificatemanager.googleapis.com/{above}"}
    staging.done("POST", f"{proxy}/setCertificateMap", link)
    staging.advance(21 * MINUTE)
    assert managed(staging)["state"] == "ACTIVE"
    staging.advance(11 * MINUTE)
    assert staging.get(f"/v1/{above}/certificateMapEntries/e")["state"] == "ACTIVE"
