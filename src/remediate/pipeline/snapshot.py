"""What a run needs to be undone: live bodies, word for word, before the first write."""

from __future__ import annotations

from collections.abc import Iterable

from remediate.gcp.google import Google
from remediate.kinds.bodies.links import linked
from remediate.kinds.bodies.names import stands_for
from remediate.kinds.records.routing import needs
from remediate.model.clock import rfc3339
from remediate.model.json import Body
from remediate.model.plan import Action, Plan, Step
from remediate.model.ref import Ref, record_ref
from remediate.model.resource import Desired, Zone
from remediate.pipeline.observe import Observed
from remediate.pipeline.witnesses import kept
from remediate.stores.snapshots import Snapshot


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


def take(
    desired: Desired, observed: Observed, google: Google, reason: str, after: str = ""
) -> Snapshot:
    """All that the environment declares, as it is live, under whatever name: taken by hand.

    `after` is the newest snapshot there is.
    """
    bodies: dict[Ref, Body | None] = {}
    for ref, resource in desired.resources.items():
        found = {
            at: body for at, body in observed.live.items() if stands_for(at, ref, desired.resources)
        }
        bodies |= found
        if not found:
            bodies[ref] = None
        if isinstance(resource, Zone):
            bodies |= _records(resource, observed.record_sets.get(ref.name, iter(())))
    about, now = desired.environment, google.clock.now()
    # No run of ours has this id, so all of it is restored, not only what one has written.
    run = google.chance.ulid(now, after)
    identifier = google.chance.ulid(now, run)
    return Snapshot(
        identifier,
        about.name,
        about.project,
        run,
        rfc3339(now),
        reason,
        kept(google, bodies),
        google.endpoint,
    )


def _before(step: Step) -> Body | None:
    if step.verb is Action.CREATE or step.before is None:
        return None
    return dict(step.before)


def _neighbours(step: Step, project: str) -> Iterable[Ref]:
    if step.ref.is_record_set:
        yield step.ref.zone
        yield from needs(step.before, project)
        yield from needs(step.after, project)
    else:
        yield from linked(step.live, step.before, project)
        yield from linked(step.live, step.after, project)


def _records(zone: Zone, pages: Iterable[list[Body]]) -> dict[Ref, Body | None]:
    found: dict[Ref, Body | None] = {record_ref(zone.ref.name, *at): None for at in zone.records}
    for page in pages:
        for body in page:
            ref = record_ref(zone.ref.name, str(body["name"]), str(body["type"]))
            if zone.exclusive or ref in found:
                found[ref] = body
    return found
