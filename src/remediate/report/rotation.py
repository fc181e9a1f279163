"""Find the rotations in a plan: the new attached beside the old, waited for, the old detached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from remediate.kinds.fields.pointers import parts
from remediate.kinds.registry import NAMES, kind
from remediate.model.plan import Difference, FieldChange, Plan, Step
from remediate.model.ref import Ref

# Seconds that Google allows itself until a managed certificate is issued, counted from when DNS
# and the load balancer are right: cloud.google.com/load-balancing/docs/ssl-certificates.
ISSUE_SECONDS = {"SslCertificate": 3600.0}


@dataclass(frozen=True, slots=True)
class Rotation:
    """`holder` is what the links stand in; `made` the new ones that this plan creates."""

    holder: Difference
    made: tuple[Difference, ...]
    attach: Step | None
    detach: Step
    seconds: float  # at most, until the new ones are ready

    @property
    def differences(self) -> tuple[Difference, ...]:
        return (*self.made, self.holder)

    @property
    def incoming(self) -> tuple[Ref, ...]:
        return self.detach.ready

    @property
    def attached(self) -> list[object]:
        """Links that the first step adds."""
        return _minus(self._list(self.attach), after_minus_before=True) if self.attach else []

    @property
    def staying(self) -> list[object]:
        """Links beside which the new ones stand until they are ready."""
        return _links(self._list(self.attach).before) if self.attach else self.detached

    @property
    def detached(self) -> list[object]:
        return _minus(self._list(self.detach), after_minus_before=False)

    @property
    def others(self) -> tuple[FieldChange, ...]:
        """What else the plan changes in the holder."""
        name = self.detach.fields[0]
        return tuple(c for c in self.holder.changes if parts(c.pointer)[:1] != [name])

    def _list(self, step: Step) -> FieldChange:
        name = self.detach.fields[0]
        return next(change for change in step.changes if change.pointer == f"/{name}")


def rotations(plan: Plan) -> list[Rotation]:
    """In the order of the plan; a resource that two of them wait for stands with the first."""
    by_ref = {(d.ref, d.live): d for d in plan.differences}
    by_live = {d.live: d for d in plan.differences if d.after is not None}
    told: set[Ref] = set()
    found = []
    for step in plan.steps:
        holder = by_ref.get((step.ref, step.live))
        if not step.ready or holder is None or not _writes_one_list(step):
            continue
        made = tuple(by_live[ref] for ref in step.ready if ref in by_live and ref not in told)
        told |= set(step.ready)
        seconds = waiting(plan, step.ready)
        found.append(Rotation(holder, made, _attaching(plan, step), step, seconds))
    return found


def _writes_one_list(step: Step) -> bool:
    return [f"/{name}" for name in step.fields] == [change.pointer for change in step.changes]


def waiting(plan: Plan, refs: Iterable[Ref]) -> float:
    """At most how many seconds Google takes until these are ready; they are waited for at once."""
    made = {d.live: d.after for d in plan.differences if d.after is not None}
    return max((_waiting(ref, made.get(ref)) for ref in refs), default=0.0)


def _waiting(ref: Ref, body: Mapping[str, Any] | None) -> float:
    if body is not None and ref.kind in NAMES and kind(ref.kind).ready(dict(body)).ready:
        return 0.0  # such as a certificate of one's own
    return ISSUE_SECONDS.get(ref.kind, 0.0)


def _attaching(plan: Plan, detach: Step) -> Step | None:
    """The step before it that writes the same list of the same resource."""
    where = f"/{detach.fields[0]}"
    earlier: Iterator[Step] = (
        step
        for step in plan.steps
        if step.live == detach.live
        and step is not detach
        and any(change.pointer == where for change in step.changes)
    )
    return next(earlier, None)


def _minus(change: FieldChange, *, after_minus_before: bool) -> list[object]:
    old, new = _links(change.before), _links(change.after)
    if after_minus_before:
        return [item for item in new if item not in old]
    return [item for item in old if item not in new]


def _links(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
