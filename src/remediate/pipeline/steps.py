"""The mutations that a difference takes, each with its precondition, risk and undo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from remediate.kinds.bodies.canonical import rules_of
from remediate.kinds.bodies.compare import changeable_fields, fields_digest
from remediate.kinds.bodies.links import linked, parent_of, scope_of
from remediate.kinds.bodies.overlay import merged_changes
from remediate.kinds.bodies.restarts import restarts
from remediate.kinds.facts import Update
from remediate.kinds.kind import Kind
from remediate.kinds.records.essence import essence
from remediate.kinds.registry import kind
from remediate.model.json import digest
from remediate.model.plan import Action, Difference, FieldChange, Risk, Step, Undo
from remediate.model.ref import NESTED, Ref
from remediate.pipeline.overlap import overlapping
from remediate.pipeline.surroundings import Surroundings, is_ready
from remediate.pipeline.undoing import RECORD_UNDO, WRITTEN_DOWN, made_again, undo_words, undone

LEDGER_ONLY = frozenset({Action.SET_ASIDE.value, Action.KEEP.value})  # methods without a request
DNS_CHANGE_SECONDS = 2.0  # measured: a change is done within two seconds


@dataclass(slots=True)
class Draft:
    """A step on its way into the plan, with the drafts that it waits for."""

    step: Step
    needs: list[Draft] = field(default_factory=list)
    last: bool = False  # deletions wait for everything else
    group: Draft | None = None  # one Cloud DNS change holds all record sets of an owner name
    gap: Draft | None = None  # the deletion under the same name that this insert ends
    whole: Mapping[str, Any] | None = None  # what its stages lead to; the first needs that too

    @property
    def head(self) -> Draft:
        return self.group or self


def drafts(difference: Difference, around: Surroundings) -> list[Draft]:
    if difference.ref.is_record_set:
        return _record_drafts(difference, around)
    facts = kind(difference.ref.kind)
    match difference.action:
        case Action.CREATE:
            return _creation(facts, difference, around)
        case Action.UPDATE:
            return _update(facts, difference, around)
        case Action.DELETE:
            return _deletion(facts, difference, around)
        case Action.REPLACE:
            return _replacement(facts, difference, around)
        case Action.SET_ASIDE | Action.KEEP:
            return [_written_down(facts, difference, around)]


def _written_down(facts: Kind, difference: Difference, around: Surroundings) -> Draft:
    """A step that changes the ledger alone."""
    verb = difference.action
    verdict = WRITTEN_DOWN[verb]
    step = _step(facts, difference, verb, verb.value, around)
    step = replace(step, undo=verdict.undo, undo_why=verdict.why, estimate=0.0)
    return Draft(step, last=verb is Action.SET_ASIDE)


def _record_drafts(difference: Difference, around: Surroundings) -> list[Draft]:
    if difference.action is not Action.REPLACE:
        return [_record_draft(difference, around)]
    gone = replace(difference, action=Action.DELETE, after=None)
    made = replace(difference, action=Action.CREATE, before=None)
    return [_record_draft(gone, around), _record_draft(made, around)]


def _record_draft(difference: Difference, around: Surroundings) -> Draft:
    step = Step(
        id="",
        verb=difference.action,
        method="changes.create",
        ref=difference.ref,
        live=difference.live,
        before=difference.before,
        after=difference.after,
        fields=(),
        changes=difference.changes,
        precondition=record_digest(difference.before),
        risk=_raised(around.risks.get(difference.ref.zone, Risk.MEDIUM), difference.action),
        undo=RECORD_UNDO.undo,
        undo_why=RECORD_UNDO.why,
        estimate=DNS_CHANGE_SECONDS,
    )
    return Draft(step, last=difference.action is Action.DELETE)


def record_digest(live: Mapping[str, object] | None) -> str:
    """The precondition of a record set: all of it, but for what the server counts up itself."""
    return digest("absent") if live is None else digest(essence(live))


def _creation(facts: Kind, difference: Difference, around: Surroundings) -> list[Draft]:
    """An insert, and a call of its own for each field that inserts do not keep."""
    assert difference.after is not None
    step = _step(facts, difference, Action.CREATE, "insert", around)
    made = Draft(replace(step, ready=_awaited(step.live, difference.after, around)))
    drafts = [made]
    for name in facts.ignored_by_insert:
        if not difference.after.get(name):
            continue
        how = _update_for(facts, name, difference.live)
        change = FieldChange(f"/{name}", None, difference.after[name])
        step = _step(facts, difference, Action.UPDATE, how.method, around, (name,), (change,))
        empty = fields_digest(facts, {}, (name,), around.project)
        drafts.append(Draft(replace(step, precondition=empty), needs=[made]))
    return drafts


def _deletion(facts: Kind, difference: Difference, around: Surroundings) -> list[Draft]:
    """A deletion, and before it what Google insists on."""
    before = difference.before
    opened = facts.before_delete(dict(before)) if facts.before_delete and before else ()
    opening: list[Draft] = []
    if before is not None and opened:
        after = merged_changes({}, before, opened, rules_of(facts, around.project))
        first = replace(difference, action=Action.UPDATE, after=after, changes=opened)
        opening = [_with_last(draft) for draft in _update(facts, first, around)]
        for draft in opening:
            told = f"{_dotted(draft.step.fields)}, since Google refuses the deletion otherwise"
            draft.step = replace(draft.step, note=told)
        difference = replace(difference, before=after)
    gone = _step(facts, difference, Action.DELETE, "delete", around)
    return [*opening, Draft(gone, needs=opening[-1:], last=True)]


def _with_last(draft: Draft) -> Draft:
    draft.last = True
    return draft


def _replacement(facts: Kind, difference: Difference, around: Surroundings) -> list[Draft]:
    """A new one beside the old, or a deletion and an insert under one name, with a gap between."""
    assert difference.replaces is not None
    if difference.live != difference.replaces:
        made = _creation(facts, replace(difference, before=None), around)
        return [_with(draft, risk=_raised(draft.step.risk, Action.REPLACE)) for draft in made]
    made = _creation(facts, replace(difference, before=None), around)
    gone = _step(facts, difference, Action.DELETE, "delete", around)
    made[0].gap = Draft(replace(gone, ready=made[0].step.ready))  # waiting would widen the gap
    return [made[0].gap, *made]


def _with(draft: Draft, **fields: Any) -> Draft:
    draft.step = replace(draft.step, **fields)
    return draft


def _update(facts: Kind, difference: Difference, around: Surroundings) -> list[Draft]:
    """One step a call: most fields go by `patch`, a few only by calls of their own."""
    if difference.stages:
        return _staged(facts, difference, around)
    changed = {facts.field_of(change.pointer) for change in difference.changes}
    company = {name for each in facts.together if changed & {*each} for name in each}
    touched = sorted(changed | company)
    by_call: dict[Update, list[str]] = defaultdict(list)
    for name in touched:
        by_call[_update_for(facts, name, difference.live, difference.changes)].append(name)
    drafts: list[Draft] = []
    for how in facts.updates:
        if not (names := tuple(by_call.get(how, ()))):
            continue
        changes = tuple(c for c in difference.changes if facts.field_of(c.pointer) in names)
        step = _step(facts, difference, Action.UPDATE, how.method, around, names, changes)
        drafts += _attaching(facts, step, around)
    for earlier, later in pairwise(drafts):
        later.needs.append(earlier)
    if facts.by_leaf and len(drafts) > 1:
        for draft in drafts:
            draft.step = replace(draft.step, note=_dotted(draft.step.fields))
    return drafts


def _dotted(fields: Iterable[str]) -> str:
    return ", ".join(field.replace("/", ".") for field in fields)


def _staged(facts: Kind, difference: Difference, around: Surroundings) -> list[Draft]:
    """A step for each stage, from where the one before has left off."""
    assert difference.before is not None
    assert difference.after is not None
    body: Mapping[str, object] = difference.before
    apart = {name for stage in difference.stages for name in stage.fields or ()}
    drafts: list[Draft] = []
    for stage in difference.stages:
        changes = tuple(c for c in difference.changes if facts.field_of(c.pointer) not in apart)
        fields = {name: difference.after.get(name) for name in map(facts.field_of, _at(changes))}
        if stage.fields is not None:
            fields = dict(stage.fields)
            changes = tuple(FieldChange(f"/{n}", body.get(n), item) for n, item in fields.items())
        here = replace(difference, before=body, after={**body, **fields}, changes=changes)
        how = _update_for(facts, next(iter(fields)), difference.live)
        step = _step(facts, here, Action.UPDATE, how.method, around, tuple(fields), changes)
        whole = difference.after
        drafts.append(Draft(replace(step, note=stage.note), needs=drafts[-1:], whole=whole))
        body = {**body, **fields}
    return drafts


def _at(changes: Iterable[FieldChange]) -> list[str]:
    return [change.pointer for change in changes]


def _update_for(facts: Kind, name: str, live: Ref, changes: tuple[FieldChange, ...] = ()) -> Update:
    scope = scope_of(live)
    able = [how for how in facts.updates if scope in how.scopes]
    able = [how for how in able if how.when is None or how.when(changes)]
    special = [how for how in able if how.writes(name)]
    return (special or [how for how in able if not how.fields])[0]


def _attaching(facts: Kind, step: Step, around: Surroundings) -> list[Draft]:
    """What becomes ready by itself is waited for first; what has to be in use for it, meanwhile."""
    assert step.after is not None
    wanted = facts.heeded(step.after)
    written = {name: wanted[name] for name in step.fields if name in wanted}
    alone = _awaited(step.live, written, around)
    steps = overlapping(facts, step, around) if facts.overlaps in step.fields else [step]
    if alone and len(steps) > 1 and _is_crowded(facts, steps[0]):
        steps = [step]
    if alone:
        first = steps[0]
        ready = (*alone, *(ref for ref in first.ready if ref not in alone))
        note = ", ".join(filter(None, (first.note, "once the new is ready")))
        steps[0] = replace(first, ready=ready, note=note)
    return [Draft(each) for each in steps]


def _is_crowded(facts: Kind, attached: Step) -> bool:
    """Whether there is no room beside the old; what is ready before may take the place at once."""
    return bool(facts.overlap_limit) and (
        len((attached.after or {}).get(facts.overlaps) or ()) > facts.overlap_limit
    )


def _awaited(at: Ref, body: Mapping[str, object], around: Surroundings) -> tuple[Ref, ...]:
    """What a body links to that is not ready yet, and will be before anything links to it."""
    links = {*linked(at, kind(at.kind).heeded(body), around.project)} - {parent_of(at)}
    found = {below for ref in links for below in (ref, *_standing_in(ref, around))}
    return tuple(sorted(ref for ref in found if becomes_ready_alone(ref, around)))


def _standing_in(ref: Ref, around: Surroundings) -> Iterator[Ref]:
    if any(kind(name).parent == ref.kind for name in NESTED):
        yield from (at for at in {*around.live, *around.wanted} if parent_of(at) == ref)


def becomes_ready_alone(ref: Ref, around: Surroundings) -> bool:
    """Whether it is not ready, but will be before anything links to it."""
    facts, body = kind(ref.kind), around.live.get(ref) or around.wanted.get(ref)
    if facts.ready_alone is None or body is None or is_ready(ref, around):
        return False
    return facts.ready_alone(body) and all(
        is_ready(other, around) or becomes_ready_alone(other, around)
        for other in linked(ref, body, around.project)
        if other in around.live or other in around.wanted
    )


def _step(
    facts: Kind,
    difference: Difference,
    verb: Action,
    method: str,
    around: Surroundings,
    fields: tuple[str, ...] = (),
    changes: tuple[FieldChange, ...] | None = None,
) -> Step:
    before = None if verb is Action.CREATE else difference.before
    changes = difference.changes if changes is None else changes
    if verb is Action.CREATE and around.as_it_was:
        verdict = made_again(facts, difference.live)
    else:
        verdict = undone(facts, verb, before, changes)
    compared = fields or changeable_fields(facts, before)
    live = difference.replaces if verb is Action.DELETE and difference.replaces else difference.live
    return Step(
        id="",
        verb=verb,
        method=method,
        ref=difference.ref,
        live=live,
        before=before,
        after=None if verb is Action.DELETE else difference.after,
        fields=fields,
        changes=changes,
        precondition=fields_digest(facts, before, compared, around.project),
        risk=_raised(around.risks.get(difference.ref, facts.base_risk), verb, verdict.undo),
        undo=verdict.undo,
        undo_why=verdict.why,
        estimate=facts.seconds.get(verb, 1.0),
        undo_allow=undo_words(facts, difference.ref, around) if method == "insert" else (),
        restarts=_restarts(facts, verb, difference, changes),
    )


def _restarts(
    facts: Kind, verb: Action, difference: Difference, changes: Iterable[FieldChange]
) -> tuple[str, ...]:
    if verb is not Action.UPDATE:
        return ()
    return restarts(facts, difference.before or {}, difference.after or {}, changes)


def _raised(risk: Risk, verb: Action, undo: Undo = Undo.EXACT) -> Risk:
    """Replacement and deletion raise the risk; what cannot be undone is at least high."""
    if verb in {Action.DELETE, Action.REPLACE}:
        risk = risk.raised()
    if undo is Undo.NEVER and risk in {Risk.LOW, Risk.MEDIUM}:
        return Risk.HIGH
    return risk
