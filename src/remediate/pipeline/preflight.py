"""Ask Google, before a plan is shown or carried out, whether it would take the writes in it.

Only what can be asked alone: a write that waits for another step, or for something to become
ready, is judged when it is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from remediate.gcp.errors import RateLimited
from remediate.gcp.google import Google
from remediate.kinds.bodies.calls import call_for
from remediate.kinds.bodies.links import linked, scope_path
from remediate.kinds.registry import kind
from remediate.model.errors import ApiRefused, NotAuthorised, Place
from remediate.model.plan import Action, Objection, Plan, Step
from remediate.model.values import Tree, Unknown

RULE = "google-refuses"


def preflight(google: Google, plan: Plan) -> list[Objection]:
    """What Google says against the steps of a plan; nothing is written, and nothing read again.

    Who may not write is not refused for that, since whoever plans need not be who applies.
    """
    places = {difference.ref: difference.place for difference in plan.differences}
    asks = [partial(_ask, google, step, places.get(step.ref)) for step in _askable(plan)]
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
        if step.ref.is_record_set or not kind(step.ref.kind).rehearses:
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


def _ask(google: Google, step: Step, place: Place | None) -> Objection | None:
    facts = kind(step.ref.kind)
    call = call_for(step, step.after, {}, "")  # without the etag, which is fetched when it is sent
    try:
        google.run.rehearse(
            call.method, scope_path(step.live), facts.collection, step.live.name, call.body
        )
    except NotAuthorised as error:
        message = f"Google could not be asked whether it takes {step.ref}: {error}"
        return Objection(RULE, "warn", step.ref, message, place=place, final=True)
    except RateLimited as error:
        error.args = (f"{step.ref}: {error}",)
        raise
    except ApiRefused as error:
        message = f"Google would not take {step.ref}: {error}"
        return Objection(RULE, "deny", step.ref, message, place=place, final=True)
    return None
