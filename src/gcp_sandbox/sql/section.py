"""Cloud SQL's part of the world: instances and backups by project, and the operations on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from gcp_sandbox.authority import Authority
from gcp_sandbox.clock import rfc3339
from gcp_sandbox.request import Body, Json, Request
from gcp_sandbox.sql import instance
from gcp_sandbox.sql.errors import exists, no_backup, no_instance, protected, refused, stopped
from gcp_sandbox.sql.final_backup import days_asked, final_backup
from gcp_sandbox.sql.operations import HOST, Operation, Operations
from gcp_sandbox.world import World

NAME: Final = "sql"
SECONDS: Final = {"CREATE": 162.0, "DELETE": 89.0, "RESTART": 45.0, "BACKUP_VOLUME": 60.0}
"""Creation and deletion as measured at Google, the others guessed."""
_UPDATE: Final = 10.0
_UPDATE_WITH_RESTART: Final = 60.0
_VOLATILE: Final = frozenset(
    {
        *("etag", "createTime", "ipAddresses", "serverCaCert", "connectionName", "selfLink"),
        *("serviceAccountEmailAddress", "currentDiskSize"),
    }
)


@dataclass(slots=True)
class CloudSql:
    """Bodies by project and name; `state` in them is what holds while nothing is under way."""

    world: World
    authority: Authority
    instances: dict[str, dict[str, Body]] = field(default_factory=dict)
    backups: dict[str, dict[str, Body]] = field(default_factory=dict)
    finals: dict[str, list[Body]] = field(default_factory=dict)  # by project
    created: int = 0
    operations: Operations = field(init=False)

    def __post_init__(self) -> None:
        self.operations = Operations(self.world)

    # instances

    def find(self, project: str, name: str) -> Body:
        body = self.instances.get(project, {}).get(name)
        if body is None:
            raise no_instance()
        return body

    def of(self, project: str) -> list[Body]:
        """A project's instances by name."""
        return [body for _, body in sorted(self.instances.get(project, {}).items())]

    def view(self, body: Body, version: str) -> Body:
        """An instance as it is answered now."""
        project, name = body["project"], body["name"]
        shown = body | {"selfLink": f"{HOST}/{version}/projects/{project}/instances/{name}"}
        shown |= {"state": self.state(body)}
        replicas = [it["name"] for it in self._replicas(project, name)]
        shown |= {"replicaNames": replicas} if replicas else {}
        if "ipAddresses" in body:
            shown["serverCaCert"] = self._server_ca(body)
        return shown

    def state(self, body: Body) -> str:
        """What an instance is in while an operation is under way, and otherwise."""
        operation = self.operations.under_way(body["project"], body["name"])
        return _state_during(operation, body) if operation else str(body["state"])

    def _replicas(self, project: str, name: str) -> list[Body]:
        primary = f"{project}:{name}"
        return [it for it in self.of(project) if it.get("masterInstanceName") == primary]

    def insert(self, request: Request) -> Operation:
        project = request.params["project"]
        body = self._new(project, request.body)
        if body["name"] in self.instances.get(project, {}):
            raise exists()
        master = body.get("masterInstanceName", "").rpartition(":")[2]
        if master:
            self.find(project, master)
        kind = "CREATE_REPLICA" if master else "CREATE"
        operation = self._begin(request, body["name"], kind, {"after": body})
        self.instances.setdefault(project, {})[body["name"]] = body | {"state": "PENDING_CREATE"}
        return self._begun(operation)

    def _new(self, project: str, given: Json) -> Body:
        return instance.new_body(given, project, rfc3339(self.world.clock.time()))

    def modify(self, request: Request, *, merge: bool) -> Operation:
        """PATCH or PUT; it takes effect when the operation is done."""
        before = self._named(request)
        after = instance.changed_body(before, request.body, merge=merge)
        restarts = instance.restarts(before, after)
        note = {"after": instance.applied(after), "restarts": restarts}
        seconds = _UPDATE_WITH_RESTART if restarts else _UPDATE
        return self._begun(self._begin(request, before["name"], "UPDATE", note, seconds))

    def delete(self, request: Request) -> Operation:
        body = self._named(request)
        if body["settings"]["deletionProtectionEnabled"]:
            raise protected()
        if self._replicas(body["project"], body["name"]):
            raise refused("The instance has read replicas, which must be deleted first")
        note = {"final": days_asked(request, body), "backup_name": self.world.chance.uuid()}
        return self._begun(self._begin(request, body["name"], "DELETE", note))

    def restart(self, request: Request) -> Operation:
        body = self._named(request)
        if body["settings"]["activationPolicy"] == "NEVER":
            raise stopped()
        return self._begun(self._begin(request, body["name"], "RESTART", {"restarts": True}))

    def _named(self, request: Request) -> Body:
        return self.find(request.params["project"], request.params["instance"])

    # backups

    def back_up(self, request: Request) -> Operation:
        body = self._named(request)
        if body["settings"]["activationPolicy"] == "NEVER":
            raise stopped()
        given = request.body if isinstance(request.body, dict) else {}
        project, name = body["project"], body["name"]
        now = self.world.clock.time()
        runs = self.backups.setdefault(f"{project}/{name}", {})
        identity = str(int(now * 1000) + len(runs))
        operation = self._begin(request, name, "BACKUP_VOLUME", {"backup": identity})
        runs[identity] = {
            "kind": "sql#backupRun",
            "id": identity,
            "instance": name,
            "type": "ON_DEMAND",
            "backupKind": "SNAPSHOT",
            "status": "ENQUEUED",
            "databaseVersion": body["databaseInstalledVersion"],
            "location": given.get("location") or "us",
            "enqueuedTime": rfc3339(now),
            "windowStartTime": rfc3339(now),
            **({"description": given["description"]} if given.get("description") else {}),
        }
        return self._begun(operation)

    def delete_backup(self, request: Request) -> Operation:
        body, run = self._named(request), self.backup(request)
        return self._begun(
            self._begin(request, body["name"], "DELETE_BACKUP", {"backup": run["id"]}, _UPDATE)
        )

    def runs(self, request: Request) -> dict[str, Body]:
        """The backups of an instance by id."""
        body = self._named(request)
        return self.backups.get(f"{body['project']}/{body['name']}", {})

    def final_backups(self, request: Request) -> list[Body]:
        """Of instances that are no more, as long as they are kept."""
        now = rfc3339(self.world.clock.time())
        kept = self.finals.get(request.params["project"], [])
        return [body for body in kept if body["expiryTime"] > now]

    def backup(self, request: Request) -> Body:
        run = self.runs(request).get(request.params["id"])
        if run is None:
            raise no_backup()
        return run

    # operations

    def _begin(
        self, request: Request, name: str, kind: str, note: Body, seconds: float | None = None
    ) -> Operation:
        took = SECONDS.get(kind, SECONDS["CREATE"]) if seconds is None else seconds
        return self.operations.begin(request, name, kind, took, note)

    def _begun(self, operation: Operation) -> Operation:
        """Where no time passes it is done already."""
        self.world.touch(NAME)
        self.settle()
        return operation

    def settle(self) -> None:
        """Bring about what the operations that are due were for."""
        for operation in self.operations.ended():
            _ENDINGS.get(operation.kind, CloudSql._restarted)(self, operation)
            self.world.touch(NAME)

    def _was_created(self, operation: Operation) -> None:
        if operation.doomed:
            self.instances[operation.project][operation.instance]["state"] = "FAILED"
        else:
            self._put(operation.note["after"])

    def _put(self, body: Body, own: Body | None = None) -> None:
        """Let an instance be there; `own` is what a scenario fixes: `{"private": its address}`."""
        body["_"] = {"place": self.created, **(own or {})}
        body |= {"state": "RUNNABLE", "ipAddresses": instance.addresses(body, body["_"])}
        self.created += 1
        self.instances.setdefault(body["project"], {})[body["name"]] = body

    def _was_updated(self, operation: Operation) -> None:
        if operation.doomed:
            return
        body = operation.note["after"]
        body["ipAddresses"] = instance.addresses(body, body["_"])
        self.instances[operation.project][operation.instance] = body

    def _was_deleted(self, operation: Operation) -> None:
        if not operation.doomed:
            body = self.instances[operation.project].pop(operation.instance)
            if (days := operation.note.get("final")) is not None:
                name = operation.note["backup_name"]
                kept = final_backup(body, name, operation.ends, days)
                self.finals.setdefault(operation.project, []).append(kept)
            self.backups.pop(f"{operation.project}/{operation.instance}", None)

    def _was_backed_up(self, operation: Operation) -> None:
        run = self.backups[f"{operation.project}/{operation.instance}"][operation.note["backup"]]
        run |= {
            "status": "FAILED" if operation.doomed else "SUCCESSFUL",
            "startTime": rfc3339(operation.starts),
            "endTime": rfc3339(operation.ends),
        }

    def _lost_backup(self, operation: Operation) -> None:
        if not operation.doomed:
            runs = self.backups[f"{operation.project}/{operation.instance}"]
            del runs[operation.note["backup"]]

    def _restarted(self, operation: Operation) -> None:
        """A restart leaves nothing behind."""

    def _server_ca(self, body: Body) -> Body:
        """The certificate that clients should trust: here the sandbox's own root."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes

        text = self.authority.certificate
        root = x509.load_pem_x509_certificate(text.encode())
        return {
            "kind": "sql#sslCert",
            "instance": body["name"],
            "cert": text,
            "certSerialNumber": "0",
            "commonName": "C=US,O=Google\\, Inc,CN=Google Cloud SQL Server CA",
            "sha1Fingerprint": root.fingerprint(hashes.SHA1()).hex(),  # noqa: S303 - Google's field
            "createTime": rfc3339(root.not_valid_before_utc),
            "expirationTime": rfc3339(root.not_valid_after_utc),
        }

    # the world's section

    def dump(self) -> Json:
        return {
            "instances": self.instances,
            "backups": self.backups,
            "finals": self.finals,
            "created": self.created,
            "operations": self.operations.dump(),
        }

    def load(self, state: Json) -> None:
        self.instances, self.backups = state["instances"], state["backups"]
        self.finals = state.get("finals", {})
        self.created = state["created"]
        self.operations.load(state["operations"])

    def populate(self, project: str, wanted: Json) -> None:
        """From `{"instances": [body…]}`, beside which `_` is what only the sandbox can set."""
        for given in wanted.get("instances", ()):
            written = {name: value for name, value in given.items() if name != "_"}
            self._put(self._new(project, written), given.get("_"))

    def comparable(self) -> Json:
        return {
            project: {name: _comparable(body) for name, body in sorted(bodies.items())}
            for project, bodies in sorted(self.instances.items())
            if bodies
        }

    def clear(self) -> None:
        self.instances.clear()
        self.backups.clear()
        self.finals.clear()
        self.created = 0
        self.operations.clear()


_ENDINGS: Final[dict[str, Callable[[CloudSql, Operation], None]]] = {
    "CREATE": CloudSql._was_created,  # noqa: SLF001 - its own table
    "CREATE_REPLICA": CloudSql._was_created,  # noqa: SLF001 - as above
    "UPDATE": CloudSql._was_updated,  # noqa: SLF001 - as above
    "DELETE": CloudSql._was_deleted,  # noqa: SLF001 - as above
    "BACKUP_VOLUME": CloudSql._was_backed_up,  # noqa: SLF001 - as above
    "DELETE_BACKUP": CloudSql._lost_backup,  # noqa: SLF001 - as above
}


def _state_during(operation: Operation, body: Body) -> str:
    if operation.kind == "DELETE":
        return "PENDING_DELETE"
    restarting = operation.note.get("restarts") and body["state"] == "RUNNABLE"
    return "MAINTENANCE" if restarting else str(body["state"])


def _comparable(body: Body) -> Body:
    shown = {name: body[name] for name in sorted(body) if name not in _VOLATILE and name != "_"}
    settings = {name: it for name, it in shown["settings"].items() if name != "settingsVersion"}
    return shown | {"settings": settings}
