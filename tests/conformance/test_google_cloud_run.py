"""Google's typed client over REST: services, revisions, operations and policies."""

from __future__ import annotations

from typing import Any

import google.api_core.exceptions
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2

from gcp_sandbox.sandbox import Sandbox
from tests.conformance.conftest import PROJECT

PARENT = f"projects/{PROJECT}/locations/us-central1"
NAME = f"{PARENT}/services/netra-backend"
IMAGE = "us-docker.pkg.dev/cloudrun/container/hello"
READY = "CONDITION_SUCCEEDED"


def client(kind: str, sandbox: Sandbox) -> Any:
    return getattr(run_v2, f"{kind}Client")(
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": sandbox.url},
        transport="rest",
    )


@pytest.fixture
def services(sandbox: Sandbox) -> Any:
    return client("Services", sandbox)


def wanted(**env: str) -> Any:
    container = run_v2.Container(
        image=IMAGE,
        env=[run_v2.EnvVar(name=name, value=value) for name, value in env.items()],
    )
    access = run_v2.VpcAccess(
        connector=f"{PARENT}/connectors/staging-connector",
        egress=run_v2.VpcAccess.VpcEgress.PRIVATE_RANGES_ONLY,
    )
    return run_v2.Service(
        ingress=run_v2.IngressTraffic.INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER,
        template=run_v2.RevisionTemplate(
            containers=[container], vpc_access=access, timeout={"seconds": 3600}
        ),
    )


def create(services: Any, **env: str) -> Any:
    operation = services.create_service(
        parent=PARENT, service=wanted(**env), service_id="netra-backend"
    )
    assert operation.metadata.name == NAME
    return operation.result(timeout=30)


def test_a_service_is_made_read_listed_and_removed(services: Any) -> None:
    made = create(services, ENVIRONMENT="staging")
    assert made.terminal_condition.state.name == READY
    assert made.ingress.name == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
    assert made.template.timeout.seconds == 3600
    assert made.template.containers[0].resources.limits["memory"] == "512Mi"
    assert made.traffic[0].type_.name == "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    assert services.get_service(name=NAME) == made
    assert list(services.list_services(parent=PARENT)) == [made]
    gone = services.delete_service(name=NAME).result(timeout=30)
    assert gone.expire_time > gone.delete_time
    with pytest.raises(google.api_core.exceptions.NotFound, match="does not exist"):
        services.get_service(name=NAME)


def test_a_change_by_mask_makes_a_revision(services: Any, sandbox: Sandbox) -> None:
    create(services)
    changed = wanted(ENVIRONMENT="other")
    changed.name = NAME
    request = {"service": changed, "update_mask": "template.containers"}
    service = services.update_service(request=request).result(timeout=30)
    assert service.template.containers[0].env[0].value == "other"
    assert service.generation == service.observed_generation == 2
    found = list(client("Revisions", sandbox).list_revisions(parent=NAME))
    assert [it.name for it in found] == [service.latest_ready_revision, found[1].name]
    assert found[1].name.startswith(f"{NAME}/revisions/netra-backend-00001-")


def test_traffic_is_pinned_to_a_revision(services: Any) -> None:
    made = create(services)
    revision = made.latest_ready_revision.rpartition("/")[2]
    made.traffic = [
        run_v2.TrafficTarget(
            type_=run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION,
            revision=revision,
            percent=100,
        )
    ]
    pinned = services.update_service(service=made).result(timeout=30)
    assert pinned.traffic_statuses[0].revision == revision


def test_the_server_plans_with_validate_only(services: Any) -> None:
    request = {
        "parent": PARENT,
        "service": wanted(),
        "service_id": "netra-backend",
        "validate_only": True,
    }
    planned = services.create_service(request=request).result(timeout=30)
    assert planned.template.max_instance_request_concurrency == 80
    assert list(services.list_services(parent=PARENT)) == []


def test_a_revision_that_fails_ends_the_operation_in_an_error(services: Any) -> None:
    operation = services.create_service(
        parent=PARENT, service=wanted(SANDBOX_FAILS_TO_START="1"), service_id="netra-backend"
    )
    with pytest.raises(google.api_core.exceptions.GoogleAPICallError, match="failed to start"):
        operation.result(timeout=30)
    service = services.get_service(name=NAME)
    assert service.terminal_condition.state.name == "CONDITION_FAILED"
    assert service.terminal_condition.revision_reason.name == "HEALTH_CHECK_CONTAINER_ERROR"


def test_a_stale_etag_is_refused(services: Any) -> None:
    made = create(services)
    services.update_service(service=made).result(timeout=30)
    with pytest.raises(google.api_core.exceptions.Conflict, match="version"):
        services.update_service(service=made)


def test_policies_and_operations_are_served(services: Any) -> None:
    create(services)
    policy = services.get_iam_policy({"resource": NAME})
    policy.bindings.add(role="roles/run.invoker", members=["allUsers"])
    services.set_iam_policy({"resource": NAME, "policy": policy})
    assert services.get_iam_policy({"resource": NAME}).bindings[0].members == ["allUsers"]
    (operation,) = services.list_operations({"name": PARENT}).operations
    assert services.wait_operation({"name": operation.name}).done
