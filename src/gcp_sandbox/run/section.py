"""Services and revisions by their full names, and how the one reaches what it is to be."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from gcp_sandbox.chance import Chance
from gcp_sandbox.clock import rfc3339
from gcp_sandbox.longrunning import LongRunning
from gcp_sandbox.request import Body, Json
from gcp_sandbox.run import revision, traffic
from gcp_sandbox.run.shape import WRITABLE
from gcp_sandbox.run.template import prepared
from gcp_sandbox.status import StatusError
from gcp_sandbox.world import World

NAME: Final = "cloudrun"
"""Of the section; the API is called `run`, as its host is."""
API: Final = "run"
USER: Final = "sandbox@example.com"
_KEPT_SECONDS: Final = 30 * 24 * 3600.0
"""A deleted service is still listed, on demand, for thirty days."""
_VOLATILE: Final = frozenset(
    {
        "uid",
        "createTime",
        "updateTime",
        "creator",
        "lastModifier",
        "etag",
        "generation",
        "observedGeneration",
        "terminalCondition",
        "conditions",
        "latestReadyRevision",
        "latestCreatedRevision",
        "reconciling",
    }
)


@dataclass(slots=True)
class Run:
    """`services` and `revisions` hold bodies of v2; `counts` how many revisions there ever were.

    `settle` brings a scenario's service to where it would be by now.
    `deleted` services stay a while to be listed; `policies` are IAM's, which are no part of a
    service and end with it.
    """

    world: World
    operations: LongRunning
    settle: Callable[[Run, Body], None]
    services: dict[str, Body] = field(default_factory=dict)
    revisions: dict[str, Body] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    policies: dict[str, Body] = field(default_factory=dict)
    deleted: list[Body] = field(default_factory=list)

    def get(self, name: str) -> Body:
        if name not in self.services:
            raise missing("SERVICE", name)
        return self.services[name]

    def get_revision(self, name: str) -> Body:
        if name not in self.revisions:
            raise missing("REVISION", name)
        return self.revisions[name]

    def of(self, parent: str, *, show_deleted: bool = False) -> list[Body]:
        """The services of `projects/P/locations/L`, by name; L may be `-`."""
        now = rfc3339(self.world.clock.time())
        gone = [body for body in self.deleted if show_deleted and body["expireTime"] > now]
        found = [body for body in (*self.services.values(), *gone) if _below(body, parent)]
        return sorted(found, key=lambda body: str(body["name"]))

    def projects_behind(self, connector: str) -> list[str]:
        """The projects whose services reach their network through a connector."""
        return sorted(
            {
                name.split("/")[1]
                for name, body in self.services.items()
                if body["template"].get("vpcAccess", {}).get("connector") == connector
            }
        )

    def revisions_of(self, parent: str) -> list[Body]:
        """The revisions of a service, newest first; the service may be `-`."""
        found = [body for body in self.revisions.values() if _below(body, parent)]
        return found[::-1]

    def put(self, body: Body) -> Body:
        """Store a service with a new etag; the caller has checked the old one."""
        body["etag"] = _etag(body, self.world.chance)
        self.services[body["name"]] = body
        self.world.touch(NAME)
        return body

    def born(self, name: str, wanted: Body) -> Body:
        """A new service as it is answered at first."""
        now = rfc3339(self.world.clock.time())
        return {
            "name": name,
            "uid": self.world.chance.uuid(),
            "generation": "1",
            "createTime": now,
            "updateTime": now,
            "creator": USER,
            "lastModifier": USER,
            **wanted,
            "terminalCondition": {"type": "Ready", "state": "CONDITION_PENDING"},
            "reconciling": True,
        }

    def changed(self, old: Body, wanted: Body) -> Body:
        """A service with another writable part, on its way there."""
        kept = {name: value for name, value in old.items() if name not in WRITABLE}
        return pending(
            {
                **kept,
                **wanted,
                "generation": str(int(old["generation"]) + 1),
                "updateTime": rfc3339(self.world.clock.time()),
                "lastModifier": USER,
            }
        )

    def stamp(self, service: Body) -> str:
        """Make a revision of a service's template; answers its id."""
        name = service["name"]
        self.counts[name] = self.counts.get(name, 0) + 1
        identity = service["template"].get("revision")
        identity = identity or revision.identity(name, self.counts[name], self.world.chance)
        full = f"{name}/revisions/{identity}"
        when = rfc3339(self.world.clock.time())
        self.revisions[full] = revision.born(service, full, self.world.chance.uuid(), when)
        return str(identity)

    def forget(self, name: str) -> None:
        """What goes with a service: its revisions and its policy."""
        body = self.services.pop(name)
        self.deleted.append(body)
        self.revisions = {
            full: it for full, it in self.revisions.items() if not full.startswith(f"{name}/")
        }
        self.policies.pop(name, None)
        self.world.touch(NAME)

    def expire(self) -> str:
        return rfc3339(self.world.clock.time() + _KEPT_SECONDS)

    def dump(self) -> Json:
        return {
            "services": self.services,
            "revisions": self.revisions,
            "counts": self.counts,
            "policies": self.policies,
            "deleted": self.deleted,
        }

    def load(self, state: Json) -> None:
        self.services = state["services"]
        self.revisions = state["revisions"]
        self.counts = state["counts"]
        self.policies = state["policies"]
        self.deleted = state["deleted"]

    def populate(self, project: str, wanted: Json) -> None:
        """From `{"<location>/services": [{"name": ID, "template": …}]}`: services that are ready.

        `policy` beside the template is the service's IAM policy.
        """
        for key, bodies in wanted.items():
            location = key.partition("/")[0]
            for given in bodies:
                identity = given["name"].rpartition("/")[2]
                name = f"projects/{project}/locations/{location}/services/{identity}"
                written = {key: value for key, value in given.items() if key in WRITABLE}
                self.settle(self, self.born(name, prepared(written, name)))
                if "policy" in given:
                    self.policies[name] = given["policy"]

    def comparable(self) -> Json:
        return {
            name: {key: body[key] for key in sorted(body) if key not in _VOLATILE}
            | ({"policy": _bindings(self.policies[name])} if name in self.policies else {})
            for name, body in sorted(self.services.items())
        } or None

    def clear(self) -> None:
        self.services, self.revisions, self.counts = {}, {}, {}
        self.policies, self.deleted = {}, []


