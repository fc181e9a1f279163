"""Go on with a run: what it began is settled by looking, the rest is planned anew and carried out.

The journal and the snapshot stay the run's own, so one rollback takes all of it back. What the run
has done must be as it left it, and what it has not touched as it was planned from.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from remediate.gcp.errors import NotFound
from remediate.gcp.google import Google
from remediate.kinds.bodies.calls import read
from remediate.kinds.bodies.compare import changeable_fields, fields_digest
from remediate.kinds.bodies.moved import moves, shown
from remediate.kinds.registry import kind
from remediate.model.errors import Stale
from remediate.model.json import Body
from remediate.model.plan import Plan, Step
from remediate.model.progress import Watcher
from remediate.model.ref import Ref
from remediate.pipeline.apply import Order, Outcome, first_snapshot, remembered, vigil_of
from remediate.pipeline.carry_out import carry_out
from remediate.pipeline.half_done import HalfDone, Taken
from remediate.pipeline.history import same_state
from remediate.pipeline.intent import Planned, planned
from remediate.pipeline.looking import Found, await_quiet, judged, words
from remediate.pipeline.record_steps import live_records
from remediate.pipeline.run import LOOKED, Run
from remediate.pipeline.steps import LEDGER_ONLY, record_digest
from remediate.stores.actor import this_actor
from remediate.stores.journal import Journal, Kind
from remediate.stores.ledger import Entry, Ledger
from remediate.stores.lock import unheld
from remediate.stores.snapshots import Snapshot, Snapshots
from remediate.stores.store import Store
from remediate.stores.veil import Veil

_NOTHING = "Nothing was written now."


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands: live bodies, and what was found of steps that were begun and not done."""

    half: HalfDone
    bodies: Mapping[Ref, Body | None]
    settled: Sequence[Taken]  # done, as a look has shown
    again: Sequence[Taken]  # not done; of these the very same request may go again


def standing(half: HalfDone, google: Google, store: Store, veil: Veil) -> Standing:
    """Look at all that the run is about; raises Stale, naming all that is not as it should be."""
    last = half.last()
    open_ = [one for one in last.values() if not one.done and one.method not in LEDGER_ONLY]
    await_quiet(google, {one.live for one in open_})
    untouched = [*half.untouched()]
    bodies = _bodies(google, {*last, *(one.live for one in untouched)})
    seen = {ref: veil.veiled(body) for ref, body in bodies.items()}
    verdicts = [(one, judged(google, one.meant, seen[one.live])) for one in open_]
    strange = [one for one, found in verdicts if found is Found.OTHER]
    conflicts = [str(one.meant.conflict(seen[one.live], google.project)) for one in strange]
    conflicts += _moved_since(last.values(), seen, google.project)
    moved = [one for one in untouched if _digest(one, bodies, google.project) != one.precondition]
    snapshot = _snapshot(half, store) if moved else None
    for one in moved:
        was = snapshot.resources.get(one.live) if snapshot else None
        told = _told(one.live, was, seen[one.live], google.project)
        conflicts.append(f"{one.live} has changed since it was planned: {told}")
    if conflicts:
        raise conflict(half, conflicts)
    return Standing(
        half,
        bodies,
        [one for one, found in verdicts if found is Found.NEW],
        [one for one, found in verdicts if found is Found.OLD and one.unsure],
    )


def conflict(half: HalfDone, lines: Sequence[str]) -> Stale:
    stale = Stale(
        "\n".join([f"run {half.run} cannot go on: somebody else has been there.", *lines])
    )
    stale.hint = (
        f"{_NOTHING} Take back what they did and type the same again; or `remediate plan` shows "
        f"what is left to do from here, and `remediate rollback --snapshot {half.snapshot}` takes "
        "back what this run has done."
    )
    return stale


def _snapshot(half: HalfDone, store: Store) -> Snapshot | None:
    """The run's own; it is not there yet where the run died before it did anything."""
    snapshots = Snapshots(store)
    return snapshots.load(half.snapshot) if half.snapshot in snapshots.ids() else None


def _bodies(google: Google, refs: set[Ref]) -> dict[Ref, Body | None]:
    ordered = sorted(ref for ref in refs if not ref.is_record_set)
    found = google.read_all([partial(read, google, ref) for ref in ordered]) if ordered else []
    bodies: dict[Ref, Body | None] = dict(zip(ordered, found, strict=True))
    sets = {ref for ref in refs if ref.is_record_set}
    for zone in sorted({ref.zone.name for ref in sets}):
        inside = [ref for ref in sets if ref.zone.name == zone]
        try:
            live = live_records(google, zone, inside)
        except NotFound:  # the run died before it made the zone
            live = {}
        bodies |= {ref: live.get(ref) for ref in inside}
    return bodies


