"""The mutations that a difference takes, each with its precondition, risk and undo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from remediate.kinds.bodies.compare import changeable_fields, fields_digest
from remediate.kinds.bodies.links import ref_of, scope_of
from remediate.kinds.fields.pointers import parts
from remediate.kinds.kind import Kind, Update, Verdict
from remediate.kinds.records.compare import essence
from remediate.kinds.registry import kind
from remediate.model.json import digest
from remediate.model.plan import Action, Difference, FieldChange, Risk, Step, Undo
from remediate.model.ref import Ref

RECORD_UNDO = Verdict(
    Undo.EXACT, "the record set comes back word for word; caches follow after the old TTL"
)
LEDGER_ONLY = frozenset({Action.SET_ASIDE.value, Action.KEEP.value})  # methods without a request
WRITTEN_DOWN = {
    Action.SET_ASIDE: Verdict(Undo.EXACT, "it stays as it is until `remediate gc` deletes it"),
    Action.KEEP: Verdict(Undo.EXACT, "it is set aside again"),
}
DNS_CHANGE_SECONDS = 2.0  # measured: a change is done within two seconds


@dataclass(slots=True)
class Draft:
    """A step on its way into the plan, with the drafts that it waits for."""

    step: Step
    needs: list[Draft] = field(default_factory=list)
    last: bool = False  # deletions wait for everything else
    group: Draft | None = None  # one Cloud DNS change holds all record sets of an owner name
    gap: Draft | None = None  # the deletion under the same name that this insert ends

    @property
    def head(self) -> Draft:
        return self.group or self


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What planning needs to know besides the differences."""

    project: str
    live: Mapping[Ref, Mapping[str, Any]]
    risks: Mapping[Ref, Risk] = field(default_factory=dict)  # lifecycle.risk
    depends_on: Mapping[Ref, Iterable[Ref]] = field(default_factory=dict)
    wanted: Mapping[Ref, Mapping[str, Any]] = field(default_factory=dict)  # by live name
    as_it_was: bool = False  # a rollback takes what there is as good; only the new is waited for


def drafts(difference: Difference, around: Surroundings) -> list[Draft]:
    if difference.ref.is_record_set:
        return [_record_draft(difference, around)]
    facts = kind(difference.ref.kind)
    match difference.action:
        case Action.CREATE:
            return _creation(facts, difference, around)
        case Action.UPDATE:
            return _update(facts, difference, around)
        case Action.DELETE:
            return [Draft(_step(facts, difference, Action.DELETE, "delete", around), last=True)]
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


def record_digest(live: Mapping[str, Any] | None) -> str:
    """The precondition of a record set: all of it, but for what the server counts up itself."""
    return digest("absent") if live is None else digest(essence(live))


def _creation(facts: Kind, difference: Difference, around: Surroundings) -> list[Draft]:
    """An insert, and a call of its own for each field that inserts do not keep."""
    assert difference.after is not None
    made = Draft(_step(facts, difference, Action.CREATE, "insert", around))
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


def _replacement(facts: Kind, difference: Difference, around: Surroundings) -> list[Draft]:
    """A new one beside the old, or a deletion and an insert under one name, with a gap between."""
    assert difference.replaces is not None
    if difference.live != difference.replaces:
        made = _creation(facts, replace(difference, before=None), around)
        return [_with(draft, risk=_raised(draft.step.risk, Action.REPLACE)) for draft in made]
    gone = Draft(_step(facts, difference, Action.DELETE, "delete", around))
    made = _creation(facts, replace(difference, before=None), around)
    made[0].gap = gone
    return [gone, *made]


def _with(draft: Draft, **fields: Any) -> Draft:  # noqa: ANN401 - the fields of a step
    draft.step = replace(draft.step, **fields)
    return draft


