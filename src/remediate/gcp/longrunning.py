"""The newer APIs, which are alike: resources under locations (AIP-121), operations by AIP-151.

What differs is the address of each and the query parameter that names a new resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from remediate.gcp.api import Api
from remediate.gcp.connection import ApiConnection
from remediate.gcp.errors import NotFound
from remediate.gcp.operations import Operation
from remediate.model.errors import Unreachable
from remediate.model.json import Body

PAGE = 100
_NOT_IN_MASK = frozenset({"etag", "name"})


class LongRunning:
    """One project's resources in one such API. `ids` are the parameters by collection."""

    def __init__(
        self, api: Api, project: str, connection: ApiConnection, ids: Mapping[str, str]
    ) -> None:
        self._api = api
        self._connection = connection
        self._project = f"/projects/{project}"
        self._ids = ids

    def list(self, scope: str, collection: str) -> list[Body]:
        found: list[Body] = []
        query = {"pageSize": str(PAGE)}
        while True:
            page = self._connection.call("GET", f"{self._project}/{scope}/{collection}", query)
            items = page.get(collection, [])
            if page.get("unreachable") or not isinstance(items, list):
                raise Unreachable(
                    f"{self._connection.API_NAME} could not list all of {scope}/{collection}; "
                    "what is missing from the list may exist"
                )
            found += [item for item in items if isinstance(item, dict)]
            if not (token := page.get("nextPageToken")):
                return found
            query["pageToken"] = str(token)

    def get(self, scope: str, collection: str, name: str) -> Body | None:
        try:
            return self._connection.call("GET", self._path(scope, collection, name))
        except NotFound:
            return None

    def insert(self, scope: str, collection: str, body: Body, request_id: str) -> Operation:  # noqa: ARG002 - these APIs know no request ids
        """The last part of the body's `name` names it."""
        name = str(body["name"]).rpartition("/")[2]
        return self._begun(scope, self._sent("insert", scope, collection, name, body))

    def call(
        self,
        method: str,
        scope: str,
        collection: str,
        name: str,
        body: Body | None = None,
        request_id: str = "",  # noqa: ARG002 - these APIs know no request ids
    ) -> Operation:
        """`patch` writes the fields that are in the body, and no others; or `delete`.

        The body of a deletion goes into its query: an etag to compare.
        """
        return self._begun(scope, self._sent(method, scope, collection, name, body))

    def read(self, name: str) -> Body | None:
        """Anything of this API by its full name, from `projects/` on; None if there is none."""
        try:
            return self._connection.call("GET", f"/{name}")
        except NotFound:
            return None

    def look(self, operation: Operation) -> Body:
        return self._connection.call("GET", f"/{operation.name}")

    def _sent(
        self,
        method: str,
        scope: str,
        collection: str,
        name: str,
        body: Body | None,
        more: Mapping[str, str] | None = None,
    ) -> Body:
        """The answer to a method; `more` joins its query."""
        path, query = self._path(scope, collection, name), dict(more or {})
        match method:
            case "insert":
                path = f"{self._project}/{scope}/{collection}"
                query |= {self._ids[collection]: name}
                sent = {field: value for field, value in (body or {}).items() if field != "name"}
                return self._connection.call("POST", path, query, sent, repeatable=bool(more))
            case "delete":
                query |= {field: str(value) for field, value in (body or {}).items()}
                return self._connection.call("DELETE", path, query)
            case _:
                fields = [field for field in body or {} if field not in _NOT_IN_MASK]
                query |= {"updateMask": ",".join(fields)}
                return self._connection.call("PATCH", path, query, body, repeatable=bool(more))

    def _path(self, scope: str, collection: str, name: str) -> str:
        return f"{self._project}/{scope}/{collection}/{quote(name, safe='')}"

    def _begun(self, scope: str, answer: Body) -> Operation:
        return Operation(self._api, scope, answer)
