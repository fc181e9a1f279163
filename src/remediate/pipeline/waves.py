"""Put steps into waves: what needs another waits for it, and deletions come last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from remediate.kinds.bodies.fields import at_field
from remediate.kinds.bodies.links import holders_of, linked, parent_of
from remediate.kinds.records.routing import answers, needs
from remediate.model.condition import Await
from remediate.model.plan import Difference, Step, Undo
from remediate.model.ref import Ref
from remediate.model.values import Unknown, unknowns
from remediate.pipeline.steps import Draft, becomes_ready_alone, drafts
from remediate.pipeline.surroundings import Surroundings

DNS, DATABASE = "DnsZone", "SqlInstance"
AUTHORITY, PROOF = "DnsAuthorization", "dnsResourceRecord/data"


def waves(differences: Sequence[Difference], around: Surroundings) -> list[list[Step]]:
    """Every step, in waves; steps of one wave need nothing of each other."""
    made = [draft for difference in differences for draft in drafts(difference, around)]
    _check_before_creating(made)
    emptied = _emptied(made)
    _group_owners(made, emptied)
    _link(made, around, emptied)
    first, last = ([d for d in made if d.last is last] for last in (False, True))
    return _numbered([*_levels(first), *_levels(last)])


def _check_before_creating(drafts: list[Draft]) -> None:
    """Whether Google could issue a certificate is found out before there is one."""
    makers = {draft.step.live: draft for draft in drafts if draft.step.method == "insert"}
    for draft in drafts:
        moved = [c for c in draft.step.awaits if c.what is Await.ISSUABLE and c.ref in makers]
        rest = tuple(c for c in draft.step.awaits if c not in moved)
        draft.step = replace(draft.step, awaits=rest)
        for condition in moved:
            maker = makers[condition.ref]
            maker.step = replace(maker.step, awaits=(*maker.step.awaits, condition))


def _emptied(drafts: list[Draft]) -> dict[Ref, Draft]:
    """The zones that are deleted and made again, by the drafts that make them."""
    zones = {d.step.ref: d for d in drafts if d.gap is not None and d.step.ref.kind == DNS}
    for draft in drafts:
        if draft.step.ref.is_record_set and draft.step.ref.zone in zones:
            draft.last = False  # before the zone, whose deletion is not the last step either
    return zones


def _group_owners(drafts: list[Draft], emptied: Collection[Ref]) -> None:
    """Record sets of one owner name go in one change, so they share a wave, whatever they do.

    Of a zone that is made again, those that go with the old one are apart from the new.
    """
    heads: dict[tuple[Ref, str, bool], Draft] = {}
    for draft in sorted(drafts, key=lambda d: d.last):
        ref = draft.step.ref
        if ref.is_record_set:
            goes = draft.step.verb.removes and ref.zone in emptied
            head = heads.setdefault((ref.zone, ref.record[0], goes), draft)
            if head is not draft:
                draft.group, draft.last = head, head.last


def _link(drafts: list[Draft], around: Surroundings, emptied: Mapping[Ref, Draft]) -> None:
    """Let every draft wait for what it needs."""
    makers: dict[Ref, Draft] = {}
    for draft in drafts:
        if not draft.step.verb.removes:
            makers.setdefault(draft.step.live, draft)
    logical = {draft.step.ref: draft for draft in reversed(drafts) if not draft.last}
    front = [d for d in drafts if not d.last and d.step.ref.kind in {"ForwardingRule", DNS}]
    listening = _by_address(front)
    proofs = [*_proofs(drafts, around)]
    inside: dict[Ref | None, list[Draft]] = defaultdict(list)
    for ref, draft in makers.items():
        inside[parent_of(ref)].append(draft)
    for draft in drafts:
        step = draft.step
        if draft.last or (step.verb.removes and step.ref.is_record_set):
            continue
        targets = {*needs_of(step, around.project), *linked(step.live, draft.whole, around.project)}
        needed = [makers[ref] for ref in sorted(targets) if ref in makers]
        above = parent_of(step.live)
        needed += [
            d for r in needs_of(step, around.project) if r != above for d in inside.get(r, ())
        ]
        needed += [logical[ref] for ref in around.depends_on.get(step.ref, ()) if ref in logical]
        if step.ref.is_record_set:
            # Names follow what they point to.
            needed += [rule for value in answers(step.after) for rule in listening.get(value, ())]
        if step.ready:
            others = [ref for ref in step.ready if ref != step.live]
            alone = all(becomes_ready_alone(ref, around) for ref in others)
            needed += proofs if alone else front
        draft.head.needs += [other.head for other in needed if other.step.live != step.live]
    _let_checks_wait(drafts, front)
    _empty_first(drafts, emptied)
    _close_gaps(drafts)
    _take_turns(drafts, around)
    _link_deletions(drafts, around)
    _open_late(drafts)


def _take_turns(drafts: list[Draft], around: Surroundings) -> None:
    """What is done to a database's replica is done to the database: one thing at a time."""
    latest: dict[tuple[Ref, bool], Draft] = {}
    for draft in drafts:
        step = draft.step
        if step.live.kind != DATABASE:
            continue
        for primary in linked(step.live, step.after or step.before, around.project):
            before = latest.get((primary, draft.last))
            if before is not None and before.step.live != step.live:
                draft.needs.append(before)
            latest[primary, draft.last] = draft


