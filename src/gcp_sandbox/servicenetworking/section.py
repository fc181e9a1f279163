"""Private connections: made, changed and taken away, each by an operation that is done at once.

https://cloud.google.com/service-infrastructure/docs/service-networking/reference/rest/v1/services.connections
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from gcp_sandbox.project import number
from gcp_sandbox.request import Body, Json, Request
from gcp_sandbox.router import Router
from gcp_sandbox.shapes import TEXT, Message, mask, masked, taken
from gcp_sandbox.status import StatusError, bad_field
from gcp_sandbox.world import World

NAME: Final = "servicenetworking"
_CONNECTION: Final = Message(
    {"network": TEXT, "reservedPeeringRanges": [TEXT]}, ignored=frozenset({"peering", "service"})
)
_DELETION: Final = Message({"consumerNetwork": TEXT})
_NETWORK: Final = re.compile(r"projects/([^/]+)/global/networks/([^/]+)")
_TYPE: Final = "type.googleapis.com/google.cloud.servicenetworking.v1.Connection"


def register(world: World, router: Router) -> ServiceNetworking:
    section = ServiceNetworking(world)
    world.register(NAME, section)
    connections = "/v1/services/{service}/connections"
    for method, path, handler in (
        ("GET", connections, section.listed),
        ("POST", connections, section.create),
        ("PATCH", f"{connections}/{{connection}}", section.patch),
        ("POST", f"{connections}/{{connection}}", section.delete),
        ("GET", "/v1/operations/{operation}", section.operation),
    ):
        router.add(method, path, handler)
    return section


@dataclass(slots=True)
class ServiceNetworking:
    """`connections` by `<service>/<network>`, networks by the project's id; operations by name."""

    world: World
    connections: dict[str, Body] = field(default_factory=dict)
    operations: dict[str, Body] = field(default_factory=dict)

    def of(self, project: str, network: str) -> list[Body]:
        """The connections of a network, given by its name."""
        link = f"projects/{project}/global/networks/{network}"
        return [body for body in self.connections.values() if body["network"] == link]

    # the API

    def listed(self, request: Request) -> Body:
        network = self._network(request.query.get("network", ""), "network")
        service = request.params["service"]
        found = [
            body
            for key, body in sorted(self.connections.items())
            if key == f"{service}/{network}" or (service == "-" and key.endswith(f"/{network}"))
        ]
        return {"connections": [_shown(body) for body in found]} if found else {}

    def create(self, request: Request) -> Body:
        given = taken(_CONNECTION, request.body, "connection")
        network = self._network(given.get("network", ""), "connection.network")
        if not given.get("reservedPeeringRanges"):
            raise bad_field("connection.reservedPeeringRanges", "at least one range is needed")
        key = f"{request.params['service']}/{network}"
        if key in self.connections:
            raise StatusError(
                "FAILED_PRECONDITION",
                "Cannot modify allocated ranges in CreateConnection. Please use UpdateConnection.",
            )
        self.connections[key] = _connection(request.params["service"], network, given)
        return self._done({"@type": _TYPE, **_shown(self.connections[key])})

    def patch(self, request: Request) -> Body:
        given = taken(_CONNECTION, request.body, "connection")
        key = self._key(request, given.get("network", ""), "connection.network")
        old = self.connections[key]
        paths = mask(request.query.get("updateMask")) or [["reservedPeeringRanges"]]
        self.connections[key] = masked(_CONNECTION, old, given, paths) | {"network": old["network"]}
        return self._done({"@type": _TYPE, **_shown(self.connections[key])})

    def delete(self, request: Request) -> Body:
        """`services.connections.deleteConnection`, which is a POST."""
        given = taken(_DELETION, request.body, "request")
        key = self._key(request, given.get("consumerNetwork", ""), "consumerNetwork")
        del self.connections[key]
        return self._done({"@type": "type.googleapis.com/google.protobuf.Empty"})

    def operation(self, request: Request) -> Body:
        name = f"operations/{request.params['operation']}"
        if name not in self.operations:
            raise StatusError("NOT_FOUND", f"Operation {name} was not found.")
        return self.operations[name]

    def _key(self, request: Request, network: str, where: str) -> str:
        service, asked = request.params["service"], request.params["connection"]
        key = f"{service}/{self._network(network, where)}"
        body = self.connections.get(key)
        if body is None or asked not in {"-", body["peering"]}:
            raise StatusError("NOT_FOUND", f"Connection {asked} of {network} was not found.")
        return key

    def _network(self, text: str, where: str) -> str:
        """`projects/<id>/global/networks/<name>`; Google takes the project's number, too."""
        found = _NETWORK.fullmatch(text)
        if found is None:
            raise bad_field(where, "must be projects/{project}/global/networks/{network}")
        own = self.world.options.project
        project = own if found[1] == number(own) else found[1]
        return f"projects/{project}/global/networks/{found[2]}"

    def _done(self, response: Body) -> Body:
        name = f"operations/pssn.{self.world.chance.uuid()}"
        self.operations[name] = {"name": name, "done": True, "response": response}
        self.world.touch(NAME)
        return self.operations[name]

    # the world's section

    def dump(self) -> Json:
        return {"connections": self.connections, "operations": self.operations}

    def load(self, state: Json) -> None:
        self.connections, self.operations = state["connections"], state["operations"]

    def populate(self, project: str, wanted: Json) -> None:
        """From `{"connections": [{"network": NAME, "reservedPeeringRanges": […]}]}`."""
        for given in wanted.get("connections", ()):
            service = given.get("service", "servicenetworking.googleapis.com")
            network = f"projects/{project}/global/networks/{given['network']}"
            self.connections[f"{service}/{network}"] = _connection(service, network, given)

    def comparable(self) -> Json:
        return dict(sorted(self.connections.items())) or None

    def clear(self) -> None:
        self.connections, self.operations = {}, {}


def _connection(service: str, network: str, given: Body) -> Body:
    return {
        "network": network,
        "peering": service.replace(".", "-"),
        "reservedPeeringRanges": list(given.get("reservedPeeringRanges", ())),
        "service": f"services/{service}",
    }


def _shown(body: Body) -> Body:
    """As it is answered: networks by the project's number, as everywhere in this API."""
    _, project, rest = body["network"].split("/", 2)
    return body | {"network": f"projects/{number(project)}/{rest}"}
