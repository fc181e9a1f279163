"""Private service access: the peering of a network with Google's services."""

from __future__ import annotations

import pytest

from gcp_sandbox.project import number
from tests.conformance.discovery import faults
from tests.gcp_sandbox.client import PROJECT, Client

AT = "/v1/services/servicenetworking.googleapis.com/connections"
ONE = f"{AT}/servicenetworking-googleapis-com"
NETWORK = f"projects/{PROJECT}/global/networks/staging-vpc"


def test_a_network_has_its_peering_by_the_projects_id_or_number(staging: Client) -> None:
    numbered = NETWORK.replace(PROJECT, number(PROJECT))
    listed = staging.get(AT, network=NETWORK)
    assert faults("servicenetworking.v1", "ListConnectionsResponse", listed) == []
    (peering,) = listed["connections"]
    assert peering["peering"] == "servicenetworking-googleapis-com"
    assert peering["network"] == numbered
    assert staging.get(AT, network=numbered) == listed
    assert staging.get("/v1/services/-/connections", network=NETWORK) == listed
    assert staging.get(AT, network=NETWORK.replace("staging-vpc", "other")) == {}


def test_a_peering_is_taken_away_and_made_again(staging: Client) -> None:
    before = staging.get("/_sandbox/state", comparable=1)
    operation = staging.post(ONE, {"consumerNetwork": NETWORK})
    assert faults("servicenetworking.v1", "Operation", operation) == []
    assert staging.get(f"/v1/{operation['name']}")["done"] is True
    assert staging.get(AT, network=NETWORK) == {}
    assert staging.call("POST", ONE, {"consumerNetwork": NETWORK}).status == 404
    ranges = ["google-managed-services-staging-vpc"]
    staging.post(AT, {"network": NETWORK, "reservedPeeringRanges": ranges})
    assert staging.get("/_sandbox/state", comparable=1) == before
    again = staging.call("POST", AT, {"network": NETWORK, "reservedPeeringRanges": ranges})
    assert again.status == 400
    more = {"network": NETWORK, "reservedPeeringRanges": [*ranges, "more"]}
    staging.call("PATCH", ONE, more)
    (peering,) = staging.get(AT, network=NETWORK)["connections"]
    assert peering["reservedPeeringRanges"] == [*ranges, "more"]


@pytest.mark.parametrize("network", ["", "staging-vpc", "global/networks/staging-vpc"])
def test_a_network_is_named_in_full(staging: Client, network: str) -> None:
    assert staging.call("GET", AT, network=network).status == 400
