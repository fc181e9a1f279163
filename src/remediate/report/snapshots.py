"""Snapshots as text and as JSON: the list of them, one of them, and what differs between two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from remediate.kinds.bodies.compare import field_changes, writable
from remediate.kinds.records.essence import WORDS
from remediate.kinds.registry import NAMES, kind
from remediate.model.json import Body, Json
from remediate.model.plan import Action, Difference, FieldChange
from remediate.model.ref import Ref
from remediate.report.differences import Drawing, field_lines, resource_lines
from remediate.report.machine import FORMAT_VERSION, plain, resource_change
from remediate.report.text import (
    WIDTH,
    Palette,
    Typed,
    bare,
    command,
    counted,
    safe,
    table,
    wrapped,
)
from remediate.report.wording import body_for_eyes, main_fields
from remediate.stores.snapshots import SIDES, Snapshot


@dataclass(frozen=True, slots=True)
class Changes:
    """What it takes to get from one snapshot to another; true if there is anything.

    A resource that only one of them holds was not looked at by the other: it is no difference.
    """

    first: Snapshot
    second: Snapshot
    found: Sequence[Difference] = ()
    only_first: Sequence[Ref] = field(default=())
    only_second: Sequence[Ref] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.found)


def list_text(snapshots: Sequence[Snapshot]) -> str:
    """Two lines a snapshot, in the order given."""
    if not snapshots:
        return "No snapshot has been taken here yet; every apply takes one.\n"
    heads = table(
        (one.id, one.time, one.environment, one.endpoint, counted(len(one.resources), "resource"))
        for one in snapshots
    )
    lines = [
        line
        for head, one in zip(heads, snapshots, strict=True)
        for line in (head, *wrapped(f"{safe(one.reason)} (run {safe(one.run)})", WIDTH, "    "))
    ]
    return "\n".join(lines) + "\n"


def list_json(snapshots: Sequence[Snapshot]) -> Body:
    listed: list[Json] = [{**_head(one), "resources": len(one.resources)} for one in snapshots]
    return {"format_version": FORMAT_VERSION, "snapshots": listed}


def show_text(
    snapshot: Snapshot, *, width: int = WIDTH, colour: bool = False, typed: Typed = bare
) -> str:
    drawing = Drawing(width, Palette(colour=colour), snapshot.project)
    side = SIDES.get(snapshot.endpoint, snapshot.endpoint)
    where = f" (project {safe(snapshot.project)}, {safe(side)})"
    absent = [ref for ref, body in snapshot.resources.items() if body is None]
    lines = [
        *wrapped(f"Snapshot {safe(snapshot.id)} of {safe(snapshot.environment)}{where}", width),
        *wrapped(f"{snapshot.time}, {safe(snapshot.reason)}, run {safe(snapshot.run)}", width),
        "",
    ]
    for ref, body in sorted(snapshot.resources.items()):
        if body is not None:
            lines.append(f"    {safe(str(ref))}")
            lines += field_lines(main_fields(ref, body, snapshot.project), drawing)
    if absent:
        lines += ["", "Not there then; a rollback deletes what its run has created of these:"]
        lines += [f"    {safe(str(ref))}" for ref in sorted(absent)]
    back = typed("rollback", "--snapshot", safe(snapshot.id), endpoint=snapshot.endpoint)
    lines += ["", "To go back to it:", *command(back, width)]
    return "\n".join(lines) + "\n"


def show_json(snapshot: Snapshot) -> Body:
    bodies: Body = {
        str(ref): plain(body_for_eyes(ref, body))
        for ref, body in sorted(snapshot.resources.items())
    }
    return {"format_version": FORMAT_VERSION, **_head(snapshot), "resources": bodies}


def differences(first: Snapshot, second: Snapshot) -> Changes:
    """What has changed from the first to the second, in what both of them hold."""
    one, other = first.resources, second.resources
    found = [
        difference
        for ref in sorted(one.keys() & other.keys())
        if (difference := _difference(ref, one[ref], other[ref], first.project))
    ]
    return Changes(
        first, second, found, sorted(one.keys() - other.keys()), sorted(other.keys() - one.keys())
    )


def diff_text(changes: Changes, *, width: int = WIDTH, colour: bool = False) -> str:
    drawing = Drawing(width, Palette(colour=colour), changes.first.project)
    return "\n".join(_diff_lines(changes, drawing)) + "\n"


def diff_json(changes: Changes) -> Body:
    return {
        "format_version": FORMAT_VERSION,
        "first": _head(changes.first),
        "second": _head(changes.second),
        "resource_changes": [resource_change(difference) for difference in changes.found],
        "only_first": [str(ref) for ref in changes.only_first],
        "only_second": [str(ref) for ref in changes.only_second],
    }


def _diff_lines(changes: Changes, drawing: Drawing) -> Iterator[str]:
    first, second = safe(changes.first.id), safe(changes.second.id)
    both = len(changes.first.resources) - len(changes.only_first)
    if changes.found:
        yield from wrapped(f"From {first} to {second}:", drawing.width)
        yield ""
    for difference in changes.found:
        yield from resource_lines(difference, drawing)
    if changes.found:
        yield ""
    compared = f"{len(changes.found)} of {counted(both, 'resource')} differ"
    yield (
        compared if changes.found else f"{first} and {second} agree in {counted(both, 'resource')}"
    )
    for name, refs in ((first, changes.only_first), (second, changes.only_second)):
        if refs:
            listed = ", ".join(safe(str(ref)) for ref in refs)
            yield from wrapped(f"only {name} holds {listed}", drawing.width)


def _difference(
    ref: Ref, before: Body | None, after: Body | None, project: str
) -> Difference | None:
    if before is None and after is None:
        return None
    if before is None or after is None:
        action = Action.CREATE if before is None else Action.DELETE
        return Difference(ref, action, ref, before, after, (FieldChange("", before, after),))
    if ref.is_record_set or ref.kind not in NAMES:
        changes = tuple(
            FieldChange(f"/{name}", before.get(name), after.get(name))
            for name in WORDS
            if before.get(name) != after.get(name)
        )
    else:
        facts = kind(ref.kind)
        old, new = writable(facts, before), writable(facts, after)
        changes = field_changes(facts, new, old, project=project, written_before=old)
    if not changes:
        return None
    return Difference(ref, Action.UPDATE, ref, before, after, changes)


def _head(snapshot: Snapshot) -> Body:
    return {
        "id": snapshot.id,
        "environment": snapshot.environment,
        "project": snapshot.project,
        "run": snapshot.run,
        "time": snapshot.time,
        "reason": snapshot.reason,
        "endpoint": snapshot.endpoint,
    }
