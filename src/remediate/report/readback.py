"""A plan from its JSON again, for reading: what is drawn from it is what was drawn before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from remediate.kinds.registry import NAMES
from remediate.model.aside import RETENTION
from remediate.model.condition import Condition
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
        foreign=[ref_of(ref) for ref in ours.get("foreign", ())],
        allowances=dict(ours["allowances"]),
        covered={ref_of(ref): int(each) for ref, each in ours.get("covered_s", {}).items()},
        negative_ttls={
            ref_of(zone): int(each) for zone, each in ours.get("negative_ttls_s", {}).items()
        },
        retention=float(ours.get("retention_s", RETENTION)),
        then_wait=int(ours["summary"].get("then_wait_s", 0)),
        kept=int(ours["summary"].get("kept_s", 0)),
        gates=tuple(map(str, ours["summary"].get("gates", ()))),
        gated=float(ours["summary"].get("gates_s", 0)),
        written={Ref("", str(n)): (_NOBODY, {}) for n in range(int(ours["compared"]))},
    )


def _difference(change: Mapping[str, object], ours: Mapping[str, Any]) -> Difference:
    ref = _ref(ours["address"])
    return Difference(
        ref=ref,
        action=Action(ours["action"]),
        live=_ref(ours["live"]),
        before=_body(ref, change["before"]),
        after=_body(ref, _with_unknowns(change["after"], change["after_unknown"])),
        changes=tuple(_change(ref, field) for field in ours["fields"]),
        cause=Cause(ours["cause"]),
        replaces=_ref(ours["replaces"]) if ours["replaces"] else None,
        place=_place(ours["place"]),
    )


def _ref(text: str) -> Ref:
    ref = ref_of(text)
    if ref.kind not in NAMES or (ref.is_record_set and not all(ref.record)):
        raise ValueError(text)
    return ref


def _body(ref: Ref, value: object) -> Mapping[str, Any] | None:
    """Checked as far as the drawing of it goes by its form."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise TypeError
    if ref.is_record_set:
        _insist(value.get("rrdatas", []), list)
        _insist(value.get("ttl", 0), int)
    return value


def _insist(value: object, form: type) -> None:
    if not isinstance(value, form):
        raise TypeError


def _change(ref: Ref, field: Mapping[str, Any]) -> FieldChange:
    pointer, before = field["pointer"], field["before"]
    after = _with_unknowns(field["after"], field["after_unknown"])
    _insist(pointer, str)
    if pointer and not pointer.startswith("/"):
        raise ValueError(pointer)
    if ref.is_record_set and pointer == "/rrdatas":
        _insist(before or [], list)
        _insist(after or [], list)
    cause = Cause(field.get("cause", Cause.PENDING))  # earlier versions told that of all together
    return FieldChange(pointer, before, after, cause, field.get("applied"))


def _with_unknowns(value: Any, marks: Any) -> Any:  # noqa: ANN401 - any JSON
    if marks is True:
        return Unknown(_NOBODY, "")
    if not marks:
        return value
    if isinstance(value, list):
        return [_with_unknowns(item, mark) for item, mark in zip(value, marks, strict=True)]
    return {name: _with_unknowns(item, marks.get(name)) for name, item in value.items()}


def _step(step: Mapping[str, Any]) -> Step:
    ref = _ref(step["address"])
    return Step(
        id=str(step["id"]),
        verb=Action(step["verb"]),
        method=str(step["method"]),
        ref=ref,
        live=_ref(step["live"]),
        before=None,
        after=None,
        fields=tuple(step["fields"]),
        changes=tuple(_change(ref, field) for field in step["changes"]),
        precondition=str(step["precondition"]),
        risk=Risk(step["risk"]),
        undo=Undo(step["undo"]),
        undo_why=str(step["undo_why"]),
        undo_allow=tuple(map(str, step.get("undo_allow", ()))),
        estimate=float(step["estimate_s"]),
        after_steps=tuple(step["after"]),
        ready=tuple(_ref(each) for each in step["ready"]),
        awaits=tuple(
            Condition.from_json(each, (_ref(each["ref"]), _ref(each["holder"])))
            for each in step["awaits"]
        ),
        note=str(step["note"]),
        hosts=tuple(map(str, step.get("hosts", ()))),
        restarts=tuple(map(str, step["restarts"])),
    )


def _objection(guard: Mapping[str, Any]) -> Objection:
    return Objection(
        rule=str(guard["rule"]),
        level=str(guard["level"]),
        ref=ref_of(guard["ref"]) if guard["ref"] else None,
        message=str(guard["message"]),
        allowed=str(guard["allowed"]) if guard["allowed"] else None,
        place=_place(guard["place"]),
    )


def _place(place: Mapping[str, Any] | None) -> Place | None:
    return Place(str(place["file"]), int(place["line"]), int(place["column"])) if place else None