def missing(kind: str, name: str) -> StatusError:
    parts = name.split("/")
    return StatusError(
        "NOT_FOUND",
        f"Resource '{parts[-1]}' of kind '{kind}' in region '{parts[3]}' in project "
        f"'{parts[1]}' does not exist.",
    )


def pending(body: Body) -> Body:
    """A service that is being acted upon."""
    condition = {**body["terminalCondition"], "type": "Ready", "state": "CONDITION_PENDING"}
    condition = {key: value for key, value in condition.items() if key in _PENDING}
    return {**body, "terminalCondition": condition, "reconciling": True}


_PENDING: Final = frozenset({"type", "state", "lastTransitionTime"})


def check_etag(given: str | None, body: Body) -> None:
    if given and given != body["etag"]:
        raise StatusError(
            "ABORTED",
            f"Conflict for resource '{body['name'].rpartition('/')[2]}': version '{given}' was "
            f"specified but current version is '{body['etag']}'.",
        )


def addresses(name: str) -> Body:
    return {"uri": traffic.uri(name), "urls": traffic.urls(name)}


def _below(body: Body, parent: str) -> bool:
    """Whether a resource is in a collection whose parent may have `-` for a name."""
    parts = body["name"].split("/")
    wanted = parent.split("/")
    return all(want in ("-", part) for want, part in zip(wanted, parts, strict=False))


def _bindings(policy: Body) -> Json:
    return policy.get("bindings", [])


def _etag(body: Body, chance: Chance) -> str:
    """A version in quotes, as Google's: what it says is nobody's business, but never repeated."""
    name = body["name"].removeprefix("projects/")
    text = f"{body['generation']}/{chance.hex(12)}/{name}"
    return f'"{base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")}"'
