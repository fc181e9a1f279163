"""What a run needs to be undone: live bodies, word for word, before the first write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from remediate.model.json import Body
from remediate.model.plan import Action, Plan, Step
from remediate.model.ref import Ref
from remediate.model.resource import Desired, Zone
from remediate.pipeline.observe import Observed
from remediate.pipeline.plan import linked


def touched(plan: Plan, observed: Observed) -> dict[Ref, Body | None]:
    """Every resource that the plan writes, as it is; None where it is not there yet.

    Besides, what those link to directly, and the zone of every record set: enough to see, at a
    rollback, whether what they need is still there.
    """
    bodies: dict[Ref, Body | None] = {}
    for step in plan.steps:
        bodies.setdefault(step.live, _before(step))
    for step in plan.steps:
        for ref in _neighbours(step, observed.project):
            if ref not in bodies and (live := observed.live.get(ref)) is not None:
                bodies[ref] = live
    return bodies


def everything(
    desired: Desired, observed: Observed, live_names: Iterable[Ref]
) -> dict[Ref, Body | None]:
    """All that the environment declares, by Google's names: what `snapshot take` keeps."""
    bodies: dict[Ref, Body | None] = {ref: observed.live.get(ref) for ref in live_names}
    for ref, resource in desired.resources.items():
        if isinstance(resource, Zone):
            bodies |= _written_records(resource, observed.record_sets.get(ref.name, iter(())))
    return bodies


def _before(step: Step) -> Body | None:
    if step.verb is Action.CREATE or step.before is None:
        return None
    return dict(step.before)


def _neighbours(step: Step, project: str) -> Iterable[Ref]:
    if step.ref.is_record_set:
        yield step.ref.zone
    else:
        yield from linked(step.live.kind, step.before, project)
        yield from linked(step.live.kind, step.after, project)


def _written_records(zone: Zone, pages: Iterable[list[Body]]) -> Mapping[Ref, Body | None]:
    from remediate.model.ref import record_ref  # noqa: PLC0415

    found: dict[Ref, Body | None] = {record_ref(zone.ref.name, *at): None for at in zone.records}
    for page in pages:
        for body in page:
            ref = record_ref(zone.ref.name, str(body["name"]), str(body["type"]))
            if zone.exclusive or ref in found:
                found[ref] = body
    return found


def to_json(bodies: Mapping[Ref, Body | None]) -> dict[str, Any]:
    return {str(ref): body for ref, body in sorted(bodies.items())}
