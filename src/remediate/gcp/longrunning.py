"""The newer APIs, which are alike: resources under locations (AIP-121), operations by AIP-151.

What differs is the address of each and the query parameter that names a new resource. Facts: the
discovery documents certificatemanager.v1, run.v2 and vpcaccess.v1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from remediate.gcp.api import Api
from remediate.gcp.connection import ApiConnection, Wire
from remediate.gcp.listing import listed
from remediate.gcp.operations import Operation, Operations
from remediate.model.json import Body

PAGE = 100
_NOT_IN_MASK = frozenset({"etag", "name"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """One such API; `ids` are the parameters that name a new resource, by collection."""

    api: Api
    title: str
    version: str
    ids: Mapping[str, str]


CERTIFICATE_MANAGER = Dialect(
    Api.CERTIFICATE_MANAGER,
    "Certificate Manager",
    "v1",
    {
        "certificates": "certificateId",
        "certificateMaps": "certificateMapId",
        "certificateMapEntries": "certificateMapEntryId",
        "dnsAuthorizations": "dnsAuthorizationId",
    },
)
RUN = Dialect(Api.RUN, "Cloud Run", "v2", {"services": "serviceId"})
VPC_ACCESS = Dialect(Api.VPC_ACCESS, "VPC Access", "v1", {"connectors": "connectorId"})


class LongRunning:
    """One project's resources in one such API."""

    def __init__(self, dialect: Dialect, wire: Wire, project: str, base_url: str = "") -> None:
        self._api, self._ids = dialect.api, dialect.ids
        self._connection = ApiConnection(wire, base_url or f"https://{dialect.api}.googleapis.com")
        self._connection.API_NAME, self._connection.API_VERSION = dialect.title, dialect.version
        self._project = f"/projects/{project}"

    def list(self, scope: str, collection: str) -> list[Body]:
        path, query = f"{self._project}/{scope}/{collection}", {"pageSize": str(PAGE)}
        return listed(self._connection, path, query, collection, f"{scope}/{collection}")

    def get(self, scope: str, collection: str, name: str) -> Body | None:
        return self._connection.find(self._path(scope, collection, name))

    def insert(self, scope: str, collection: str, body: Body, request_id: str) -> Operation:
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
        request_id: str = "",
    ) -> Operation:
        """`patch` writes the fields that are in the body, and no others; or `delete`.

        The body of a deletion goes into its query: an etag to compare.
        """
        return self._begun(scope, self._sent(method, scope, collection, name, body))

    def read(self, name: str) -> Body | None:
        """Anything of this API by its full name, from `projects/` on; None if there is none."""
        return self._connection.find(f"/{name}")

    def under_way(self, scope: str, collection: str, name: str) -> Operations:
        kept = "/".join([*scope.split("/")[:2], "operations"])  # by location, whatever is inside it
        path, query = f"{self._project}/{kept}", {"pageSize": str(PAGE)}
        found = listed(self._connection, path, query, "operations", kept)
        target = f"{self._project}/{scope}/{collection}/{name}"
        begun = (Operation(self._api, scope, body) for body in found if _target(body) == target)
        return [operation for operation in begun if not operation.done]

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


def _target(operation: Body) -> str:
    """The path of what it is done to: most tell its name, Cloud Run shows the service itself."""
    told = operation.get("metadata")
    named = (told.get("target") or told.get("name")) if isinstance(told, dict) else ""
    return f"/{named}"
