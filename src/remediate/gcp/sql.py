"""Cloud SQL Admin v1 (its discovery document, sqladmin.v1)."""

from __future__ import annotations

from urllib.parse import quote

from remediate.gcp.api import Api
from remediate.gcp.connection import ApiConnection, Wire
from remediate.gcp.listing import bodies, listed
from remediate.gcp.operations import Operation, Operations
from remediate.model.json import Body

BASE_URL = "https://sqladmin.googleapis.com"
PAGE = 1000  # the most that Cloud SQL gives at once
_RECENT = 20  # operations; it does one at a time
_VERBS = {"patch": "PATCH", "delete": "DELETE"}


class SqlConnection(ApiConnection):
    API_NAME = "Cloud SQL"


class Sql:
    """One project's instances. They stand beside each other whatever their region: no scopes."""

    def __init__(self, wire: Wire, project: str, base_url: str = BASE_URL) -> None:
        self._connection = SqlConnection(wire, base_url)
        self._project = f"/projects/{project}"

    def list(self, scope: str, collection: str) -> list[Body]:
        path, query = f"{self._project}/{collection}", {"maxResults": str(PAGE)}
        return listed(self._connection, path, query, "items", collection)

    def get(self, scope: str, collection: str, name: str) -> Body | None:
        return self._connection.find(self._path(collection, name))

    def insert(self, scope: str, collection: str, body: Body, request_id: str) -> Operation:
        answer = self._connection.call("POST", f"{self._project}/{collection}", body=body)
        return Operation(Api.SQL, scope, answer)

    def call(
        self,
        method: str,
        scope: str,
        collection: str,
        name: str,
        body: Body | None = None,
        request_id: str = "",
    ) -> Operation:
        """`patch` merges the body into the instance; that of `delete` travels in the URL."""
        path, verb = self._path(collection, name), _VERBS[method]
        if verb == "DELETE":
            query = {key: str(value) for key, value in (body or {}).items()}
            answer = self._connection.call(verb, path, query)
        else:
            answer = self._connection.call(verb, path, body=body)
        return Operation(Api.SQL, scope, answer)

    def under_way(self, scope: str, collection: str, name: str) -> Operations:
        path, query = f"{self._project}/operations", {"instance": name, "maxResults": str(_RECENT)}
        page = self._connection.call("GET", path, query)  # the newest come first
        found = (Operation(Api.SQL, scope, one) for one in bodies("Cloud SQL", page, "items"))
        return [operation for operation in found if not operation.done]

    def look(self, operation: Operation) -> Body:
        return self._connection.call("GET", f"{self._project}/operations/{quote(operation.name)}")

    def _path(self, collection: str, name: str) -> str:
        return f"{self._project}/{collection}/{quote(name, safe='')}"
