"""What the ledger says of a resource once a step is done that removes it, or brings it back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from remediate.kinds.bodies.asides import as_it_is
from remediate.model.aside import Aside
from remediate.model.json import Body
from remediate.model.plan import Step
from remediate.model.ref import Ref
from remediate.stores.ledger import Entry


def set_aside(entry: Entry | None, step: Step) -> Entry:
    """With a mark for what the step is about; one that a rollback brings back keeps its time."""
    name = step.live.name
    entry = entry or Entry(name, {}, "delete")
    return entry if entry.aside(name) else entry.with_aside(Aside(name))


def left_of(known: Entry | None, step: Step, gone: Collection[Ref]) -> Entry | None:
    """What there is still to remember; `gone` is what this run has deleted, this one among it.

    What a replacement has left behind goes by itself, and is not the end of the resource.
    """
    left = known.without(step.live.name) if known else None
    if left is None or (step.ref.named(left.name) in gone and not left.asides):
        return None
    return left


def begun(
    entry: Entry, step: Step, bodies: Mapping[Ref, Body], now: datetime, project: str
) -> Entry:
    """Each mark as this run has left what it stands for, and its time begun."""
    found = []
    for aside in entry.asides:
        at = step.ref.named(aside.name)
        seen = as_it_is(at, bodies[at], project) if at in bodies else aside
        found.append(replace(seen, since=aside.since).begun(now))
    return replace(entry, asides=tuple(found))
