"""Make live as planned: lock, snapshot, journal, then every step; the ledger remembers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from remediate.gcp.google import Google
from remediate.kinds.bodies.resolve import Names
from remediate.model.aside import Aside
from remediate.model.clock import rfc3339
from remediate.model.errors import CheckFailed, Interrupted, RemediateError
from remediate.model.json import Body, Json
from remediate.model.plan import Plan
from remediate.model.progress import SnapshotTaken, Watcher, tell
from remediate.model.ref import Ref, record_ref
from remediate.model.resource import Desired, Lifecycle, Resource, Zone
from remediate.pipeline.carry_out import carry_out
from remediate.pipeline.choices import Choices
from remediate.pipeline.conditions import Vigil, wait_until_ready
from remediate.pipeline.gates import Gates
from remediate.pipeline.holding import hold_after_rollback
from remediate.pipeline.intent import planned
from remediate.pipeline.observe import Observed
from remediate.pipeline.run import Run, Ways
from remediate.pipeline.snapshot import touched
from remediate.pipeline.witnesses import kept
from remediate.stores.actor import this_actor
from remediate.stores.journal import Journal
from remediate.stores.ledger import Entry, Ledger
from remediate.stores.lock import unheld
from remediate.stores.snapshots import Snapshot, Snapshots
from remediate.stores.store import Store


@dataclass(frozen=True, slots=True)
class Order:
    """A plan that is to be carried out, and what the stores are to know of it."""

    verb: str
    plan: Plan
    before: Mapping[Ref, Body | None]  # what the snapshot holds
    entries: Mapping[Ref, Entry | None]  # what the ledger says of a Ref once its steps are done
    timeouts: Mapping[Ref, float]
    parallelism: int
    to: str = ""  # the snapshot that a rollback goes back to
    choices: Choices | None = None  # of an apply, so that it can be gone on with
    gates: Gates | None = None  # what has to hold between its waves, and at its end

    @property
    def allows_commands(self) -> bool:
        """Whether commands of checks may be run for its gates."""
        return self.gates is not None and self.gates.commands

    @property
    def again(self) -> str:
        """What to type to do the same again."""
        return f"remediate rollback --snapshot {self.to}" if self.to else f"remediate {self.verb}"

    def ways(self, run: str, snapshot: str) -> Ways:
        on = self.again
        if self.choices is not None:
            commands = " --allow-commands" if self.allows_commands else ""
            on = f"remediate {self.verb} --resume {run}{commands}"
        return Ways(self.again, on, f"remediate rollback --snapshot {snapshot}")


@dataclass(frozen=True, slots=True)
class Outcome:
    run: str
    snapshot: str
    done: int
    earlier: int = 0  # of these, before the run was gone on with


def order_of(
    verb: str, plan: Plan, desired: Desired, observed: Observed, choices: Choices | None = None
) -> Order:
    """The order for a plan of an environment; of an apply, with what was chosen."""
    return Order(
        verb,
        plan,
        touched(plan, observed),
        _entries(plan, desired),
        _timeouts(plan, desired),
        desired.environment.parallelism,
        choices=choices,
    )


def apply(  # noqa: PLR0913 - all that a run stands on
    order: Order,
    run_id: str,
    google: Google,
    store: Store,
    ledger: Ledger,
    watchers: Sequence[Watcher],
    stopping: threading.Event | None = None,
    *,
    held: Callable[[], None] = unheld,
) -> Outcome:
    """Carry an order out under a lock that the caller holds for `run_id`.

    Once `stopping` is set, no step begins; once `held` raises, nothing is sent. Raises what
    `carry_out` raises; whatever it is, the journal and the snapshot are complete.
    """
    plan = order.plan
    snapshot = first_snapshot(order, run_id, _new_snapshot(google, store, run_id), google)
    to = order.to
    release = hold_after_rollback(google, store, plan, snapshot.id, to) if to else None
    journal = _begun(order, run_id, snapshot.id, google, store)
    Snapshots(store).save(snapshot)  # after its run is known: one without a run was taken by hand
    tell(watchers, SnapshotTaken(snapshot.id, len(snapshot.resources)))
    run = Run(
        google,
        journal,
        ledger,
        steps=plan.steps,
        ways=order.ways(run_id, snapshot.id),
        entries=order.entries,
        vigil=vigil_of(order, google, watchers, stopping),
        held=held,
    )
    try:
        carry_out(plan, run, order.parallelism, order.gates)
    except RemediateError:
        if release and not run.has_written:  # nothing was taken back, to be held back
            with suppress(RemediateError):  # it runs out by itself
                release()
        raise
    return Outcome(run_id, snapshot.id, len(run.done))


def _begun(order: Order, run_id: str, snapshot: str, google: Google, store: Store) -> Journal:
    """The journal of a run, its first record durable."""
    plan = order.plan
    return Journal.begin(
        store,
        run_id,
        google.clock,
        this_actor(),
        verb=order.verb,
        environment=plan.environment,
        project=plan.project,
        digest=plan.digest,
        snapshot=snapshot,
        endpoint=google.endpoint,
        more=_said(order),
    )


def _said(order: Order) -> Body:
    """What people have said of this run, and what it is about, for its first record."""
    plan, consent = order.plan, order.plan.consent
    said: Body = {"allowances": dict(plan.allowances), "steps": planned(plan.steps)}
    if order.choices is not None:
        said["choices"] = order.choices.to_json()
        said["desired"] = plan.desired_digest
    if order.allows_commands:
        said["allow_commands"] = True
    if consent.approved_by:
        said["approved_by"] = [*consent.approved_by]  # as asserted, of the plan of this digest
    if consent.incident:
        said["incident"] = consent.incident
    return {**said, "to": order.to} if order.to else said


def settle(
    order: Order,
    google: Google,
    watchers: Sequence[Watcher],
    stopping: threading.Event | None = None,
) -> None:
    """Where nothing is to be written: wait until what was begun before is ready.

    Raises CheckFailed when that does not come about, Interrupted once `stopping` is set.
    """
    vigil = vigil_of(order, google, watchers, stopping)
    try:
        for ref in order.plan.settles:
            wait_until_ready(ref, vigil)
    except (CheckFailed, Interrupted) as error:
        error.hint = f"Nothing was to be changed. `{order.again}` waits again."
        raise


def vigil_of(
    order: Order, google: Google, watchers: Sequence[Watcher], stopping: threading.Event | None
) -> Vigil:
    ends = stopping or threading.Event()
    return Vigil(google, watchers, order.timeouts, ends, order.plan.allowances)


def _new_snapshot(google: Google, store: Store, run: str) -> str:
    """Behind its own run too: the next run sorts behind both, whatever the clocks say."""
    return google.chance.ulid(google.clock.now(), after=max(Snapshots(store).newest, run))


def first_snapshot(order: Order, run: str, identifier: str, google: Google) -> Snapshot:
    """What live is before a run has done anything."""
    now = google.clock.now()
    return Snapshot(
        identifier,
        order.plan.environment,
        order.plan.project,
        run,
        rfc3339(now),
        f"before {order.verb}" + (f" to {order.to}" if order.to else ""),
        kept(google, order.before),
        google.endpoint,
    )


def _entries(plan: Plan, desired: Desired) -> dict[Ref, Entry | None]:
    """What is to be remembered of everything that is declared, and of what goes."""
    result: dict[Ref, Entry | None] = {
        ref: _entry(live.name, body, desired.resources[ref].lifecycle, plan.retired.get(ref, ()))
        for ref, (live, body) in plan.written.items()
    }
    for difference in plan.differences:
        if difference.action.removes:
            result[difference.ref] = None
        elif difference.ref.is_record_set and difference.after is not None:
            result[difference.ref] = Entry(difference.ref.name, remembered(difference.after))
    return result


def adopt(
    plan: Plan,
    desired: Desired,
    observed: Observed,
    ledger: Ledger,
    choices: Choices,
    now: datetime,
) -> None:
    """Remember what was as wished already, so that its removal can be seen one day.

    Only of what was chosen, and only where nothing differs: what was left out stays as it was.
    The time of what no apply has set aside begins `now`.
    """
    names = Names(plan.project, desired.resources)
    for ref, (live, body) in plan.written.items():
        names.settle(ref, live, observed.live.get(live))
        lifecycle = desired.resources[ref].lifecycle
        retired = tuple(aside.begun(now) for aside in plan.retired.get(ref, ()))
        watched = lifecycle.ownership == "observe"
        if ref not in plan.unsettled and not watched and choices.wants(ref):
            ledger.remember(ref, _entry(live.name, body, lifecycle, retired))
    for zone in desired.resources.values():
        if isinstance(zone, Zone):
            for (fqdn, rrtype), record in zone.records.items():
                ref = record_ref(zone.ref.name, fqdn, rrtype)
                if ref not in plan.unsettled and choices.wants(ref):
                    values: list[Json] = [names.rendered(value) for value in record.rrdatas]
                    ledger.remember(ref, Entry(ref.name, {"ttl": record.ttl, "rrdatas": values}))
            _adopt_routed(zone, names, plan, ledger, choices)
    for ref, entry in [*ledger.resources.items()]:
        resource = desired.resources.get(ref)
        if choices.wants(ref) and (
            _is_let_go(resource, entry) or _is_over(ref, entry, desired, observed)
        ):
            ledger.forget(ref)
    ledger.project = plan.project
    ledger.drop_kept(now)
    ledger.save()


def _adopt_routed(zone: Zone, names: Names, plan: Plan, ledger: Ledger, choices: Choices) -> None:
    for routed in zone.routed:
        from remediate.kinds.records.routing import Routing  # few zones have one

        ref = record_ref(zone.ref.name, routed.fqdn, routed.type)
        if ref not in plan.unsettled and choices.wants(ref):
            fields: Body = {"ttl": routed.ttl, "routingPolicy": Routing(zone, names).body(routed)}
            ledger.remember(ref, Entry(ref.name, fields))


def remembered(after: Mapping[str, Any]) -> Body:
    """Of a record set, what it answers and for how long."""
    return {name: after[name] for name in ("ttl", "rrdatas", "routingPolicy") if after.get(name)}


def _is_over(ref: Ref, entry: Entry, desired: Desired, observed: Observed) -> bool:
    """Whether all of it is gone, whoever deleted it: the next one of its name is not ours."""
    names = {entry.name, *(aside.name for aside in entry.asides)}
    there = any(ref.named(name) in observed.live for name in names)
    return ref not in desired.resources and not there


def _is_let_go(resource: Resource | None, entry: Entry) -> bool:
    """Whether it is not ours to remove one day: only observed, or gone from the YAML to stay."""
    if resource is None:
        return entry.on_remove == "keep"
    return resource.lifecycle.ownership == "observe"


def _timeouts(plan: Plan, desired: Desired) -> dict[Ref, float]:
    return {
        live: timeout
        for ref, (live, _body) in plan.written.items()
        if (timeout := desired.resources[ref].lifecycle.wait.timeout) is not None
    }


def _entry(
    name: str, body: Mapping[str, Any], lifecycle: Lifecycle, retired: tuple[Aside, ...]
) -> Entry:
    return Entry(name, dict(body), lifecycle.on_remove, lifecycle.protect, retired)
