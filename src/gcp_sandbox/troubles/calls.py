"""Calls of the sandbox's own APIs, as a client would make them, answered at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from inspect import iscoroutine
from typing import Final

from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Body, Json, Request, Response
from gcp_sandbox.service import Service, split_target

_ALREADY: Final = {"DELETE": 404, "POST": 409}
"""What a call answers whose effect is there already."""


@dataclass(frozen=True, slots=True)
class Calls:
    """`service` is who answers. Nothing of this is in the list of what clients asked."""

    service: Service

    @contextmanager
    def no_time_passes(self) -> Iterator[None]:
        """Operations that begin herein are done at once."""
        world = self.service.world
        before = world.options
        world.options = replace(before, operation_time=0.0)
        try:
            yield
        finally:
            world.options = before

    def carry_out(self, step: Body) -> str | None:
        """Make an entry's call; why it was not needed, if so. Raises GoogleError."""
        method, _, target = step["call"].partition(" ")
        body: Body | None = step.get("body")
        if body is not None and step.get("fingerprint"):
            body = {**body, "fingerprint": self.make("GET", target)["fingerprint"]}
        try:
            self.make(method, target, body)
        except GoogleError as refused:
            if refused.status != step.get("already", _ALREADY.get(method)):
                raise
            return refused.message
        return None

    def make(self, method: str, target: str, body: Json = None) -> Body:
        """Answers what the API answers; raises GoogleError where it refuses, or would wait."""
        path, query = split_target(target)
        handler, params = self.service.router.find(method, path)
        answer = handler(Request(method, path, query, body=body, params=params))
        if iscoroutine(answer):
            answer.close()
            raise GoogleError(
                409, "resourceNotReady", f"{path} has an operation under way; try again."
            )
        self.service.world.settle()
        answer = answer.body if isinstance(answer, Response) else answer
        return answer if isinstance(answer, dict) else {}
