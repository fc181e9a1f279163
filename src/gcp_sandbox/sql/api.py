"""The REST paths of Cloud SQL Admin, v1 and v1beta4, on one state.

https://cloud.google.com/sql/docs/postgres/admin-api/rest
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from gcp_sandbox.authority import Authority
from gcp_sandbox.errors import GoogleError
from gcp_sandbox.paging import page
from gcp_sandbox.request import Body, Json, Request
from gcp_sandbox.router import Router
from gcp_sandbox.sql.operations import HOST, Operation
from gcp_sandbox.sql.section import NAME, CloudSql
from gcp_sandbox.world import World

VERSIONS: Final = ("v1", "sql/v1beta4")
_PAGE: Final = 500
_CLAUSE: Final = re.compile(r"\s*(?P<path>[\w.-]+)\s*(?P<sign>!=|=|:)\s*\"?(?P<value>[^\"\s]*)\"?")


def register(world: World, router: Router, authority: Authority) -> CloudSql:
    """Serve Cloud SQL from this world."""
    section = CloudSql(world, authority)
    world.register(NAME, section)
    world.settlers.append(section.settle)
    for version in VERSIONS:
        api = _Api(section, version)
        project = f"/{version}/projects/{{project}}"
        one = f"{project}/instances/{{instance}}"
        for method, path, handler in (
            ("POST", f"{project}/instances", api.begun(section.insert)),
            ("GET", f"{project}/instances", api.list_instances),
            ("GET", one, api.get_instance),
            ("PATCH", one, api.begun(lambda it: section.modify(it, merge=True))),
            ("PUT", one, api.begun(lambda it: section.modify(it, merge=False))),
            ("DELETE", one, api.begun(section.delete)),
            ("POST", f"{one}/restart", api.begun(section.restart)),
            ("POST", f"{one}/backupRuns", api.begun(section.back_up)),
            ("GET", f"{one}/backupRuns", api.list_backups),
            ("GET", f"{one}/backupRuns/{{id}}", api.get_backup),
            ("DELETE", f"{one}/backupRuns/{{id}}", api.begun(section.delete_backup)),
            ("GET", f"{project}/backups", api.list_final_backups),
            ("GET", f"{project}/operations", api.list_operations),
            ("GET", f"{project}/operations/{{operation}}", api.get_operation),
        ):
            router.add(method, path, handler)
    return section


class _Api:
    def __init__(self, section: CloudSql, version: str) -> None:
        self._section = section
        self._version = version

    def begun(self, act: Callable[[Request], Operation]) -> Callable[[Request], Body]:
        """A mutation's handler: it answers the operation."""
        return lambda request: self._operation(act(request))

    def _operation(self, operation: Operation) -> Body:
        return operation.at(self._section.world.clock.time(), self._version)

    def get_instance(self, request: Request) -> Body:
        return self._view(self._section.find(request.params["project"], request.params["instance"]))

    def list_instances(self, request: Request) -> Body:
        clauses = _clauses(request.query.get("filter", ""))
        found = [
            body
            for body in self._section.of(request.params["project"])
            if all(_holds(body, *clause) for clause in clauses)
        ]
        chosen, token = page(found, request.query, cap=_PAGE, key=lambda it: str(it["name"]))
        return _listed("sql#instancesList", [self._view(body) for body in chosen], token)

    def _view(self, body: Body) -> Body:
        shown = self._section.view(body, self._version)
        return {name: value for name, value in shown.items() if name != "_"}

    def get_operation(self, request: Request) -> Body:
        operations = self._section.operations
        return self._operation(
            operations.find(request.params["project"], request.params["operation"])
        )

    def list_operations(self, request: Request) -> Body:
        """Newest first; of one instance if asked."""
        wanted = request.query.get("instance")
        project = request.params["project"]
        found = sorted(self._section.operations.of(project), key=_age)
        found = [it for it in found if not wanted or it.instance == wanted]
        chosen, token = page(found, request.query, cap=_PAGE, key=_age)
        return _listed("sql#operationsList", [self._operation(it) for it in chosen], token)

    def get_backup(self, request: Request) -> Body:
        return self._run(request, self._section.backup(request))

    def list_backups(self, request: Request) -> Body:
        runs = sorted(self._section.runs(request).values(), key=_newest)
        chosen, token = page(runs, request.query, cap=_PAGE, key=_newest)
        return _listed("sql#backupRunsList", [self._run(request, it) for it in chosen], token)

    def list_final_backups(self, request: Request) -> Body:
        """Of instances that were deleted; others are listed as backup runs."""
        found = self._section.final_backups(request)
        clauses = _clauses(request.query.get("filter", ""))
        chosen = [body for body in found if all(_holds(body, *clause) for clause in clauses)]
        return {"backups": chosen} if chosen else {}

    def _run(self, request: Request, run: Body) -> Body:
        instance = f"projects/{request.params['project']}/instances/{run['instance']}"
        return run | {"selfLink": f"{HOST}/{self._version}/{instance}/backupRuns/{run['id']}"}


def _listed(kind: str, items: list[Body], token: str | None) -> Body:
    body: Body = {"kind": kind}
    if items:
        body["items"] = items
    return body | ({"nextPageToken": token} if token else {})


def _age(operation: Operation) -> str:
    """A key that puts the newest first."""
    return f"{10**12 - operation.began:025.6f}/{operation.name}"


def _newest(run: Body) -> str:
    return f"{10**15 - int(run['id']):016d}"


def _clauses(text: str) -> list[tuple[str, str, str]]:
    """`state:RUNNABLE settings.userLabels.team=x` (`AND` may be written or not). Raises 400."""
    parts = [part for part in re.split(r"\s+(?:AND\s+)?", text.strip()) if part]
    found = [_CLAUSE.fullmatch(part) for part in parts]
    if not all(found):
        raise GoogleError(400, "invalid", f"Invalid filter: {text}.")
    return [(it["path"], it["sign"], it["value"]) for it in found if it]


def _holds(body: Body, path: str, sign: str, value: str) -> bool:
    """Whether an instance meets a clause; `*` alone asks for the field."""
    at: Json = body
    for name in path.split("."):
        at = at.get(name) if isinstance(at, dict) else None
    met = at is not None and value.lower() in {"*", str(at).lower()}
    return not met if sign == "!=" else met
