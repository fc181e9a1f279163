"""A plan from its JSON again, for reading: what is drawn from it is what was drawn before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from remediate.model.errors import InvalidInput, Place
from remediate.model.plan import (
    Action,
    Cause,
    Difference,
    FieldChange,
    Objection,
    Plan,
    Risk,
    Step,
    Undo,
)
from remediate.model.ref import Ref
from remediate.model.values import Unknown
from remediate.report.machine import FORMAT_VERSION
from remediate.stores.store import ref_of

_NOBODY = Ref("", "")


def read_plan(document: Mapping[str, Any]) -> Plan:
    """What `plan_json` was given, but for masked values and what unknown ones refer to.

    Raises InvalidInput for anything that is not such a plan.
    """
    version = str(document.get("format_version"))
    if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise InvalidInput(f"a plan of format {version} cannot be read; {FORMAT_VERSION} can")
    try:
        return _plan(document["resource_changes"], document["remediate"])
    except (KeyError, TypeError, ValueError, AttributeError, InvalidInput):
        raise InvalidInput("this JSON is not a plan that remediate has written") from None


def _plan(changes: Sequence[Mapping[str, Any]], ours: Mapping[str, Any]) -> Plan:
    steps = [(step["wave"], _step(step)) for step in ours["steps"]]
    numbers = sorted({number for number, _step in steps})
    return Plan(
        environment=str(ours["environment"]),
        project=str(ours["project"]),
        differences=[
            _difference(change["change"], known)
            for change, known in zip(changes, ours["changes"], strict=True)
        ],
        waves=[[step for at, step in steps if at == number] for number in numbers],
        objections=[_objection(guard) for guard in ours["guards"]],
        notes=[str(note) for note in ours["notes"]],
        desired_digest=str(ours["desired_digest"]),
        digest=str(ours["digest"]),
        settles=[ref_of(ref) for ref in ours["settles"]],
        allowances=dict(ours["allowances"]),
        written={Ref("", str(n)): (_NOBODY, {}) for n in range(int(ours["compared"]))},
    )


def _difference(change: Mapping[str, Any], ours: Mapping[str, Any]) -> Difference:
    return Difference(
        ref=ref_of(ours["address"]),
        action=Action(ours["action"]),
        live=ref_of(ours["live"]),
        before=change["before"],
        after=_with_unknowns(change["after"], change["after_unknown"]),
        changes=tuple(_change(field) for field in ours["fields"]),
        cause=Cause(ours["cause"]),
        replaces=ref_of(ours["replaces"]) if ours["replaces"] else None,
        place=_place(ours["place"]),
    )


def _change(field: Mapping[str, Any]) -> FieldChange:
    after = _with_unknowns(field["after"], field["after_unknown"])
    return FieldChange(str(field["pointer"]), field["before"], after)


def _with_unknowns(value: Any, marks: Any) -> Any:  # noqa: ANN401 - any JSON
    if marks is True:
        return Unknown(_NOBODY, "")
    if not marks:
        return value
    if isinstance(value, list):
        return [_with_unknowns(item, mark) for item, mark in zip(value, marks, strict=True)]
    return {name: _with_unknowns(item, marks.get(name)) for name, item in value.items()}


def _step(step: Mapping[str, Any]) -> Step:
    return Step(
        id=str(step["id"]),
        verb=Action(step["verb"]),
        method=str(step["method"]),
        ref=ref_of(step["address"]),
        live=ref_of(step["live"]),
        before=None,
        after=None,
        fields=tuple(step["fields"]),
        changes=tuple(_change(field) for field in step["changes"]),
        precondition=str(step["precondition"]),
        risk=Risk(step["risk"]),
        undo=Undo(step["undo"]),
        undo_why=str(step["undo_why"]),
        estimate=float(step["estimate_s"]),
        after_steps=tuple(step["after"]),
        ready=tuple(ref_of(ref) for ref in step["ready"]),
        note=str(step["note"]),
    )


def _objection(guard: Mapping[str, Any]) -> Objection:
    return Objection(
        rule=str(guard["rule"]),
        level=str(guard["level"]),
        ref=ref_of(guard["ref"]) if guard["ref"] else None,
        message=str(guard["message"]),
        allowed=guard["allowed"],
        place=_place(guard["place"]),
    )


def _place(place: Mapping[str, Any] | None) -> Place | None:
    return Place(str(place["file"]), int(place["line"]), int(place["column"])) if place else None
