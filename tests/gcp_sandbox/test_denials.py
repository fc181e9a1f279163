"""Whoever lacks a permission is refused the calls that take it, and those alone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gcp_sandbox.permissions import needed
from gcp_sandbox.request import Request
from gcp_sandbox.sandbox import Sandbox
from tests.gcp_sandbox.client import COMPUTE, PROJECT, Answer, Client

IAM = f"/v3/projects/{PROJECT}:testIamPermissions"
ZONE = f"/dns/v1/projects/{PROJECT}/managedZones/netrasystems-staging"
RECORD = f"{ZONE}/rrsets/api-staging.netrasystems.ai./A"
LOCATION = f"/v1/projects/{PROJECT}/locations/us-central1"
CONNECTOR = f"{LOCATION}/connectors/staging-connector"
CERTIFICATES = f"/v1/projects/{PROJECT}/locations/global/certificates"
RUN = f"/v2/projects/{PROJECT}/locations/us-central1/services"
SQL = f"/sql/v1beta4/projects/{PROJECT}/instances"
SERVICES = "/v1/services/servicenetworking.googleapis.com/connections"


def deny(client: Client, *patterns: str) -> None:
    client.post("/_sandbox/permissions", {"denied": [*patterns]})


def is_held(client: Client, permission: str) -> bool:
    return client.post(IAM, {"permissions": [permission]}) == {"permissions": [permission]}


CALLS = [
    ("GET", f"{COMPUTE}/global/urlMaps", "compute.urlMaps.list"),
    ("GET", f"{COMPUTE}/aggregated/urlMaps", "compute.urlMaps.list"),
    ("GET", f"{COMPUTE}/regions/us-central1/urlMaps", "compute.regionUrlMaps.list"),
    ("GET", f"{COMPUTE}/global/addresses", "compute.globalAddresses.list"),
    ("GET", f"{COMPUTE}/regions/us-central1/addresses", "compute.addresses.list"),
    ("DELETE", f"{COMPUTE}/global/forwardingRules/x", "compute.globalForwardingRules.delete"),
    ("POST", f"{COMPUTE}/targetHttpsProxies/x/setUrlMap", "compute.targetHttpsProxies.setUrlMap"),
    ("POST", f"{COMPUTE}/global/urlMaps/x/validate", "compute.urlMaps.validate"),
    ("POST", f"{COMPUTE}/global/backendServices/x/getHealth", "compute.backendServices.get"),
    ("POST", f"{COMPUTE}/global/securityPolicies/x/addRule", "compute.securityPolicies.update"),
    ("GET", f"{COMPUTE}/zones/us-central1-a/operations/x", "compute.zoneOperations.get"),
    ("PATCH", ZONE, "dns.managedZones.update"),
    ("GET", RECORD, "dns.resourceRecordSets.get"),
    ("DELETE", RECORD, "dns.resourceRecordSets.delete"),
    ("DELETE", RECORD, "dns.changes.create"),
    ("GET", f"{ZONE}/operations", "dns.managedZoneOperations.list"),
    ("GET", SQL, "cloudsql.instances.list"),
    ("GET", SQL.replace("instances", "operations/x"), "cloudsql.instances.get"),
    ("POST", f"{SQL}/x/restart", "cloudsql.instances.restart"),
    ("GET", RUN, "run.services.list"),
    ("POST", f"{RUN}/netra-backend:setIamPolicy", "run.services.setIamPolicy"),
    ("GET", f"{RUN}/netra-backend/revisions", "run.revisions.list"),
    ("GET", f"/apis/serving.knative.dev/v1/namespaces/{PROJECT}/services", "run.services.list"),
    ("PATCH", CONNECTOR, "vpcaccess.connectors.update"),
    ("GET", CERTIFICATES, "certificatemanager.certs.list"),
    ("GET", f"/v3/projects/{PROJECT}/timeSeries", "monitoring.timeSeries.list"),
    ("GET", f"/v1/projects/{PROJECT}/secrets/x/versions/1", "secretmanager.versions.get"),
    ("POST", f"/v1/projects/{PROJECT}/secrets/x:addVersion", "secretmanager.versions.add"),
    ("GET", SERVICES, "servicenetworking.services.get"),
    ("GET", "/storage/v1/b", "storage.buckets.list"),
    ("GET", "/storage/v1/b/x/o/a:b", "storage.objects.get"),
    ("POST", "/upload/storage/v1/b/x/o", "storage.objects.create"),
]


@pytest.mark.parametrize(("method", "path", "permission"), CALLS)
def test_a_call_takes_its_permission_and_no_other(
    staging: Client, method: str, path: str, permission: str
) -> None:
    deny(staging, permission)
    assert staging.call(method, path, {}).status == 403
    assert not is_held(staging, permission)
    service, collection, verb = permission.split(".")
    deny(staging, f"{service}.{collection}.{verb}Not", f"{service}.{collection}s.{verb}")
    assert staging.call(method, path, {}).status != 403


@pytest.mark.parametrize("pattern", ["dns.*", "dns.resourceRecordSets.*", "*"])
def test_many_are_denied_by_their_beginning(staging: Client, pattern: str) -> None:
    deny(staging, pattern)
    assert staging.call("GET", RECORD).status == 403
    assert staging.call("GET", f"{COMPUTE}/global/urlMaps").status == (
        403 if pattern == "*" else 200
    )
    assert not is_held(staging, "dns.resourceRecordSets.get")


def test_a_change_takes_what_it_does_to_record_sets(staging: Client) -> None:
    record = {"name": "new.netrasystems.ai.", "type": "A", "ttl": 60, "rrdatas": ["203.0.113.7"]}
    deny(staging, "dns.resourceRecordSets.delete")
    staging.post(f"{ZONE}/changes", {"additions": [record]})
    assert staging.call("POST", f"{ZONE}/changes", {"deletions": [record]}).status == 403


def test_what_is_denied_is_not_said_to_be_missing_or_wrong(staging: Client) -> None:
    deny(staging, "compute.urlMaps.*")
    assert staging.call("GET", f"{COMPUTE}/global/urlMaps/nobody").status == 403
    assert staging.call("POST", f"{COMPUTE}/global/urlMaps", {"nonsense": 1}).status == 403


def test_an_operation_is_its_apis_own(staging: Client) -> None:
    """Its path does not tell which: VPC Access has it, and Certificate Manager."""
    at = f"{CERTIFICATES}?certificateId=c"
    made = staging.post(at, {"managed": {"domains": ["staging.netrasystems.ai"]}})["name"]
    deny(staging, "vpcaccess.*")
    assert staging.call("GET", f"/v1/{made}").status == 200
    deny(staging, "certificatemanager.operations.get")
    assert staging.call("GET", f"/v1/{made}").status == 403


SAYING = [
    ("compute.sslCertificates.list", f"{COMPUTE}/global/sslCertificates", "forbidden"),
    ("compute.urlMaps.get", f"{COMPUTE}/global/urlMaps/staging-url-map", "forbidden"),
    ("dns.resourceRecordSets.get", RECORD, "forbidden"),
    ("cloudsql.instances.list", SQL, "notAuthorized"),
    ("run.services.list", RUN, "PERMISSION_DENIED"),
    ("vpcaccess.connectors.get", CONNECTOR, "IAM_PERMISSION_DENIED"),
    ("monitoring.timeSeries.list", f"/v3/projects/{PROJECT}/timeSeries", "PERMISSION_DENIED"),
    ("secretmanager.secrets.list", f"/v1/projects/{PROJECT}/secrets", "PERMISSION_DENIED"),
]
MESSAGES = {
    "compute.sslCertificates.list": "Required '{}' permission for 'projects/netra-staging'",
    "compute.urlMaps.get": (
        "Required '{}' permission for 'projects/netra-staging/global/urlMaps/staging-url-map'"
    ),
    "dns.resourceRecordSets.get": "Forbidden",
    "cloudsql.instances.list": "The client is not authorized to make this request.",
    "run.services.list": (
        "Permission '{}' denied on resource "
        "'projects/netra-staging/locations/us-central1' (or resource may not exist)."
    ),
    "vpcaccess.connectors.get": (
        "Permission '{}' denied on resource '//vpcaccess.googleapis.com/projects/netra-staging"
        "/locations/us-central1/connectors/staging-connector' (or it may not exist)."
    ),
    "monitoring.timeSeries.list": "Permission {} denied (or the resource may not exist).",
    "secretmanager.secrets.list": (
        "Permission '{}' denied for resource 'projects/netra-staging' (or it may not exist)."
    ),
}


@pytest.mark.parametrize(("permission", "path", "reason"), SAYING)
def test_each_api_refuses_in_its_own_words(
    staging: Client, permission: str, path: str, reason: str
) -> None:
    deny(staging, permission)
    answer = staging.call("GET", path)
    assert answer.message == MESSAGES[permission].format(permission)
    assert _reason(answer) == reason


def _reason(answer: Answer) -> str:
    error: Any = answer.body["error"]
    if "errors" in error:
        assert "status" not in error
        return answer.reason
    assert error["status"] == "PERMISSION_DENIED"
    return str(error["details"][0]["reason"] if "details" in error else error["status"])


def test_every_path_that_is_served_has_a_permission_or_says_why_not(core: Sandbox) -> None:
    served = [(m, p) for m, p in core.service.router.routes if not p.startswith("/_sandbox/")]
    free = []
    for method, path in served:
        asked = needed(Request(method, re.sub(r"{(\w+)}", r"\1", path)))
        if asked is None:
            free.append(path)
        else:
            for permission in asked.permissions:
                assert re.fullmatch(r"[a-z]+\.[a-zA-Z]+\.[a-zA-Z]+", permission), path
                assert permission.startswith(f"{asked.api}.")
    assert free == ["/batch/{api}/{version}", "/batch"]
