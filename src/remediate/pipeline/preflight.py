"""Ask Google, before a plan is shown or carried out, whether it would take the writes in it.

Only what can be asked alone: a write that waits for another step, or for something to become
ready, is judged when it is made. And, once for the whole plan, whether whoever asks may write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from remediate.gcp.errors import RateLimited
from remediate.gcp.google import Google
from remediate.kinds.bodies.calls import call_for
from remediate.kinds.bodies.links import linked, scope_path
from remediate.kinds.permissions import taken_by, use_of
from remediate.kinds.registry import kind
from remediate.model.errors import ApiRefused, NotAuthorised, Place, RemediateError
from remediate.model.plan import Action, Objection, Plan, Step
from remediate.model.values import Tree, Unknown
from remediate.pipeline.url_map_check import why_not_loaded

RULE = "google-refuses"
PERMISSION = "permission-missing"
_BAD_REQUEST = 400
_Ask: TypeAlias = Callable[[], Objection | None]


def preflight(google: Google, plan: Plan) -> list[Objection]:
    """What Google says against the steps of a plan; nothing is written, and nothing read again.

    Who may not write is not refused for that, since whoever plans need not be who applies.
    """
    places = {difference.ref: difference.place for difference in plan.differences}
    asks: list[_Ask] = [
        partial(_ask, google, step, plan, places.get(step.ref)) for step in _askable(plan)
    ]
    if names := _permissions(plan):
        asks.append(partial(_ask_for_permissions, google, names))
    answers = google.read_all(asks) if asks else []
    return [objection for objection in answers if objection is not None]


def with_objections(plan: Plan, more: list[Objection]) -> Plan:
    """The plan with these as well; its digest stays, being that of the YAML, live and the ledger.

    What Google says depends on who asks, and a plan is reviewed by others than who applies it.
    """
    return replace(plan, objections=[*plan.objections, *more]) if more else plan


def _askable(plan: Plan) -> Iterator[Step]:
    made = {step.live for step in plan.steps if step.verb is Action.CREATE}
    for step in plan.steps:
        if step.after is None or step.waits_for:
            continue
        if step.ref.is_record_set or not kind(step.ref.kind).rehearsal:
            continue
        needed = {*linked(step.live, step.after, plan.project)} - {step.live}
        if not (needed & made or _is_open(step.after)):
            yield step


def _is_open(value: Tree) -> bool:
    if isinstance(value, Mapping):
        return any(map(_is_open, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_is_open, value))
    return isinstance(value, Unknown)


def _ask(google: Google, step: Step, plan: Plan, place: Place | None) -> Objection | None:
    try:
        why = _why_not(google, step, plan)
    except NotAuthorised as error:
        return _unasked(step, error, place)
    except RateLimited as error:
        error.args = (f"{step.ref}: {error}",)
        raise
    except ApiRefused as error:
        why = str(error)
    except _Unasked as unasked:
        return _unasked(step, unasked, place)
    if not why:
        return None
    message = f"Google would not take {step.ref}: {why}"
    return Objection(RULE, "deny", step.ref, message, place=place, final=True)


class _Unasked(Exception):
    """What is asked besides cannot be asked now, which says nothing of the write itself."""


def _unasked(step: Step, why: Exception, place: Place | None) -> Objection:
    message = f"Google could not be asked whether it takes {step.ref}: {why}"
    return Objection(RULE, "warn", step.ref, message, place=place, final=True)


def _why_not(google: Google, step: Step, plan: Plan) -> str:
    """Empty where Google would take it; raises what the write would raise."""
    facts = kind(step.ref.kind)
    if facts.rehearsal == "validate":
        try:
            return why_not_loaded(google, step, plan)
        except RemediateError as error:
            if isinstance(error, ApiRefused) and error.status == _BAD_REQUEST:
                raise
            raise _Unasked(str(error)) from None
    call = call_for(step, step.after, {}, "")  # without the etag, which is fetched when it is sent
    google.run.rehearse(
        call.method, scope_path(step.live), facts.collection, step.live.name, call.body
    )
    return ""


def _permissions(plan: Plan) -> list[str]:
    """What the steps take of the project; nothing that only some bodies of a kind need."""
    names: set[str] = set()
    for step in plan.steps:
        names |= {*taken_by(step.live, step.verb, step.method)}
        if step.after is not None and not step.ref.is_record_set:
            targets = {*linked(step.live, step.after, plan.project)} - {step.live}
            names |= {name for target in targets if (name := use_of(target))}
    return sorted(names)


def _ask_for_permissions(google: Google, names: list[str]) -> Objection | None:
    try:
        missing = [*sorted({*names} - google.resource_manager.held(names))]
    except RemediateError as error:
        message = f"which permissions are missing could not be asked: {error}"
        return Objection(PERMISSION, "warn", None, message, final=True)
    if not missing:
        return None
    message = (
        f"on the project {google.project}, whoever planned this lacks what an apply of it takes: "
        f"{', '.join(missing)}; a resource's own policy may grant it"
    )
    return Objection(PERMISSION, "warn", None, message, final=True)
