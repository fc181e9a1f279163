"""`guards` of an Environment: the level of each rule, and what some of them are told besides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, tzinfo
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field

from remediate.kinds.fields.pointers import pointer
from remediate.kinds.fields.rules import Fault, within
from remediate.kinds.fields.spec import Int, Spec, Text, Word
from remediate.model.change_rules import DAYS, RISKS, ChangeRules, ChangeWindow, Freeze, Hours
from remediate.model.rules import OF_A_PLAN, OF_THE_HOUR, unanswerable

Level: TypeAlias = Annotated[Literal["deny", "approve", "warn"], Word]
_LEVELS = "^(deny|approve|warn)$"
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-4]):([0-5]\d)", re.ASCII)
_WHOLE_DAY = 24 * 60
_MOST_APPROVALS = 10
DELETES, WINDOW, APPROVALS = "too-many-deletes", "change-window", "approvals"
# Which rule takes which words, besides its level.
_WORDS = {
    DELETES: ("percent", "most"),
    WINDOW: ("timezone", "allow", "freeze"),
    APPROVALS: RISKS,
}


class HoursSpec(Spec):
    """Days such as `mon-thu` or `mon,wed` (all, if none are said) and hours `09:00-16:00`."""

    days: Text | None = None
    hours: Text | None = None


class FreezeSpec(Spec):
    """Two dates, both within, and why."""

    first: Text
    last: Text
    reason: Text


class GuardSpec(Spec):
    """A level alone may be written as its word: `dns-wildcard: warn`."""

    model_config = ConfigDict(
        json_schema_extra={
            "type": ["object", "string"],
            "if": {"type": "string"},
            "then": {"pattern": _LEVELS},
        }
    )

    level: Level | None = None
    percent: Int | None = None
    most: Int | None = None
    timezone: Text | None = None
    allow: list[HoursSpec] | None = None
    freeze: list[FreezeSpec] | None = None
    low: Int | None = None
    medium: Int | None = None
    high: Int | None = None
    critical: Int | None = None


def _in_full(value: object) -> Any:  # noqa: ANN401 - any node of YAML comes in
    return {"level": value} if isinstance(value, str) else value


def _only(*words: str) -> dict[str, Any]:
    """For editors: which words a rule takes; a level alone, as its word, has no names."""
    return {"propertyNames": {"enum": ["level", *words]}}


_RULES = [*sorted(OF_A_PLAN | OF_THE_HOUR)]
_EACH_ITS_OWN: dict[str, Any] = {
    "properties": {rule: _only(*words) for rule, words in _WORDS.items()},
    "additionalProperties": _only(),
}
Guards: TypeAlias = Annotated[
    dict[str, Annotated[GuardSpec, BeforeValidator(_in_full)]],
    Field(json_schema_extra={"propertyNames": {"enum": _RULES}, "allOf": [_EACH_ITS_OWN]}),
]


def check(spec: Mapping[str, Any]) -> Iterator[Fault]:
    """What types cannot say of the `guards` of an Environment's spec."""
    for rule, said in spec.get("guards", {}).items():
        if wrong := unanswerable(rule, OF_A_PLAN | OF_THE_HOUR):
            yield pointer("guards", rule), wrong
            continue
        mine = ("level", *_WORDS.get(rule, ()))
        for name in said:
            if name not in mine:
                meant = f"{rule} takes {', '.join(mine)}, not `{name}`"
                yield pointer("guards", rule, name), meant
        if rule == WINDOW:
            yield from _window_faults(said)
    yield from within(spec, f"/guards/{DELETES}/percent", 0, 100, "a share in percent")
    yield from within(spec, f"/guards/{DELETES}/most", 0, 1_000_000, "the most deletions")
    for risk in RISKS:
        at = f"/guards/{APPROVALS}/{risk}"
        yield from within(spec, at, 0, _MOST_APPROVALS, "the number of approvals")


def _window_faults(said: Mapping[str, Any]) -> Iterator[Fault]:
    at = ("guards", WINDOW)
    if not said.get("allow") and not said.get("freeze"):
        yield pointer(*at), "say when: `allow` with days and hours, `freeze` with dates, or both"
    if zone_named(said.get("timezone", "UTC")) is None:
        yield (
            pointer(*at, "timezone"),
            f"no time zone is called {said['timezone']!r} here; write one such as Europe/Berlin",
        )
    for number, one in enumerate(said.get("allow", ())):
        if not days_of(one.get("days", "mon-sun")):
            meant = f"{one['days']!r} is not days such as mon-thu or mon,wed,fri"
            yield pointer(*at, "allow", str(number), "days"), meant
        if _minutes(one.get("hours", "00:00-24:00")) is None:
            meant = f"{one['hours']!r} is not hours such as 09:00-16:00"
            yield pointer(*at, "allow", str(number), "hours"), meant
    for number, one in enumerate(said.get("freeze", ())):
        dates = {name: _date(one[name]) for name in ("first", "last")}
        for name, found in dates.items():
            if found is None:
                meant = f"{one[name]!r} is not a date such as 2026-12-20"
                yield pointer(*at, "freeze", str(number), name), meant
        first, last = dates["first"], dates["last"]
        if first and last and last < first:
            yield pointer(*at, "freeze", str(number), "last"), f"this is before {first}"


def zone_named(name: str) -> tzinfo | None:
    """The time zone of the tz database, or None; UTC is known without one."""
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo  # few environments have a window

    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # not there, or no name at all
        return None


def days_of(text: str) -> frozenset[int]:
    """Days of the week of `mon-thu` or `mon,wed`, Monday being 0; none for anything else."""
    found: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        if first not in DAYS or (dash and last not in DAYS):
            return frozenset()
        begin, end = DAYS.index(first), DAYS.index(last if dash else first)
        found |= {(begin + step) % 7 for step in range((end - begin) % 7 + 1)}
    return frozenset(found)


def _minutes(text: str) -> tuple[int, int] | None:
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        return None
    hours = [int(part) for part in found.groups()]
    start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    return None if start == end or end > _WHOLE_DAY else (start, end)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def levels(guards: Mapping[str, Any]) -> dict[str, Any]:
    """The levels that are written."""
    return {rule: said["level"] for rule, said in guards.items() if "level" in said}


def change_rules(guards: Mapping[str, Any]) -> ChangeRules:
    """Of guards that have been checked."""
    deletes = guards.get(DELETES, {})
    window, usual = guards.get(WINDOW, {}), ChangeRules()
    return ChangeRules(
        percent=deletes.get("percent", usual.percent),
        most=deletes.get("most", usual.most),
        window=ChangeWindow(
            window.get("timezone", "UTC"),
            tuple(_hours(one) for one in window.get("allow", ())),
            tuple(
                Freeze(
                    date.fromisoformat(one["first"]),
                    date.fromisoformat(one["last"]),
                    one["reason"],
                )
                for one in window.get("freeze", ())
            ),
        ),
        approvals={
            risk: guards[APPROVALS][risk] for risk in RISKS if risk in guards.get(APPROVALS, {})
        },
    )


def _hours(said: Mapping[str, str]) -> Hours:
    start, end = _minutes(said.get("hours", "")) or (0, _WHOLE_DAY)
    text = " ".join(said[name] for name in ("days", "hours") if name in said) or "always"
    return Hours(days_of(said.get("days", "mon-sun")), start, end, text)
