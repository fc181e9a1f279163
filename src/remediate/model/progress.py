"""What happens, told as it happens; whoever watches decides how to draw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from remediate.model.plan import Step
from remediate.model.ref import Ref


@dataclass(frozen=True, slots=True)
class Reading:
    what: str


@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    id: str
    resources: int


@dataclass(frozen=True, slots=True)
class StepBegun:
    step: Step


@dataclass(frozen=True, slots=True)
class StepDone:
    step: Step
    seconds: float


@dataclass(frozen=True, slots=True)
class StepFailed:
    step: Step
    why: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not ready yet; `state` is Google's own word for where it stands, empty once it is ready.

    `ref` is a resource, or the name of what is waited for.
    """

    ref: Ref | str
    state: str
    seconds: float


Event: TypeAlias = Reading | SnapshotTaken | StepBegun | StepDone | StepFailed | Waiting


class Watcher(Protocol):
    def on(self, event: Event) -> None: ...


def tell(watchers: Sequence[Watcher], event: Event) -> None:
    for watcher in watchers:
        watcher.on(event)
