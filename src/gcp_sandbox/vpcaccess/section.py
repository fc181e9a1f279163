"""Connectors by their full names, and what becomes of them when an operation ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from gcp_sandbox.clock import rfc3339
from gcp_sandbox.longrunning import LongRunning, Operation
from gcp_sandbox.request import Body, Json, Request
from gcp_sandbox.shapes import taken
from gcp_sandbox.status import StatusError
from gcp_sandbox.vpcaccess import connector
from gcp_sandbox.world import World

NAME: Final = "vpcaccess"
_TYPE: Final = "type.googleapis.com/google.cloud.vpcaccess.v1"
_METHODS: Final = {
    "create": "google.cloud.vpcaccess.v1.VpcAccessService.CreateConnector",
    "update": "google.cloud.vpcaccess.v1.VpcAccessService.UpdateConnector",
    "delete": "google.cloud.vpcaccess.v1.VpcAccessService.DeleteConnector",
}
_SECONDS: Final = {"create": 120.0, "update": 180.0, "delete": 60.0}
"""Guesses in the order of what people report; nobody has measured them here."""
_CONFLICT: Final = (
    "Operation failed: Invalid IP CIDR range was provided. It conflicts with an existing "
    "subnetwork. Please delete the connector manually."
)
_NO_MAXIMUM: Final = (
    "Operation failed: A Connector must specify either max_throughput or max_instances."
)
_FAILED: Final = (
    "Operation failed: An internal error occurred: VPC Access connector failed to get healthy. "
    "Please check GCE quotas, logs and org policies and recreate."
)


class Connectors:
    """CREATING → READY → UPDATING → READY → DELETING; a failure of any leaves ERROR for good.

    `users` says which projects send traffic through a connector; whoever can use one sets it.
    """

    def __init__(self, world: World, operations: LongRunning) -> None:
        self.world = world
        self.bodies: dict[str, Body] = {}
        self.users: Callable[[str], list[str]] = lambda _name: []
        self.operations = operations
        operations.serve(NAME, self._finish)

    def get(self, name: str) -> Body:
        if name not in self.bodies:
            raise StatusError("NOT_FOUND", "The connector is not found.")
        return self.bodies[name]

    def shown(self, body: Body) -> Body:
        """A connector as it is answered."""
        users = self.users(body["name"])
        return {**body, "connectedProjects": users} if users else body

    def of(self, parent: str) -> list[Body]:
        """The connectors of `projects/P/locations/L` by name; L may be `-`."""
        every = parent.endswith("/-")
        prefix = parent.removesuffix("-") if every else f"{parent}/connectors/"
        return [body for name, body in sorted(self.bodies.items()) if name.startswith(prefix)]

    def create(self, request: Request, name: str, given: Json) -> Body:
        connector.check_name(name.rpartition("/")[2])
        if name in self.bodies:
            raise StatusError("ALREADY_EXISTS", f"Resource '{name}' already exists.")
        wanted = connector.prepare(taken(connector.SHAPE, given, "connector"))
        self.bodies[name] = {"name": name, **wanted, "state": "CREATING"}
        return self._begin(request, "create", name)

    def update(self, request: Request, name: str, wanted: Body) -> Body:
        """Grow a connector, or change its machines; `wanted` is the body it is to have."""
        body = self._settled(name)
        if body["state"] != "READY":
            raise StatusError(
                "FAILED_PRECONDITION", f"The connector is in state {body['state']}, not READY."
            )
        grown = connector.grown(body, wanted)
        self.bodies[name] = {**body, "state": "UPDATING"}
        return self._begin(request, "update", name, {"body": grown})

    def delete(self, request: Request, name: str) -> Body:
        self.bodies[name] = {**self._settled(name), "state": "DELETING"}
        return self._begin(request, "delete", name)

    def _settled(self, name: str) -> Body:
        body = self.get(name)
        if self.operations.under_way(name):
            raise StatusError("ABORTED", "The connector has another operation in progress.")
        return body

    def _begin(self, request: Request, verb: str, name: str, note: Body | None = None) -> Body:
        self.world.touch(NAME)
        metadata = {
            "@type": f"{_TYPE}.OperationMetadata",
            "method": _METHODS[verb],
            "createTime": rfc3339(self.world.clock.time()),
            "target": name,
        }
        return self.operations.begin(
            NAME, verb, name, seconds=_SECONDS[verb], metadata=metadata, request=request, note=note
        )

    def _finish(self, operation: Operation) -> Json:
        name = operation.target
        body = self.bodies.get(name)
        if body is None:
            raise StatusError("NOT_FOUND", "The connector is not found.")
        self.world.touch(NAME)
        failure = self._failure(operation, body)
        if failure is not None:
            self.bodies[name] = {**body, "state": "ERROR"}
            raise failure
        if operation.verb == "delete":
            del self.bodies[name]
            return {"@type": "type.googleapis.com/google.protobuf.Empty"}
        self.bodies[name] = {**operation.note.get("body", body), "state": "READY"}
        return {"@type": f"{_TYPE}.Connector", **self.bodies[name]}

    def _failure(self, operation: Operation, body: Body) -> StatusError | None:
        if operation.doomed:
            return StatusError("INTERNAL", _FAILED)
        if operation.verb != "create":
            return None
        if "maxInstances" not in body:
            return StatusError("INVALID_ARGUMENT", _NO_MAXIMUM)
        if any(connector.overlaps(body, other) for other in self._neighbours(body)):
            return StatusError("INVALID_ARGUMENT", _CONFLICT)
        return None

    def _neighbours(self, body: Body) -> Iterator[Body]:
        """The other connectors of the project that hold addresses already."""
        project = body["name"].partition("/locations/")[0]
        for name, other in self.bodies.items():
            holds = other["state"] not in {"CREATING", "ERROR"}
            if name.startswith(f"{project}/") and name != body["name"] and holds:
                yield other

    def dump(self) -> Json:
        return self.bodies

    def load(self, state: Json) -> None:
        self.bodies = state

    def populate(self, project: str, wanted: Json) -> None:
        """From `{"<location>/connectors": [{"name": ID, …, "state": …}]}`; READY unless said."""
        for key, bodies in wanted.items():
            location = key.partition("/")[0]
            for given in bodies:
                identity = given["name"].rpartition("/")[2]
                name = f"projects/{project}/locations/{location}/connectors/{identity}"
                body = connector.prepare(taken(connector.SHAPE, given, "connector"))
                self.bodies[name] = {"name": name, **body, "state": given.get("state", "READY")}

    def comparable(self) -> Json:
        return {name: self.bodies[name] for name in sorted(self.bodies)} or None

    def clear(self) -> None:
        self.bodies = {}
