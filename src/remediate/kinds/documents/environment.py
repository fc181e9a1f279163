"""`Environment`: a project, and how it is to be treated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import PlainValidator, WithJsonSchema

from remediate.kinds.documents import guarding
from remediate.kinds.documents.lifecycle import DefaultLifecycle, Duration, lifecycle
from remediate.kinds.fields.labels import label_faults
from remediate.kinds.fields.pointers import pointer
from remediate.kinds.fields.rules import Fault, spelled, within
from remediate.kinds.fields.spec import Int, Spec, Text, Word
from remediate.model.aside import RETENTION
from remediate.model.errors import Place
from remediate.model.resource import Environment, Lifecycle

NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")  # RFC 1035 label; managed zones use it too
REGION = re.compile(r"[a-z]+-[a-z]+[0-9]{1,2}")
ZONE = re.compile(REGION.pattern + "-[a-z]")
_PROJECT = re.compile(r"([a-z0-9.-]+:)?[a-z][-a-z0-9]{4,28}[a-z0-9]")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_MOST_PARALLEL = 64

_EVENTS = Literal["planned", "applied", "failed", "rolled-back", "drift", "recovered"]


def _plain(value: object) -> str:
    if isinstance(value, str) and "${" not in value:
        return str(value)
    raise ValueError("a variable holds plain text")


def _name(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


_Plain: TypeAlias = Annotated[str, PlainValidator(_plain), WithJsonSchema({"type": "string"})]


class Defaults(Spec):
    lifecycle: DefaultLifecycle | None = None


class ApplySpec(Spec):
    parallelism: Int | None = None
    onFailure: Annotated[Literal["stop", "rollback"], Word] | None = None
    planTtl: Duration | None = None
    retention: Duration | None = None


class Notice(Spec):
    """Whom to tell of what; its expressions are filled in when it is sent."""

    slack: Text | None = None
    webhook: Text | None = None
    on: list[Annotated[_EVENTS, Word]] | None = None


class EnvironmentSpec(Spec):
    project: Annotated[Text, _name(_PROJECT.pattern)]
    region: Annotated[Text, _name(REGION.pattern)] | None = None
    vars: dict[str, _Plain] | None = None
    env: list[Text] | None = None
    labels: dict[str, Text] | None = None
    defaults: Defaults | None = None
    apply: ApplySpec | None = None
    store: Text | None = None
    notify: list[Notice] | None = None
    guards: guarding.Guards | None = None


_STORE = re.compile(r"gs://[a-z0-9][a-z0-9._-]+(/\w[\w.-]*)*/?|[^:]+", re.ASCII)


def check(spec: Mapping[str, Any]) -> list[Fault]:
    """What types cannot say of an Environment."""
    return [
        *spelled(spec, "/project", _PROJECT.fullmatch, "a project's id"),
        *spelled(spec, "/region", REGION.fullmatch, "a region such as us-central1"),
        *spelled(spec, "/env/*", _VARIABLE.fullmatch, "a process variable's name"),
        *spelled(spec, "/store", _STORE.fullmatch, "a folder or gs://bucket/prefix"),
        *within(spec, "/apply/parallelism", 1, _MOST_PARALLEL, "the number of steps at once"),
        *_keys(spec, "vars", _VARIABLE, "a variable's name"),
        *guarding.check(spec),
        *label_faults(spec),
        *(
            (f"/notify/{at}", "a notice goes to one of slack or webhook")
            for at, notice in enumerate(spec.get("notify", ()))
            if ("slack" in notice) == ("webhook" in notice)
        ),
    ]


def _keys(spec: Mapping[str, Any], field: str, form: re.Pattern[str], what: str) -> Iterator[Fault]:
    for name in spec.get(field, ()):
        if not form.fullmatch(name):
            yield pointer(field, name), f"{name!r} is not {what}"


def environment(name: str, spec: Mapping[str, Any], place: Place) -> Environment:
    """An Environment of a spec that has been checked."""
    applying = spec.get("apply", {})
    return Environment(
        name=name,
        project=spec["project"],
        region=spec.get("region", ""),
        labels=spec.get("labels", {}),
        defaults=lifecycle(spec.get("defaults", {}).get("lifecycle", {}), Lifecycle()),
        parallelism=applying.get("parallelism", 4),
        store=spec.get("store", ".remediate"),
        guards=guarding.levels(spec.get("guards", {})),
        place=place,
        on_failure=applying.get("onFailure", "stop"),
        plan_ttl=applying.get("planTtl", 86_400.0),
        retention=applying.get("retention", RETENTION),
        change_rules=guarding.change_rules(spec.get("guards", {})),
    )
