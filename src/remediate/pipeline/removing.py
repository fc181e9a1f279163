"""What is no longer wanted: set aside, deleted, or left, and what replacements leave behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from remediate.kinds.bodies.asides import as_it_is
from remediate.kinds.bodies.names import stands_for
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


def retire(
    ref: Ref, entry: Entry, retention: float, observed: Observed, result: Differences
) -> None:
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
        left = ", ".join(one.name for one in asides)
        result.notes.append(
            f"{ref} is {current} now; {left} stays, for a rollback; {_gc(asides, retention)}"
        )
    if entry.is_aside and current == entry.name:
        result.notes.append(f"{ref} was set aside, and is ours again")


def _aside(known: Aside | None, at: Ref, live: Body, observed: Observed) -> Aside:
    """What has a time already is known by what it was then."""
    return known if known and known.since else as_it_is(at, live, observed.project)


def _gc(asides: Iterable[Aside], retention: float) -> str:
    times = sorted({aside.when(retention) for aside in asides})
    return f"`remediate gc` may delete it {' and '.join(times)}"


def removals(
    desired: Desired,
    observed: Observed,
    remembered: Mapping[Ref, Entry],
    notes: list[str],
    *,
    prune: bool,
) -> Iterator[Difference]:
    """Absence never deletes: it takes `onRemove: delete`, as last applied, and `--prune`."""
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
            notes.append(f"{ref} is no longer in the YAML and stays (onRemove: keep)")
        elif not prune:
            does = "sets it aside, for `remediate gc`" if later else "deletes it"
            notes.append(f"{ref} is no longer in the YAML; --prune {does}")
        else:
            action = Action.SET_ASIDE if later else Action.DELETE
            yield Difference(ref, action, at, live, None, (FieldChange("", live, None),))
