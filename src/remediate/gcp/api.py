"""Google's APIs, and the five words that each of them understands."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from remediate.gcp.operations import Operation, Operations
from remediate.model.json import Body


class Api(StrEnum):
    """An API by the first label of its host."""

    CERTIFICATE_MANAGER = "certificatemanager"
    COMPUTE = "compute"
    DNS = "dns"
    RUN = "run"
    SQL = "sqladmin"
    VPC_ACCESS = "vpcaccess"


class Resources(Protocol):
    """One project's resources in one API, word for word as Google sends them.

    `scope` is what stands between the project and the collection in a resource's path, without
    slashes around it: `global`, `locations/us-central1`, or nothing.
    """

    def list(self, scope: str, collection: str) -> list[Body]:
        """All of them, every page; raises Unreachable when Google could not see all."""

    def get(self, scope: str, collection: str, name: str) -> Body | None:
        """None where Google says that there is none."""

    def insert(self, scope: str, collection: str, body: Body, request_id: str) -> Operation:
        """Make the one that `body` names."""

    def call(
        self,
        method: str,
        scope: str,
        collection: str,
        name: str,
        body: Body | None = None,
        request_id: str = "",
    ) -> Operation:
        """`patch`, `delete`, or another method of the collection."""

    def under_way(self, scope: str, collection: str, name: str) -> Operations:
        """What is being done to one resource, by whomever, and has not ended."""

    def look(self, operation: Operation) -> Body:
        """The operation as it is by now."""