def _moved_since(
    last: Iterable[Taken], seen: Mapping[Ref, Body | None], project: str
) -> Iterator[str]:
    """What is no longer as the run has left it."""
    for one in last:
        live = seen[one.live]
        if one.done and not same_state(one.live, one.after, live):
            told = _told(one.live, one.after, live, project)
            yield f"{one.live} is not as this run left it: {told}"


def _digest(one: Planned, bodies: Mapping[Ref, Body | None], project: str) -> str:
    live = bodies[one.live]
    if one.live.is_record_set:
        return record_digest(live)
    facts = kind(one.live.kind)
    return fields_digest(facts, live, one.fields or changeable_fields(facts, live), project)


def _told(ref: Ref, was: Body | None, now: Body | None, project: str) -> str:
    """Which fields, planned from what, and what is live."""
    if was is None or now is None or ref.is_record_set:
        return f"it was {words(was, project)}, and is {words(now, project)}"
    facts = kind(ref.kind)
    return moves(facts, was, now, changeable_fields(facts, was), project)


def insist_on_the_rest(half: HalfDone, plan: Plan, project: str) -> None:
    """Raise Stale where the new plan has a step that the run was never about."""
    fields: dict[tuple[Ref, str], set[str]] = defaultdict(set)
    for one in half.planned:
        fields[one.live, one.method] |= {"", *one.fields}
    strange = [s for s in plan.steps if not {"", *s.fields} <= fields[s.live, s.method]]
    if strange:
        found = [_unplanned(s, fields[s.live, s.method], project) for s in strange]
        raise conflict(half, found)


def _unplanned(step: Step, known: set[str], project: str) -> str:
    facts = kind(step.live.kind)
    told = "; ".join(
        f"{change.pointer or 'it'} is {shown(change.before, project)}"
        for change in step.changes
        if not known or facts.field_of(change.pointer) not in known
    )
    if step.before is None:
        told = "it is gone"
    return f"{step.live} has changed since it was planned: {told}"


def go_on(  # noqa: PLR0913 - all that a run stands on
    stands: Standing,
    order: Order,
    google: Google,
    store: Store,
    ledger: Ledger,
    watchers: Sequence[Watcher],
    stopping: threading.Event | None = None,
    *,
    held: Callable[[], None] = unheld,
) -> Outcome:
    """Carry the rest out as the same run. Raises what `carry_out` raises."""
    held()  # whoever has taken the lock over has fenced the run off, and that is not undone here
    half = stands.half
    plan = _numbered(order.plan, half.steps)
    journal = Journal.resume(store, half.run, google.clock)
    journal.note(
        Kind.RUN_RESUMED,
        **this_actor().to_json(),
        allowances=dict(plan.allowances),
        digest=plan.digest,
        steps=planned(plan.steps),
    )
    if not half.taken and half.snapshot not in Snapshots(store).ids():
        Snapshots(store).save(first_snapshot(order, half.run, half.snapshot, google))
    done = [*half.done, *stands.settled]
    run = Run(
        google,
        journal,
        ledger,
        steps=plan.steps,
        ways=order.ways(half.run, half.snapshot),
        entries={**_of_records(done), **order.entries},
        vigil=vigil_of(order, google, watchers, stopping),
        held=held,
        earlier=len(done),
        again={(one.live, one.method): one.request for one in stands.again},
    )
    for one in stands.settled:
        body = stands.bodies[one.live]
        run.note(Kind.STEP_DONE, step=one.id, after=body, operations=[], **LOOKED)
    run.recall([(one.step(), one.moment) for one in done], stands.bodies)
    carry_out(plan, run, order.parallelism, order.gates)
    return Outcome(half.run, half.snapshot, len(done) + len(run.done), len(done))


def _of_records(done: Sequence[Taken]) -> dict[Ref, Entry | None]:
    """What the ledger is to say of record sets that are as wished: no difference tells of them."""
    return {
        one.ref: None if one.wanted is None else Entry(one.ref.name, remembered(one.wanted))
        for one in done
        if one.ref.is_record_set
    }


def _numbered(plan: Plan, given: int) -> Plan:
    """With ids that the run has not given to any step before."""

    def after(identifier: str) -> str:
        return str(int(identifier) + given)

    waves = [
        [
            replace(step, id=after(step.id), after_steps=tuple(map(after, step.after_steps)))
            for step in wave
        ]
        for wave in plan.waves
    ]
    return replace(plan, waves=waves)
