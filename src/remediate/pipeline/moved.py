"""What moved between two plans: one line for each field, with what was planned from and is live.

Both are as they are shown to people, so that nothing secret comes to light.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from remediate.kinds.bodies.moved import moves, shown
from remediate.kinds.registry import kind
from remediate.model.plan import Difference, FieldChange, Objection, Plan
from remediate.model.ref import Ref
from remediate.model.rules import OF_THE_HOUR
from remediate.model.values import unknowns
from remediate.pipeline import preflight
from remediate.pipeline.promise import about_refs

_NOT_ITS_OWN = {"name", "type", "kind", "id", "selfLink", "creationTimestamp", "fingerprint"}
_FEW = 4  # fields of what came
_NOT_PROMISED = OF_THE_HOUR | {preflight.RULE}


def moved(planned: Plan, now: Plan) -> list[str]:
    """Of what was planned; what differs besides was never part of it."""
    about = about_refs(planned)
    before, after = _changing(planned.differences), _changing(now.differences)
    lines = [
        f"{ref} {line}"
        for ref in sorted(about)
        for line in _between(before.get(ref), after.get(ref), planned.project)
    ]
    told = {line.partition(" ")[0] for line in lines}
    lines += [
        f"{ref} is not as it was in what the plan overwrites"
        for ref in sorted({at[0] for at in _compared(planned) ^ _compared(now)} & about)
        if str(ref) not in told
    ]
    lines += _said(planned.objections, now.objections)
    return [*dict.fromkeys(lines)] or ["its steps are not the same any more"]


def _changing(differences: Iterable[Difference]) -> dict[Ref, Difference]:
    """By Ref, what is done to the resource itself; what was left behind by another comes last."""
    return {each.ref: each for each in sorted(differences, key=lambda d: not d.action.removes)}


def _between(was: Difference | None, now: Difference | None, project: str) -> Iterator[str]:
    """What moved of one resource, told from the changes that it took then and takes now."""
    there, is_there = (_is_there(one, other) for one, other in ((was, now), (now, was)))
    if there != is_there:
        yield "was there, and is gone" if there else _came(was, now, project)
        return
    then = {change.pointer: change for change in (was.changes if was else ())}
    found = {change.pointer: change for change in (now.changes if now else ())}
    for at in sorted(then.keys() | found.keys()):
        if at:
            old, new = (_value(*pair, project) for pair in _pairs(then.get(at), found.get(at)))
            if old != new:
                yield f"{at} was {old}, and is {new}"
        elif was and now and was.before and now.before:
            yield from _whole(was, now, project)


def _came(was: Difference | None, now: Difference | None, project: str) -> str:
    """With the first of its fields: without a change now it is as the other one wanted it."""
    body = now.before if now else was.after if was else None
    known = [
        f"{name} {shown(value, project)}"
        for name, value in (body or {}).items()
        if name not in _NOT_ITS_OWN and value not in (None, "", [], {}) and not any(unknowns(value))
    ]
    said = ", ".join(known[:_FEW])
    return f"was not there, and now it is{f': {said}' if said else ''}"


_Side: TypeAlias = "tuple[FieldChange | None, FieldChange | None]"


def _pairs(then: FieldChange | None, now: FieldChange | None) -> tuple[_Side, _Side]:
    return (then, now), (now, then)


def _value(own: FieldChange | None, other: FieldChange | None, project: str) -> str:
    """What a field was at one time; without a change then it was as the other one wants it."""
    value = own.before if own else other.after if other else None
    return str(value) if any(unknowns(value)) else shown(value, project)


def _is_there(one: Difference | None, other: Difference | None) -> bool:
    """Whether it was live: where it took no change, it was as the other wanted it."""
    if one is not None:
        return one.before is not None
    return other is not None and other.after is not None


def _whole(was: Difference, now: Difference, project: str) -> Iterator[str]:
    before, live = dict(was.before or {}), dict(now.before or {})
    if was.ref.is_record_set:
        for name in sorted(before.keys() | live.keys()):
            if before.get(name) != live.get(name):
                then, found = (shown(body.get(name), project) for body in (before, live))
                yield f"/{name} was {then}, and is {found}"
    else:
        facts = kind(was.ref.kind)
        fields = tuple(name for name in facts.spec.model_fields if name in before or name in live)
        if told := moves(facts, before, live, fields, project):
            yield from told.split("; ")


def _compared(plan: Plan) -> set[tuple[Ref, str, tuple[str, ...], str]]:
    """What each step compares before it writes."""
    return {(step.ref, step.method, step.fields, step.precondition) for step in plan.steps}


def _said(then: Iterable[Objection], now: Iterable[Objection]) -> Iterator[str]:
    """What is said against it that was not, and the other way round."""
    before, after = _promised(then), _promised(now)
    for key in after.keys() - before.keys():
        yield f"{key[0]} was not objected, and now it is: {after[key].message}"
    for key in before.keys() - after.keys():
        yield f"{key[0]} was objected, and is no longer: {before[key].message}"


def shown_part(plan: Plan) -> list[object]:
    """What the digest of a plan covers, as people see it."""
    return [
        [
            (one.ref, one.live, one.verb, one.method, one.precondition, *map(_values, one.changes))
            for one in plan.steps
        ],
        [(one.ref, one.live, one.action, *map(_values, one.changes)) for one in plan.differences],
        {key: one.allowed for key, one in _promised(plan.objections).items()},
    ]


def _promised(objections: Iterable[Objection]) -> dict[tuple[str, Ref | None], Objection]:
    """Those that a digest covers: not what depends on the hour, on who asks or who approves."""
    return {
        (one.rule, one.ref): replace(one, allowed=None) if one.level == "approve" else one
        for one in objections
        if one.level != "warn" and one.rule not in _NOT_PROMISED
    }


def _values(change: FieldChange) -> tuple[object, ...]:
    """Of a whole resource the precondition says what it was."""
    return change.pointer, change.before if change.pointer else None, change.after