def _update(facts: Kind, difference: Difference, around: Surroundings) -> list[Draft]:
    """One step a call: most fields go by `patch`, a few only by calls of their own."""
    changed = {facts.field_of(change.pointer) for change in difference.changes}
    company = {name for each in facts.together if changed & {*each} for name in each}
    touched = sorted(changed | company)
    by_call: dict[Update, list[str]] = defaultdict(list)
    for name in touched:
        by_call[_update_for(facts, name, difference.live)].append(name)
    drafts: list[Draft] = []
    for how in facts.updates:
        if not (names := tuple(by_call.get(how, ()))):
            continue
        changes = tuple(c for c in difference.changes if facts.field_of(c.pointer) in names)
        step = _step(facts, difference, Action.UPDATE, how.method, around, names, changes)
        drafts += _overlapping(facts, step, around) if facts.overlaps in names else [Draft(step)]
    for earlier, later in pairwise(drafts):
        later.needs.append(earlier)
    return drafts


def _update_for(facts: Kind, name: str, live: Ref) -> Update:
    scope = scope_of(live)
    able = [how for how in facts.updates if scope in how.scopes]
    special = [how for how in able if how.writes(name)]
    return (special or [how for how in able if not how.fields])[0]


def _overlapping(facts: Kind, step: Step, around: Surroundings) -> list[Draft]:
    """Attach what is new beside what is there, wait until it is ready, then detach the old.

    The old stays first, since the first certificate serves clients that send no server name.
    """
    assert step.before is not None
    assert step.after is not None
    name = facts.overlaps
    old: list[str] = list(step.before.get(name) or ())
    wanted: list[str] = list(step.after.get(name) or ())
    waiting = [link for link in wanted if not _is_ready(link, around)]
    if not (old and waiting) or set(old) <= set(wanted):
        return [Draft(step)]
    both = old + [link for link in wanted if link not in old]
    drafts = []
    if both != old:
        attach = replace(
            step,
            after={**step.after, name: both},
            changes=_with_list(step.changes, name, old, both),
            note="attach beside the old",
        )
        drafts.append(Draft(attach))
    detach = replace(
        step,
        before={**step.after, name: both},
        fields=(name,),
        changes=(FieldChange(f"/{name}", both, wanted),),
        precondition=fields_digest(facts, {name: both}, (name,), around.project),
        ready=tuple(ref for link in waiting if (ref := ref_of(link, around.project))),
        note="detach the old, once the new is ready",
    )
    drafts.append(Draft(detach))
    return drafts


def _with_list(
    changes: tuple[FieldChange, ...], name: str, old: list[str], new: list[str]
) -> tuple[FieldChange, ...]:
    others = tuple(c for c in changes if parts(c.pointer)[0] != name)
    return (*others, FieldChange(f"/{name}", old, new))


def _is_ready(link: str, around: Surroundings) -> bool:
    ref = ref_of(link, around.project)
    if ref is None:
        return True  # somebody else's: nothing to wait for that we could see
    live = around.live.get(ref)
    if live is not None and around.as_it_was:
        return True
    body = live or around.wanted.get(ref)
    return body is not None and kind(ref.kind).ready(dict(body)).ready


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
    verdict = _undo(facts, verb, before)
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
        changes=difference.changes if changes is None else changes,
        precondition=fields_digest(facts, before, compared, around.project),
        risk=_raised(around.risks.get(difference.ref, facts.base_risk), verb, verdict.undo),
        undo=verdict.undo,
        undo_why=verdict.why,
        estimate=facts.seconds.get(verb, 1.0),
    )


def _undo(facts: Kind, verb: Action, before: Mapping[str, Any] | None) -> Verdict:
    if verb is Action.DELETE and facts.lost and before and (why := facts.lost(dict(before))):
        return Verdict(Undo.NEVER, why)
    return facts.undo.get(verb, Verdict(Undo.EXACT, "the snapshot holds the whole body"))


def _raised(risk: Risk, verb: Action, undo: Undo = Undo.EXACT) -> Risk:
    """Replacement and deletion raise the risk; what cannot be undone is at least high."""
    if verb in {Action.DELETE, Action.REPLACE}:
        risk = risk.raised()
    if undo is Undo.NEVER and risk in {Risk.LOW, Risk.MEDIUM}:
        return Risk.HIGH
    return risk
