"""Long-running operations of the newer APIs (AIP-151), all in one section of the world.

Cloud Run, Serverless VPC Access and Certificate Manager have the same paths on one port, which
works because operation ids are unique among them all.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Final

from gcp_sandbox.clock import rfc3339
from gcp_sandbox.paging import page
from gcp_sandbox.request import Body, Json, Request
from gcp_sandbox.router import Router
from gcp_sandbox.status import StatusError
from gcp_sandbox.world import World

NAME: Final = "longrunning"
VERSIONS: Final = ("v1", "v2")
_KEPT: Final = 1000
_PAGE: Final = 100
_LONGEST_WAIT: Final = 1800.0
_GLANCE: Final = 0.02
"""Seconds between two looks at the clock, which may be advanced meanwhile."""
_DOOMED: Final = StatusError("INTERNAL", "An internal error has occurred.")
_DONE_FILTER: Final = re.compile(r"\s*(?P<not>NOT\s+|-)?done(\s*[:=]\s*(?P<value>true|false))?\s*")


@dataclass(slots=True)
class Operation:
    """What an API does to one resource.

    `name` is `projects/P/locations/L/operations/ID`, `verb` `create`, `update` or `delete`,
    `target` the resource's full name, `ends` seconds on the sandbox's clock. `doomed` means that
    it must fail (an injected fault); `note` is whatever the API wants to find again at the end.
    `outcome` is {} until then, and afterwards `{"response": …}` or `{"error": …}`.
    """

    name: str
    api: str
    verb: str
    target: str
    ends: float
    metadata: Body
    doomed: bool = False
    note: Body = field(default_factory=dict)
    outcome: Body = field(default_factory=dict)


Finish = Callable[[Operation], Json]
"""Bring about what a due operation was for; answers its response with `@type`.

Raises StatusError to end it in an error. A doomed operation ends in one whatever is answered, but
is finished all the same: the world should then look as it does after a failure. The API may
replace `operation.metadata`; `OperationMetadata` gets its `endTime` by itself.
"""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one API speaks of its operations: `pending` is said of those that are under way."""

    finish: Finish
    versions: tuple[str, ...] = ("v1",)
    pending: Body = field(default_factory=dict)


class LongRunning:
    """Operations by name, oldest first, of every API that is served here."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._dialects: dict[str, Dialect] = {}
        self._operations: dict[str, Operation] = {}
        self._running: dict[str, Operation] = {}

    def serve(
        self,
        api: str,
        finish: Finish,
        *,
        versions: tuple[str, ...] = ("v1",),
        pending: Body | None = None,
    ) -> None:
        """Take an API in: `api` is the first label of its host (`certificatemanager`)."""
        self._dialects[api] = Dialect(finish, versions, pending or {})

    def begin(
        self,
        api: str,
        verb: str,
        target: str,
        *,
        seconds: float,
        metadata: Body,
        request: Request | None = None,
        note: Body | None = None,
    ) -> Body:
        """Note an operation on `target` and answer it; done already where no time passes.

        `seconds` is the duration at Google, to which `Options.operation_time` is applied.
        The faults `slow-operation` and `failed-operation` of the `request` are heeded.
        """
        seconds *= self.world.options.operation_time
        fault = request.fault if request else ""
        if request is not None and fault == "slow-operation":
            seconds = request.fault_seconds
        parent = "/".join(target.split("/")[:4])
        name = f"{parent}/operations/{self.world.chance.uuid()}"
        ends = self.world.clock.time() + seconds
        doomed = fault == "failed-operation"
        operation = Operation(name, api, verb, target, ends, metadata, doomed, note or {})
        self._operations[name] = self._running[name] = operation
        if seconds <= 0:
            self._end(operation)
        self._forget_oldest()
        self.world.touch(NAME)
        return self.shown(operation)

    def under_way(self, target: str) -> Operation | None:
        """The oldest unfinished operation on a resource."""
        return next((it for it in self._running.values() if it.target == target), None)

    def last_end(self, target: str) -> float:
        """When the last operation on a resource that is over was due; 0 for never."""
        ended = (it.ends for it in self._operations.values() if it.target == target and it.outcome)
        return max(ended, default=0.0)

    def shown(self, operation: Operation) -> Body:
        """The operation as it is answered."""
        body: Body = {"name": operation.name, "metadata": operation.metadata}
        if operation.outcome:
            return body | {"done": True} | operation.outcome
        return body | self._dialects[operation.api].pending

    def settle(self) -> None:
        """End what is due, in the order in which it became so."""
        if not self._running:
            return
        now = self.world.clock.time()
        due = [operation for operation in self._running.values() if operation.ends <= now]
        for operation in sorted(due, key=lambda it: it.ends):
            self._end(operation)

    def find(self, version: str, name: str) -> Operation:
        operation = self._operations.get(name)
        if operation is None or version not in self._dialects[operation.api].versions:
            raise StatusError("NOT_FOUND", f"Operation '{name}' was not found.")
        return operation

    def api_of(self, identity: str) -> str:
        """Whose an operation is, by its id alone; VPC Access's, for want of one."""
        ended = f"/operations/{identity}"
        found = (it.api for name, it in self._operations.items() if name.endswith(ended))
        return next(found, "vpcaccess")

    def of(self, version: str, parent: str, host: str) -> list[Operation]:
        """The operations of a location by name: of one API if `host` names it, else of all."""
        api = host.partition(".")[0].rpartition("-")[2]
        return [
            operation
            for name, operation in sorted(self._operations.items())
            if name.startswith(f"{parent}/operations/")
            and version in self._dialects[operation.api].versions
            and (api not in self._dialects or operation.api == api)
        ]

    def forget(self, operation: Operation) -> None:
        if operation.name in self._running:
            raise StatusError("FAILED_PRECONDITION", "The operation has not finished yet.")
        del self._operations[operation.name]
        self.world.touch(NAME)

    def dump(self) -> Json:
        return [asdict(operation) for operation in self._operations.values()]

    def load(self, state: Json) -> None:
        self.clear()
        for said in state:
            operation = Operation(**said)
            self._operations[operation.name] = operation
            if not operation.outcome:
                self._running[operation.name] = operation

    def populate(self, project: str, wanted: Json) -> None:
        """Scenarios begin with nothing under way."""

    def comparable(self) -> Json:
        return None

    def clear(self) -> None:
        self._operations.clear()
        self._running.clear()

    def _end(self, operation: Operation) -> None:
        del self._running[operation.name]
        try:
            response = self._dialects[operation.api].finish(operation)
            if operation.doomed:
                raise _DOOMED
        except StatusError as failed:
            operation.outcome = {"error": failed.rpc_status()}
        else:
            operation.outcome = {"response": response}
        if operation.metadata.get("@type", "").endswith(".OperationMetadata"):
            operation.metadata = operation.metadata | {"endTime": rfc3339(operation.ends)}
        self.world.touch(NAME)

    def _forget_oldest(self) -> None:
        if len(self._operations) > _KEPT:
            oldest = next(iter(self._operations))
            if oldest not in self._running:
                del self._operations[oldest]


