"""What somebody has moved on the live side since it was last applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from remediate.gcp.reading import Reads
from remediate.kinds.fields.pointers import value_at
from remediate.model.plan import Action, Cause, Difference, FieldChange
from remediate.model.progress import Watcher
from remediate.model.ref import Ref
from remediate.model.resource import Desired, Zone
from remediate.pipeline.choices import Choices
from remediate.pipeline.diff import diff
from remediate.pipeline.differences import Differences
from remediate.pipeline.observe import Observed, observe
from remediate.pipeline.plan import insist_on_chosen
from remediate.stores.ledger import Entry, Ledger

_MOVED = frozenset({Cause.DRIFT, Cause.CONFLICT})


@dataclass(frozen=True, slots=True)
class Moved:
    """One field that is not as it was applied; None is what is not there. `""` is the whole."""

    ref: Ref
    pointer: str
    applied: Any
    live: Any
    desired: Any
    cause: Cause


@dataclass(slots=True)
class Drift:
    """Fields that were moved, and what they are differences of, with these changes alone.

    Without a ledger (`is_known`) nobody can tell drift from what is pending: it is all `pending`.
    """

    environment: str
    project: str
    is_known: bool
    moved: list[Moved] = field(default_factory=list)
    differences: dict[Ref, Difference] = field(default_factory=dict)
    pending: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def refs(self) -> list[Ref]:
        return sorted(self.differences)


@dataclass(frozen=True, slots=True)
class Sight:
    """The live side as it was read once, to be compared as often as wanted."""

    desired: Desired
    ledger: Ledger
    choices: Choices
    observed: Callable[[], Observed]

    def compared(self, desired: Desired | None = None) -> tuple[Drift, Differences]:
        """With the YAML as it is, or as it would be."""
        desired = desired or self.desired
        verdict = diff(desired, self.observed(), self.ledger, prune=True)
        return drift(desired, verdict, self.ledger, self.choices), verdict


def look(
    google: Reads,
    desired: Desired,
    ledger: Ledger,
    choices: Choices,
    watchers: Sequence[Watcher] = (),
    *,
    again: bool = False,
) -> Sight:
    """Read the live side, for one comparison; or, with `again`, for several, zones held whole."""
    seen = observe(google, desired, ledger.resources, watchers)
    if not again:
        return Sight(desired, ledger, choices, lambda: seen)
    pages = {zone: [*found] for zone, found in seen.record_sets.items()}
    return Sight(
        desired,
        ledger,
        choices,
        lambda: replace(seen, record_sets={zone: iter(page) for zone, page in pages.items()}),
    )


def drift(desired: Desired, verdict: Differences, ledger: Ledger, choices: Choices) -> Drift:
    """Of all that differs what was moved there, field by field."""
    insist_on_chosen(desired, verdict.found, choices)
    about = desired.environment
    result = Drift(about.name, about.project, ledger.exists)
    for each, causes in _with_causes(verdict, ledger):
        if choices.wants(each.ref):
            _sort(each, causes, ledger, result)
    for objection in verdict.refused:
        entry = ledger.entry(objection.ref) if objection.ref else None
        if objection.ref is None or entry is None or not choices.wants(objection.ref):
            continue
        known = result.differences.keys() | verdict.moved.keys()
        if objection.ref not in known and _is_declared(desired, objection.ref):
            _gone(objection.ref, entry, result)
            result.notes.append(objection.message)
    result.moved.sort(key=lambda moved: (moved.ref, moved.pointer))
    return result


def _with_causes(verdict: Differences, ledger: Ledger) -> Iterator[tuple[Difference, list[Cause]]]:
    """What is declared and there, refused or not; and what is missing, or there and unwanted."""
    yield from verdict.moved.values()
    for each in verdict.found:
        if each.ref.is_record_set or each.ref not in verdict.moved:
            was_applied = each.action is not Action.CREATE or ledger.entry(each.ref) is not None
            causes = [each.cause if was_applied else Cause.PENDING] * len(each.changes)
            if each.action is Action.UPDATE:
                causes = [change.cause for change in each.changes]
            yield each, causes


def _sort(each: Difference, causes: list[Cause], ledger: Ledger, result: Drift) -> None:
    entry = ledger.entry(each.ref)
    pairs = [*zip(each.changes, causes, strict=True)]
    theirs = tuple(change for change, cause in pairs if cause in _MOVED)
    ours = tuple(change for change, cause in pairs if cause not in _MOVED)
    if ours:
        result.pending.append(replace(each, changes=ours))
    if theirs:
        result.differences[each.ref] = replace(each, changes=theirs)
        result.moved += [
            _moved(each, change, cause, entry) for change, cause in pairs if cause in _MOVED
        ]


def _moved(each: Difference, change: FieldChange, cause: Cause, entry: Entry | None) -> Moved:
    applied = None
    if entry is not None:
        try:
            applied = value_at(entry.fields, change.pointer)
        except (LookupError, TypeError, ValueError):
            applied = None  # it was not written
    return Moved(each.ref, change.pointer, applied, change.before, change.after, cause)


def _is_declared(desired: Desired, ref: Ref) -> bool:
    zone = desired.resources.get(ref.zone) if ref.is_record_set else None
    return ref.record in zone.records if isinstance(zone, Zone) else ref in desired.resources


def _gone(ref: Ref, entry: Entry, result: Drift) -> None:
    """Something else has taken its place, beside which it cannot be put back."""
    change = FieldChange("", None, entry.fields)
    result.differences[ref] = Difference(
        ref, Action.CREATE, ref, None, entry.fields, (change,), Cause.DRIFT
    )
    result.moved.append(Moved(ref, "", entry.fields, None, entry.fields, Cause.DRIFT))
