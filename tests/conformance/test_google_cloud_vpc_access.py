"""Google's typed client over REST. It has no patch; the plain path is tried elsewhere."""

from __future__ import annotations

from typing import Any

import google.api_core.exceptions
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import vpcaccess_v1

from gcp_sandbox.sandbox import Sandbox
from tests.conformance.conftest import PROJECT

PARENT = f"projects/{PROJECT}/locations/us-central1"
NAME = f"{PARENT}/connectors/staging-connector"


@pytest.fixture
def connectors(sandbox: Sandbox) -> Any:
    return vpcaccess_v1.VpcAccessServiceClient(
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": sandbox.url},
        transport="rest",
    )


def create(connectors: Any) -> Any:
    connector = vpcaccess_v1.Connector(
        network="staging-vpc", ip_cidr_range="10.1.0.0/28", min_instances=2, max_instances=10
    )
    operation = connectors.create_connector(
        parent=PARENT, connector_id="staging-connector", connector=connector
    )
    assert operation.metadata.target == NAME
    return operation.result(timeout=30)


def test_a_connector_is_made_read_listed_and_removed(connectors: Any) -> None:
    made = create(connectors)
    assert made.name == NAME
    assert made.state == vpcaccess_v1.Connector.State.READY
    assert (made.min_throughput, made.max_throughput) == (200, 1000)
    assert connectors.get_connector(name=NAME) == made
    assert list(connectors.list_connectors(parent=PARENT)) == [made]
    connectors.delete_connector(name=NAME).result(timeout=30)
    with pytest.raises(google.api_core.exceptions.NotFound, match="connector is not found"):
        connectors.get_connector(name=NAME)


def test_a_failed_operation_raises_what_google_says(connectors: Any) -> None:
    connector = vpcaccess_v1.Connector(network="staging-vpc", ip_cidr_range="10.1.0.0/28")
    operation = connectors.create_connector(
        parent=PARENT, connector_id="staging-connector", connector=connector
    )
    with pytest.raises(google.api_core.exceptions.GoogleAPICallError, match="must specify either"):
        operation.result(timeout=30)


def test_operations_and_locations_are_listed(connectors: Any) -> None:
    create(connectors)
    listed = connectors.list_operations({"name": PARENT})
    assert [operation.done for operation in listed.operations] == [True]
    assert connectors.get_operation({"name": listed.operations[0].name}).done
    places = connectors.list_locations({"name": f"projects/{PROJECT}"}).locations
    assert "us-central1" in {place.location_id for place in places}
