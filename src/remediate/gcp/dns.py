"""Cloud DNS v1: managed zones, record sets, changes (its discovery document, dns.v1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias, cast
from urllib.parse import quote

import requests

from remediate.gcp.api import Api
from remediate.gcp.connection import ApiConnection, Wire
from remediate.gcp.errors import AlreadyExists, Contradicted, NotFound
from remediate.gcp.listing import bodies, pages
from remediate.gcp.operations import Operation, Operations
from remediate.model.json import Body, Json

Bodies: TypeAlias = list[Body]

BASE_URL = "https://dns.googleapis.com"
PAGE = 1000  # the most that Cloud DNS gives at once
RECORD_FIELDS = "name,type,ttl,rrdatas,routingPolicy"
"""Everything of a record set but `kind` and `signatureRrdatas`, which only the server writes: what
a deletion must repeat word for word."""
_RECENT = 20


class DnsConnection(ApiConnection):
    """The address of `google.cloud.dns._http.Connection`, without importing all of that client."""

    API_URL_TEMPLATE = "{api_base_url}/dns/{api_version}{path}"
    API_NAME = "Cloud DNS"


class Dns:
    """One project's zones and records, word for word as Google sends them."""

    def __init__(self, wire: Wire, project: str, base_url: str = BASE_URL) -> None:
        self.project = project
        self._session: requests.Session = wire.session
        self._connection = DnsConnection(wire, base_url)
        self._zones = f"/projects/{project}/managedZones"

    def list(self, scope: str, collection: str) -> Bodies:
        """Every managed zone of the project."""
        return [zone for page in self._pages(self._zones, collection) for zone in page]

    def get(self, scope: str, collection: str, name: str) -> Body | None:
        """A managed zone."""
        return self._connection.find(self._zone(name))

    def insert(self, scope: str, collection: str, body: Body, request_id: str) -> Operation:
        """A managed zone; the answer is the zone itself."""
        name = str(body.get("name", ""))
        try:
            made = self._connection.call(
                "POST", self._zones, {"clientOperationId": request_id}, body
            )
        except AlreadyExists as error:
            found = self.get(scope, collection, name) if error.unsure else None
            if found is None or found.get("dnsName") != body.get("dnsName"):
                raise
            made = found
        return Operation("", name, made)

    def call(
        self,
        method: str,
        scope: str,
        collection: str,
        name: str,
        body: Body | None = None,
        request_id: str = "",
    ) -> Operation:
        """`patch` or `delete` of a managed zone."""
        query = {"clientOperationId": request_id}
        if method != "delete":
            answer = self._connection.call("PATCH", self._zone(name), query, body)
            return Operation(Api.DNS, name, answer)
        try:
            return Operation("", name, self._connection.call("DELETE", self._zone(name), query))
        except NotFound as error:
            if not error.unsure:
                raise
            return Operation("", name, {})

    def under_way(self, scope: str, collection: str, name: str) -> Operations:
        """What is being done to a zone itself."""
        return self._pending(name, "operations", "startTime")

    def changes_under_way(self, zone: str) -> Operations:
        """What is being done to its record sets."""
        return self._pending(zone, "changes", "changeSequence")

    def changes(self, zone: str) -> Bodies:
        """What was last done to its record sets, newest first."""
        query = {"maxResults": str(_RECENT), "sortBy": "changeSequence", "sortOrder": "descending"}
        return _bodies(
            self._connection.call("GET", f"{self._zone(zone)}/changes", query), "changes"
        )

    def look(self, operation: Operation) -> Body:
        """A change, or what is done to a zone; Google numbers the one and gives UUIDs to others."""
        kept = "changes" if operation.name.isdigit() else "operations"
        path = f"{self._zone(operation.where)}/{kept}/{quote(operation.name)}"
        return self._connection.call("GET", path)

    def record_sets(self, zone: str, fields: str = RECORD_FIELDS) -> Iterator[Bodies]:
        """The record sets of a zone, lazily, up to 1,000 at a time, in Google's order."""
        mask = f"nextPageToken,rrsets({fields})" if fields else ""
        return self._pages(f"{self._zone(zone)}/rrsets", "rrsets", mask)

    def record_set(self, zone: str, name: str, rrtype: str) -> Body | None:
        """One record set with all its fields; raises NotFound when there is no such zone.

        By the list, as gcloud does it: its 404 can only mean the zone.
        """
        query = {"name": name, "type": rrtype}
        page = self._connection.call("GET", f"{self._zone(zone)}/rrsets", query)
        found = _bodies(page, "rrsets")
        return found[0] if found else None

    def change(
        self, zone: str, additions: Bodies, deletions: Bodies, operation_id: str
    ) -> Operation:
        """All of it or none. `deletions` are the live sets, word for word.

        Cloud DNS does not recognise a change that is sent again, so when one whose answer was
        lost is then refused, the zone's newest changes are searched for it.
        """
        body = cast("Body", {"additions": additions, "deletions": deletions})
        path = f"{self._zone(zone)}/changes"
        try:
            answer = self._connection.call("POST", path, {"clientOperationId": operation_id}, body)
        except Contradicted as error:
            made = self._made(zone, body) if error.unsure else None
            if made is None:
                raise
            answer = made
        return Operation(Api.DNS, zone, answer)

    def quota(self) -> dict[str, int]:
        """The project's own limits, such as `rrsetAdditionsPerChange`, by google-cloud-dns."""
        from google.cloud.dns import Client  # only when something is to change

        client = Client(project=self.project, _http=self._session)
        client._connection = self._connection  # noqa: SLF001 - so that our errors and retries hold
        return {name: value for name, value in client.quotas().items() if isinstance(value, int)}

    def _pending(self, zone: str, kept: str, newest: str) -> Operations:
        """Of the newest; where there is no zone, nothing is done to it."""
        query = {"maxResults": str(_RECENT), "sortBy": newest}
        if kept == "changes":
            query["sortOrder"] = "descending"
        try:
            page = self._connection.call("GET", f"{self._zone(zone)}/{kept}", query)
        except NotFound:
            return []
        found = (Operation(Api.DNS, zone, body) for body in _bodies(page, kept))
        return [operation for operation in found if not operation.done]

    def _zone(self, zone: str) -> str:
        return f"{self._zones}/{quote(zone, safe='')}"

    def _pages(self, path: str, key: str, fields: str = "") -> Iterator[Bodies]:
        query = {"maxResults": str(PAGE)}
        if fields:
            query["fields"] = fields
        for page in pages(self._connection, path, query):
            yield _bodies(page, key)

    def _made(self, zone: str, wanted: Body) -> Body | None:
        for change in self.changes(zone):
            if all(_sets(change, side) == _sets(wanted, side) for side in wanted):
                return change
        return None


def _bodies(page: Body, key: str) -> Bodies:
    return bodies(DnsConnection.API_NAME, page, key)


def _sets(change: Body, side: str) -> list[tuple[object, ...]]:
    """The record sets of one side, comparable whatever the order and the server's own fields."""
    return sorted(
        (
            str(one.get("name")),
            str(one.get("type")),
            str(one.get("ttl")),
            repr(one.get("rrdatas")),
            repr(_as_sent(one.get("routingPolicy"))),
        )
        for one in _bodies(change, side)
    )


_SERVER_ADDS = frozenset({"kind", "signatureRrdatas"})


def _as_sent(value: Json) -> Json:
    """A routing policy without what the server adds to each of its parts, members in order."""
    if isinstance(value, dict):
        return {name: _as_sent(value[name]) for name in sorted(value) if name not in _SERVER_ADDS}
    return [_as_sent(item) for item in value] if isinstance(value, list) else value
