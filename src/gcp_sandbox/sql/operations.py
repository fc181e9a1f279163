"""Operations: PENDING, RUNNING and DONE on the sandbox's clock; one at a time on an instance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Final

from gcp_sandbox.clock import rfc3339
from gcp_sandbox.request import Body, Json, Request
from gcp_sandbox.sql.errors import busy, no_operation
from gcp_sandbox.world import World

HOST: Final = "https://sqladmin.googleapis.com"
USER: Final = "sandbox@example.com"
_KEPT: Final = 1000
_PENDING: Final = 0.05
"""The part of its time for which an operation only waits."""
_FAILURE: Final[Body] = {
    "kind": "sql#operationErrors",
    "errors": [
        {
            "kind": "sql#operationError",
            "code": "INTERNAL_ERROR",
            "message": "An internal error occurred while the operation was being processed.",
        }
    ],
}


@dataclass(slots=True)
class Operation:
    """What is done to an instance, in seconds on the clock.

    `note` is what takes effect at the end; `doomed` means that nothing does.
    """

    name: str
    project: str
    instance: str
    kind: str
    began: float
    starts: float
    ends: float
    note: Body = field(default_factory=dict)
    doomed: bool = False
    over: bool = False

    def at(self, now: float, version: str) -> Body:
        """As it is answered, with links of the API version that was asked."""
        link = f"{HOST}/{version}/projects/{self.project}"
        body: Body = {
            "kind": "sql#operation",
            "name": self.name,
            "operationType": self.kind,
            "status": "PENDING",
            "user": USER,
            "insertTime": rfc3339(self.began),
            "targetId": self.instance,
            "targetProject": self.project,
            "targetLink": f"{link}/instances/{self.instance}",
            "selfLink": f"{link}/operations/{self.name}",
        }
        if "backup" in self.note:
            body["backupContext"] = {
                "kind": "sql#backupContext",
                "backupId": self.note["backup"],
            }
        if now >= self.starts or self.over:
            body |= {"status": "RUNNING", "startTime": rfc3339(self.starts)}
        if self.over:
            body |= {"status": "DONE", "endTime": rfc3339(self.ends)}
            if self.doomed:
                body["error"] = _FAILURE
        return body


@dataclass(slots=True)
class Operations:
    """Every operation by `project/name`, oldest first."""

    world: World
    _all: dict[str, Operation] = field(default_factory=dict)
    _running: dict[str, Operation] = field(default_factory=dict)

    def begin(
        self, request: Request, instance: str, kind: str, seconds: float, note: Body
    ) -> Operation:
        """Note an operation that takes `seconds` at Google; raises 409 while another is on."""
        project = request.params["project"]
        if self.under_way(project, instance):
            raise busy()
        seconds *= self.world.options.operation_time
        if request.fault == "slow-operation":
            seconds = request.fault_seconds
        now = self.world.clock.time()
        operation = Operation(
            name=self.world.chance.uuid(),
            project=project,
            instance=instance,
            kind=kind,
            began=now,
            starts=now + seconds * _PENDING,
            ends=now + seconds,
            note=note,
            doomed=request.fault == "failed-operation",
        )
        key = f"{project}/{operation.name}"
        self._all[key] = self._running[key] = operation
        self._forget_oldest()
        return operation

    def under_way(self, project: str, instance: str) -> Operation | None:
        return next(
            (
                operation
                for operation in self._running.values()
                if operation.project == project and operation.instance == instance
            ),
            None,
        )

    def last_end(self, project: str, instance: str) -> float:
        """When the last operation on an instance that is over was due; 0 for never."""
        ended = (it.ends for it in self.of(project) if it.instance == instance and it.over)
        return max(ended, default=0.0)

    def find(self, project: str, name: str) -> Operation:
        operation = self._all.get(f"{project}/{name}")
        if operation is None:
            raise no_operation()
        return operation

    def of(self, project: str) -> Iterable[Operation]:
        return (operation for operation in self._all.values() if operation.project == project)

    def ended(self) -> list[Operation]:
        """Those that end now, in order; from here on they are over."""
        if not self._running:
            return []
        now = self.world.clock.time()
        due = {key: it for key, it in self._running.items() if it.ends <= now}
        for key, operation in due.items():
            operation.over = True
            del self._running[key]
        return sorted(due.values(), key=lambda operation: operation.ends)

    def dump(self) -> Json:
        return [asdict(operation) for operation in self._all.values()]

    def load(self, state: Json) -> None:
        self.clear()
        for said in state:
            operation = Operation(**said)
            key = f"{operation.project}/{operation.name}"
            self._all[key] = operation
            if not operation.over:
                self._running[key] = operation

    def clear(self) -> None:
        self._all.clear()
        self._running.clear()

    def _forget_oldest(self) -> None:
        if len(self._all) > _KEPT:
            oldest = next(iter(self._all))
            if oldest not in self._running:
                del self._all[oldest]
