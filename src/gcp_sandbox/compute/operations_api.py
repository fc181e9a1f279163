"""Operations of every scope: get, list, delete, and a wait that blocks."""

from __future__ import annotations

import asyncio

from gcp_sandbox.compute import refusals
from gcp_sandbox.compute.links import Place
from gcp_sandbox.compute.listing import aggregated, listed, scope_link
from gcp_sandbox.compute.operations import Operation
from gcp_sandbox.compute.section import NAME, Compute
from gcp_sandbox.request import Body, Request, Response
from gcp_sandbox.router import Router

_ROOT = "/compute/v1/projects/{project}"
_SCOPES = ("global", "regions/{region}", "zones/{zone}")
_LONGEST_WAIT = 120.0
_GLANCE = 0.02
"""Seconds between two looks at the clock, which may be advanced meanwhile."""


def add_operations(compute: Compute, router: Router) -> None:
    api = _OperationsApi(compute)
    for scope in _SCOPES:
        path = f"{_ROOT}/{scope}/operations"
        router.add("GET", path, api.listed)
        router.add("GET", f"{path}/{{name}}", api.get)
        router.add("DELETE", f"{path}/{{name}}", api.delete)
        router.add("POST", f"{path}/{{name}}/wait", api.wait)
    router.add("GET", f"{_ROOT}/aggregated/operations", api.aggregated)


class _OperationsApi:
    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._clock = compute.world.clock

    def get(self, request: Request) -> Body:
        return self._find(request)[1].at(self._clock.time())

    async def wait(self, request: Request) -> Body:
        """Done, or as it is after two minutes."""
        path, operation = self._find(request)
        patience = self._clock.time() + _LONGEST_WAIT
        while True:
            now = self._clock.time()
            if now >= operation.ends or now >= patience:
                self._compute.world.settle()
                return operation.at(now)
            await asyncio.sleep(min(operation.ends - now, _GLANCE))
            if path not in self._compute.operations.by_path:
                raise refusals.not_found(path)

    def delete(self, request: Request) -> Response:
        path, operation = self._find(request)
        operations = self._compute.operations
        if path in operations.running:
            raise refusals.not_ready(path, operation.ends)
        del operations.by_path[path]
        self._compute.world.touch(NAME)
        return Response(204)

    def listed(self, request: Request) -> Body:
        project, scope = request.params["project"], _scope(request)
        prefix = f"projects/{project}/{scope}/"
        entries = [(scope, body) for path, body in self._all() if path.startswith(prefix)]
        link = scope_link(project, scope, "operations")
        return listed("compute#operationList", link, entries, request.query)

    def aggregated(self, request: Request) -> Body:
        project = request.params["project"]
        entries = [
            (path.removeprefix(f"projects/{project}/").partition("/operations/")[0], body)
            for path, body in self._all()
            if path.startswith(f"projects/{project}/")
        ]
        return aggregated(
            "compute#operationAggregatedList",
            scope_link(project, "aggregated", "operations"),
            "operations",
            entries,
            sorted({"global", *(scope for scope, _ in entries)}),
            request.query,
        )

    def _all(self) -> list[tuple[str, Body]]:
        now = self._clock.time()
        by_path = self._compute.operations.by_path
        return [
            (path, body | {"creationTimestamp": body["insertTime"]})
            for path, operation in by_path.items()
            for body in [operation.at(now)]
        ]

    def _find(self, request: Request) -> tuple[str, Operation]:
        place = Place(
            request.params["project"], _scope(request), "operations", request.params["name"]
        )
        operations = self._compute.operations.by_path
        found = operations.get(place.path)
        if found is not None:
            return place.path, found
        for path, operation in operations.items():
            same = path.startswith(f"projects/{place.project}/{place.scope}/")
            if same and operation.body["id"] == place.name:
                return path, operation
        raise refusals.not_found(place.path)


def _scope(request: Request) -> str:
    if "region" in request.params:
        return f"regions/{request.params['region']}"
    return f"zones/{request.params['zone']}" if "zone" in request.params else "global"
