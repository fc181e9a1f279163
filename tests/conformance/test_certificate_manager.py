"""`gcloud certificate-manager`, and Google's schemas for what is answered."""

from __future__ import annotations

from typing import Any

import requests

from gcp_sandbox.sandbox import Sandbox
from tests.conformance.conftest import PROJECT, Gcloud
from tests.conformance.discovery import faults

PARENT = f"/v1/projects/{PROJECT}/locations/global"


def test_gcloud_makes_and_shows_a_certificate_with_its_map(
    sandbox: Sandbox, gcloud: Gcloud
) -> None:
    assert sandbox.url
    at = "certificate-manager"
    gcloud(f"{at} dns-authorizations create a --domain=staging.example.com")
    record = gcloud.json(f"{at} dns-authorizations describe a")["dnsResourceRecord"]
    assert record["name"] == "_acme-challenge.staging.example.com."
    gcloud(f"{at} certificates create c --domains=staging.example.com --dns-authorizations=a")
    found = gcloud.json(f"{at} certificates describe c")
    assert found["managed"]["state"] == "PROVISIONING"
    gcloud(f"{at} maps create m")
    gcloud(f"{at} maps entries create e --map=m --certificates=c --hostname=staging.example.com")
    (entry,) = gcloud.json(f"{at} maps entries list --map=m")
    assert entry["state"] == "PENDING"
    refused = gcloud.refused(f"{at} certificates delete c")
    assert "referenced" in refused
    assert [it["name"][-1] for it in gcloud.json(f"{at} certificates list")] == ["c"]


def test_answers_fit_googles_schemas(sandbox: Sandbox) -> None:
    def call(method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{sandbox.url}{path}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        sandbox.world.clock.advance(3600)
        return answer.json()

    reference = PARENT.removeprefix("/v1/")
    managed = {
        "domains": ["www.example.com"],
        "dnsAuthorizations": [f"{reference}/dnsAuthorizations/a"],
    }
    entry = {"hostname": "www.example.com", "certificates": [f"{reference}/certificates/c"]}
    entries = f"{PARENT}/certificateMaps/m/certificateMapEntries"
    for path, body in (
        (f"{PARENT}/dnsAuthorizations?dnsAuthorizationId=a", {"domain": "www.example.com"}),
        (f"{PARENT}/certificates?certificateId=c", {"managed": managed}),
        (f"{PARENT}/certificateMaps?certificateMapId=m", {"description": "x"}),
        (f"{entries}?certificateMapEntryId=e", entry),
    ):
        operation = call("POST", path, body)
        assert faults("certificatemanager.v1", "Operation", operation) == []
    for path, schema in (
        (f"{PARENT}/dnsAuthorizations", "ListDnsAuthorizationsResponse"),
        (f"{PARENT}/certificates", "ListCertificatesResponse"),
        (f"{PARENT}/certificateMaps", "ListCertificateMapsResponse"),
        (entries, "ListCertificateMapEntriesResponse"),
        (f"{PARENT}/certificates/c", "Certificate"),
    ):
        answer = call("GET", path)
        assert answer
        assert faults("certificatemanager.v1", schema, answer) == []
