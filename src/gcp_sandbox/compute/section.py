"""Compute's part of the world: resources by place, who refers to whom, operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gcp_sandbox.authority import Authority
from gcp_sandbox.clock import pacific
from gcp_sandbox.compute import fingerprint
from gcp_sandbox.compute.addresses_pool import AddressPool
from gcp_sandbox.compute.kind import Kind
from gcp_sandbox.compute.links import Place, parse
from gcp_sandbox.compute.merging import texts_at
from gcp_sandbox.compute.operations import Operations
from gcp_sandbox.request import Body, Json
from gcp_sandbox.world import World

NAME = "compute"

VOLATILE = frozenset(
    {
        "_",
        "id",
        "creationTimestamp",
        "fingerprint",
        "labelFingerprint",
        "expireTime",
        "generatedId",
        "selfLinkWithId",
        "pscConnectionId",
    }
)
"""Fields that differ between two worlds which are the same to their users."""


@dataclass(slots=True)
class Compute:
    """Bodies by project, by `<scope>/<collection>` and by name.

    A body is stored as it was last answered; what belongs to the sandbox alone is under `_`.
    `users` maps a path to the paths that refer to it; `seed` puts a scenario's resource there.
    `certified(project, name)` says whether Certificate Manager has what `project` refers to.
    """

    world: World
    authority: Authority
    kinds: dict[str, Kind]
    seed: Callable[[Compute, Place, Body], None]
    pool: AddressPool = field(default_factory=AddressPool)
    health: Body = field(default_factory=dict)
    bodies: dict[str, dict[str, dict[str, Body]]] = field(default_factory=dict)
    users: dict[str, set[str]] = field(default_factory=dict)
    certified: Callable[[str, str], bool] = lambda _project, _name: True
    operations: Operations = field(init=False)

    def __post_init__(self) -> None:
        self.operations = Operations(self.world)

    def of(self, project: str, scope: str, collection: str) -> dict[str, Body]:
        """A collection's bodies by name."""
        return self.bodies.get(project, {}).get(f"{scope}/{collection}", {})

    def find(self, place: Place) -> Body | None:
        return self.of(place.project, place.scope, place.collection).get(place.name)

    def find_path(self, path: str) -> Body | None:
        place = parse(path, "")
        return self.find(place) if place else None

    def every(self, collection: str) -> Iterator[tuple[Place, Body]]:
        """Every resource of a collection, in every project and scope."""
        for project, scoped in self.bodies.items():
            for key, bodies in scoped.items():
                scope, _, held = key.rpartition("/")
                if held == collection:
                    for name, body in bodies.items():
                        yield Place(project, scope, collection, name), body

    def scopes(self, project: str, collection: str) -> list[str]:
        """Where a project has, or once had, resources of a collection."""
        keys = self.bodies.get(project, {})
        return [key.rpartition("/")[0] for key in keys if key.endswith(f"/{collection}")]

    def put(self, place: Place, body: Body) -> None:
        """Store a body and remember what it refers to; fingerprints follow its content."""
        kind = self.kinds[place.collection]
        if kind.has_fingerprint:
            body["fingerprint"] = fingerprint.of_content(body)
        if kind.has_labels:
            body["labelFingerprint"] = fingerprint.of_labels(body.get("labels"))
        old = self.find(place)
        if old is not None:
            self._unlink(place, old)
        collections = self.bodies.setdefault(place.project, {})
        collections.setdefault(f"{place.scope}/{place.collection}", {})[place.name] = body
        self._link(place, body)
        self.world.touch(NAME)

    def remove(self, place: Place) -> None:
        body = self.of(place.project, place.scope, place.collection).pop(place.name, None)
        if body is not None:
            self._unlink(place, body)
            self.world.touch(NAME)

    def references(self, place: Place, body: Body) -> set[str]:
        """The paths of the resources that a body refers to."""
        kind = self.kinds[place.collection]
        paths = set(kind.more_references(self, place, body))
        for link in kind.links:
            for text in texts_at(body, link.path):
                target = parse(text, place.project)
                if target is not None:
                    paths.add(target.path)
        return paths

    def users_of(self, path: str) -> list[str]:
        return sorted(self.users.get(path, ()))

    def view(self, place: Place, body: Body) -> Body:
        """A body as it is answered now."""
        shown = self.kinds[place.collection].view(self, place, body)
        if "_" in shown:
            shown = {name: value for name, value in shown.items() if name != "_"}
        return shown

    def born(self, place: Place, body: Body) -> Body:
        """What the server adds to every new resource."""
        kind = self.kinds[place.collection]
        body |= {
            "kind": f"compute#{kind.singular}",
            "id": self.world.chance.number(),
            "creationTimestamp": pacific(self.world.clock.time()),
            "selfLink": place.link,
        }
        region_or_zone, _, where = place.scope.partition("/")
        if where:
            scope_link = place.link.removesuffix(f"/{place.collection}/{place.name}")
            body[region_or_zone[:-1]] = scope_link
        return body

    def settle(self) -> None:
        """Finish what is due: a resource goes when its deletion is done."""
        if not self.operations.running:
            return
        for operation in self.operations.ended():
            if operation.method == "delete" and operation.error is None:
                self.remove(Place.of_path(operation.target))
            self.world.touch(NAME)

    def dump(self) -> Json:
        return {
            "bodies": self.bodies,
            "pool": self.pool.dump(),
            "health": self.health,
            **self.operations.dump(),
        }

    def load(self, state: Json) -> None:
        self.clear()
        self.pool.load(state["pool"])
        self.health = state["health"]
        self.operations.load(state)
        self.bodies = state["bodies"]
        for collection in self.kinds:
            for place, body in self.every(collection):
                self._link(place, body)

    def populate(self, project: str, wanted: Json) -> None:
        """From `{"<scope>/<collection>": [body…], "health": {group: […]}}`."""
        self.health = wanted.get("health", {})
        order = list(self.kinds)
        keys = [key for key in wanted if "/" in key]
        for key in sorted(keys, key=lambda key: order.index(key.rpartition("/")[2])):
            scope, _, collection = key.rpartition("/")
            for body in wanted[key]:
                place = Place(project, scope, collection, body["name"])
                self.seed(self, place, dict(body))

    def comparable(self) -> Json:
        return {
            project: {
                key: {name: self._comparable(project, key, body) for name, body in bodies.items()}
                for key, bodies in sorted(collections.items())
                if bodies
            }
            for project, collections in self.bodies.items()
            if any(collections.values())
        }

    def clear(self) -> None:
        self.bodies.clear()
        self.users.clear()
        self.operations.clear()
        self.pool = AddressPool()
        self.health = {}

    def _comparable(self, project: str, key: str, body: Body) -> Body:
        scope, _, collection = key.rpartition("/")
        shown = self.view(Place(project, scope, collection, body["name"]), body)
        reissued = {"certificate", "selfManaged"} if "issued" in body.get("_", {}) else set()
        return {name: shown[name] for name in sorted(shown) if name not in VOLATILE | reissued}

    def _link(self, place: Place, body: Body) -> None:
        for path in self.references(place, body):
            self.users.setdefault(path, set()).add(place.path)

    def _unlink(self, place: Place, body: Body) -> None:
        for path in self.references(place, body):
            self.users.get(path, set()).discard(place.path)
