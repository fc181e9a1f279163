"""`lifecycle`: what may be done to a resource, as people write it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, PlainValidator, WithJsonSchema

from remediate.kinds.fields.pointers import pointer
from remediate.kinds.fields.rules import Fault
from remediate.kinds.fields.spec import Bool, Spec, Text, Word
from remediate.model.errors import InvalidInput
from remediate.model.ref import Ref, parse_ref
from remediate.model.resource import Lifecycle, Wait
from remediate.model.rules import OF_A_PLAN, unanswerable

_DURATION = re.compile(
    r"(?=.)(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?", re.ASCII
)
_UNITS = (86_400, 3_600, 60, 1)


def duration(value: object) -> float:
    """Seconds of `30s`, `60m`, `2h`, `1h30m`, `1d`; raises ValueError on anything else."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a duration such as 30s, 60m, 1h30m or 7d was expected")
    return float(
        sum(int(part or 0) * unit for part, unit in zip(found.groups(), _UNITS, strict=True))
    )


_DURATION_SCHEMA = {"type": "string", "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$", "minLength": 2}
Duration: TypeAlias = Annotated[float, PlainValidator(duration), WithJsonSchema(_DURATION_SCHEMA)]


class WaitSpec(Spec):
    """How long it may take to become ready, and how long the old one stays after that."""

    timeout: Duration | None = None
    soak: Duration | None = None


class DefaultLifecycle(Spec):
    """What an environment may say for all of its resources at once."""

    ownership: Annotated[Literal["full", "shared", "observe"], Word] | None = None
    protect: Bool | None = None
    onRemove: Annotated[Literal["keep", "delete"], Word] | None = None
    risk: Annotated[Literal["low", "medium", "high", "critical"], Word] | None = None
    replace: Annotated[Literal["overlap", "recreate", "refuse"], Word] | None = None
    wait: WaitSpec | None = None


RULES_AS_KEYS = Field(json_schema_extra={"propertyNames": {"enum": [*sorted(OF_A_PLAN)]}})
_Pointer: TypeAlias = Annotated[Text, WithJsonSchema({"type": "string", "pattern": "^/"})]
_Target: TypeAlias = Annotated[
    Text, WithJsonSchema({"type": "string", "pattern": "^[A-Z][A-Za-z]+/[^/]+(/[^/]+)?$"})
]


class LifecycleSpec(DefaultLifecycle):
    ignore: list[_Pointer] | None = None
    replaceCidr: Text | None = None
    dependsOn: list[_Target] | None = None
    allow: Annotated[dict[str, Text], RULES_AS_KEYS] | None = None


def check(written: Mapping[str, Any]) -> Iterator[Fault]:
    """What types cannot say of a lifecycle: (pointer in it, what is wrong)."""
    for at, text in enumerate(written.get("ignore") or ()):
        if not re.fullmatch(r"(/([^~/]|~[01])+)+", text):
            yield f"/ignore/{at}", f"`{text}` is not a JSON pointer such as /backends/0/group"
    for at, text in enumerate(written.get("dependsOn") or ()):
        try:
            parse_ref(text)
        except InvalidInput:
            yield f"/dependsOn/{at}", f"`{text}` is not `Kind/name` or `Kind/location/name`"
    for rule, reason in (written.get("allow") or {}).items():
        if wrong := unanswerable(rule):
            yield pointer("allow", rule), wrong
        if not reason.strip():
            yield pointer("allow", rule), "an allowance gives its reason"


def lifecycle(
    written: Mapping[str, Any], defaults: Lifecycle, depends_on: tuple[Ref, ...] = ()
) -> Lifecycle:
    """What was written, over the environment's defaults; of `wait` each part by itself."""
    wait = written.get("wait") or {}
    return Lifecycle(
        ownership=written.get("ownership", defaults.ownership),
        protect=written.get("protect", defaults.protect),
        on_remove=written.get("onRemove", defaults.on_remove),
        ignore=tuple(written.get("ignore", ())),
        risk=written.get("risk", defaults.risk),
        replace=written.get("replace", defaults.replace),
        replace_cidr=written.get("replaceCidr"),
        wait=Wait(wait.get("timeout", defaults.wait.timeout), wait.get("soak", defaults.wait.soak)),
        depends_on=depends_on,
        allow=dict(written.get("allow", {})),
    )
