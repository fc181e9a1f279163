"""How values of bodies are shown: short, unambiguous, and never what is secret."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, TypeGuard

from remediate.kinds.bodies.canonical import (
    Fields,
    Rules,
    canonical_value,
    partners,
    rules_of,
    same,
)
from remediate.kinds.bodies.compare import masked, writable
from remediate.kinds.bodies.links import project_relative, ref_of
from remediate.kinds.fields.pointers import Patterns, parts, pointer, transformed
from remediate.kinds.registry import NAMES, kind
from remediate.model.plan import FieldChange
from remediate.model.ref import Ref
from remediate.model.values import HIDDEN, MASKED, Unknown, hidden
from remediate.report.text import safe

NOT_SET = "(not set)"
_LINK = re.compile(r"(https?://[^/]+/compute/|(//[^/]+/)?projects/[^/]+/)\S+/\S+")
_PLAIN = re.compile(r"[^\s,\[\]{}\"'()]+")


@dataclass(frozen=True, slots=True)
class Shown:
    """A change in the words that it is shown in."""

    pointer: str
    before: str
    after: str
    # a list whose items came, went or changed is told by these, where it is too long for a line
    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    altered: tuple[Shown, ...] = ()  # by the name of the item, and the field in it
    kept: int = 0
    cause: str = ""  # who moved it, and what was last applied, where that is to be told

    @property
    def is_by_item(self) -> bool:
        return bool(self.gone or self.new or self.altered)


def body_for_eyes(ref: Ref, body: Mapping[str, object] | None) -> dict[str, Any] | None:
    """The body without what is never shown; None stays None."""
    if body is None or ref.is_record_set or ref.kind not in NAMES:
        return None if body is None else dict(body)
    shown: dict[str, object] = hidden(masked(kind(ref.kind), body))
    return shown


def change_for_eyes(ref: Ref, change: FieldChange) -> FieldChange:
    if ref.is_record_set or ref.kind not in NAMES:
        return change
    table = Patterns.flags(kind(ref.kind).write_only)
    at = change.pointer.removesuffix(f"/{MASKED}")
    covered = bool(table.fact) or at != change.pointer
    for part in parts(at):
        table = table.below(part)
        covered = covered or bool(table.fact)
    before, after, applied = (
        _hidden(value)
        if covered
        else hidden(transformed(value, table, lambda _fact, item: _hidden(item)))
        for value in (change.before, change.after, change.applied)
    )
    return replace(change, pointer=at, before=before, after=after, applied=applied)


def _hidden(value: object) -> str | None:
    return None if value is None else HIDDEN


def shown(ref: Ref, change: FieldChange, project: str) -> Shown:
    """Old and new, each as short as can be while they still read differently."""
    raw, change = change, change_for_eyes(ref, change)
    is_rdata = ref.is_record_set and change.pointer == "/rrdatas"
    before, after = _pair(change.before, change.after, project, is_rdata=is_rdata)
    at = safe(change.pointer) or "(the whole)"
    if not (_is_flat(change.before) and _is_flat(change.after)):
        told = Shown(at, before, after)
        if ref.is_record_set or ref.kind not in NAMES:
            return told
        return _by_item(told, raw, change, _rules_at(ref, change.pointer, project))
    spell = str if is_rdata else lambda value: in_words(value, project)
    old, new = ([safe(spell(v)) for v in side] for side in (change.before, change.after))
    gone = tuple(text for text in old if text not in set(new))
    came = tuple(text for text in new if text not in set(old))
    return Shown(at, before, after, gone, came, kept=len(old) - len(gone))


def _rules_at(ref: Ref, where: str, project: str) -> Rules:
    rules = rules_of(kind(ref.kind), project)
    for part in parts(where):
        rules = rules.below(part)
    return rules


def _by_item(told: Shown, raw: FieldChange, seen: FieldChange, rules: Rules) -> Shown:
    """Of a list of objects that have names: which came, which went, and what changed in which.

    `raw` tells what is equal, and `seen` what may be shown of it.
    """
    lists = (raw.before, raw.after, seen.before, seen.after)
    if not (rules.keyed.fact and all(map(_are_objects, lists))):
        return told
    stood = {id(item): at for at, item in enumerate(raw.before)}
    places = [stood.get(id(item)) for item in partners(raw.after, raw.before, rules)]
    pairs = [(at, new) for new, at in enumerate(places) if at is not None]
    altered = [[*_fields(_between(raw, *pair), _between(seen, *pair), rules)] for pair in pairs]
    return replace(
        told,
        gone=tuple(_item(it, rules) for at, it in enumerate(seen.before) if at not in places),
        new=tuple(
            _item(it, rules) for it, at in zip(seen.after, places, strict=True) if at is None
        ),
        altered=tuple(chain.from_iterable(altered)),
        kept=sum(not fields for fields in altered),
    )


def _between(change: FieldChange, old: int, new: int) -> FieldChange:
    return FieldChange("", change.before[old], change.after[new])


def _fields(raw: FieldChange, seen: FieldChange, rules: Rules) -> Iterator[Shown]:
    """Each field in which two items of one name differ."""
    name = _item_name(seen.after, rules)
    for field in dict.fromkeys([*raw.before, *raw.after]):
        below = rules.below("0").below(field)
        was, now = (canonical_value(side.get(field), below) for side in (raw.before, raw.after))
        if below.skipped.fact or same(now, was):
            continue
        real, shy = (
            FieldChange(field, side.before.get(field), side.after.get(field))
            for side in (raw, seen)
        )
        words = _pair(shy.before, shy.after, rules.project, is_rdata=False)
        yield _by_item(Shown(f"{name} {safe(field)}", *words), real, shy, below)


def _item_name(item: Fields, rules: Rules) -> str:
    names = [item[name] for name in rules.keyed.fact or () if item.get(name)]
    return " ".join(last_parts(name, rules.project) for name in names)


def _item(item: Fields, rules: Rules) -> str:
    """The name, and the rest as fields."""
    rest = {name: value for name, value in item.items() if name not in (rules.keyed.fact or ())}
    told = ", ".join(f"{safe(name)} {last_parts(rest[name], rules.project)}" for name in rest)
    return ": ".join(filter(None, [_item_name(item, rules), told]))


def _are_objects(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, Mapping) for item in value)


def _pair(old: object, new: object, project: str, *, is_rdata: bool) -> tuple[str, str]:
    spellings: list[Callable[[object], str]] = [lambda v: in_words(v, project), _whole]
    if is_rdata:
        spellings[0] = _rdata
    elif _place(old, project) == _place(new, project):
        spellings.insert(0, lambda v: last_parts(v, project))
    texts = ("", "")
    for spell in spellings:
        texts = (NOT_SET if old is None else spell(old), NOT_SET if new is None else spell(new))
        if texts[0] != texts[1]:
            return texts
    return texts


def _is_flat(value: object) -> bool:
    return isinstance(value, list | tuple) and not any(
        isinstance(item, Mapping | list | tuple) for item in value
    )


def _place(value: object, project: str) -> set[tuple[str, str]] | None:
    """Kind and location of the links in a value; None where something else is in it."""
    if value is None:
        return None
    values = value if isinstance(value, list | tuple) else [value]
    refs = [ref_of(item, project) if _is_link(item) else None for item in values]
    return {(ref.kind, ref.location) if ref else ("", "") for ref in refs}


def _is_link(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _LINK.match(value) is not None


def last_parts(value: object, project: str) -> str:
    """In words, with links to what is ours cut down to the name."""
    return _said(value, project, whole_ref=False)


def in_words(value: object, project: str) -> str:
    """A value on one line; links to what is ours as Refs, others without host and project."""
    return _said(value, project, whole_ref=True)


def _said(value: object, project: str, *, whole_ref: bool) -> str:
    match value:
        case None:
            return "null"
        case Unknown():
            return str(value)
        case str():
            return _text(value, project, whole_ref=whole_ref)
        case Mapping():
            inner = (
                f"{safe(str(k))}: {_said(v, project, whole_ref=whole_ref)}"
                for k, v in value.items()
            )
            return "{" + ", ".join(inner) + "}"
        case list() | tuple():
            items = ", ".join(_said(item, project, whole_ref=whole_ref) for item in value)
            return items if len(value) == 1 and _is_flat(value) else f"[{items}]"
        case _:
            return json.dumps(value)


def _text(text: str, project: str, *, whole_ref: bool) -> str:
    if text.startswith("-----BEGIN "):
        return f"(PEM, {len(text):,} characters)"
    if _is_link(text):
        ref = ref_of(text, project)
        if ref is not None:
            return safe(str(ref) if whole_ref else ref.name)
        text = project_relative(text, project).removeprefix(f"projects/{project}/")
    return safe(text) if _PLAIN.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    return '"' + safe(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _whole(value: object) -> str:
    return safe(json.dumps(value, ensure_ascii=False, default=str))


def main_fields(ref: Ref, body: Mapping[str, object] | None, project: str) -> list[str]:
    """`field value` for all that is written in a body, nested ones by their dotted names."""
    if body is None:
        return []
    if ref.is_record_set:
        return [*_record_fields(body)]
    written = hidden(writable(kind(ref.kind), body)) if ref.kind in NAMES else body
    return [
        f"{_dotted(at)} {in_words(value, project)}"
        for at, value in _leaves(written, "")
        if value not in (None, "", [], {})
    ]


def _record_fields(body: Mapping[str, object]) -> Iterator[str]:
    if "rrdatas" in body:
        yield _rdata(body["rrdatas"])
    if "routingPolicy" in body:
        yield f"routingPolicy {in_words(body['routingPolicy'], '-')}"
    if "ttl" in body:
        yield f"ttl {body['ttl']}"


def _rdata(values: object) -> str:
    """Presentation format as it is: it has quotes of its own."""
    each = values if isinstance(values, list | tuple) else [values]
    return ", ".join(safe(str(value)) for value in each)


def _leaves(value: object, at: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, at + pointer(name))
    else:
        yield at, value


def _dotted(at: str) -> str:
    return safe(".".join(parts(at)))
