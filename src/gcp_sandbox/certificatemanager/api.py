"""The REST paths of Certificate Manager v1.

https://cloud.google.com/certificate-manager/docs/reference/certificate-manager/rest
"""

from __future__ import annotations

from typing import Final

from gcp_sandbox.certificatemanager.provisioning import Provisioning
from gcp_sandbox.certificatemanager.section import NAME, CertificateManager
from gcp_sandbox.certificatemanager.shape import KINDS, Kind, with_numbers
from gcp_sandbox.certificatemanager.views import shown
from gcp_sandbox.compute.section import Compute
from gcp_sandbox.locations import REGIONS, Locations
from gcp_sandbox.longrunning import LongRunning
from gcp_sandbox.paging import page
from gcp_sandbox.request import Body, Request
from gcp_sandbox.router import Router
from gcp_sandbox.world import World

_LOCATION: Final = "/v1/projects/{project}/locations/{location}"
_MAP: Final = f"{_LOCATION}/certificateMaps/{{certificateMap}}"
_PAGE: Final = 100


def register(
    world: World, router: Router, operations: LongRunning, places: Locations, compute: Compute
) -> CertificateManager:
    """Serve Certificate Manager from this world."""
    section = CertificateManager(world, operations, compute)
    world.register(NAME, section)
    world.settlers.append(Provisioning(section).settle)
    places.offer(NAME, {"global": "global", **REGIONS})
    for kind in KINDS.values():
        above = _MAP if kind.collection == "certificateMapEntries" else _LOCATION
        api = _Api(section, kind)
        path = f"{above}/{kind.collection}"
        router.add("POST", path, api.create)
        router.add("GET", path, api.listed)
        router.add("GET", f"{path}/{{name}}", api.get)
        router.add("PATCH", f"{path}/{{name}}", api.patch)
        router.add("DELETE", f"{path}/{{name}}", api.delete)
    return section


class _Api:
    """The same verbs for every kind."""

    def __init__(self, section: CertificateManager, kind: Kind) -> None:
        self._section = section
        self._kind = kind
        self._identity = f"{kind.message[0].lower()}{kind.message[1:]}Id"

    def create(self, request: Request) -> Body:
        identity = request.query.get(self._identity, "")
        return self._section.create(request, _parent(request), self._kind, identity)

    def get(self, request: Request) -> Body:
        return self._answered(request, self._section.canonical(self._name(request)))

    def listed(self, request: Request) -> Body:
        found = self._section.of(_parent(request), self._kind.collection)
        chosen, token = page(found, request.query, cap=_PAGE, key=lambda it: str(it["name"]))
        items = [self._answered(request, it["name"]) for it in chosen]
        body: Body = {self._kind.collection: items} if items else {}
        return body | ({"nextPageToken": token} if token else {})

    def patch(self, request: Request) -> Body:
        return self._section.update(request, self._name(request), self._kind)

    def delete(self, request: Request) -> Body:
        return self._section.delete(request, self._name(request))

    def _name(self, request: Request) -> str:
        return f"{_parent(request)}/{self._kind.collection}/{request.params['name']}"

    def _answered(self, request: Request, name: str) -> Body:
        body = shown(self._section, name)
        form = request.query.get("$alt") or request.query.get("alt", "")
        return with_numbers(self._kind, body) if "enum-encoding=int" in form else body


def _parent(request: Request) -> str:
    parent = f"projects/{request.params['project']}/locations/{request.params['location']}"
    if "certificateMap" in request.params:
        return f"{parent}/certificateMaps/{request.params['certificateMap']}"
    return parent
