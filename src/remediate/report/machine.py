"""A plan for machines, after `terraform show -json`, with what is ours under `remediate`.

The form: https://developer.hashicorp.com/terraform/internals/json-format, "Plan representation"
and "Change representation". The schema: docs/reference/schemas/plan.schema.json.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from remediate.model.errors import InvalidInput, Place, RemediateError
from remediate.model.json import Body, Json
from remediate.model.plan import Action, Difference, FieldChange, Objection, Plan, Step
from remediate.model.ref import Ref
from remediate.model.values import HIDDEN, Unknown
from remediate.pipeline.apply import Outcome
from remediate.pipeline.guard import denied
from remediate.pipeline.propagation import Cached, cached
from remediate.report.differences import is_beside
from remediate.report.human import allow_words
from remediate.report.rotation import rotations
from remediate.report.summary import counts, estimate
from remediate.report.wording import body_for_eyes, change_for_eyes

FORMAT_VERSION = "1.0"
RECORD_SET = "DnsRecordSet"


def plan_json(plan: Plan) -> Body:
    """The plan, equal for equal plans: no times, everything in a fixed order."""
    ordered = sorted(plan.differences, key=lambda d: (str(d.ref), str(d.live)))
    kept = {each.ref: cached(each, plan) for each in ordered}
    return {
        "format_version": FORMAT_VERSION,
        "applyable": bool(plan.differences) and not denied(plan.objections),
        "resource_changes": [resource_change(difference) for difference in ordered],
        "remediate": {
            "environment": plan.environment,
            "project": plan.project,
            "digest": plan.digest,
            "desired_digest": plan.desired_digest,
            "summary": _summary(plan),
            "changes": [_ours(difference) for difference in ordered],
            "steps": [
                _step(step, wave, kept.get(step.ref))
                for wave, steps in enumerate(plan.waves, 1)
                for step in steps
            ],
            "settles": [str(ref) for ref in plan.settles],
            "foreign": [str(ref) for ref in plan.foreign],
            "guards": [_guard(objection) for objection in plan.objections],
            "allowances": dict(plan.allowances),
            "retention_s": plan.retention,
            "negative_ttls_s": {str(zone): each for zone, each in plan.negative_ttls.items()},
            "covered_s": {str(ref): each for ref, each in plan.covered.items()},
            "notes": list(plan.notes),
            "compared": len(plan.written),
        },
    }


def resource_change(difference: Difference) -> Body:
    ref = difference.ref
    is_create, is_delete = difference.before is None, difference.after is None
    before = None if is_create else body_for_eyes(ref, difference.before)
    after = None if is_delete else body_for_eyes(ref, difference.after)
    return {
        "address": str(ref),
        "mode": "managed",
        "type": RECORD_SET if ref.is_record_set else ref.kind,
        "name": ref.record[0] if ref.is_record_set else ref.name,
        "change": {
            "actions": _actions(difference),
            "before": plain(before),
            "after": plain(after),
            "after_unknown": _marks(after, _is_unknown) or {},
            "before_sensitive": _marks(before, _is_hidden) or {},
            "after_sensitive": _marks(after, _is_hidden) or {},
        },
    }


def _actions(difference: Difference) -> list[Json]:
    match difference.action:
        case Action.REPLACE:
            actions: list[Json] = ["delete", "create"]
            return actions[::-1] if is_beside(difference) else actions
        case Action.SET_ASIDE:  # a policy on deletions is about this one; `gc` only sees to it
            return ["delete"]
        case Action.KEEP:
            return ["no-op"]
        case action:
            return [action.value]


def plain(value: object) -> Json:
    """Plain JSON, in which what is known after apply is null."""
    if isinstance(value, Unknown):
        return None
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if isinstance(value, int | float | None) else str(value)


def _is_unknown(value: object) -> bool:
    return isinstance(value, Unknown)


def _is_hidden(value: object) -> bool:
    return isinstance(value, str) and value == HIDDEN


def _marks(value: object, holds: Callable[[object], bool]) -> Json:
    """True where the predicate holds, in the shape of the value; members without any are left out.

    A list keeps its places, so that an index means the same in both.
    """
    if holds(value):
        return True
    if isinstance(value, Mapping):
        members = {str(name): _marks(item, holds) for name, item in value.items()}
        return {name: mark for name, mark in members.items() if mark} or False
    if isinstance(value, list | tuple):
        marks = [_marks(item, holds) for item in value]
        return marks if any(marks) else False
    return False


def _ours(difference: Difference) -> Body:
    """What only we know of a change; in the order of `resource_changes`."""
    return {
        "address": str(difference.ref),
        "action": difference.action.value,
        "live": str(difference.live),
        "replaces": str(difference.replaces) if difference.replaces else None,
        "cause": difference.cause.value,
        "place": _place(difference.place),
        "fields": [_field(difference.ref, change) for change in difference.changes],
    }


def _field(ref: Ref, change: FieldChange) -> Body:
    shown = change_for_eyes(ref, change)
    return {
        "pointer": shown.pointer,
        "before": plain(shown.before),
        "after": plain(shown.after),
        "after_unknown": _marks(shown.after, _is_unknown),
        "cause": shown.cause.value,
        "applied": plain(shown.applied),
    }


def _step(step: Step, wave: int, kept: Cached | None) -> Body:
    return {
        "id": step.id,
        "wave": wave,
        "verb": step.verb.value,
        "method": step.method,
        "address": str(step.ref),
        "live": str(step.live),
        "fields": list(step.fields),
        "changes": [_field(step.ref, change) for change in step.changes],
        "precondition": step.precondition,
        "risk": step.risk.value,
        "undo": step.undo.value,
        "undo_why": step.undo_why,
        "undo_allow": list(step.undo_allow),
        "estimate_s": step.estimate,
        "hosts": list(step.hosts),
        "after": list(step.after_steps),
        "ready": [str(ref) for ref in step.ready],
        "awaits": [condition.to_json() for condition in step.awaits],
        "note": step.note,
        "restarts": list(step.restarts),
        "cached": {"negative": kept.negative, "seconds": kept.seconds} if kept else None,
    }


def _guard(objection: Objection) -> Body:
    return {
        "rule": objection.rule,
        "level": objection.level,
        "ref": str(objection.ref) if objection.ref else None,
        "message": objection.message,
        "allow": allow_words(objection),
        "allowed": objection.allowed,
        "place": _place(objection.place),
    }


def _place(place: Place | None) -> Json:
    return (
        None if place is None else {"file": place.file, "line": place.line, "column": place.column}
    )


def _summary(plan: Plan) -> Body:
    """How many resources of each action; `rotate` counts again what is rotated among them."""
    number = counts(plan)
    expected = estimate(plan)
    incoming = {ref for rotation in rotations(plan) for ref in rotation.incoming}
    return {
        **{action.name.lower(): number[action] for action in Action},
        "rotate": len(incoming),
        "estimate_s": round(expected.working, 3),
        "wait_s": expected.waiting,
        "then_wait_s": plan.then_wait,
        "kept_s": plan.kept,
        "gates": list(plan.gates),
        "gates_s": plan.gated,
    }


def outcome_json(outcome: Outcome | None, plan: Plan, *, verb: str = "apply") -> Body:
    """What an apply or a rollback came to; without an outcome there was nothing to do."""
    return {
        "format_version": FORMAT_VERSION,
        "verb": verb,
        "environment": plan.environment,
        "project": plan.project,
        "digest": plan.digest,
        "run": outcome.run if outcome else None,
        "snapshot": outcome.snapshot if outcome else None,
        "steps_done": outcome.done if outcome else 0,
        "steps_total": len(plan.steps) + (outcome.earlier if outcome else 0),
        "summary": _summary(plan),
        "notes": list(plan.notes),
    }


def error_json(error: RemediateError) -> Body:
    faults = error.faults if isinstance(error, InvalidInput) else ()
    return {
        "format_version": FORMAT_VERSION,
        "error": {
            "type": type(error).__name__,
            "message": str(error),
            "hint": error.hint,
            "exit_code": error.exit_code,
            "faults": [
                {
                    "file": fault.place.file if fault.place else None,
                    "line": fault.place.line if fault.place else None,
                    "column": fault.place.column if fault.place else None,
                    "message": fault.message,
                    "hint": fault.hint,
                }
                for fault in faults
            ],
        },
    }


def json_text(document: Body) -> str:
    """For a file or stdout: indented, in ASCII, so that no terminal can be steered by it."""
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"
