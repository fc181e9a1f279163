"""What differs between a snapshot and live: resource by resource, set by set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from remediate.kinds.bodies.canonical import rules_of
from remediate.kinds.bodies.compare import changeable_fields, field_changes, outgrown, writable
from remediate.kinds.bodies.fields import with_fields
from remediate.kinds.bodies.links import holders_of, linked, scope_of
from remediate.kinds.bodies.overlay import merged_changes
from remediate.kinds.kind import Kind
from remediate.kinds.records.essence import negative_ttl
from remediate.kinds.records.remade import put_back
from remediate.kinds.records.restore import restore
from remediate.kinds.registry import kind
from remediate.model.json import Body
from remediate.model.plan import Action, Difference, FieldChange
from remediate.model.ref import Ref, record_ref
from remediate.pipeline.fixed import fixed_changes, kept_note
from remediate.pipeline.way_back import Way, scope
from remediate.pipeline.witnesses import staged

DNS = "DnsZone"


def resources_back(way: Way, strangers: Counter[Ref], notes: list[str]) -> Iterator[Difference]:
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
            elif users := sorted(str(r) for r in users_of(ref, way) if r not in going):
                notes.append(f"{ref} stays, since {', '.join(users)} uses it")
            else:
                yield Difference(
                    name, Action.DELETE, ref, live, None, (FieldChange("", live, None),)
                )
        elif before is not None and live is None:
            if lost(ref, before):
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
    written = writable(facts, before)
    notes += [kept_note(facts, ref, c) for c in outgrown(facts, written, live, project=project)]
    wanted = facts.as_good(written, live)
    changes = _changes(facts, before, live, project)
    if facts.verdict is not None:
        changes, stays = _without_what_stays(facts, changes, ref, notes)
        wanted = with_fields(wanted, live, stays)
    if facts.one_way and no_way_back(ref, before, live, project):  # an objection says so
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


def is_back(ref: Ref, before: Body | None, live: Body | None, project: str) -> bool:
    """Whether a resource is what it was, as far as any rollback can tell or do."""
    if before is None or live is None:
        return before is None and live is None
    stays: list[str] = []
    updates = [*_update(ref, ref, before, live, project, stays)]
    return not (updates or stays or no_way_back(ref, before, live, project))


def _without_what_stays(
    facts: Kind, changes: tuple[FieldChange, ...], ref: Ref, notes: list[str]
) -> tuple[tuple[FieldChange, ...], list[str]]:
    """The changes that can go back, and the fields of those that cannot; each is told."""
    back, stays = [], []
    for change in changes:
        if facts.why_it_stays(change):
            notes.append(kept_note(facts, ref, change))
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


def no_way_back(ref: Ref, before: Body, live: Body, project: str) -> str:
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


@dataclass(frozen=True, slots=True)
class InPassing:
    """By zone, what is noticed while it is read: sets that nobody here knows, and its SOA's word.

    `negative_ttls` are seconds for which caches keep that there is none.
    """

    strangers: Counter[Ref] = field(default_factory=Counter)
    negative_ttls: dict[Ref, int] = field(default_factory=dict)


def records_back(way: Way, passing: InPassing) -> Iterator[Difference]:
    """Differences of record sets."""
    mine = set(scope(way.snapshot, way.written, whole=way.whole))
    for zone, pages in way.observed.record_sets.items():
        at = Ref("DnsZone", zone)
        bodies = {
            ref: body
            for ref, body in way.snapshot.resources.items()
            if ref in mine and ref.is_record_set and ref.zone == at
        }
        counted = _noticed(at, way, bodies, pages, passing)
        if at in mine and is_another(at, way):
            apexes = [
                str(each.get("dnsName"))
                for each in (way.snapshot.resources[at] or {}, way.observed.live[at])
            ]
            yield from put_back(at, bodies, counted, *apexes)
        else:
            yield from restore(at, bodies, counted)


def is_another(zone: Ref, way: Way) -> bool:
    """Whether it has to be deleted and made again to be what it was."""
    before, live = way.snapshot.resources[zone], way.observed.live.get(zone)
    if before is None or live is None:
        return False
    facts = kind(zone.kind)
    changes = _changes(facts, before, live, way.observed.project)
    return any(fixed_changes(facts, scope_of(zone), changes))


def _noticed(
    zone: Ref,
    way: Way,
    known: Mapping[Ref, Body | None],
    pages: Iterable[list[Body]],
    passing: InPassing,
) -> Iterator[list[Body]]:
    apex = way.observed.live.get(zone, {}).get("dnsName")
    for page in pages:
        for body in page:
            name, rrtype = str(body["name"]), str(body["type"])
            of_the_zone = name == apex and rrtype in {"NS", "SOA"}
            ref = record_ref(zone.name, name, rrtype)
            passing.strangers[zone] += not of_the_zone and ref not in known
            if name == apex and rrtype == "SOA" and (seconds := negative_ttl(body)) is not None:
                passing.negative_ttls[zone] = seconds
        yield page


def users_of(ref: Ref, way: Way) -> Iterator[Ref]:
    """Live resources that link to this one and will still do so after the rollback."""
    project = way.observed.project
    restored = way.snapshot.resources
    holders = holders_of(way.observed.live)
    for other, live in way.observed.live.items():
        after = restored[other] if other in way.written and other in restored else live
        if other != ref and ref in set(linked(other, after, project, holders)):
            yield other


def lost(ref: Ref, body: Body) -> str:
    """Why Google would not take the body again; empty if it would."""
    lost = None if ref.is_record_set else kind(ref.kind).lost
    return lost(body) if lost else ""
