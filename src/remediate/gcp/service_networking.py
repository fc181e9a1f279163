"""Service Networking v1 (servicenetworking.v1): who of Google's is peered with a network."""

from __future__ import annotations

from remediate.gcp.connection import ApiConnection, Wire
from remediate.gcp.listing import bodies
from remediate.model.json import Body

BASE_URL = "https://servicenetworking.googleapis.com"


class ServiceNetworkingConnection(ApiConnection):
    API_NAME = "Service Networking"


class ServiceNetworking:
    """Private service access, by which Cloud SQL has private addresses."""

    def __init__(self, wire: Wire, base_url: str = BASE_URL) -> None:
        self._connection = ServiceNetworkingConnection(wire, base_url)

    def peerings(self, network: str) -> list[Body]:
        """The connections of a network, by its link from `projects/` on."""
        path = "/services/servicenetworking.googleapis.com/connections"
        answer = self._connection.call("GET", path, {"network": network})
        return bodies(self._connection.API_NAME, answer, "connections")
