"""Take live back to a snapshot: a plan like any other, whose desired state is the snapshot.

Three sides are held against each other, resource by resource: the snapshot, what our runs have
written since, and live. What somebody else has changed meanwhile is a conflict, shown and left.
The user's YAML is not needed: it may be what broke.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Literal

from remediate.kinds.facts import Replacement
from remediate.kinds.registry import kind
from remediate.model.errors import Stale
from remediate.model.json import Body, Json, canonical
from remediate.model.plan import Action, Difference, Objection, Plan, Undo
from remediate.model.ref import Ref
from remediate.model.values import hidden
from remediate.pipeline.apply import Order
from remediate.pipeline.differences import anew
from remediate.pipeline.guard import idle
from remediate.pipeline.plan import plan_digest
from remediate.pipeline.recalling import entries_before, recall
from remediate.pipeline.restoring import (
    InPassing,
    lost,
    no_way_back,
    records_back,
    resources_back,
    users_of,
)
from remediate.pipeline.settling import settling
from remediate.pipeline.snapshot import touched
from remediate.pipeline.surroundings import Surroundings
from remediate.pipeline.traffic import remembered_sets, with_hosts
from remediate.pipeline.ttl import still_kept
from remediate.pipeline.undertaking import Prepare, Prepared, Site
from remediate.pipeline.waves import waves
from remediate.pipeline.way_back import Way, scope, way_back
from remediate.stores.ledger import Entry, Ledger
from remediate.stores.snapshots import Snapshot

OnConflict = Literal["stop", "skip", "overwrite"]
PARALLELISM = 4
DNS = "DnsZone"


def to_go_back(
    site: Site,
    snapshot: Snapshot,
    on_conflict: OnConflict,
    allowances: Mapping[str, str],
    tell: Callable[[Way, Plan], None] = lambda _way, _plan: None,
) -> Prepare:
    """What `undertake` carries out to go back to a snapshot; `tell` hears what that comes to."""

    def prepared(ledger: Ledger) -> Prepared:
        way = way_back(snapshot, site.store, ledger, site.google, allowances, site.watchers)
        plan = rollback(way, on_conflict)
        tell(way, plan)
        return Prepared(plan, lambda: order_back(way, plan), lambda _ledger: recall(way, plan))

    return prepared


def order_back(way: Way, plan: Plan) -> Order:
    """The order for a plan of `rollback`; of each resource all is restored, so nothing waits."""
    before = touched(plan, way.observed)
    entries = _entries_back(way, plan)
    return Order("rollback", plan, before, entries, {}, PARALLELISM, to=way.snapshot.id)


def rollback(way: Way, on_conflict: OnConflict = "stop") -> Plan:
    """The plan back. Raises Stale, naming each, where somebody else has changed it since."""
    way.observed.insist()
    notes: list[str] = []
    passing = InPassing()
    records = [*records_back(way, passing)]
    found = [*resources_back(way, passing.strangers, notes), *records]
    notes += [
        f"{ref} was created by a later run, and stays; its own snapshot takes it back"
        for ref, one in sorted(way.written.items())
        if one.created and one.after is not None and ref not in way.snapshot.resources
    ]
    conflicts = [d for d in found if not way.expected(d.live, _body(d.before))]
    if conflicts and on_conflict == "stop":
        raise _conflict(way, conflicts)
    if conflicts and on_conflict == "skip":
        notes += [f"{d.live} was changed by somebody else since, and stays" for d in conflicts]
        found = [d for d in found if d not in conflicts]
    protected = {one.ref for one in way.written.values() if one.entry and one.entry.protect}
    if found:
        notes += [f"hosts may be missing below: {why}" for why in way.unseen]
    around = Surroundings(
        way.observed.project,
        way.observed.live,
        protected=frozenset(protected),
        as_it_was=True,
    )
    same = remembered_sets(way.ledger)
    steps = with_hosts(waves(found, around), found, way.observed.live, same, way.observed.project)
    objections = [*_objections(way, found, passing.strangers)]
    made = Plan(
        way.snapshot.environment,
        way.observed.project,
        found,
        steps,
        objections,
        [*notes, *idle(objections, way.allowances)],
        desired_digest=f"snapshot:{way.snapshot.id}",
        settles=settling(steps, around),
        allowances=way.allowances,
        stays=bool(notes),
        kept=max(still_kept(found, way.ledger, way.observed.at).values(), default=0),
        negative_ttls=passing.negative_ttls,
    )
    return replace(made, digest=plan_digest(made))


def _entries_back(way: Way, plan: Plan) -> dict[Ref, Entry | None]:
    """The ledger as it was before; what the snapshot's run created is forgotten.

    Of several that one document stood for, it is as it was before the first of them was written.
    """
    known = entries_before(way)
    going = [difference.ref for difference in plan.differences]
    return {ref: known[ref] if ref in known else way.ledger.entry(ref) for ref in going}


def _of_a_zone(zone: Difference, others: int, allowances: Mapping[str, str]) -> Objection:
    message = f"{zone.ref} would be deleted and made again as it was: {anew(zone.before or {})}"
    if others:
        message = f"{message}; it holds {others} record sets of others, which would be lost"
    final = bool(others)
    return _allowed(Objection("zone-replace", "deny", zone.ref, message, final=final), allowances)


def _objections(way: Way, found: list[Difference], strangers: Counter[Ref]) -> Iterator[Objection]:
    """Protection never yields, to a rollback neither, and some things cannot be made again."""
    for ref in scope(way.snapshot, way.written, whole=way.whole):
        body = way.snapshot.resources[ref]
        if body is not None and ref not in way.observed.live and (why := lost(ref, body)):
            message = f"{ref} cannot be made again: {why}"
            yield _allowed(Objection("irreversible", "deny", ref, message), way.allowances)
        live = way.observed.live.get(ref)
        if body and live and (why := no_way_back(ref, body, live, way.observed.project)):
            message = f"{ref} stays as it is: {why}"
            name = way.written[ref].ref if ref in way.written else ref
            yield _allowed(Objection("irreversible", "deny", name, message), way.allowances)
    for difference in found:
        ref = difference.ref
        if ref.is_record_set:
            continue
        if why := _never_again(difference, way) or _sealed(difference):
            yield Objection("irreversible", "deny", ref, why, final=True)
            continue
        if difference.action is Action.REPLACE and ref.kind == DNS:
            yield _of_a_zone(difference, strangers[difference.live], way.allowances)
        entry = way.ledger.entry(ref)
        removes = difference.action.removes or difference.action is Action.REPLACE
        if removes and entry is not None and entry.protect:
            message = f"{ref} is protected from being {difference.action.done}"
            yield _allowed(Objection("protected", "deny", ref, message), way.allowances)
        if difference.action is Action.DELETE:
            yield from _of_a_loss(difference, way.allowances)


def _of_a_loss(difference: Difference, allowances: Mapping[str, str]) -> Iterator[Objection]:
    """It was made by us, and was not there before: said aloud, and a reason to stop for data."""
    ref, facts = difference.ref, kind(difference.ref.kind)
    if facts.holds_data:
        message = f"deleting {ref} loses {facts.loses} for good"
        yield _allowed(Objection("delete", "deny", ref, message), allowances)
    elif why := _never(difference):
        message = f"deleting {ref} cannot be undone: {why}"
        yield _allowed(Objection("irreversible", "warn", ref, message), allowances)


def _never_again(difference: Difference, way: Way) -> str:
    """Why what has its name now cannot give way to what had it; empty if it can."""
    how = kind(difference.ref.kind).replacement
    if difference.action is not Action.REPLACE or how in {
        Replacement.RECREATE,
        Replacement.ON_WORD,
    }:
        return ""
    fields = ", ".join(change.pointer for change in difference.changes)
    why = f"{difference.live} is another one now: {fields} cannot change in place"
    if how is Replacement.REFUSED:
        return f"{why}, and deleting it would lose what cannot be had back"
    users = ", ".join(sorted(str(ref) for ref in users_of(difference.live, way)))
    return f"{why}, and {users} uses it" if users else ""


def _sealed(difference: Difference) -> str:
    """Why live, as it stands, does not take these changes; empty if it does."""
    of = kind(difference.ref.kind).sealed
    why = of(dict(difference.before or {}), difference.changes) if of else ""
    return f"{difference.live} stays as it is: {why}" if why else ""


def _never(difference: Difference) -> str:
    """Why a deletion cannot be taken back by a further rollback; empty if it can."""
    facts = kind(difference.ref.kind)
    verdict = facts.undo.get(Action.DELETE)
    if verdict is not None and verdict.undo is Undo.NEVER:
        return verdict.why
    return lost(difference.live, dict(difference.before or {}))


def _allowed(objection: Objection, allowances: Mapping[str, str]) -> Objection:
    reason = allowances.get(f"{objection.rule}:{objection.ref}") or allowances.get(objection.rule)
    return replace(objection, allowed=reason)


def _body(body: Mapping[str, Json] | None) -> Body | None:
    return None if body is None else dict(body)


def _conflict(way: Way, found: list[Difference]) -> Stale:
    lines = "\n".join(f"{each.live}: {_fields(each)}" for each in found)
    who = "a run that is not known here, or somebody else," if way.is_alone else "somebody else"
    stale = Stale(f"{who} has changed this since, so nothing was written:\n{lines}")
    stale.hint = (
        f"Look with `remediate snapshot diff {way.snapshot.id} live`, then type the same again "
        "with `--on-conflict skip`, which leaves these as they are, or with `--on-conflict "
        "overwrite`, which takes them back too."
    )
    return stale


def _fields(difference: Difference) -> str:
    if difference.action is not Action.UPDATE:
        return f"{difference.action} of what is live now"
    return "; ".join(
        f"{change.pointer} is {canonical(hidden(change.before)).decode()} now, and was "
        f"{canonical(hidden(change.after)).decode()} in the snapshot"
        for change in difference.changes
    )
