from __future__ import annotations

import pytest

from tests.conformance.conftest import Gcloud

pytestmark = pytest.mark.usefixtures("staging")
CERTIFICATE = "staging-ssl-cert"


def names(listed: list[dict[str, str]]) -> set[str]:
    return {it["name"] for it in listed}


def test_the_edge_of_staging_is_listed(gcloud: Gcloud) -> None:
    rules = gcloud.json("compute forwarding-rules list")
    assert {(it["name"], it["portRange"], it["IPAddress"]) for it in rules} == {
        ("staging-https", "443-443", "203.0.113.10"),
        ("staging-http", "80-80", "203.0.113.10"),
    }
    listed = "compute {} list"
    assert names(gcloud.json(listed.format("addresses"))) == {"staging-lb"}
    assert names(gcloud.json(listed.format("ssl-certificates"))) == {CERTIFICATE}
    assert names(gcloud.json(listed.format("target-https-proxies"))) == {"staging-https-proxy"}
    assert names(gcloud.json(listed.format("url-maps"))) == {
        "staging-http-redirect",
        "staging-url-map",
    }
    assert names(gcloud.json(listed.format("backend-services"))) == {
        "staging-backend-service",
        "staging-stream-backend",
    }
    assert names(gcloud.json(listed.format("health-checks"))) == {"staging-stream-health"}


def test_single_parts_of_the_edge_are_described(gcloud: Gcloud) -> None:
    address = gcloud.json("compute addresses describe staging-lb --global")
    assert (address["address"], address["status"]) == ("203.0.113.10", "IN_USE")
    certificate = gcloud.json(f"compute ssl-certificates describe {CERTIFICATE}")
    assert certificate["managed"]["status"] == "ACTIVE"
    url_map = gcloud.json("compute url-maps describe staging-url-map")
    assert {it["pathMatcher"] for it in url_map["hostRules"]} == {"web", "api"}
    assert "was not found" in gcloud.refused("compute url-maps describe nothing")


def test_the_incident_plans_own_rotation_goes_through(gcloud: Gcloud) -> None:
    """`ssl-certificates create`, then `target-https-proxies update`: what people do by hand."""
    gcloud("compute ssl-certificates create new-cert --domains=staging.netrasystems.ai --global")
    gcloud(
        "compute target-https-proxies update staging-https-proxy --global"
        f" --ssl-certificates={CERTIFICATE},new-cert"
    )
    proxy = gcloud.json("compute target-https-proxies describe staging-https-proxy --global")
    attached = [link.rsplit("/", 1)[-1] for link in proxy["sslCertificates"]]
    assert attached == [CERTIFICATE, "new-cert"]
    assert "already being used by" in gcloud.refused(
        f"compute ssl-certificates delete {CERTIFICATE} --global"
    )


def test_two_certificates_are_deleted_in_one_batch(gcloud: Gcloud) -> None:
    for name in ("one", "two"):
        gcloud(f"compute ssl-certificates create {name} --domains=x.example.com --global")
    gcloud("compute ssl-certificates delete one two --global")
    assert names(gcloud.json("compute ssl-certificates list")) == {CERTIFICATE}


def test_health_is_asked_backend_by_backend(gcloud: Gcloud) -> None:
    command = "compute backend-services get-health {} --global"
    serverless = gcloud.json(command.format("staging-backend-service"))
    assert all("healthStatus" not in it.get("status", {}) for it in serverless)
    (stream,) = gcloud.json(command.format("staging-stream-backend"))
    assert "instanceGroups/staging-stream" in stream["backend"]
