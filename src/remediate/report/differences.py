"""One difference as people read it: a line for the resource, then what changes in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from remediate.kinds.bodies.links import ref_of
from remediate.kinds.bodies.restarts import restarts
from remediate.kinds.facts import Replacement
from remediate.kinds.registry import NAMES, kind
from remediate.model.aside import RETENTION, lasting
from remediate.model.plan import Action, Cause, Difference, FieldChange, Step
from remediate.model.ref import Ref
from remediate.report.rotation import Rotation
from remediate.report.text import Palette, Tone, cut, duration, first_difference, safe, wrapped
from remediate.report.wording import (
    NOT_SET,
    Shown,
    change_for_eyes,
    in_words,
    last_parts,
    main_fields,
    shown,
)

INDENT = " " * 6
_INSTEAD = "the new one is detached, and the old serves as before"
_LONGEST_VALUE = 120
_LONGEST_APPLIED = 40
_MOST_LINES = 3  # of fields, for what is created or deleted
_MOST_ITEMS = 12  # of a list that changes
_TONES = {
    Action.CREATE: Tone.GOOD,
    Action.UPDATE: Tone.CHANGED,
    Action.REPLACE: Tone.BAD,
    Action.DELETE: Tone.BAD,
    Action.SET_ASIDE: Tone.CHANGED,
    Action.KEEP: Tone.GOOD,
}


SIGNS = {
    "+": "create",
    "~": "change",
    "-": "delete",
    "-/+": "delete and create again",
    "+/-": "create anew beside the old",
    "(-)": "set aside",
    "(+)": "keep what was set aside",
}


class Drawing:
    """How wide, in which colours, and in whose project: what every line depends on."""

    def __init__(
        self, width: int, palette: Palette, project: str, retention: float = RETENTION
    ) -> None:
        self.width = width
        self.palette = palette
        self.project = project
        self.retention = retention  # seconds until `gc` deletes what is set aside


def is_beside(difference: Difference) -> bool:
    """Whether a replacement leaves the old one standing."""
    name = difference.ref.kind
    return name in NAMES and kind(name).replacement is Replacement.BESIDE


def sign(difference: Difference) -> str:
    match difference.action:
        case Action.CREATE:
            return "+"
        case Action.UPDATE:
            return "~"
        case Action.DELETE:
            return "-"
        case Action.REPLACE:
            return "+/-" if is_beside(difference) else "-/+"
        case Action.SET_ASIDE:
            return "(-)"
        case Action.KEEP:
            return "(+)"


def resource_lines(
    difference: Difference, drawing: Drawing, steps: Sequence[Step] = ()
) -> Iterator[str]:
    """The line of the resource, its changed fields, and the steps where they are several."""
    yield from heading(difference, drawing)
    match difference.action:
        case Action.CREATE | Action.DELETE:
            body = difference.after or difference.before
            yield from field_lines(main_fields(difference.ref, body, drawing.project), drawing)
            yield from _step_lines(difference, steps, drawing)
        case Action.UPDATE:
            yield from _stage_lines(difference, drawing)
            yield from change_lines(difference, difference.changes, drawing)
            for sentence in _restarts(difference):
                yield from wrapped(sentence, drawing.width, INDENT)
            yield from _step_lines(difference, steps, drawing)
        case Action.REPLACE:
            yield from wrapped(_how_replaced(difference, drawing), drawing.width, INDENT)
            yield from change_lines(difference, difference.changes, drawing)
        case Action.SET_ASIDE:
            text = f"deleted by `remediate gc` after {lasting(drawing.retention)}"
            yield from wrapped(text, drawing.width, INDENT)
        case Action.KEEP:
            yield from wrapped("ours again; `remediate gc` leaves it", drawing.width, INDENT)


def _restarts(difference: Difference) -> tuple[str, ...]:
    if difference.ref.is_record_set:
        return ()
    before, after = difference.before or {}, difference.after or {}
    return restarts(kind(difference.ref.kind), before, after, difference.changes)


def _step_lines(difference: Difference, steps: Sequence[Step], drawing: Drawing) -> Iterator[str]:
    """What goes in several writes, one after the other, each of which says what it is about."""
    if not steps[1:] or not kind(difference.ref.kind).by_leaf:
        return
    for number, step in enumerate(steps, start=1):
        note = f"{number}. {safe(step.note or step.verb.value)}"
        yield from wrapped(note, drawing.width, INDENT, INDENT + "   ")


def _stage_lines(difference: Difference, drawing: Drawing) -> Iterator[str]:
    """What an update that takes several writes does first, and then."""
    for number, stage in enumerate(difference.stages, start=1):
        yield from wrapped(f"{number}. {stage.note}", drawing.width, INDENT, INDENT + "   ")


def heading(difference: Difference, drawing: Drawing) -> Iterator[str]:
    """Sign and Ref, the live name where it is another, and who moved where that matters."""
    more = []
    if difference.live.name != difference.ref.name:
        more.append(f"(live: {safe(difference.live.name)})")
    if difference.cause is not Cause.PENDING:
        more.append(f"[{difference.cause}]")
    paint, ref = drawing.palette.paint, safe(str(difference.ref))
    mark = paint(sign(difference).ljust(3), _TONES[difference.action])
    tail = "".join(f"  {word}" for word in more)
    fits = 4 + len(ref) + len(tail) <= drawing.width
    yield f"{mark} {paint(ref, Tone.STRONG)}{tail if fits else ''}"
    if not fits:
        yield from (f"{INDENT}{word}" for word in more)


def _how_replaced(difference: Difference, drawing: Drawing) -> str:
    if is_beside(difference):
        old = safe(difference.replaces.name) if difference.replaces else "the old one"
        when = lasting(drawing.retention)
        return f"a new one beside {old}, which `remediate gc` deletes after {when}"
    facts = kind(difference.ref.kind)
    gap = sum(facts.seconds.get(verb, 1.0) for verb in (Action.DELETE, Action.CREATE))
    return f"deleted and created again under the same name: a gap of about {duration(gap)}"


def field_lines(fields: Sequence[str], drawing: Drawing) -> Iterator[str]:
    """As many fields as three lines hold, and how many more there are."""
    room = drawing.width - len(INDENT)
    lines: list[str] = []
    for told, field in enumerate(fields):
        text = cut(field, _LONGEST_VALUE) + ("," if told < len(fields) - 1 else "")
        if lines and len(lines[-1]) + 1 + len(text) <= room:
            lines[-1] += f" {text}"
        elif len(lines) >= _MOST_LINES:
            lines.append(f"… and {len(fields) - told} more")
            break
        else:
            lines += wrapped(text, room)
    yield from (INDENT + line for line in lines)


def change_lines(
    difference: Difference, changes: Sequence[FieldChange], drawing: Drawing
) -> Iterator[str]:
    alike = {change.cause for change in changes} == {difference.cause}
    for change in changes:
        told = shown(difference.ref, change, drawing.project)
        hushed = alike and difference.cause is not Cause.CONFLICT  # the heading says so
        cause = "" if hushed else _cause(difference.ref, change, drawing.project)
        yield from _change(replace(told, cause=cause), drawing)


def _cause(ref: Ref, change: FieldChange, project: str) -> str:
    """Who moved a field, unless that was the YAML, and what both moved away from."""
    if change.cause is not Cause.CONFLICT:
        return f"  [{change.cause}]" if change.cause is Cause.DRIFT else ""
    applied = change_for_eyes(ref, change).applied
    told = NOT_SET if applied is None else cut(in_words(applied, project), _LONGEST_APPLIED)
    return f"  [conflict; last applied: {told}]"


def _change(
    change: Shown, drawing: Drawing, first: str = INDENT, indent: str = INDENT
) -> Iterator[str]:
    """On one line where it fits; long lists by item; long texts around where they differ."""
    line = f"{change.pointer}: {change.before} -> {change.after}{change.cause}"
    if len(indent) + len(line) <= drawing.width:
        yield first + line
        return
    yield f"{first}{change.pointer}:{change.cause}"
    if change.is_by_item:
        yield from _items(change, drawing, indent + "   ")
        return
    room = drawing.width - len(indent) - 5
    start = first_difference(change.before, change.after)
    yield f"{indent}     {cut(change.before, room, start)}"
    yield f"{indent}  -> {cut(change.after, room, start)}"


def _items(change: Shown, drawing: Drawing, indent: str) -> Iterator[str]:
    paint, room = drawing.palette.paint, drawing.width - len(indent) - 2
    for sign, items, tone in (("-", change.gone, Tone.BAD), ("+", change.new, Tone.GOOD)):
        mark = f"{indent}{paint(sign, tone)} "
        yield from (f"{mark}{cut(item, room)}" for item in items[:_MOST_ITEMS])
        if len(items) > _MOST_ITEMS:
            yield f"{mark}… and {len(items) - _MOST_ITEMS} more"
    mark = f"{indent}{paint('~', Tone.CHANGED)} "
    for each in change.altered[:_MOST_ITEMS]:
        yield from _change(each, drawing, mark, indent + "  ")
    if len(change.altered) > _MOST_ITEMS:
        yield f"{mark}… and {len(change.altered) - _MOST_ITEMS} more"
    if change.kept:
        yield f"{indent}  ({change.kept} more as they are)"


def rotation_lines(
    rotation: Rotation, going: Collection[Ref], foreign: Collection[Ref], drawing: Drawing
) -> Iterator[str]:
    """A rotation as what it is: one story, under one heading.

    `going` is deleted or set aside by this plan; what is `foreign` was never declared.
    """
    holder = rotation.holder
    yield drawing.palette.paint(f"Certificate rotation on {safe(str(holder.ref))}", Tone.STRONG)
    for difference in rotation.made:
        yield from resource_lines(difference, drawing)
    yield from heading(holder, drawing)
    for number, sentence in enumerate(_story(rotation, going, foreign, drawing.project), start=1):
        yield from wrapped(f"{number}. {sentence}", drawing.width, INDENT, INDENT + "   ")
    instead = f"if it fails on the way: {_INSTEAD}"
    yield from wrapped(instead, drawing.width, INDENT)
    yield from change_lines(holder, rotation.others, drawing)


def _story(
    rotation: Rotation, going: Collection[Ref], foreign: Collection[Ref], project: str
) -> Iterator[str]:
    def names(links: Sequence[object]) -> str:
        return ", ".join(last_parts(link, project) for link in links)

    new = ", ".join(safe(ref.name) for ref in rotation.incoming)
    limit = f" (Google says: up to {duration(rotation.seconds)})" if rotation.seconds else ""
    if domains := sorted({domain for check in rotation.checks for domain in check.domains}):
        yield f"check that {safe(', '.join(domains))} lead here alone, and that CAA permits Google"
    if rotation.waited_before:
        yield f"wait until {new} {_are(rotation.waited_before)} ready{limit}"
    if rotation.attached and rotation.beside:
        yield f"attach {names(rotation.attached)} beside {names(rotation.beside)}"
    if rotation.waited:
        yield f"wait until {new} {_are(rotation.waited)} ready{limit}; the old serves until then"
    if rotation.is_spread:
        yield f"wait until every front end of Google's shows {new}"
    if rotation.soak:
        yield f"leave it {duration(rotation.soak)} to reach every front end of Google's"
    if rotation.is_put_first:
        yield f"put {new} first"
    if rotation.is_seen:
        yield f"see {new} in a handshake at every address, for each of its domains"
    kept = _afterwards(rotation, going, foreign, project)
    yield f"detach {names(rotation.detached)}{kept}"


def _afterwards(
    rotation: Rotation, going: Collection[Ref], foreign: Collection[Ref], project: str
) -> str:
    """What becomes of what is detached."""
    refs = {ref for link in rotation.detached if (ref := ref_of(str(link), project))}
    if theirs := sorted(refs & {*foreign}):
        which = ", ".join(safe(ref.name) for ref in theirs) if len(refs) > 1 else "it"
        return f"; {which} is not ours, and stays for good"
    return "" if refs & {*going} else "; it is kept for a rollback"


def _are(refs: Collection[Ref]) -> str:
    return "is" if len(refs) == 1 else "are"