def register(world: World, router: Router) -> LongRunning:
    """Serve the operations of every API that asks for it, in both versions of the path."""
    section = LongRunning(world)
    world.register(NAME, section)
    world.settlers.append(section.settle)
    for version in VERSIONS:
        api = _Api(section, version)
        path = f"/{version}/projects/{{project}}/locations/{{location}}/operations"
        router.add("GET", path, api.listed)
        router.add("GET", f"{path}/{{operation}}", api.get)
        router.add("DELETE", f"{path}/{{operation}}", api.delete)
        router.add("POST", f"{path}/{{operation}}", api.act)
    return section


class _Api:
    def __init__(self, section: LongRunning, version: str) -> None:
        self._section = section
        self._version = version

    def _named(self, request: Request, identity: str) -> Operation:
        return self._section.find(self._version, f"{_parent(request)}/operations/{identity}")

    def get(self, request: Request) -> Body:
        return self._section.shown(self._named(request, request.params["operation"]))

    def listed(self, request: Request) -> Body:
        chosen = _done_filter(request.query.get("filter", ""))
        host = request.headers.get("host", "")
        found = self._section.of(self._version, _parent(request), host)
        wanted = [it for it in found if chosen is None or bool(it.outcome) == chosen]
        operations, token = page(wanted, request.query, cap=_PAGE, key=lambda it: it.name)
        body: Body = {"operations": [self._section.shown(it) for it in operations]}
        return body | ({"nextPageToken": token} if token else {})

    def delete(self, request: Request) -> Body:
        self._section.forget(self._named(request, request.params["operation"]))
        return {}

    async def act(self, request: Request) -> Body:
        """`ID:wait` blocks until done or `timeout`; `ID:cancel` is taken, without effect."""
        identity, _, verb = request.params["operation"].partition(":")
        if verb not in {"wait", "cancel"}:
            raise StatusError("NOT_FOUND", f"The requested URL {request.path} was not found.")
        operation = self._named(request, identity)
        return {} if verb == "cancel" else await self._wait(operation, request.body)

    async def _wait(self, operation: Operation, body: Json) -> Body:
        clock = self._section.world.clock
        patience = clock.time() + _timeout(body)
        while not operation.outcome and clock.time() < patience:
            await asyncio.sleep(max(0.0, min(operation.ends - clock.time(), _GLANCE)))
            self._section.world.settle()
            self._section.find(self._version, operation.name)
        return self._section.shown(operation)


def _parent(request: Request) -> str:
    return f"projects/{request.params['project']}/locations/{request.params['location']}"


def _timeout(body: Json) -> float:
    text = body.get("timeout") if isinstance(body, dict) else None
    if text is None:
        return _LONGEST_WAIT
    if not isinstance(text, str) or not re.fullmatch(r"\d{1,6}(\.\d{1,9})?s", text):
        raise StatusError("INVALID_ARGUMENT", f"Illegal duration format; duration: {text!r}.")
    return min(float(text[:-1]), _LONGEST_WAIT)


def _done_filter(text: str) -> bool | None:
    if not text:
        return None
    found = _DONE_FILTER.fullmatch(text)
    if not found:
        raise StatusError("INVALID_ARGUMENT", f"Invalid filter: '{text}'.")
    return (found["value"] != "false") != bool(found["not"])
