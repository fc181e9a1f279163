"""Certificate Manager's part of the world: resources by their full names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gcp_sandbox.certificatemanager import names
from gcp_sandbox.certificatemanager.drafts import KNOWN_REFERENCES, prepare, prepare_change
from gcp_sandbox.certificatemanager.shape import KINDS, Kind
from gcp_sandbox.certificatemanager.views import shown
from gcp_sandbox.clock import rfc3339
from gcp_sandbox.compute.section import Compute
from gcp_sandbox.issuance import LIFETIME
from gcp_sandbox.longrunning import LongRunning, Operation
from gcp_sandbox.project import number
from gcp_sandbox.request import Body, Json, Request
from gcp_sandbox.shapes import mask, masked, taken
from gcp_sandbox.status import StatusError
from gcp_sandbox.world import World

NAME: Final = "certificatemanager"
_TYPE: Final = "type.googleapis.com/google.cloud.certificatemanager.v1"
_SECONDS: Final = 0.3
"""Measured: 0.2 to 0.4 s."""
_VOLATILE: Final = frozenset({"_", "createTime", "updateTime", "expireTime", "dnsResourceRecord"})


class CertificateManager:
    """A body is stored as it is answered, but for what follows from others (see `views`).

    What belongs to the sandbox alone is under `_`; references are kept with the project's id.
    """

    def __init__(self, world: World, operations: LongRunning, compute: Compute) -> None:
        self.world = world
        self.compute = compute
        self.bodies: dict[str, Body] = {}
        self._operations = operations
        operations.serve(NAME, self._finish, pending={"done": False})
        compute.certified = self.has

    def touch(self) -> None:
        self.world.touch(NAME)

    # finding

    def canonical(self, name: str) -> str:
        """A name with the project's id where it was written with its number."""
        project = names.project_of(name)
        if not project.isdecimal():
            return name
        known = {names.project_of(body) for body in self.bodies}
        meant = next((it for it in known if number(it) == project), project)
        return f"projects/{meant}/{name.split('/', 2)[2]}"

    def find(self, name: str) -> Body:
        body = self.bodies.get(name)
        if body is None:
            raise names.not_found(name)
        return body

    def has(self, project: str, name: str) -> bool:
        """Whether there is what a load balancer of `project` asks for, if it is its own."""
        name = self.canonical(name)
        return name in self.bodies or names.project_of(name) != project

    def of(self, parent: str, collection: str) -> list[Body]:
        """What is directly below a location (`-`: every one) or a map, by name."""
        parent = self.canonical(parent)
        every = parent.endswith("/locations/-")
        prefix = parent.removesuffix("-") if every else f"{parent}/{collection}/"
        return [
            body
            for name, body in sorted(self.bodies.items())
            if name.startswith(prefix) and names.collection_of(name) == collection
        ]

    def every(self, collection: str) -> Iterator[tuple[str, Body]]:
        for name, body in list(self.bodies.items()):
            if names.collection_of(name) == collection:
                yield name, body

    def existing(self, text: str, collection: str, at: str, holder: str) -> str:
        """The name that a reference of `holder` stands for; other projects have what is asked for.

        Raises 400 if malformed, 404 if it is not there.
        """
        name = self.canonical(names.reference(text, collection, at))
        if not self.has(names.project_of(holder), name):
            raise names.not_found(name)
        return name

    def referring(self, name: str) -> list[str]:
        """Resources of ours that refer to one."""
        return [
            other
            for other, body in self.bodies.items()
            if any(name in refer(body) for refer in KNOWN_REFERENCES)
            or other.startswith(f"{name}/")
        ]

    def proxies_of(self, name: str) -> list[str]:
        """Paths of the target proxies that use a map or a certificate."""
        suffixes = {name, names.numbered(name)}
        return [
            place.path
            for collection in ("targetHttpsProxies", "targetSslProxies")
            if collection in self.compute.kinds
            for place, body in self.compute.every(collection)
            if any(
                str(link).removeprefix(names.HOST) in suffixes
                for link in (body.get("certificateMap"), *body.get("sslCertificates", ()))
            )
        ]

    # changing

    def create(self, request: Request, parent: str, kind: Kind, identity: str) -> Body:
        names.check_identity(identity)
        name = f"{self.canonical(parent)}/{kind.collection}/{identity}"
        if name in self.bodies:
            raise StatusError("ALREADY_EXISTS", f"Resource '{name}' already exists")
        body = self._new(name, kind, request.body)
        if request.fault == "doomed-certificate" and "managed" in body:
            body["_"] = {"doomed": True}
        return self._begin(request, "create", name, {"body": body})

    def _new(self, name: str, kind: Kind, given: Json) -> Body:
        body = taken(kind.shape, given, kind.message)
        now = rfc3339(self.world.clock.time())
        return {
            "name": name,
            **prepare(self, name, body),
            "createTime": now,
            "updateTime": now,
        }

    def update(self, request: Request, name: str, kind: Kind) -> Body:
        """PATCH: what `updateMask` names, without one what the body holds. Raises 400."""
        name = self.canonical(name)
        old = self.find(name)
        new = taken(kind.shape, request.body, kind.message)
        paths = mask(request.query.get("updateMask")) or [[field] for field in new]
        for path in paths:
            if path[0] not in kind.changeable and new.get(path[0]) != old.get(path[0]):
                raise StatusError("INVALID_ARGUMENT", f"Field '{path[0]}' is immutable.")
        wanted = masked(kind.shape, old, new, paths)
        changes = {path[0]: wanted.get(path[0]) for path in paths if path[0] in kind.changeable}
        return self._begin(
            request, "update", name, {"changes": prepare_change(self, name, changes)}
        )

    def delete(self, request: Request, name: str) -> Body:
        name = self.canonical(name)
        self.find(name)
        users = [*self.referring(name), *self.proxies_of(name)]
        if users:
            kind = KINDS[names.collection_of(name)]
            raise StatusError(
                "FAILED_PRECONDITION",
                f"can't delete {kind.message} '{name}' that is referenced by {', '.join(users)}",
            )
        return self._begin(request, "delete", name, {})

    def _begin(self, request: Request, verb: str, name: str, note: Body) -> Body:
        if self._operations.under_way(name):
            raise StatusError("ABORTED", f"Another operation on '{name}' is in progress.")
        metadata = {
            "@type": f"{_TYPE}.OperationMetadata",
            "createTime": rfc3339(self.world.clock.time()),
            "target": name,
            "verb": verb,
            "requestedCancellation": False,
            "apiVersion": "v1",
        }
        return self._operations.begin(
            NAME, verb, name, seconds=_SECONDS, metadata=metadata, request=request, note=note
        )

    def _finish(self, operation: Operation) -> Json:
        name = operation.target
        if operation.doomed:
            return {}
        self.world.touch(NAME)
        if operation.verb == "delete":
            del self.bodies[name]
            return {"@type": "type.googleapis.com/google.protobuf.Empty"}
        if operation.verb == "create":
            self.bodies[name] = operation.note["body"]
        else:
            self._change(self.find(name), operation)
        kind = KINDS[names.collection_of(name)]
        return {"@type": f"{_TYPE}.{kind.message}", **shown(self, name)}

    @staticmethod
    def _change(body: Body, operation: Operation) -> None:
        """Only what was asked: a certificate may have been issued meanwhile."""
        body["updateTime"] = rfc3339(operation.ends)
        for field, value in operation.note["changes"].items():
            if value is None:
                body.pop(field, None)
            else:
                body[field] = value

    # the world's section

    def dump(self) -> Json:
        return self.bodies

    def load(self, state: Json) -> None:
        self.bodies = state

    def populate(self, project: str, wanted: Json) -> None:
        """From `{"<location>": [{"name": "certificateMaps/m", …}]}`, what is referred to first.

        A managed certificate with `"active": true` was issued just now.
        """
        for location, bodies in wanted.items():
            for given in bodies:
                name = f"projects/{project}/locations/{location}/{given['name']}"
                kind = KINDS[names.collection_of(name)]
                said = {field: it for field, it in given.items() if field not in {"name", "active"}}
                self.bodies[name] = self._new(name, kind, said)
                if given.get("active"):
                    now = self.world.clock.time()
                    self.bodies[name]["_"] = {"issued": now, "expires": now + LIFETIME}

    def comparable(self) -> Json:
        return {name: _comparable(body) for name, body in sorted(self.bodies.items())} or None

    def clear(self) -> None:
        self.bodies = {}


def _comparable(body: Body) -> Body:
    shown = {field: body[field] for field in sorted(body) if field not in _VOLATILE}
    if "managed" in body:
        attempts = {"authorizationAttemptInfo", "provisioningIssue"}
        shown["managed"] = {
            field: value for field, value in body["managed"].items() if field not in attempts
        }
    return shown
