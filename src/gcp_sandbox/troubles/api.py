"""`/_sandbox/faults`: faults of the world by name, and faults on the wire for single calls."""

from __future__ import annotations

from dataclasses import dataclass

from gcp_sandbox.authority import Authority
from gcp_sandbox.faults import KINDS
from gcp_sandbox.request import Body, Request
from gcp_sandbox.service import ADMIN, Service
from gcp_sandbox.troubles.calls import Calls
from gcp_sandbox.troubles.entries import entries
from gcp_sandbox.troubles.section import NAME, Troubles, unknown


def register(service: Service, authority: Authority) -> Troubles:
    section = Troubles(service.world, authority, Calls(service))
    service.world.register(NAME, section)
    api = _Api(service, section)
    service.router.add("GET", f"{ADMIN}faults", api.status)
    service.router.add("POST", f"{ADMIN}faults/{{id}}", api.inject)
    service.router.add("DELETE", f"{ADMIN}faults", api.clear)
    return section


@dataclass(frozen=True, slots=True)
class _Api:
    service: Service
    troubles: Troubles

    def inject(self, request: Request) -> Body:
        """A body that names a `kind`, or an id that is one, is a fault on the wire."""
        identity = request.params["id"]
        body = request.body if isinstance(request.body, dict) else {}
        if "kind" in body or identity in KINDS:
            fault = self.service.faults.inject(identity, body)
            return {"match": fault.match, "kind": fault.kind, "times": fault.times}
        if identity not in entries():
            raise unknown(identity)
        already = self.troubles.inject(identity)
        return {"id": identity, "title": entries()[identity].title, "already": already}

    def status(self, _request: Request) -> Body:
        """What is in force, in the order of injection, and what else there is."""
        troubles = [
            {"id": identity, "title": entries()[identity].title, "already": already}
            for identity, already in self.troubles.in_force.items()
        ]
        wire = [
            {"id": name, "match": it.match, "kind": it.kind, "times": it.times}
            for name, it in self.service.faults.in_force().items()
        ]
        known = [{"id": entry.id, "title": entry.title} for entry in entries().values()]
        return {"inForce": troubles, "wire": wire, "known": known}

    def clear(self, _request: Request) -> Body:
        self.service.faults.clear()
        return {"cleared": self.troubles.take_back()}
