"""Find the rotations in a plan: attach beside the old, wait, put first, detach the old."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from remediate.kinds.fields.pointers import parts
from remediate.kinds.registry import NAMES, kind
from remediate.model.condition import Await, Condition
from remediate.model.plan import Difference, FieldChange, Plan, Step
from remediate.model.ref import Ref

# Seconds that Google allows itself until a managed certificate is issued, counted from when DNS
# and the load balancer are right: cloud.google.com/load-balancing/docs/ssl-certificates.
ISSUE_SECONDS = {"SslCertificate": 3600.0}


@dataclass(frozen=True, slots=True)
class Rotation:
    """`holder` is what the links stand in; `made` the new ones that this plan creates.

    `steps` write the one list, in their order. `checks` hold before anything is made.
    """

    holder: Difference
    made: tuple[Difference, ...]
    steps: tuple[Step, ...]
    checks: tuple[Condition, ...]
    seconds: float  # at most, until the new ones are ready

    @property
    def differences(self) -> tuple[Difference, ...]:
        return (*self.made, self.holder)

    @property
    def incoming(self) -> tuple[Ref, ...]:
        """What is waited for, soaks or is looked for in handshakes."""
        awaited = [c.ref for c in self.awaits]
        return tuple(dict.fromkeys([*self.waited_before, *self.waited, *awaited]))

    @property
    def waited_before(self) -> tuple[Ref, ...]:
        """What becomes ready before it is attached."""
        return tuple(ref for ref in self.steps[0].ready if ref != self.holder.live)

    @property
    def waited(self) -> tuple[Ref, ...]:
        """What becomes ready once it is attached."""
        refs = (ref for step in self.steps[1:] for ref in step.ready)
        known = {*self.waited_before, self.holder.live}
        return tuple(ref for ref in refs if ref not in known)

    @property
    def is_spread(self) -> bool:
        """Whether Google is to say that every front end shows it."""
        return any(self.holder.live in step.ready for step in self.steps)

    @property
    def awaits(self) -> list[Condition]:
        return [condition for step in self.steps for condition in step.awaits]

    @property
    def soak(self) -> float:
        return max((c.seconds for c in self.awaits if c.what is Await.SOAK), default=0.0)

    @property
    def is_seen(self) -> bool:
        return any(c.what is Await.SERVED for c in self.awaits)

    @property
    def attached(self) -> list[object]:
        """Links that the first step adds."""
        before, after = self._lists[0]
        return [link for link in after if link not in before]

    @property
    def beside(self) -> list[object]:
        """Links that stay for a while beside what is added."""
        before, after = self._lists[0]
        return [link for link in before if link in after]

    @property
    def is_put_first(self) -> bool:
        return any(
            before != after and sorted(map(str, before)) == sorted(map(str, after))
            for before, after in self._lists
        )

    @property
    def detached(self) -> list[object]:
        before, after = self._lists[-1]
        return [link for link in before if link not in after]

    @property
    def others(self) -> tuple[FieldChange, ...]:
        """What else the plan changes in the holder."""
        name = _overlaps(self.holder.ref)
        return tuple(c for c in self.holder.changes if parts(c.pointer)[:1] != [name])

    @property
    def _lists(self) -> list[tuple[list[object], list[object]]]:
        return [_list(step) for step in self.steps]


def rotations(plan: Plan) -> list[Rotation]:
    """In the order of the plan; a resource that two of them wait for stands with the first."""
    by_live = {d.live: d for d in plan.differences if d.after is not None}
    writing: dict[Ref, list[Step]] = defaultdict(list)
    for step in plan.steps:
        if _writes_list(step):
            writing[step.live].append(step)
    told: set[Ref] = set()
    found = []
    for holder in plan.differences:
        steps = tuple(writing.get(holder.live, ()))
        if holder.ref.is_record_set or not any(s.ready or s.awaits for s in steps):
            continue
        rotation = Rotation(holder, (), steps, (), waiting(plan, _waited(steps)))
        if not rotation.detached:
            continue
        made = [by_live[ref] for ref in rotation.incoming if ref in by_live and ref not in told]
        told |= set(rotation.incoming)
        checks = [c for s in plan.steps for c in s.awaits if c.what is Await.ISSUABLE]
        ours = tuple(c for c in checks if c.holder == holder.live)
        found.append(Rotation(holder, tuple(made), steps, ours, rotation.seconds))
    return found


def _waited(steps: Sequence[Step]) -> list[Ref]:
    return [ref for step in steps for ref in step.ready]


def _overlaps(ref: Ref) -> str:
    return kind(ref.kind).overlaps if ref.kind in NAMES else ""


def _writes_list(step: Step) -> bool:
    name = _overlaps(step.live)
    return bool(name) and any(change.pointer == f"/{name}" for change in step.changes)


def _list(step: Step) -> tuple[list[object], list[object]]:
    """The list before and after a step."""
    name = _overlaps(step.live)
    change = next(change for change in step.changes if change.pointer == f"/{name}")
    return _links(change.before), _links(change.after)


def waiting(plan: Plan, refs: Iterable[Ref]) -> float:
    """At most how many seconds Google takes until these are ready; they are waited for at once."""
    made = {d.live: d.after for d in plan.differences if d.after is not None}
    return max((_waiting(ref, made.get(ref)) for ref in refs), default=0.0)


def _waiting(ref: Ref, body: Mapping[str, Any] | None) -> float:
    if body is not None and ref.kind in NAMES and kind(ref.kind).ready(dict(body)).ready:
        return 0.0  # such as a certificate of one's own
    return ISSUE_SECONDS.get(ref.kind, 0.0)


def _links(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
