"""Put steps into waves: what needs another waits for it, and deletions come last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from remediate.kinds.bodies.canonical import canonical_value, rules_of, sort_key
from remediate.kinds.bodies.fields import at_field
from remediate.kinds.bodies.links import holders_of, linked, parent_of
from remediate.kinds.fields.pointers import parts
from remediate.kinds.records.routing import answers, needs
from remediate.kinds.registry import kind
from remediate.model.condition import Await
from remediate.model.errors import InvalidInput
from remediate.model.json import digest
from remediate.model.plan import Action, Difference, FieldChange, Plan, Risk, Step, Undo
from remediate.model.ref import Ref, record_ref
from remediate.model.resource import Desired, Resource, Zone
from remediate.model.values import Unknown
from remediate.pipeline.diff import diff
from remediate.pipeline.guard import Proposal, acknowledged, guard
from remediate.pipeline.observe import Observed
from remediate.pipeline.steps import Draft, becomes_ready_alone, drafts
from remediate.pipeline.surroundings import Surroundings
from remediate.pipeline.traffic import with_hosts, written_sets
from remediate.pipeline.traffic import with_hosts, written_sets
from remediate.stores.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user asked of this one run."""

    allowances: Mapping[str, str] = field(default_factory=dict)
    prune: bool = False
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()

    def wants(self, ref: Ref) -> bool:
        if any(ref.matches(glob) for glob in self.excludes):
            return False
        return not self.targets or any(ref.matches(glob) for glob in self.targets)


def plan(desired: Desired, observed: Observed, ledger: Ledger, choices: Choices) -> Plan:
    """What it would take to make live as desired, and every objection to it."""
    verdict = diff(desired, observed, ledger, prune=choices.prune)
    _insist_on_matches(desired, verdict.found, choices)
    differences = [d for d in verdict.found if choices.wants(d.ref)]
    _insist_on_company(verdict.found, differences, observed.project)
    resources = desired.resources
    around = Surroundings(
        observed.project,
        observed.live,
        {ref: Risk(r.lifecycle.risk) for ref, r in resources.items() if r.lifecycle.risk},
        {ref: r.lifecycle.depends_on for ref, r in resources.items()},
        dict(verdict.written.values()),
        *_patience(resources, verdict.written),
    )
    levels = waves(differences, around)
    levels = with_hosts(
        levels, verdict.found, observed.live, written_sets(desired), observed.project
    )
    levels = with_hosts(
        levels, verdict.found, observed.live, written_sets(desired), observed.project
    )
    proposal = Proposal(
        desired,
        differences,
        [step for level in levels for step in level],
        ledger.resources,
        verdict.records,
        around,
    )
    refused = [o for o in verdict.refused if o.ref is None or choices.wants(o.ref)]
    objections = [
        *guard(proposal, choices.allowances),
        *(acknowledged(objection, desired, choices.allowances) for objection in refused),
    ]
    made = Plan(
        desired.environment.name,
        observed.project,
        differences,
        levels,
        objections,
        verdict.notes,
        desired.digest,
        settles=settling(levels, observed.project),
        allowances=choices.allowances,
        written=verdict.written,
        retired=verdict.retired,
        retention=desired.environment.retention,
        unsettled=frozenset(
            [*(d.ref for d in verdict.found), *(o.ref for o in verdict.refused if o.ref)]
        ),
        left_out=len(verdict.found) - len(differences),
    )
    return replace(made, digest=plan_digest(made))


def _patience(
    resources: Mapping[Ref, Resource], written: Mapping[Ref, tuple[Ref, Mapping[str, Any]]]
) -> tuple[dict[Ref, float], frozenset[Ref]]:
    """How long each is to soak, and what is to be swapped without an overlap, by live name."""
    waits = {live: resources[ref].lifecycle for ref, (live, _body) in written.items()}
    soaks = {live: each.wait.soak for live, each in waits.items() if each.wait.soak is not None}
    return soaks, frozenset(live for live, each in waits.items() if each.replace == "recreate")


