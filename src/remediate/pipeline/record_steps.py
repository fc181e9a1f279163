"""The record sets of one zone on their way: in as few changes as the quota allows, each atomic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from remediate.gcp.errors import Contradicted
from remediate.gcp.google import Google
from remediate.gcp.operations import Operation
from remediate.kinds.bodies.calls import read
from remediate.kinds.bodies.moved import shown
from remediate.kinds.records.changes import Change, Quota, pack
from remediate.kinds.records.essence import with_live_serial
from remediate.model.errors import RemediateError, Stale
from remediate.model.json import Body
from remediate.model.plan import Difference, Step
from remediate.model.progress import StepBegun, tell
from remediate.model.ref import Ref
from remediate.pipeline.looking import Meant, settled
from remediate.pipeline.run import Run, note_begun
from remediate.pipeline.steps import record_digest

MANY = 20  # record sets of one zone; beyond that one list is cheaper than a look at each


def by_zone(steps: Iterator[Step]) -> list[list[Step]]:
    zones: dict[Ref, list[Step]] = defaultdict(list)
    for step in steps:
        zones[step.ref.zone].append(step)
    return list(zones.values())


def change_records(steps: Sequence[Step], run: Run) -> None:
    """The record sets of one zone in as few changes as the project's quota allows."""
    google = run.google
    zone = steps[0].ref.zone.name
    for step in steps:
        tell(run.watchers, StepBegun(step))
    live = live_records(google, zone, [step.ref for step in steps])
    for step in steps:
        if record_digest(live.get(step.ref)) != step.precondition:
            was, now = (_words(body) for body in (step.before, live.get(step.ref)))
            moved = f"it was {was}, and is {now}"
            error = Stale(f"{step.ref} has changed since this was planned: {moved}")
            run.fail(step, error)
            raise error
    wanted = [
        Difference(s.ref, s.verb, s.live, live.get(s.ref), _after(s, run, live)) for s in steps
    ]
    by_ref = {step.ref: (step, diff) for step, diff in zip(steps, wanted, strict=True)}
    for change in pack(wanted, Quota.of(google.dns.quota())):
        if run.stopping.is_set():
            return
        _send_change(zone, change, [by_ref[ref] for ref in change.refs], run)


def _after(step: Step, run: Run, live: Mapping[Ref, Body]) -> Body | None:
    if step.after is None:
        return None
    return with_live_serial(run.known(step.after), live.get(step.ref))


def _send_change(
    zone: str, change: Change, parts: Sequence[tuple[Step, Difference]], run: Run
) -> None:
    google = run.google
    began = google.clock.monotonic()
    steps = [step for step, _difference in parts]
    request_id = run.same_change(change.refs) or google.request_id()
    additions, deletions = list(change.additions), list(change.deletions)
    # Its body is what its steps have before and wanted: each record tells its own part.
    request: Body = {
        "method": "changes.create",
        "live": f"DnsZone/{zone}",
        "requestId": request_id,
    }
    before = {d.ref: cast("Body | None", d.before) for _step, d in parts}
    after = {d.ref: cast("Body | None", d.after) for _step, d in parts}
    note_begun(run, steps, request, before, after)
    meant = [Meant(ref, "changes.create", before[ref], after[ref]) for ref in change.refs]

    def changed() -> Operation:
        operation = google.dns.change(zone, additions, deletions, request_id)
        google.wait(operation)
        return operation

    try:
        operation = run.carry(steps, changed, lambda: settled(google, *meant))
    except RemediateError as error:
        for step in steps:
            run.fail(step, error)
        if isinstance(error, Contradicted):
            told = change.meant(str(error))
            raise Stale(f"{told} was changed by somebody else just now: {error}") from error
        error.args = (f"DnsZone/{zone}: {error}",)
        raise
    seconds = google.clock.monotonic() - began
    run.finish(steps, after, seconds, operation)


def live_records(google: Google, zone: str, refs: Sequence[Ref]) -> dict[Ref, Body]:
    """The sets as they are now, each with all of its fields; by one list where they are many."""
    if len(refs) <= MANY:
        looked = {ref: read(google, ref) for ref in refs}
        return {ref: body for ref, body in looked.items() if body is not None}
    owners = {ref.record: ref for ref in refs}
    return {
        ref: body
        for page in google.dns.record_sets(zone, fields="")
        for body in page
        if (ref := owners.get((str(body["name"]), str(body["type"]))))
    }


def _words(body: Mapping[str, object] | None) -> str:
    if not body:
        return "not there"
    return f"{body.get('ttl')} {shown(body.get('rrdatas') or body.get('routingPolicy'), '')}"
