"""Apply what was reviewed, and nothing else: a plan is made anew, and has to be the same again.

What was reviewed is known by its digest. Its plan, where that is known too, tells what moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from remediate.gcp.google import Google
from remediate.kinds.bodies.calls import read
from remediate.kinds.bodies.moved import moves, shown
from remediate.kinds.documents.fingerprint import resource_digests
from remediate.kinds.registry import kind
from remediate.model.clock import rfc3339
from remediate.model.errors import InvalidInput, Stale
from remediate.model.json import Body, Json
from remediate.model.plan import Difference, FieldChange, Objection, Plan
from remediate.model.ref import Ref
from remediate.model.resource import Desired
from remediate.model.rules import OF_THE_HOUR
from remediate.model.values import unknowns
from remediate.pipeline import preflight
from remediate.pipeline.choices import Choices
from remediate.pipeline.observe import Observed
from remediate.pipeline.snapshot import touched
from remediate.stores.actor import Actor
from remediate.stores.snapshots import SIDES
from remediate.stores.store import ref_of

Planner: TypeAlias = Callable[[Choices], tuple[Plan, Observed]]
_NOT_PROMISED = OF_THE_HOUR | {preflight.RULE}
_NOTHING = "Nothing was changed."
_AGAIN = "Plan again, and review what moved: `remediate plan --out FILE`."


@dataclass(frozen=True, slots=True)
class Promise:
    """What a plan file holds besides the plan: when, by whom, of what, and what it relies on.

    `only` are the Refs that the plan is about; `links` is what those link to, and was there.
    """

    id: str
    created: datetime
    expires: datetime
    by: Mapping[str, Json]
    endpoint: str
    choices: Choices
    desired: Mapping[str, str]  # the digest of each resource as the YAML had it
    links: tuple[Ref, ...]

    @property
    def only(self) -> frozenset[Ref]:
        return self.choices.only or frozenset()

    def to_json(self) -> Body:
        return {
            "id": self.id,
            "created": rfc3339(self.created),
            "expires": rfc3339(self.expires),
            "by": dict(self.by),
            "endpoint": self.endpoint,
            "choices": self.choices.to_json(),
            "only": [*sorted(map(str, self.only))],
            "desired": dict(self.desired),
            "links": [*map(str, self.links)],
        }

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> Promise:
        """Raises KeyError, TypeError, ValueError or InvalidInput for what is no promise."""
        return Promise(
            id=str(stored["id"]),
            created=_moment(stored["created"]),
            expires=_moment(stored["expires"]),
            by=dict(stored["by"]),
            endpoint=str(stored["endpoint"]),
            choices=Choices.from_json(stored["choices"], stored["only"]),
            desired={str(ref): str(digest) for ref, digest in stored["desired"].items()},
            links=tuple(ref_of(str(link)) for link in stored["links"]),
        )


def _moment(text: object) -> datetime:
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return moment


def promise_of(
    plan: Plan, observed: Observed, desired: Desired, choices: Choices, google: Google, by: Actor
) -> Promise:
    """The promise of a plan that was just made; its time begins now."""
    now, about = google.clock.now(), desired.environment
    written = {step.live for step in plan.steps}
    return Promise(
        google.chance.ulid(now),
        now,
        now + timedelta(seconds=about.plan_ttl),
        by.to_json(),
        google.endpoint,
        replace(choices, only=about_refs(plan)),
        {str(ref): one for ref, one in resource_digests(about.project, desired.resources).items()},
        tuple(sorted(ref for ref in touched(plan, observed) if ref not in written)),
    )


def about_refs(plan: Plan) -> frozenset[Ref]:
    """What a plan changes, and what is said against it: whatever else moves does not matter."""
    refs = (difference.ref for difference in plan.differences)
    return frozenset([*refs, *(one.ref for one in plan.objections if one.ref)])


# Before anything is read


def insist_on_place(promise: Promise, plan: Plan, about: tuple[str, str, str]) -> None:
    """Raise InvalidInput unless it is of this environment, project and endpoint."""
    environment, project, endpoint = about
    for was, now in (
        (f"environment {plan.environment}", f"environment {environment}"),
        (f"project {plan.project}", f"project {project}"),
        (SIDES.get(promise.endpoint, promise.endpoint), SIDES[endpoint]),
    ):
        if was != now:
            hint = "Apply it where it was planned for, or plan again here."
            raise InvalidInput(f"this plan is of {was}, not of {now}. {_NOTHING}", hint=hint)


def insist_on_time(promise: Promise, now: datetime) -> None:
    if now >= promise.expires:
        raise _stale(
            f"this plan expired at {rfc3339(promise.expires)}; it was made at "
            f"{rfc3339(promise.created)}"
        )


def insist_on_yaml(promise: Promise, plan: Plan, desired: Desired) -> None:
    """Raise Stale, naming the resources, where the YAML was edited since."""
    if plan.desired_digest == desired.digest:
        return
    about = desired.environment
    now = {str(ref): d for ref, d in resource_digests(about.project, desired.resources).items()}
    edited = sorted(
        ref
        for ref in promise.desired.keys() | now.keys()
        if promise.desired.get(ref) != now.get(ref)
    )
    raise _stale("the YAML was edited since this was planned:", edited)


def insist_on_digest(plan: Plan, digest: str) -> None:
    """Raise InvalidInput where a file holds another plan than the one that was reviewed."""
    if plan.digest != digest:
        hint = "Take the file that was reviewed, or review this one: `remediate show FILE`."
        raise InvalidInput(
            f"the file holds plan {plan.digest}, not {digest}. {_NOTHING}", hint=hint
        )


# After everything was read anew


def planned_again(
    reviewed: Plan,
    promise: Promise | None,
    choices: Choices,
    planner: Planner,
    google: Google,
    as_shown: Callable[[Plan], Plan],
) -> tuple[Plan, Observed, Choices]:
    """The reviewed plan, made again from what is live now, and what it was chosen by.

    What moved elsewhere is left out of it. `reviewed` is as `as_shown` makes plans, with nothing
    secret in it. Raises Stale where it is not the same.
    """
    links = promise.links if promise else ()
    narrow = replace(choices, only=about_refs(reviewed))
    found: Plan | None = None
    for chosen in (choices, narrow):
        try:
            made, seen = planner(chosen)
        except InvalidInput:  # it needs what is not there any more, or matches nothing
            continue
        if made.digest == reviewed.digest:
            insist_on_what_is_shown(reviewed, as_shown(made))
            insist_on_links(gone(links, seen, google))
            return made, seen, chosen
        found = made
    lines = [
        *missing(gone(links, None, google)),
        *(moved(reviewed, as_shown(found)) if found else ()),
    ]
    raise _stale(f"{_MOVED}:", lines or [_OTHERWISE])


_MOVED = "live has moved since this was planned"
_OTHERWISE = "what it needs is not there any more"


def gone(links: Iterable[Ref], seen: Observed | None, google: Google) -> list[Ref]:
    """Of what was there when it was planned, what is not: after a second look."""
    unseen = [ref for ref in links if seen is None or ref not in seen.live]
    bodies = google.read_all([partial(read, google, ref) for ref in unseen]) if unseen else []
    return [ref for ref, body in zip(unseen, bodies, strict=True) if body is None]


def insist_on_what_is_shown(reviewed: Plan, now: Plan) -> None:
    """Raise InvalidInput where a plan tells its reader other steps than its digest stands for."""
    if _shown_part(reviewed) != _shown_part(now):
        hint = f"Somebody has rewritten the file. {_AGAIN}"
        message = f"the file tells of other steps than its digest stands for. {_NOTHING}"
        raise InvalidInput(message, hint=hint)


def _shown_part(plan: Plan) -> list[object]:
    """What the digest covers, as people see it."""
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


def insist_on_links(lost: Iterable[Ref]) -> None:
    if lines := missing(lost):
        raise _stale(f"{_MOVED}:", lines)


def missing(lost: Iterable[Ref]) -> list[str]:
    return [f"{ref} was there, and is gone" for ref in sorted(lost)]


def insist_on_same(digest: str, now: Plan) -> None:
    """Raise Stale unless a plan is the one of this digest, of which nothing else is known."""
    if now.digest != digest:
        stale = _stale(
            f"the plan is not {digest} any more: made from what is live now it is {now.digest}"
        )
        stale.hint = "`remediate plan` shows it; review that, and apply it by its own digest."
        raise stale


def _stale(message: str, lines: Iterable[str] = ()) -> Stale:
    below = [f"  {line}" for line in lines]
    told = "\n".join([message, *below, _NOTHING]) if below else f"{message}. {_NOTHING}"
    stale = Stale(told)
    stale.hint = _AGAIN
    return stale


# What moved: one line for each field, with what it was planned from and what is live


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
        yield "was there, and is gone" if there else "was not there, and now it is"
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