def _insist_on_company(
    found: Sequence[Difference], chosen: Sequence[Difference], project: str
) -> None:
    """What a chosen difference links to must be there, or be made in the same plan."""
    kept = {id(difference) for difference in chosen}
    made = {Action.CREATE, Action.REPLACE}
    missing = {d.live: d.ref for d in found if id(d) not in kept and d.action in made}
    for difference in chosen:
        for ref in _needs(difference, project):
            if ref in missing:
                raise InvalidInput(
                    f"{difference.ref} needs {missing[ref]}, which is not there yet and is left "
                    "out by --target or --exclude; choose it too"
                )


def settling(levels: Sequence[Sequence[Step]], project: str) -> list[Ref]:
    """What is created here, is in use at the end, and takes its time to become ready."""
    steps = [step for level in levels for step in level]
    used = {ref for step in steps for ref in linked(step.live, _heeded(step), project)}
    waited = {ref for step in steps for ref in step.ready}
    return [
        step.live
        for step in steps
        if step.method == "insert" and step.live in used - waited
        if step.after and not kind(step.live.kind).ready(dict(step.after)).ready
    ]


def _heeded(step: Step) -> Mapping[str, Any] | None:
    is_plain = step.after is None or step.ref.is_record_set
    return step.after if is_plain else kind(step.live.kind).heeded(step.after or {})


def plan_digest(made: Plan) -> str:
    """By which a reviewed plan is known: equal for equal YAML, live state and ledger, anywhere."""
    return digest(
        {
            "desired": made.desired_digest,
            "environment": made.environment,
            "project": made.project,
            "steps": [
                {
                    "ref": str(step.ref),
                    "live": str(step.live),
                    "verb": step.verb.value,
                    "method": step.method,
                    "changes": [_spelled(step, change, made.project) for change in step.changes],
                    "precondition": step.precondition,
                }
                for step in made.steps
            ],
            "objections": sorted(
                [o.rule, o.level, str(o.ref), o.allowed or ""] for o in made.objections
            ),
            "allowances": dict(made.allowances),
        }
    )


def _spelled(step: Step, change: FieldChange, project: str) -> list[Any]:
    """A change in the one spelling of its values, so that no order of a list makes another plan.

    Of a whole resource the precondition says what it was, in all that a user could have changed.
    """
    if not change.pointer:
        change = replace(change, before=None)
    if step.ref.is_record_set:
        values = [_in_order(value) for value in (change.before, change.after)]
    else:
        rules = rules_of(kind(step.live.kind), project)
        for part in parts(change.pointer):
            rules = rules.below(part)
        values = [canonical_value(value, rules) for value in (change.before, change.after)]
    return [change.pointer, *map(_known, values)]


def _in_order(value: Any) -> Any:  # noqa: ANN401 - a record set or a part of one
    if isinstance(value, Mapping):
        return {name: _in_order(item) for name, item in value.items()}
    if not isinstance(value, list | tuple):
        return value
    if any(isinstance(item, Mapping) for item in value):  # of a routing policy
        return sorted(map(_in_order, value), key=sort_key)
    return sorted(value, key=str)


