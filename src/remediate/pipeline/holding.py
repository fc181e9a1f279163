"""Holds: what a rollback holds back, so that no loop applies again what it has taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from remediate.gcp.google import Google
from remediate.model.chance import Chance
from remediate.model.clock import Clock, rfc3339
from remediate.model.errors import InvalidInput, StoreDamaged
from remediate.model.plan import Objection, Plan
from remediate.model.ref import Ref
from remediate.stores import journal
from remediate.stores.actor import this_actor
from remediate.stores.holds import EVERYTHING, Hold, Holds, literally
from remediate.stores.snapshots import Snapshots
from remediate.stores.store import Store

RULE = "hold"
AFTER_A_ROLLBACK = timedelta(hours=24)  # time to mend the YAML in
_MOST_SETS = 50  # of one zone; more of them are all of them
_MOST_NAMED = 2


def held_back(
    clock: Clock,
    chance: Chance,
    endpoint: str,
    globs: Sequence[str],
    reason: str,
    until: datetime | None,
) -> Hold:
    """A hold as of now, by whoever is at work."""
    now = clock.now()
    return Hold(
        chance.ulid(now),
        endpoint,
        tuple(globs) or (EVERYTHING,),
        reason,
        this_actor().who,
        rfc3339(now),
        rfc3339(until) if until else "",
    )


def hold_after_rollback(
    google: Google, store: Store, plan: Plan, own_snapshot: str, to: str
) -> Callable[[], None]:
    """Before the first write of a rollback: a crash on its way leaves the hold behind.

    One that takes an earlier rollback back releases the hold of that one, and sets none. One that
    goes on with a rollback that was cut short takes over its hold. What is returned makes it as it
    was before, where the rollback could write nothing.
    """
    now = google.clock.now()
    until = now + AFTER_A_ROLLBACK
    why = f"rollback to {to}"
    replaced: list[Hold] = []
    made = held_back(google.clock, google.chance, google.endpoint, _globs(plan), why, until)

    def become(holds: list[Hold]) -> list[Hold]:
        if _is_redo(store, to):
            replaced[:] = [hold for hold in holds if to in hold.snapshots]
            return [hold for hold in holds if to not in hold.snapshots]
        before = replaced[:] = [hold for hold in holds if hold.to == to]
        globs = dict.fromkeys([*(glob for hold in before for glob in hold.globs), *made.globs])
        taken = (*(one for hold in before for one in hold.snapshots), own_snapshot)
        new = replace(made, globs=tuple(globs), snapshots=taken, to=to)
        return [*(hold for hold in holds if hold.to != to), new]

    def as_before(holds: list[Hold]) -> list[Hold]:
        return [*replaced, *(hold for hold in holds if hold.id != made.id)]

    all_ = Holds(store, plan.environment, google.endpoint)
    all_.change(now, become)
    return lambda: all_.change(now, as_before)


def _is_redo(store: Store, to: str) -> bool:
    """Whether a snapshot was taken by a rollback, so that going there takes that one back.

    One that was taken on such a way forward leads back again, and so on.
    """
    forward = False
    while goal := _goal(store, to):
        forward, to = not forward, goal
    return forward


def _goal(store: Store, snapshot: str) -> str:
    """Where the run that took a snapshot was rolling back to; empty if it was no rollback."""
    try:
        run = Snapshots(store).load(snapshot).run
    except (InvalidInput, StoreDamaged):  # of long ago, and gone
        return ""
    if run not in journal.runs(store):
        return ""
    goal = str(journal.read(store, run).begun.get("to") or "")
    return goal if goal < snapshot else ""


def _globs(plan: Plan) -> list[str]:
    """What it takes back, by name; of a zone with many of its sets all of them."""
    refs = dict.fromkeys(difference.ref for difference in plan.differences)
    sets: dict[Ref, list[Ref]] = {}
    for ref in refs:
        if ref.is_record_set:
            sets.setdefault(ref.zone, []).append(ref)
    found = [literally(ref) for ref in refs if not ref.is_record_set]
    for zone, inside in sets.items():
        many = len(inside) > _MOST_SETS
        found += [f"{zone}/*"] if many else [literally(ref) for ref in inside]
    return found


def objections(
    plan: Plan, holds: Iterable[Hold], typed: Callable[[str], str]
) -> tuple[list[Objection], list[str]]:
    """What holds say against a plan, and a note for each that it does not touch."""
    found: list[Objection] = []
    notes: list[str] = []
    for hold in holds:
        touched = list(dict.fromkeys(d.ref for d in plan.differences if hold.covers(d.ref)))
        told = f"held by {hold.who} {_until(hold)}: {hold.reason}"
        end = typed(f"`remediate hold release {hold.id}` ends that")
        if touched:
            be = "is" if len(touched) == 1 else "are"
            ref = touched[0] if len(touched) == 1 else None
            found.append(Objection(RULE, "deny", ref, f"{_some(touched)} {be} {told}; {end}"))
        else:
            notes.append(f"{_some(hold.globs)}: {told}; this plan does not touch it; {end}")
    return found, notes


def _until(hold: Hold) -> str:
    return f"until {hold.until}" if hold.until else "until it is released"


def _some(names: Sequence[object]) -> str:
    listed = [str(name) for name in names]
    if listed == [EVERYTHING]:
        return "everything"
    more = f" and {len(listed) - _MOST_NAMED} more" if len(listed) > _MOST_NAMED else ""
    return ", ".join(listed[:_MOST_NAMED]) + more
