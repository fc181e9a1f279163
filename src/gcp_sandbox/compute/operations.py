"""Operations: what every mutation answers, and what is still to happen when it ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from gcp_sandbox.clock import pacific
from gcp_sandbox.compute.links import HOST, Place
from gcp_sandbox.request import Body, Json
from gcp_sandbox.world import World

USER = "sandbox@example.com"
_KEPT = 1000


@dataclass(slots=True)
class Operation:
    """`body` as it began; from `ends` on (seconds on the clock) it reads as done."""

    body: Body
    target: str
    ends: float
    error: Body | None = None

    @property
    def method(self) -> str:
        """`insert`, also where the type says `compute.regionNetworkEndpointGroups.insert`."""
        return str(self.body["operationType"]).rpartition(".")[2]

    def at(self, now: float) -> Body:
        """The operation as Google would answer it now."""
        if now < self.ends:
            return self.body
        done = self.body | {"status": "DONE", "progress": 100, "endTime": pacific(self.ends)}
        return done | self.error if self.error else done


@dataclass(slots=True)
class Operations:
    """Every operation by `projects/P/<scope>/operations/<name>`, oldest first."""

    world: World
    by_path: dict[str, Operation] = field(default_factory=dict)
    by_request: dict[str, str] = field(default_factory=dict)
    running: dict[str, str] = field(default_factory=dict)

    def begin(
        self,
        target: Place,
        target_id: str,
        operation_type: str,
        seconds: float,
        *,
        request_id: str | None = None,
        error: Body | None = None,
    ) -> Operation:
        """Note an operation on `target` that takes `seconds` of the sandbox's clock."""
        chance, now = self.world.chance, self.world.clock.time()
        name = f"operation-{int(now * 1000)}-{chance.hex(13)}-{chance.hex(8)}-{chance.hex(8)}"
        place = Place(target.project, target.scope, "operations", name)
        body: Body = {
            "kind": "compute#operation",
            "id": chance.number(),
            "name": name,
            "operationType": operation_type,
            "targetLink": target.link,
            "targetId": target_id,
            "status": "RUNNING",
            "user": USER,
            "progress": 0,
            "insertTime": pacific(now),
            "startTime": pacific(now),
            "selfLink": place.link,
        }
        if request_id:
            body["clientOperationId"] = request_id
        region_or_zone, _, where = target.scope.partition("/")
        if where:
            body[region_or_zone[:-1]] = f"{HOST}projects/{target.project}/{target.scope}"
        operation = Operation(body, target.path, now + seconds, error)
        self.by_path[place.path] = operation
        if request_id:
            self.by_request[f"{target.project}/{request_id}"] = place.path
        if seconds > 0:
            self.running[place.path] = target.path
        self._forget_oldest()
        return operation

    def repeated(self, project: str, request_id: str | None) -> Body | None:
        """The answer to a request id that was seen before: its operation, as it is now."""
        if request_id is None:
            return None
        path = self.by_request.get(f"{project}/{request_id}")
        operation = self.by_path.get(path) if path else None
        return operation.at(self.world.clock.time()) if operation else None

    def under_way(self, path: str, *methods: str) -> Operation | None:
        """The operation that is under way on a resource, if it is one of `methods` (or any)."""
        for running, target in self.running.items():
            if target == path:
                operation = self.by_path[running]
                return operation if not methods or operation.method in methods else None
        return None

    def ended(self) -> list[Operation]:
        """Those that ended since the last time, in order."""
        now = self.world.clock.time()
        due = [path for path in self.running if self.by_path[path].ends <= now]
        for path in due:
            del self.running[path]
        return sorted((self.by_path[path] for path in due), key=lambda operation: operation.ends)

    def clear(self) -> None:
        self.by_path.clear()
        self.by_request.clear()
        self.running.clear()

    def dump(self) -> Json:
        return {
            "operations": {
                path: [operation.body, operation.target, operation.ends, operation.error]
                for path, operation in self.by_path.items()
            },
            "requests": self.by_request,
            "running": self.running,
        }

    def load(self, state: Json) -> None:
        self.by_path = {path: Operation(*parts) for path, parts in state["operations"].items()}
        self.by_request = state["requests"]
        self.running = state["running"]

    def _forget_oldest(self) -> None:
        if len(self.by_path) <= _KEPT:
            return
        oldest = next(iter(self.by_path))
        if oldest not in self.running:
            del self.by_path[oldest]