def _known(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """JSON with what is known after apply written as the reference that it is."""
    if isinstance(value, Unknown):
        return {"$unknown": f"{value.ref}.{value.field}"}
    if isinstance(value, Mapping):
        return {name: _known(item) for name, item in value.items()}
    return [_known(item) for item in value] if isinstance(value, list | tuple) else value


def _insist_on_matches(desired: Desired, found: Sequence[Difference], choices: Choices) -> None:
    """A glob that matches nothing is a slip of the pen, never a plan that happens to be empty."""
    written: set[Ref] = {*desired.resources, *(difference.ref for difference in found)}
    for zone in desired.resources.values():
        if isinstance(zone, Zone):
            written |= {record_ref(zone.ref.name, *at) for at in zone.records}
    for option, globs in (("--target", choices.targets), ("--exclude", choices.excludes)):
        for glob in globs:
            if not any(ref.matches(glob) for ref in written):
                where = desired.environment.name
                raise InvalidInput(f"{option} {glob} matches nothing in {where}")


DNS = "DnsZone"
AUTHORITY, PROOF = "DnsAuthorization", "dnsResourceRecord/data"


def waves(differences: Sequence[Difference], around: Surroundings) -> list[list[Step]]:
    """Every step, in waves; steps of one wave need nothing of each other."""
    made = [draft for difference in differences for draft in drafts(difference, around)]
    _check_before_creating(made)
    _group_owners(made)
    _link(made, around)
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


def _group_owners(drafts: list[Draft]) -> None:
    """Record sets of one owner name go in one change, so they share a wave, whatever they do."""
    heads: dict[tuple[Ref, str], Draft] = {}
    for draft in sorted(drafts, key=lambda d: d.last):
        ref = draft.step.ref
        if ref.is_record_set:
            head = heads.setdefault((ref.zone, ref.record[0]), draft)
            if head is not draft:
                draft.group, draft.last = head, head.last


def _link(drafts: list[Draft], around: Surroundings) -> None:
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
        if draft.last:
            continue
        needed = [makers[ref] for ref in _needs(step, around.project) if ref in makers]
        above = parent_of(step.live)
        needed += [d for r in _needs(step, around.project) if r != above for d in inside.get(r, ())]
        needed += [logical[ref] for ref in around.depends_on.get(step.ref, ()) if ref in logical]
        if step.ref.is_record_set:
            # Names follow what they point to.
            needed += [rule for value in answers(step.after) for rule in listening.get(value, ())]
        if step.ready:
            alone = all(becomes_ready_alone(ref, around) for ref in step.ready)
            needed += proofs if alone else front
        draft.head.needs += [other.head for other in needed if other.step.live != step.live]
    for draft in drafts:
        if any(condition.what is Await.ISSUABLE for condition in draft.step.awaits):
            draft.needs += [each.head for each in front if not _reaches(each.head, draft)]
    for draft in drafts:
        if draft.gap is not None:  # as short as it can be: everything else that it needs is done
            draft.gap.needs += draft.needs
            draft.needs.append(draft.gap)
    _link_deletions(drafts, around)


def _reaches(draft: Draft, other: Draft) -> bool:
    """Whether one waits for the other, over whatever number of steps."""
    return any(each is other or _reaches(each, other) for each in draft.needs if each is not draft)


def _link_deletions(drafts: list[Draft], around: Surroundings) -> None:
    """Deletions go in the order that is the reverse of creation's; of record sets first of all."""
    gone = {draft.step.live: draft for draft in drafts if draft.last}
    records = [draft for draft in gone.values() if draft.step.ref.is_record_set]
    holders = holders_of(around.live)
    left_behind: dict[Ref, Draft] = {}
    for draft in gone.values():
        if (earlier := left_behind.get(draft.step.ref)) is not None:
            draft.needs.append(earlier)
        left_behind[draft.step.ref] = draft
        for ref in linked(draft.step.live, draft.step.before, around.project, holders):
            if ref in gone:
                gone[ref].needs.append(draft.head)
        if not draft.step.ref.is_record_set:
            draft.needs += [other.head for other in records]
    rest = [draft for draft in gone.values() if draft.step.undo is not Undo.NEVER]
    for draft in gone.values():
        if draft.step.undo is Undo.NEVER:  # only when nothing else can fail any more
            draft.needs += [other.head for other in rest]


def _needs(each: Step | Difference, project: str) -> Iterator[Ref]:
    if each.ref.is_record_set:
        yield each.ref.zone
        yield from needs(each.after, project)
    else:
        yield from linked(each.live, each.after, project)


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
    listening: dict[Any, list[Draft]] = defaultdict(list)
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