def _open_late(drafts: list[Draft]) -> None:
    """What makes a deletion possible is done when nothing else is left to do before it."""
    for draft in drafts:
        for opening in [d for d in draft.needs if d.last and d.step.live == draft.step.live]:
            others = [d for d in draft.needs if d is not opening and d not in opening.needs]
            opening.needs += others


def _let_checks_wait(drafts: list[Draft], front: list[Draft]) -> None:
    """Where names lead is looked at once this plan has set them right."""
    for draft in drafts:
        if any(condition.what is Await.ISSUABLE for condition in draft.step.awaits):
            above = _reaching(draft, drafts)
            draft.needs += [each.head for each in front if id(each.head) not in above]


def _reaching(draft: Draft, drafts: list[Draft]) -> set[int]:
    """The ids of all that waits for a draft, over whatever number of steps."""
    known = {id(draft): True}

    def reaches(each: Draft) -> bool:
        if id(each) not in known:
            known[id(each)] = False
            known[id(each)] = any(map(reaches, each.needs))
        return known[id(each)]

    return {id(each) for each in drafts if reaches(each)}


def _empty_first(drafts: list[Draft], emptied: Mapping[Ref, Draft]) -> None:
    """A zone is empty when it goes, and goes when all is there that the new one's sets need."""
    for zone, made in emptied.items():
        inside = [d for d in drafts if d.step.ref.is_record_set and d.step.ref.zone == zone]
        heads = {id(d.head): d.head for d in inside}.values()
        awaited = [other for head in heads for other in head.needs if other is not made]
        assert made.gap is not None
        for head in heads:
            if head.step.verb.removes:
                made.gap.needs.append(head)
                head.needs += awaited


def _close_gaps(drafts: list[Draft]) -> None:
    """A gap is as short as it can be: everything else that the insert needs is done before."""
    for draft in drafts:
        if draft.gap is not None:
            draft.gap.needs += draft.needs
            draft.needs.append(draft.gap)


def _link_deletions(drafts: list[Draft], around: Surroundings) -> None:
    """Deletions go in the order that is the reverse of creation's; of record sets first of all."""
    gone = {draft.step.live: draft for draft in drafts if draft.last}
    records = [draft for draft in gone.values() if draft.step.ref.is_record_set]
    holders = holders_of(around.live)
    for draft in gone.values():
        for ref in linked(draft.step.live, draft.step.before, around.project, holders):
            if ref in gone:
                gone[ref].needs.append(draft.head)
        if not draft.step.ref.is_record_set:
            draft.needs += [other.head for other in records]
    rest = [draft for draft in gone.values() if draft.step.undo is not Undo.NEVER]
    for draft in gone.values():
        if draft.step.undo is Undo.NEVER:  # only when nothing that can wait can fail any more
            waiting = _reaching(draft, rest)
            draft.needs += [other.head for other in rest if id(other) not in waiting]


def needs_of(each: Step | Difference, project: str) -> Iterator[Ref]:
    """By live names, what must be there before it."""
    if each.ref.is_record_set:
        yield each.ref.zone
        yield from needs(each.after, project)
    else:
        yield from linked(each.live, each.after, project)
        yield from (r.ref for unknown in unknowns(each.after) for r in unknown.references)


def _proofs(drafts: Iterable[Draft], around: Surroundings) -> Iterator[Draft]:
    """The record sets that authorize a certificate: they hold what an authorization asks for."""
    asked = {at_field(body, PROOF) for ref, body in around.live.items() if ref.kind == AUTHORITY}
    for draft in drafts:
        if draft.step.ref.is_record_set and not draft.last:
            values = [*answers(draft.step.after)]
            refs = {value.ref.kind for value in values if isinstance(value, Unknown)}
            if AUTHORITY in refs or any(str(value) in asked for value in values):
                yield draft


def _by_address(drafts: Iterable[Draft]) -> dict[Any, list[Draft]]:
    """The rules that listen at each address; one that is yet to be chosen is an Unknown."""
    listening: dict[object, list[Draft]] = defaultdict(list)
    for draft in drafts:
        if (address := (draft.step.after or {}).get("IPAddress")) is not None:
            listening[address].append(draft)
    return listening


def _levels(drafts: list[Draft]) -> list[list[Draft]]:
    """The longest way to each draft is its wave."""
    level: dict[int, int] = {}

    def depth(draft: Draft) -> int:
        if (known := level.get(id(draft))) is None:
            below = [depth(other) for other in draft.needs if other is not draft]
            known = level[id(draft)] = 1 + max(below, default=-1)
        return known

    result: dict[int, list[Draft]] = defaultdict(list)
    for draft in drafts:
        result[depth(draft.head)].append(draft)
    return [result[number] for number in sorted(result)]


def _numbered(levels: list[list[Draft]]) -> list[list[Step]]:
    ids: dict[int, str] = {}
    result = []
    for level in levels:
        level.sort(key=lambda draft: (str(draft.step.ref), not draft.step.verb.removes))
        for draft in level:
            ids[id(draft)] = str(len(ids) + 1)
        result.append(
            [
                replace(
                    draft.step,
                    id=ids[id(draft)],
                    after_steps=tuple(
                        sorted({ids[id(n)] for n in draft.needs if id(n) in ids}, key=int)
                    ),
                )
                for draft in level
            ]
        )
    return result
