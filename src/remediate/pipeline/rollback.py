"""Take live back to a snapshot: a plan like any other, whose desired state is the snapshot.

Three sides are held against each other, resource by resource: the snapshot, what our runs have
written since, and live. What somebody else has changed meanwhile is a conflict, shown and left.
The user's YAML is not needed: it may be what broke.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal

from remediate.gcp.google import Google
from remediate.kinds.bodies.canonical import rules_of
from remediate.kinds.bodies.compare import changeable_fields, field_changes, writable
from remediate.kinds.bodies.fields import with_fields
from remediate.kinds.bodies.links import holders_of, linked, scope_of
from remediate.kinds.bodies.overlay import merged_changes
from remediate.kinds.kind import Kind, Replacement
from remediate.kinds.records.remade import put_back
from remediate.kinds.records.restore import restore
from remediate.kinds.registry import NAMES, kind
from remediate.model.clock import rfc3339
from remediate.model.errors import Stale
from remediate.model.json import Body, canonical
from remediate.model.plan import Action, Difference, FieldChange, Objection, Plan, Undo
from remediate.model.progress import Watcher
from remediate.model.ref import GLOBAL, Ref, record_ref
from remediate.model.values import hidden
from remediate.pipeline.apply import Order
from remediate.pipeline.differences import anew
from remediate.pipeline.fixed import fixed_changes
from remediate.pipeline.history import Written, same_state, written_since
from remediate.pipeline.observe import Observed, look_at
from remediate.pipeline.plan import plan_digest, settling
from remediate.pipeline.snapshot import touched
from remediate.pipeline.surroundings import Surroundings
from remediate.pipeline.traffic import remembered_sets, with_hosts
from remediate.pipeline.waves import waves
from remediate.pipeline.witnesses import Witnesses, restorable, staged, witnesses
from remediate.stores.journal import runs
from remediate.stores.ledger import Entry, Ledger
from remediate.stores.snapshots import Snapshot
from remediate.stores.store import Store
from remediate.stores.veil import Veil

OnConflict = Literal["stop", "skip", "overwrite"]
PARALLELISM = 4
DNS = "DnsZone"


@dataclass(frozen=True, slots=True)
class Way:
    """What a rollback is made from."""

    snapshot: Snapshot
    written: Mapping[Ref, Written]  # by our runs since, by live name
    ledger: Ledger
    observed: Observed
    allowances: Mapping[str, str]
    whole: bool  # of a snapshot taken by hand, every resource; else those its run has touched
    witnesses: Witnesses = field(default_factory=dict)

    def before(self, ref: Ref, notes: list[str]) -> Body | None:
        """What to put back of a resource; what cannot be had back is noted."""
        body, live = self.snapshot.resources[ref], self.observed.live.get(ref)
        if body is None or ref.is_record_set:
            return body
        found, lost = restorable(ref, body, live, self.witnesses, self.ledger.veil)
        if lost:
            names = ", ".join(dict.fromkeys(lost))
            notes.append(f"{ref} comes back without the old value of {names}: nobody has it now")
        return found

    def expected(self, ref: Ref, live: Body | None) -> bool:
        """Whether live is our own doing; else somebody else has been there."""
        live = self.ledger.veil.veiled(live)
        if (one := self.written.get(ref)) is not None:
            return one.left(ref, live)
        return same_state(ref, self.snapshot.resources.get(ref), live)


def way_back(
    snapshot: Snapshot,
    store: Store,
    ledger: Ledger,
    google: Google,
    allowances: Mapping[str, str],
    watchers: Sequence[Watcher] = (),
) -> Way:
    """Read the journals since the snapshot, and the live side as far as it matters."""
    written = written_since(store, snapshot)
    whole = snapshot.run not in runs(store)
    refs = scope(snapshot, written, whole=whole)
    observed = _look(refs, google, watchers)
    sides = [(ref, side.get(ref)) for side in (snapshot.resources, observed.live) for ref in refs]
    known = witnesses(google, sides)
    return Way(snapshot, written, ledger, observed, allowances, whole, known)


def live_now(
    snapshot: Snapshot, google: Google, veil: Veil, watchers: Sequence[Watcher] = ()
) -> Snapshot:
    """What the resources of a snapshot are at this moment, as a snapshot of that store too."""
    observed = _look([*snapshot.resources], google, watchers)
    observed.insist()
    bodies = {ref: veil.veiled(observed.live.get(ref)) for ref in snapshot.resources}
    for zone, pages in observed.record_sets.items():
        for page in pages:
            for body in page:
                ref = record_ref(zone, str(body["name"]), str(body["type"]))
                if ref in bodies:
                    bodies[ref] = body
    return replace(snapshot, id="live", time=rfc3339(google.clock.now()), resources=bodies)


def _look(refs: Sequence[Ref], google: Google, watchers: Sequence[Watcher]) -> Observed:
    """Every collection of their APIs around these, and of others, that may link to one of them."""
    places = {ref.location for ref in refs if ref.kind != DNS} | {GLOBAL}
    apis = {kind(ref.kind).api for ref in refs if ref.kind != DNS}
    kinds = {ref.kind for ref in refs}
    around = {
        (name, place)
        for name in NAMES
        for place in places
        if kind(name).api in apis or kinds & {*chain(*kind(name).all_links.values())}
        if scope_of(Ref(name, "", place)) in kind(name).scopes
    }
    zones = sorted({ref.zone.name for ref in refs if ref.kind == DNS})
    dns = {(DNS, GLOBAL)} if any(ref.kind == DNS for ref in refs) else set()
    return look_at(google, around | dns, zones, watchers)


def order_back(way: Way, plan: Plan) -> Order:
    """The order for a plan of `rollback`; of each resource all is restored, so nothing waits."""
    before = touched(plan, way.observed)
    entries = _entries_back(way, plan)
    return Order("rollback", plan, before, entries, {}, PARALLELISM, to=way.snapshot.id)


def rollback(way: Way, on_conflict: OnConflict = "stop") -> Plan:
    """The plan back. Raises Stale, naming each, where somebody else has changed it since."""
    way.observed.insist()
    notes: list[str] = []
    strangers: Counter[Ref] = Counter()
    records = [*_records(way, strangers)]
    found = [*_resources(way, strangers, notes), *records]
    notes += [
        f"{ref} was created by a later run, and stays; its own snapshot takes it back"
        for ref, one in sorted(way.written.items())
        if one.created and one.after is not None and ref not in way.snapshot.resources
    ]
    conflicts = [d for d in found if not way.expected(d.live, _body(d.before))]
    if conflicts and on_conflict == "stop":
        lines = "\n".join(f"{d.live}: {_fields(d)}" for d in conflicts)
        raise Stale(
            f"somebody else has changed this since, so nothing was written:\n{lines}\n"
            "--on-conflict skip leaves it as it is, --on-conflict overwrite takes it back as well"
        )
    if conflicts and on_conflict == "skip":
        notes += [f"{d.live} was changed by somebody else since, and stays" for d in conflicts]
        found = [d for d in found if d not in conflicts]
    around = Surroundings(way.observed.project, way.observed.live, as_it_was=True)
    same = remembered_sets(way.ledger)
    steps = with_hosts(waves(found, around), found, way.observed.live, same, way.observed.project)
    made = Plan(
        way.snapshot.environment,
        way.observed.project,
        found,
        steps,
        [*_objections(way, found, strangers)],
        notes,
        desired_digest=f"snapshot:{way.snapshot.id}",
        settles=settling(steps, way.observed.project, way.observed.live),
        allowances=way.allowances,
    )
    return replace(made, digest=plan_digest(made))


def _entries_back(way: Way, plan: Plan) -> dict[Ref, Entry | None]:
    """The ledger as it was before; what the snapshot's run created is forgotten.

    Of several that one document stood for, it is as it was before the first of them was written.
    """
    going = {difference.live: difference.ref for difference in plan.differences}
    result: dict[Ref, Entry | None] = {}
    for live, one in way.written.items():
        if live in going:
            result.setdefault(going[live], one.entry)
    for ref in going.values():
        result.setdefault(ref, way.ledger.entry(ref))
    return result


def scope(way_snapshot: Snapshot, written: Mapping[Ref, Written], *, whole: bool) -> list[Ref]:
    """The resources that a rollback to the snapshot is about, by live name."""
    return [ref for ref in way_snapshot.resources if whole or ref in written]


def _resources(way: Way, strangers: Counter[Ref], notes: list[str]) -> Iterator[Difference]:
    going = {ref for ref, body in way.snapshot.resources.items() if body is None}
    going |= {ref for ref, one in way.written.items() if one.entry and one.entry.aside(ref.name)}
    for ref in scope(way.snapshot, way.written, whole=way.whole):
        if ref.is_record_set:
            continue
        before, live = way.before(ref, notes), way.observed.live.get(ref)
        one = way.written.get(ref)
        name = one.ref if one else ref
        if before is None and live is not None:
            if one is None or not one.created:
                notes.append(f"{ref} was made by somebody else since, and stays")
            elif others := strangers[ref]:
                notes.append(f"{ref} stays, since it holds {others} record sets of others")
            elif users := sorted(str(r) for r in _users(ref, way) if r not in going):
                notes.append(f"{ref} stays, since {', '.join(users)} uses it")
            else:
                yield Difference(
                    name, Action.DELETE, ref, live, None, (FieldChange("", live, None),)
                )
        elif before is not None and live is None:
            if _lost(ref, before):
                continue  # the objection says so; the rest can go back
            yield _made_again(name, ref, before, notes)
        elif before is not None and live is not None:
            updates = _update(name, ref, before, live, way.observed.project, notes)
            found = [staged(each, before, live, way.witnesses) for each in updates]
            yield from found or _mark(name, ref, live, way)


def _mark(name: Ref, ref: Ref, live: Body, way: Way) -> Iterator[Difference]:
    """What was set aside since is ours again, and what was taken up since waits for `gc`."""
    if (one := way.written.get(ref)) is None:
        return
    was, now = (
        entry is not None and entry.aside(ref.name) is not None
        for entry in (one.entry, way.ledger.entry(name))
    )
    if was and not now:
        change = FieldChange("", live, None)
        yield Difference(name, Action.SET_ASIDE, ref, live, None, (change,))
    if now and not was:
        yield Difference(name, Action.KEEP, ref, live, live)


def _made_again(name: Ref, ref: Ref, before: Body, notes: list[str]) -> Difference:
    if remade := kind(ref.kind).remade:
        notes.append(f"{ref} is made again {remade.format(name=ref.name)}")
    body = {"name": ref.name, **_again(ref, before)}
    return Difference(name, Action.CREATE, ref, None, body, (FieldChange("", None, body),))


def _again(ref: Ref, before: Body) -> Body:
    facts = kind(ref.kind)
    body = facts.chosen(writable(facts, before))
    return facts.again(body) if facts.again else body


def _update(
    name: Ref, ref: Ref, before: Body, live: Body, project: str, notes: list[str]
) -> Iterator[Difference]:
    facts = kind(ref.kind)
    wanted = facts.as_good(writable(facts, before), live)
    changes = _changes(facts, before, live, project)
    if facts.verdict is not None:
        changes, stays = _without_what_stays(facts, changes, ref, notes)
        wanted = with_fields(wanted, live, stays)
    if facts.one_way and _no_way_back(ref, before, live, project):  # an objection says so
        changes = tuple(change for change in changes if not facts.one_way(change))
    if not changes:
        return
    if any(fixed_changes(facts, scope_of(ref), changes)):
        # A rollback knows one name, so whatever the kind, it is made again under that one.
        body = {"name": ref.name, **_again(ref, before)}
        yield Difference(name, Action.REPLACE, ref, live, body, changes, replaces=ref)
        return
    after = merged_changes(wanted, live, changes, rules_of(facts, project))
    yield Difference(name, Action.UPDATE, ref, live, after, changes)


def _without_what_stays(
    facts: Kind, changes: tuple[FieldChange, ...], ref: Ref, notes: list[str]
) -> tuple[tuple[FieldChange, ...], list[str]]:
    """The changes that can go back, and the fields of those that cannot; each is told."""
    back, stays = [], []
    for change in changes:
        if why := facts.why_it_stays(change):
            notes.append(f"{ref} keeps {change.pointer} as it is: {why}")
            stays.append(facts.field_of(change.pointer))
        else:
            back.append(change)
    return tuple(back), stays


def _changes(facts: Kind, before: Body, live: Body, project: str) -> tuple[FieldChange, ...]:
    fields = changeable_fields(facts, before)
    present = {name: item for name, item in writable(facts, live).items() if name in fields}
    return field_changes(
        facts,
        writable(facts, before),
        live,
        project=project,
        written_before=present,
        exactly=True,
    )


def _no_way_back(ref: Ref, before: Body, live: Body, project: str) -> str:
    """Why one that is still the same cannot become again what it was; empty where it can."""
    facts = kind(ref.kind)
    if facts.no_way_back is None:
        return ""
    changes = _changes(facts, before, live, project)
    fixed, reasons = fixed_changes(facts, scope_of(ref), changes)
    if fixed or not reasons:
        return ""
    one_way = [c for c in changes if facts.one_way and facts.one_way(c)]
    told = (f"{c.pointer[1:]} is {c.before}, and was {c.after}" for c in one_way)
    return f"{', '.join(told)}; {facts.no_way_back.why}"


def _records(way: Way, strangers: Counter[Ref]) -> Iterator[Difference]:
    """Differences of record sets; in passing, the sets of each zone that nobody here knows."""
    mine = set(scope(way.snapshot, way.written, whole=way.whole))
    for zone, pages in way.observed.record_sets.items():
        at = Ref("DnsZone", zone)
        bodies = {
            ref: body
            for ref, body in way.snapshot.resources.items()
            if ref in mine and ref.is_record_set and ref.zone == at
        }
        counted = _counted(at, way, bodies, pages, strangers)
        if at in mine and _is_another(at, way):
            apexes = [
                str(each.get("dnsName"))
                for each in (way.snapshot.resources[at] or {}, way.observed.live[at])
            ]
            yield from put_back(at, bodies, counted, *apexes)
        else:
            yield from restore(at, bodies, counted)


def _is_another(zone: Ref, way: Way) -> bool:
    """Whether it has to be deleted and made again to be what it was."""
    before, live = way.snapshot.resources[zone], way.observed.live.get(zone)
    if before is None or live is None:
        return False
    facts = kind(zone.kind)
    changes = _changes(facts, before, live, way.observed.project)
    return any(fixed_changes(facts, scope_of(zone), changes))


def _counted(
    zone: Ref,
    way: Way,
    known: Mapping[Ref, Body | None],
    pages: Iterable[list[Body]],
    strangers: Counter[Ref],
) -> Iterator[list[Body]]:
    apex = way.observed.live.get(zone, {}).get("dnsName")
    for page in pages:
        for body in page:
            name, rrtype = str(body["name"]), str(body["type"])
            of_the_zone = name == apex and rrtype in {"NS", "SOA"}
            strangers[zone] += not of_the_zone and record_ref(zone.name, name, rrtype) not in known
        yield page


def _users(ref: Ref, way: Way) -> Iterator[Ref]:
    """Live resources that link to this one and will still do so after the rollback."""
    project = way.observed.project
    restored = way.snapshot.resources
    holders = holders_of(way.observed.live)
    for other, live in way.observed.live.items():
        after = restored[other] if other in way.written and other in restored else live
        if other != ref and ref in set(linked(other, after, project, holders)):
            yield other


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
        if body is not None and ref not in way.observed.live and (why := _lost(ref, body)):
            message = f"{ref} cannot be made again: {why}"
            yield _allowed(Objection("irreversible", "deny", ref, message), way.allowances)
        live = way.observed.live.get(ref)
        if body and live and (why := _no_way_back(ref, body, live, way.observed.project)):
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
        elif difference.action is Action.DELETE:
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
    users = ", ".join(sorted(str(ref) for ref in _users(difference.live, way)))
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
    return _lost(difference.live, dict(difference.before or {}))


def _lost(ref: Ref, body: Body) -> str:
    """Why Google would not take the body again; empty if it would."""
    lost = None if ref.is_record_set else kind(ref.kind).lost
    return lost(body) if lost else ""


def _allowed(objection: Objection, allowances: Mapping[str, str]) -> Objection:
    reason = allowances.get(f"{objection.rule}:{objection.ref}") or allowances.get(objection.rule)
    return replace(objection, allowed=reason)


def _body(body: Mapping[str, object] | None) -> Body | None:
    return None if body is None else dict(body)  # type: ignore[arg-type] # live bodies are JSON


def _fields(difference: Difference) -> str:
    if difference.action is not Action.UPDATE:
        return f"{difference.action} of what is live now"
    return "; ".join(
        f"{change.pointer} is {canonical(hidden(change.before)).decode()} now, and was "
        f"{canonical(hidden(change.after)).decode()} in the snapshot"
        for change in difference.changes
    )
