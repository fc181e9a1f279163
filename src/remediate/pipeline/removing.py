"""What is no longer wanted: set aside, deleted, or left, and what replacements leave behind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from remediate.kinds.bodies.asides import as_it_is
from remediate.kinds.bodies.links import ref_of
from remediate.kinds.bodies.names import stands_for
from remediate.kinds.bodies.users import users
from remediate.kinds.facts import Removal
from remediate.kinds.registry import kind
from remediate.model.aside import Aside
from remediate.model.json import Body
from remediate.model.plan import Action, Difference, FieldChange
from remediate.model.ref import Ref
from remediate.model.resource import Desired
from remediate.pipeline.differences import Differences
from remediate.pipeline.observe import Observed
from remediate.stores.ledger import Entry


def retire(ref: Ref, entry: Entry, observed: Observed, result: Differences) -> None:
    """What stood for a document before stays beside what does now, until `gc` deletes it."""
    current = result.written[ref][0].name
    marks = {aside.name: aside for aside in (*result.retired.get(ref, ()), *entry.asides)}
    there = {
        at: live
        for name in sorted({entry.name, *marks} - {current})
        if (live := observed.live.get(at := ref.named(name))) is not None
        if stands_for(at, ref, result.names.declared)
    }
    asides = [_aside(marks.get(at.name), at, live, observed) for at, live in there.items()]
    if asides:
        result.retired[ref] = tuple(asides)
    if entry.is_aside and current == entry.name:
        result.notes.append(f"{ref} was set aside, and is ours again")


def _aside(known: Aside | None, at: Ref, live: Body, observed: Observed) -> Aside:
    """What has a time already is known by what it was then."""
    return known if known and known.since else as_it_is(at, live, observed.project)


def left_behind(
    observed: Observed, remembered: Mapping[Ref, Entry], retention: float, result: Differences
) -> None:
    """Tell what takes whose place, and until when that stays; while it serves, no time begins.

    What was set aside uses nothing, since it goes as well.
    """
    now, then = _users_of_it_all(observed, remembered, result)
    for ref, marked in [*result.retired.items()]:
        current = result.written[ref][0]
        serving = {one for one in marked if users(ref.named(one.name), now, observed.project)}
        result.retired[ref] = asides = tuple(
            as_it_is(at, observed.live[at], observed.project) if one in serving else one
            for one in marked
            for at in (ref.named(one.name),)
        )
        held = {one: users(ref.named(one.name), then, observed.project) for one in asides}
        if left := [one for one in asides if not held[one]]:
            is_there = current in observed.live and not serving
            names, stay = ", ".join(one.name for one in left), "stay" if left[1:] else "stays"
            result.notes.append(
                f"{ref} {'is' if is_there else 'will be'} {current.name} in place of {names}, "
                f"which {stay}, for a rollback; {_gc(left, retention)}"
            )
        result.notes += [
            f"{ref.named(one.name)} stays, since {', '.join(map(str, by))} uses it"
            for one, by in held.items()
            if by
        ]


def _users_of_it_all(
    observed: Observed, remembered: Mapping[Ref, Entry], result: Differences
) -> tuple[dict[Ref, Mapping[str, Any]], dict[Ref, Mapping[str, Any]]]:
    """What there is, now and once all is done, but for what was set aside."""
    marks = {ref: entry.asides for ref, entry in remembered.items()} | result.retired
    asides = {ref.named(one.name) for ref, those in marks.items() for one in those}
    asides -= {live for live, _body in result.written.values()}
    now: dict[Ref, Mapping[str, object]] = {
        at: body for at, body in observed.live.items() if at not in asides
    }
    then = {**now}
    for difference in result.found:
        if difference.action.removes:
            then.pop(difference.live, None)
        elif difference.after is not None and not difference.ref.is_record_set:
            then[difference.live] = difference.after
    return now, then


def _gc(asides: Collection[Aside], retention: float) -> str:
    times = sorted({aside.when(retention) for aside in asides})
    which = "it" if len(asides) == 1 else "them"
    return f"`remediate gc` may delete {which} {' and '.join(times)}"


def strangers(result: Differences, project: str) -> list[Ref]:
    """What lists no longer hold at the end, and was never ours: no `gc` looks at it."""
    ours = {live for live, _body in result.written.values()}
    ours |= {ref.named(one.name) for ref, those in result.retired.items() for one in those}
    ours |= {difference.live for difference in result.found if difference.action.removes}
    lists = [
        (each.before.get(name) or (), each.after.get(name) or ())
        for each in result.found
        if not each.ref.is_record_set and (name := kind(each.ref.kind).overlaps)
        if each.before is not None and each.after is not None
    ]
    gone = (ref_of(str(link), project) for old, new in lists for link in old if link not in new)
    return sorted({ref for ref in gone if ref is not None} - ours)


def removals(
    desired: Desired,
    observed: Observed,
    remembered: Mapping[Ref, Entry],
    notes: list[str],
    *,
    prune: bool,
) -> Iterator[Difference]:
    """Absence never deletes: it takes `onRemove: delete`, as last applied, and `--prune`."""
    kept: list[Ref] = []
    for ref, entry in sorted(remembered.items()):
        at = ref.named(entry.name)
        live = observed.live.get(at)
        if ref.is_record_set or live is None or {ref, at} & desired.resources.keys():
            continue  # another document's own by now, if not its own
        later = kind(ref.kind).removal is Removal.LATER
        if entry.is_aside:
            left = [one for one in entry.asides if ref.named(one.name) in observed.live]
            notes.append(f"{ref} is set aside; {_gc(left, desired.environment.retention)}")
        elif entry.on_remove != "delete":
            kept.append(ref)
        elif not prune:
            does = "sets it aside, for `remediate gc`" if later else "deletes it"
            notes.append(f"{ref} is no longer in the YAML; --prune {does}")
        else:
            action = Action.SET_ASIDE if later else Action.DELETE
            yield Difference(ref, action, at, live, None, (FieldChange("", live, None),))
    if kept:
        notes.append(_kept(kept))


def _kept(refs: Sequence[Ref]) -> str:
    verbs, them = ("are", "stay"), "them"
    if len(refs) == 1:
        verbs, them = ("is", "stays"), "it"
    return (
        f"{', '.join(map(str, refs))} {verbs[0]} no longer in the YAML and {verbs[1]} (onRemove: "
        f"keep); to remove {them}, write {them} again with `lifecycle: {{onRemove: delete}}`, "
        f"apply, take {them} out, and apply with --prune"
    )
