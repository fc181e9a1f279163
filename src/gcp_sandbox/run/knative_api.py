"""The paths of Cloud Run v1 that `gcloud run` uses, over the services of v2.

gcloud asks `us-central1-run.googleapis.com`: the region stands in the host. On a host without a
region, services of every region are there.
"""

from __future__ import annotations

from typing import Final

from gcp_sandbox.errors import GoogleError
from gcp_sandbox.project import number
from gcp_sandbox.request import Body, Request
from gcp_sandbox.router import Router
from gcp_sandbox.run import knative, knative_writing, policy, reconcile
from gcp_sandbox.run.section import Run, check_etag
from gcp_sandbox.run.writing import Writer

_HOST: Final = "-run.googleapis.com"
_TRUE: Final = frozenset({"true", "True", "1", "all"})


def serve_knative(run: Run, writer: Writer, router: Router) -> None:
    api = _Api(run, writer)
    for base in (
        "/apis/serving.knative.dev/v1/namespaces/{project}",
        "/v1/projects/{project}/locations/{location}",
    ):
        for method, path, handler in (
            ("GET", "services", api.list_services),
            ("POST", "services", api.create_service),
            ("GET", "services/{service}", api.get_service),
            ("PUT", "services/{service}", api.replace_service),
            ("DELETE", "services/{service}", api.delete_service),
            ("GET", "revisions", api.list_revisions),
            ("GET", "revisions/{revision}", api.get_revision),
        ):
            router.add(method, f"{base}/{path}", handler)
    router.add(
        "POST", "/v1/projects/{project}/locations/{location}/services/{service}", api.post_service
    )


class _Api:
    def __init__(self, run: Run, writer: Writer) -> None:
        self._run = run
        self._writer = writer

    def list_services(self, request: Request) -> Body:
        found = self._run.of(self._parent(request))
        items = [knative.service(body) for body in found]
        return _listed("ServiceList", _selected(items, request))

    def get_service(self, request: Request) -> Body:
        if ":" in request.params["service"]:
            return self.post_service(request)
        return knative.service(self._service(request))

    def post_service(self, request: Request) -> Body:
        return policy.act(self._run, request)

    def create_service(self, request: Request) -> Body:
        wanted = knative_writing.service(request.body)
        name = f"{self._place(request)}/services/{request.body['metadata'].get('name', '')}"
        dry = _dry(request)
        operation = self._writer.create(request, name, wanted, dry=dry)
        return knative.service(_without_type(operation) if dry else self._run.get(name))

    def replace_service(self, request: Request) -> Body:
        """The whole service; a `resourceVersion` must be the current one."""
        old = self._service(request)
        wanted = knative_writing.service(request.body)
        version = request.body["metadata"].get("resourceVersion")
        check_etag(f'"{version}"' if version else None, old)
        dry = _dry(request)
        operation = self._writer.update(request, old, wanted, dry=dry)
        return knative.service(_without_type(operation) if dry else self._run.get(old["name"]))

    def delete_service(self, request: Request) -> Body:
        service = self._service(request)
        if not _dry(request):
            reconcile.delete(self._run, request, service)
        details = {"kind": "services", "name": service["name"].rpartition("/")[2]}
        return {"status": "Success", "details": details | {"uid": service["uid"]}}

    def list_revisions(self, request: Request) -> Body:
        found = self._run.revisions_of(f"{self._parent(request)}/services/-")
        items = [knative.revision(body) for body in found]
        return _listed("RevisionList", _selected(items, request))

    def get_revision(self, request: Request) -> Body:
        identity = request.params["revision"]
        for body in self._run.revisions_of(f"{self._parent(request)}/services/-"):
            if body["name"].rpartition("/")[2] == identity:
                return knative.revision(body)
        raise _missing("Revision", identity)

    def _service(self, request: Request) -> Body:
        identity = request.params["service"]
        for body in self._run.of(self._parent(request)):
            if body["name"].rpartition("/")[2] == identity:
                return body
        raise _missing("Service", identity)

    def _parent(self, request: Request) -> str:
        return f"projects/{self._project(request)}/locations/{_location(request)}"

    def _place(self, request: Request) -> str:
        """Where a new service goes; a host without a region names none."""
        location = _location(request)
        if location == "-":
            labels = request.body["metadata"].get("labels") or {}
            location = labels.get(knative.LOCATION, "us-central1")
        return f"projects/{self._project(request)}/locations/{location}"

    def _project(self, request: Request) -> str:
        """A namespace is a project's id or its number."""
        given = request.params["project"]
        known = {name.split("/")[1] for name in self._run.services}
        known.add(self._run.world.options.project)
        return next((project for project in known if number(project) == given), given)


def _location(request: Request) -> str:
    if "location" in request.params:
        return request.params["location"]
    host = request.headers.get("host", "").partition(":")[0]
    return host.removesuffix(_HOST) if host.endswith(_HOST) else "-"


def _dry(request: Request) -> bool:
    return request.query.get("dryRun") in _TRUE


def _without_type(operation: Body) -> Body:
    body: Body = operation["response"]
    return {name: value for name, value in body.items() if name != "@type"} | {"etag": '""'}


def _listed(kind: str, items: list[Body]) -> Body:
    return {"apiVersion": knative.API_VERSION, "kind": kind, "metadata": {}, "items": items}


def _selected(items: list[Body], request: Request) -> list[Body]:
    """Those that `labelSelector` wants: `key=value`, joined by commas."""
    wanted = [term.partition("=") for term in request.query.get("labelSelector", "").split(",")]
    pairs = [(key.strip(), text.lstrip("=").strip()) for key, _, text in wanted if key]
    return [
        item
        for item in items
        if all(item["metadata"]["labels"].get(key) == text for key, text in pairs)
    ]


def _missing(kind: str, identity: str) -> GoogleError:
    return GoogleError(
        404, "notFound", f"{kind} '{identity}' was not found.", status_name="NOT_FOUND"
    )
