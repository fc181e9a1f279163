"""Compute Engine v1 for the load balancer's collections (its discovery document, compute.v1)."""

from __future__ import annotations

import re
from urllib.parse import quote

from remediate.gcp.api import Api
from remediate.gcp.connection import ApiConnection, Wire
from remediate.gcp.errors import NotFound, PreconditionFailed
from remediate.gcp.listing import listed
from remediate.gcp.operations import Operation, Operations
from remediate.model.json import Body

BASE_URL = "https://compute.googleapis.com"
PAGE = 500  # the most that compute gives at once
_WAIT_READ = 150.0  # seconds; `wait` blocks for up to two minutes

_VERBS = {"list": "GET", "get": "GET", "patch": "PATCH", "update": "PUT", "delete": "DELETE"}
_ON_COLLECTION = frozenset({"list", "insert"})
_ON_RESOURCE = frozenset({"get", "patch", "update", "delete"})
_CHANGES_NOTHING = frozenset({"list", "get", "validate", "getHealth"})
_WITHOUT_GLOBAL = frozenset(
    {
        ("targetHttpProxies", "setUrlMap"),
        ("targetHttpsProxies", "setUrlMap"),
        ("targetHttpsProxies", "setSslCertificates"),
    }
)
"""Setters that existed before `global/` came into the paths."""
WITHOUT_ID = frozenset(
    {("addresses", "global", "setLabels"), ("forwardingRules", "global", "setLabels")}
)
"""Mutations that take no `requestId`; the label fingerprint lets them happen once."""

_PROJECT_GONE = re.compile(r"The resource 'projects/[^/']+' was not found")


class ComputeConnection(ApiConnection):
    API_URL_TEMPLATE = "{api_base_url}/compute/{api_version}{path}"
    API_NAME = "Compute Engine"


def path_of(project: str, method: str, scope: str, collection: str, name: str = "") -> str:
    """The path below `/compute/v1`. `scope` is `global`, `regions/R` or `zones/Z`."""
    if scope == "global" and (collection, method) in _WITHOUT_GLOBAL:
        path = f"/projects/{project}/{collection}"
    else:
        path = f"/projects/{project}/{scope}/{collection}"
    if method in _ON_COLLECTION:
        return path
    path = f"{path}/{quote(name, safe='')}"
    return path if method in _ON_RESOURCE else f"{path}/{method}"


def http_method(method: str) -> str:
    return _VERBS.get(method, "POST")


class Compute:
    """One project's collections, word for word as Google sends them."""

    def __init__(self, wire: Wire, project: str, base_url: str = BASE_URL) -> None:
        self.project = project
        self._connection = ComputeConnection(wire, base_url)

    def list(self, scope: str, collection: str, fields: str | None = None) -> list[Body]:
        """Every resource of a collection in one scope, all pages.

        `fields` is a mask for one item (`name,fingerprint`). Raises Unreachable when Google could
        not see all of it, for what is unread is not absent.
        """
        path = path_of(self.project, "list", scope, collection)
        query = {"maxResults": str(PAGE)}
        if fields:
            query["fields"] = f"nextPageToken,warning,items({fields})"
        return listed(self._connection, path, query, "items", f"{scope}/{collection}")

    def get(self, scope: str, collection: str, name: str) -> Body | None:
        """The resource; None if Google says that it, and not its project, does not exist."""
        try:
            return self._connection.call(
                "GET", path_of(self.project, "get", scope, collection, name)
            )
        except NotFound as error:
            if _PROJECT_GONE.search(str(error)):
                raise
            return None

    def insert(self, scope: str, collection: str, body: Body, request_id: str) -> Operation:
        path = path_of(self.project, "insert", scope, collection)
        return self._mutate("POST", scope, path, body, request_id)

    def call(
        self,
        method: str,
        scope: str,
        collection: str,
        name: str,
        body: Body | None = None,
        request_id: str = "",
    ) -> Operation:
        """`patch`, `update`, `delete` or a setter; `request_id` makes it safe to send again."""
        path = path_of(self.project, method, scope, collection, name)
        if (collection, scope, method) in WITHOUT_ID:
            return self._label(path, scope, collection, name, body or {})
        return self._mutate(http_method(method), scope, path, body, request_id)

    def ask(self, method: str, scope: str, collection: str, name: str, body: Body) -> Body:
        """A POST that changes nothing (`validate`, `getHealth`): its answer."""
        if method not in _CHANGES_NOTHING:
            raise ValueError(f"{method} changes something")
        path = path_of(self.project, method, scope, collection, name)
        return self._connection.call("POST", path, body=body, asks=True)

    def under_way(self, scope: str, collection: str, name: str) -> Operations:
        path, target = (
            f"/projects/{self.project}/{scope}/operations",
            f"{scope}/{collection}/{name}",
        )
        query = {"maxResults": str(PAGE), "filter": 'status != "DONE"'}
        found = listed(self._connection, path, query, "items", f"{scope}/operations")
        return [
            Operation(Api.COMPUTE, scope, body)
            for body in found
            if str(body.get("targetLink")).endswith(target)
        ]

    def done_by(self, scope: str, request_id: str) -> Operations:
        """What a request has begun and did not fail; Google keeps operations for two weeks."""
        path = f"/projects/{self.project}/{scope}/operations"
        query = {"maxResults": str(PAGE), "filter": f'clientOperationId = "{request_id}"'}
        found = listed(self._connection, path, query, "items", f"{scope}/operations")
        return [
            Operation(Api.COMPUTE, scope, body)
            for body in found
            if body.get("clientOperationId") == request_id and not body.get("error")
        ]

    def look(self, operation: Operation) -> Body:
        """The operation, when it is done or after two minutes, whichever is first."""
        name = quote(operation.name, safe="")
        path = f"/projects/{self.project}/{operation.where}/operations/{name}/wait"
        return self._connection.call("POST", path, asks=True, read_timeout=_WAIT_READ)

    def _label(self, path: str, scope: str, collection: str, name: str, body: Body) -> Operation:
        try:
            answer = self._connection.call("POST", path, body=body, repeatable=True)
        except PreconditionFailed as error:
            live = self.get(scope, collection, name) if error.unsure else None
            if live is None or live.get("labels", {}) != body.get("labels", {}):
                raise
            return Operation("", scope, {})  # ours, its answer lost
        return Operation(Api.COMPUTE, scope, answer)

    def _mutate(
        self, verb: str, scope: str, path: str, body: Body | None, request_id: str
    ) -> Operation:
        query = {"requestId": request_id} if request_id else None
        answer = self._connection.call(verb, path, query, body)
        return Operation(Api.COMPUTE, scope, answer)
