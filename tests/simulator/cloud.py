"""The sandbox's own world in this process: no sockets, no threads, time that nobody waits for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from unittest import mock
from urllib.parse import urlsplit

from gcp_sandbox import sandbox
from gcp_sandbox.clock import Clock
from gcp_sandbox.server import Message, Reply
from gcp_sandbox.service import Service
from gcp_sandbox.world import Options

EPOCH = 1_795_000_000.0  # seconds; in November of 2026
URL = "http://127.0.0.1:1"  # where nobody listens: nothing here may ever be dialled
_LEAST_PAUSE = 1.0  # seconds that a request which blocks lets pass at a time


class StillClock(Clock):
    """The sandbox's clock, but that it goes on only when it is told."""

    def time(self) -> float:
        return EPOCH + self.offset


@dataclass(frozen=True)
class Saved:
    """A world at a moment: seconds on its clock, and all that is in it."""

    offset: float
    state: str


class Cloud:
    """One world. `version` counts what was done to it, by whomever."""

    def __init__(self) -> None:
        with mock.patch.object(sandbox, "Clock", StillClock):
            options = Options(operation_time=0.02)
            self.service, ports, _front = sandbox.build(options, seed=1)
        ports |= {"http": 1, "dns": 1, "resolver": 1}
        self.world = self.service.world
        self.empty = self.save()

    @property
    def now(self) -> float:
        """Seconds since the epoch, as the world has it."""
        return self.world.clock.time()

    @property
    def version(self) -> int:
        return self.world.version

    @property
    def is_at_work(self) -> bool:
        """Whether anything that was begun has not ended yet."""
        dumped = (self.world.sections[name].dump() for name in ("compute", "longrunning", "sql"))
        compute, others, sql = dumped
        running = bool(compute["running"])
        unended = any(not one["outcome"] for one in others)
        return running or unended or any(not one["over"] for one in sql["operations"])

    def advance(self, seconds: float) -> None:
        self.world.clock.advance(seconds)
        self.world.settle()

    def save(self) -> Saved:
        return Saved(self.world.clock.offset, json.dumps(self.world.dump()))

    def restore(self, saved: Saved, seed: int) -> None:
        """Everything as it was when this was saved; what comes now is drawn from the seed."""
        self.world.clear()
        self.world.clock.offset = saved.offset
        for name, state in json.loads(saved.state).items():
            self.world.sections[name].load(state)
        self.world.chance.__init__(seed)  # type: ignore[misc]  # sections hold this very one
        self.service.faults.clear()
        self.service.calls.clear()

    def comparable(self) -> dict[str, Any]:
        return self.world.comparable()

    def answer(self, message: Message) -> Reply:
        """What comes of one request, at once, however long it takes in the world's time."""
        reply = self.service.answer(message)
        return reply if isinstance(reply, Reply) else _driven(reply)

    def get(self, path: str) -> dict[str, Any] | None:
        """A look that nobody notices and that no fault touches; None where there is nothing."""
        calls = len(self.service.calls)
        reply = self.answer(Message("GET", path, {"host": "127.0.0.1"}))
        while len(self.service.calls) > calls:
            self.service.calls.pop()
        return cast("dict[str, Any]", json.loads(reply.body)) if reply.status == 200 else None

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> int:
        """Somebody else at work, with a client of their own; the HTTP status that they see."""
        headers = {"host": "127.0.0.1", "content-type": "application/json"}
        data = b"" if body is None else json.dumps(body).encode()
        return self.answer(Message(method, path, headers, data)).status

    @contextmanager
    def running(self, wait: Callable[[float], None]) -> Iterator[None]:
        """Requests that block let the world's time pass instead of ours: `wait` says how."""

        async def pass_by(seconds: float, result: object = None) -> object:
            wait(max(seconds, _LEAST_PAUSE) if seconds > 0 else 0)
            return result

        with mock.patch.object(asyncio, "sleep", pass_by):
            yield


@cache
def cloud() -> Cloud:
    """Building one takes longer than a history; it is restored for each."""
    return Cloud()


def _driven(reply: Awaitable[Reply]) -> Reply:
    """Run a coroutine that never really waits."""
    steps = reply.__await__()
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return cast("Reply", done.value)


def target_of(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


__all__ = ["EPOCH", "URL", "Cloud", "Service", "StillClock", "cloud", "target_of"]
