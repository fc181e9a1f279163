"""The REST paths of Serverless VPC Access v1."""

from __future__ import annotations

from typing import Final

from gcp_sandbox.locations import REGIONS, Locations
from gcp_sandbox.longrunning import LongRunning
from gcp_sandbox.paging import page
from gcp_sandbox.request import Body, Request
from gcp_sandbox.router import Router
from gcp_sandbox.shapes import mask, masked, taken
from gcp_sandbox.status import StatusError
from gcp_sandbox.vpcaccess import connector
from gcp_sandbox.vpcaccess.section import NAME, Connectors
from gcp_sandbox.world import World

_PAGE: Final = 100


def register(
    world: World, router: Router, operations: LongRunning, locations: Locations
) -> Connectors:
    section = Connectors(world, operations)
    world.register(NAME, section)
    locations.offer(NAME, REGIONS)
    api = _Api(section)
    path = "/v1/projects/{project}/locations/{location}/connectors"
    router.add("POST", path, api.create)
    router.add("GET", path, api.listed)
    router.add("GET", f"{path}/{{connector}}", api.get)
    router.add("PATCH", f"{path}/{{connector}}", api.patch)
    router.add("DELETE", f"{path}/{{connector}}", api.delete)
    return section


class _Api:
    def __init__(self, section: Connectors) -> None:
        self._section = section

    def create(self, request: Request) -> Body:
        identity = request.query.get("connectorId", "")
        return self._section.create(
            request, f"{_parent(request)}/connectors/{identity}", request.body
        )

    def listed(self, request: Request) -> Body:
        found = self._section.of(_parent(request))
        bodies, token = page(found, request.query, cap=_PAGE, key=lambda body: str(body["name"]))
        shown = [self._section.shown(body) for body in bodies]
        body: Body = {"connectors": shown} if shown else {}
        return body | ({"nextPageToken": token} if token else {})

    def get(self, request: Request) -> Body:
        return self._section.shown(self._section.get(_name(request)))

    def patch(self, request: Request) -> Body:
        """Without a mask, what the body holds; instances only as a pair."""
        name = _name(request)
        old = self._section.get(name)
        new = taken(connector.SHAPE, request.body, "connector")
        paths = mask(request.query.get("updateMask")) or [[field] for field in new]
        fields = {".".join(path) for path in paths}
        if fixed := sorted(fields - {*connector.CHANGEABLE}):
            raise StatusError("INVALID_ARGUMENT", f"Update of {', '.join(fixed)} is not supported.")
        if len(fields & {"minInstances", "maxInstances"}) == 1:
            raise StatusError(
                "INVALID_ARGUMENT",
                "Both min_instances and max_instances must be specified to update either.",
            )
        return self._section.update(request, name, masked(connector.SHAPE, old, new, paths))

    def delete(self, request: Request) -> Body:
        return self._section.delete(request, _name(request))


def _parent(request: Request) -> str:
    return f"projects/{request.params['project']}/locations/{request.params['location']}"


def _name(request: Request) -> str:
    return f"{_parent(request)}/connectors/{request.params['connector']}"
