"""The REST paths of Cloud Run v2 (https://cloud.google.com/run/docs/reference/rest/v2)."""

from __future__ import annotations

from functools import partial
from typing import Final

from gcp_sandbox.locations import REGIONS, Locations
from gcp_sandbox.longrunning import LongRunning
from gcp_sandbox.paging import page
from gcp_sandbox.request import Body, Json, Request
from gcp_sandbox.router import Router
from gcp_sandbox.run import policy, reconcile
from gcp_sandbox.run.knative_api import serve_knative
from gcp_sandbox.run.section import API, NAME, Run, check_etag
from gcp_sandbox.run.shape import SERVICE
from gcp_sandbox.run.writing import Writer
from gcp_sandbox.shapes import mask, masked, taken
from gcp_sandbox.status import StatusError
from gcp_sandbox.vpcaccess.section import Connectors
from gcp_sandbox.world import World

_PAGE: Final = 1000
_TRUE: Final = frozenset({"true", "True", "1"})


def register(
    world: World,
    router: Router,
    operations: LongRunning,
    locations: Locations,
    connectors: Connectors,
) -> Run:
    section = Run(world, operations, reconcile.settle_at_once)
    world.register(NAME, section)
    operations.serve(API, partial(reconcile.finish, section), versions=("v1", "v2"))
    locations.offer(API, REGIONS)
    connectors.users = section.projects_behind
    writer = Writer(section, connectors)
    api = _Api(section, writer)
    services = "/v2/projects/{project}/locations/{location}/services"
    service = f"{services}/{{service}}"
    revisions = f"{service}/revisions"
    for method, path, handler in (
        ("POST", services, api.create),
        ("GET", services, api.listed),
        ("GET", service, api.get),
        ("PATCH", service, api.patch),
        ("DELETE", service, api.delete),
        ("POST", service, partial(policy.act, section)),
        ("GET", revisions, api.list_revisions),
        ("GET", f"{revisions}/{{revision}}", api.get_revision),
        ("DELETE", f"{revisions}/{{revision}}", api.delete_revision),
    ):
        router.add(method, path, handler)
    serve_knative(section, writer, router)
    return section


class _Api:
    def __init__(self, run: Run, writer: Writer) -> None:
        self._run = run
        self._writer = writer

    def create(self, request: Request) -> Body:
        name = f"{_parent(request)}/services/{request.query.get('serviceId', '')}"
        wanted = taken(SERVICE, request.body, "service")
        return self._writer.create(request, name, wanted, dry=_flag(request, "validateOnly"))

    def get(self, request: Request) -> Json:
        if ":" in request.params["service"]:
            return policy.act(self._run, request)
        return self._run.get(_name(request))

    def listed(self, request: Request) -> Body:
        found = self._run.of(_parent(request), show_deleted=_flag(request, "showDeleted"))
        chosen, token = page(found, request.query, cap=_PAGE, key=_order)
        body: Body = {"services": list(chosen)} if chosen else {}
        return body | ({"nextPageToken": token} if token else {})

    def patch(self, request: Request) -> Body:
        """Without a mask the whole writable part is replaced."""
        name, dry = _name(request), _flag(request, "validateOnly")
        given = taken(SERVICE, request.body, "service")
        if name not in self._run.services and _flag(request, "allowMissing"):
            return self._writer.create(request, name, given, dry=dry)
        old = self._run.get(name)
        sent = request.body if isinstance(request.body, dict) else {}
        check_etag(sent.get("etag"), old)
        if paths := mask(request.query.get("updateMask")):
            given = masked(SERVICE, old, given, paths)
        forced = _flag(request, "forceNewRevision")
        return self._writer.update(request, old, given, dry=dry, forced=forced)

    def delete(self, request: Request) -> Body:
        service = self._run.get(_name(request))
        check_etag(request.query.get("etag"), service)
        if "deleteTime" in service:
            raise StatusError("FAILED_PRECONDITION", "The service is being deleted already.")
        if _flag(request, "validateOnly"):
            return self._writer.answer_only(service)
        return reconcile.delete(self._run, request, service)

    def list_revisions(self, request: Request) -> Body:
        if request.params["service"] != "-":
            self._run.get(_name(request))
        found = sorted(self._run.revisions_of(_name(request)), key=_newest_first)
        chosen, token = page(found, request.query, cap=_PAGE, key=_newest_first)
        body: Body = {"revisions": list(chosen)} if chosen else {}
        return body | ({"nextPageToken": token} if token else {})

    def get_revision(self, request: Request) -> Body:
        return self._run.get_revision(f"{_name(request)}/revisions/{request.params['revision']}")

    def delete_revision(self, request: Request) -> Body:
        body = self.get_revision(request)
        check_etag(request.query.get("etag"), body)
        if _flag(request, "validateOnly"):
            return self._writer.answer_only(body, reconcile.REVISION_TYPE)
        return reconcile.delete_revision(self._run, request, body)


def _parent(request: Request) -> str:
    return f"projects/{request.params['project']}/locations/{request.params['location']}"


def _name(request: Request) -> str:
    return f"{_parent(request)}/services/{request.params['service']}"


def _flag(request: Request, name: str) -> bool:
    return request.query.get(name) in _TRUE


def _order(body: Body) -> str:
    return f"{body['name']} {body['uid']}"


def _newest_first(body: Body) -> str:
    """A key that sorts later times, and then names, before earlier ones."""
    return "".join(chr(0x2FF - ord(letter)) for letter in f"{body['createTime']} {body['name']}")
