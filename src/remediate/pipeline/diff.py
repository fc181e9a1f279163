"""Compare what is wished for with what is live: pure, and the only place where they meet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from remediate.kinds.bodies.asides import as_it_is
from remediate.kinds.bodies.canonical import canonical_value, rules_of
from remediate.kinds.bodies.compare import field_changes, without_secrets
from remediate.kinds.bodies.links import scope_of
from remediate.kinds.bodies.names import replacement, stands_for
from remediate.kinds.bodies.overlay import merged_changes, widened
from remediate.kinds.bodies.resolve import Names, resolved, targets
from remediate.kinds.bodies.users import staying, users
from remediate.kinds.kind import Kind, Readiness, Removal, Replacement, Scope
from remediate.kinds.registry import kind
from remediate.model.aside import Aside
from remediate.model.errors import InvalidInput
from remediate.model.json import Body
from remediate.model.plan import Action, Cause, Difference, FieldChange, Objection
from remediate.model.ref import Ref
from remediate.model.resource import Desired, Resource, Zone
from remediate.model.values import MASKED
from remediate.pipeline.differences import (
    Differences,
    anew,
    compare_records,
    empty_zone,
    remake_records,
)
from remediate.pipeline.fixed import fixed_changes
from remediate.pipeline.meant import meant
from remediate.pipeline.observe import Observed
from remediate.pipeline.room import forms, free, holders
from remediate.stores.ledger import Entry, Ledger


def diff(
    desired: Desired, observed: Observed, ledger: Ledger, *, prune: bool = False
) -> Differences:
    """Every difference of the environment; raises if a part of the live side is unreadable."""
    observed.insist()
    names = Names(observed.project, desired.resources)
    result = Differences(names=names, veiled=ledger.veil.veiled)
    for ref, body in observed.live.items():
        result.names.know(ref, body)
    for ref in _links_first(desired):
        entry = ledger.resources.get(ref)
        _compare_resource(kind(ref.kind), desired.resources[ref], observed, entry, result)
        if entry is not None:
            _retire(ref, entry, desired.environment.retention, observed, result)
    refused = {objection.ref for objection in result.refused if objection.final}
    remade = {each.ref: each for each in result.found if each.action is Action.REPLACE}
    for _ref, resource in sorted(desired.resources.items()):
        if isinstance(resource, Zone) and (zone := remade.get(resource.ref)) is not None:
            remake_records(zone, resource, observed, ledger, result)
        elif isinstance(resource, Zone) and resource.ref not in refused:
            compare_records(resource, observed, ledger, result, prune=prune)
    removed = [*_removals(desired, observed, ledger.resources, result.notes, prune=prune)]
    for difference in removed:
        if difference.ref.kind == "DnsZone":
            empty_zone(difference, observed, ledger, result)
    result.found += removed
    if not ledger.exists:
        result.notes.append("nothing was applied from here yet, so removals cannot be seen")
    return result


def _links_first(desired: Desired) -> list[Ref]:
    declared = desired.resources
    graph = {
        ref: targets(kind(ref.kind), resource, declared, desired.environment.project)
        for ref, resource in sorted(declared.items())
    }
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " → ".join(map(str, error.args[1]))
        raise InvalidInput(f"each of these needs the next: {circle}") from error


@dataclass(frozen=True, slots=True)
class Pair:
    """A document and the live resource that it means, where they differ."""

    facts: Kind
    resource: Resource
    wanted: Mapping[str, Any]
    live_ref: Ref
    live: Body
    changes: tuple[FieldChange, ...]
    cause: Cause

    @property
    def why_not_in_place(self) -> str:
        """Why live cannot become what is wanted by a change of it; empty where it can."""
        fixed, reasons = fixed_changes(self.facts, scope_of(self.live_ref), self.changes)
        if fixed:
            reasons.append(f"{', '.join(fixed)} cannot change in place")
        if (stands := self.facts.ready(self.live)).failed and self.is_replaceable:
            reasons.append(f"it will not become ready: {stands.state}")
        return "; ".join(reasons)

    @property
    def is_replaceable(self) -> bool:
        return self.facts.replacement is Replacement.BESIDE

    def difference(self, action: Action, live: Ref, after: Mapping[str, Any]) -> Difference:
        replaces = self.live_ref if action is Action.REPLACE else None
        return Difference(
            self.resource.ref,
            action,
            live,
            self.live,
            after,
            self.changes,
            self.cause,
            replaces,
            self.resource.place,
        )


def _compare_resource(
    facts: Kind, resource: Resource, observed: Observed, entry: Entry | None, result: Differences
) -> None:
    ref, names = resource.ref, result.names
    watched = resource.lifecycle.ownership == "observe"
    places = forms(facts, resolved(facts, resource, names), resource.lifecycle)
    live_ref, wanted = meant(facts, ref, places, observed, entry, names.declared)
    result.written[ref] = (live_ref or ref, without_secrets(facts, wanted))
    if live_ref is None:
        names.settle(ref, ref, None)
        if watched:
            result.notes.append(f"{ref} is only observed, and is not there")
        else:
            _create(facts, resource, places, observed, entry, result)
        return

    live = observed.live[live_ref]
    names.settle(ref, live_ref, live)
    stands = facts.ready(live)
    result.notes += [f"{ref} {said}" for said in _condition(stands)]
    wanted = widened(facts, wanted, live, resource.lifecycle.ignore, observed.project)
    wanted = facts.as_good(wanted, live)
    changes = field_changes(
        facts,
        wanted,
        live,
        project=observed.project,
        written_before=entry.fields if entry else None,
        restore_defaults=resource.lifecycle.ownership == "full",
    )
    if watched:
        if fields := ", ".join(change.pointer for change in changes):
            result.notes.append(f"{ref} is only observed, and differs in {fields}")
    elif changes or stands.failed:
        sides = result.veiled(wanted), result.veiled(live)
        cause = _cause(facts, *sides, entry, changes, observed.project)
        pair = Pair(facts, resource, wanted, live_ref, live, changes, cause)
        if pair.why_not_in_place:
            _replace(pair, observed, result)
        elif facts.sealed and (why := facts.sealed(live, changes)):
            result.refused.append(_refusal(pair, f"{ref} stays as it is: {why}"))
        elif changes:
            rules = rules_of(facts, observed.project)
            after = merged_changes(wanted, live, changes, rules)
            result.found.append(pair.difference(Action.UPDATE, live_ref, after))


def _condition(stands: Readiness) -> Iterator[str]:
    if not stands.ready:
        yield f"is not ready: {stands.state}"
    if stands.remark:
        yield stands.remark


def _create(
    facts: Kind,
    resource: Resource,
    places: list[Body],
    observed: Observed,
    entry: Entry | None,
    result: Differences,
) -> None:
    ref, others = resource.ref, _others(resource.ref, observed, result)
    if missing := ", ".join(name for name in facts.required if name not in resource.spec):
        message = f"{ref} cannot be created: {missing} is not written, and is chosen for good"
        result.refused.append(
            Objection("incomplete", "deny", ref, message, place=resource.place, final=True)
        )
        return
    if (wanted := free(facts, places, others)) is None:
        there = ", ".join(map(str, holders(facts, places[0], others)))
        message = f"{ref} cannot be created where {there} is: no two of them can share a place"
        result.refused.append(
            Objection("no-room", "deny", ref, message, place=resource.place, final=True)
        )
        return
    result.written[ref] = (ref, without_secrets(facts, wanted))
    cause = Cause.DRIFT if entry else Cause.PENDING
    result.found.append(_creation(resource, wanted, cause))


def _retire(
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


def _creation(resource: Resource, wanted: Mapping[str, Any], cause: Cause) -> Difference:
    ref = resource.ref
    body = {"name": ref.name, **wanted}
    change = FieldChange("", None, body)
    return Difference(ref, Action.CREATE, ref, None, body, (change,), cause, place=resource.place)


def _replace(pair: Pair, observed: Observed, result: Differences) -> None:
    """A field that cannot change in place did: a new one beside it, a re-creation, or a refusal."""
    ref = pair.resource.ref
    how = pair.facts.replacement
    if how is Replacement.REFUSED or pair.resource.lifecycle.replace == "refuse":
        message = (
            f"{ref} would have to be replaced, since {pair.why_not_in_place}, and it never is: "
            "declare another one under its own name and move to it"
        )
        result.refused.append(_refusal(pair, message))
        return
    used_by = map(str, users(pair.live_ref, observed.live, observed.project))
    if how is Replacement.RECREATE and (names := ", ".join(used_by)):
        message = (
            f"{ref} would have to be deleted and made again, since {pair.why_not_in_place}, but "
            f"{names} uses it: declare another one under its own name and move to it"
        )
        result.refused.append(_refusal(pair, message))
        return
    if how is Replacement.ON_WORD:
        result.refused.append(_word(pair))
    new = pair.live_ref
    if how is Replacement.BESIDE:
        if (placed := _in_a_free_place(pair, observed, result)) is None:
            return
        pair = placed
        declared = result.names.declared
        taken = {at.name for at in {*observed.live, *declared} if at.kind == ref.kind}
        immutable = _immutable(pair.facts, pair.wanted, observed.project, scope_of(ref))
        new = ref.named(replacement(ref.name, immutable, taken, pair.facts.naming))
        result.notes += staying(pair.live_ref, observed.live, observed.project, declared)
    result.names.settle(ref, new, None)
    result.written[ref] = (new, without_secrets(pair.facts, pair.wanted))
    if new != pair.live_ref:
        result.retired[ref] = (as_it_is(pair.live_ref, pair.live, observed.project),)
    result.found.append(pair.difference(Action.REPLACE, new, {**pair.wanted, "name": new.name}))


def _in_a_free_place(pair: Pair, observed: Observed, result: Differences) -> Pair | None:
    """What takes up a place alone needs another one; None, and the reason, where none is free."""
    facts, lifecycle = pair.facts, pair.resource.lifecycle
    if facts.room is None:
        return pair
    plain = resolved(facts, pair.resource, result.names)
    others = _others(pair.resource.ref, observed, result)
    wanted = free(facts, forms(facts, plain, lifecycle), others)
    if wanted is None:
        message = f"{pair.resource.ref} would have to be replaced, since {pair.why_not_in_place}, "
        result.refused.append(_refusal(pair, f"{message}and {facts.room.lack(plain, lifecycle)}"))
        return None
    moved = field_changes(facts, wanted, pair.live, project=observed.project)
    changes = {change.pointer: change for change in (*pair.changes, *moved)}
    return replace(pair, wanted=wanted, changes=tuple(changes[at] for at in sorted(changes)))


def _others(ref: Ref, observed: Observed, result: Differences) -> dict[Ref, Body]:
    """All that is live, and all that is wished for besides one."""
    wished = {at: dict(body) for one, (at, body) in result.written.items() if one != ref}
    return {**wished, **observed.live}


def _refusal(pair: Pair, message: str) -> Objection:
    place = pair.resource.place
    return Objection("replace", "deny", pair.resource.ref, message, place=place, final=True)


def _word(pair: Pair) -> Objection:
    """It can be done, and somebody has to say that it shall."""
    ref, place = pair.resource.ref, pair.resource.place
    message = (
        f"{ref} would be deleted and made again, since {pair.why_not_in_place}: {anew(pair.live)}"
    )
    return Objection("zone-replace", "deny", ref, message, place=place)


def _immutable(
    facts: Kind, wanted: Mapping[str, Any], project: str, scope: Scope
) -> dict[str, Any]:
    canonical = canonical_value(wanted, rules_of(facts, project))
    whole = {pattern[1:] for pattern in facts.fixed(scope)}
    return {name: value for name, value in canonical.items() if _top_is_immutable(name, whole)}


def _top_is_immutable(name: str, whole: set[str]) -> bool:
    return any(pattern == name or pattern.startswith(f"{name}/") for pattern in whole)


def _cause(
    facts: Kind,
    wanted: Mapping[str, Any],
    live: Mapping[str, Any],
    entry: Entry | None,
    changes: tuple[FieldChange, ...],
    project: str,
) -> Cause:
    """Who moved since the last apply: the YAML, the live side, or both."""
    if entry is None:
        return Cause.PENDING
    ours = _places(field_changes(facts, wanted, entry.fields, project=project))
    theirs = _places(field_changes(facts, entry.fields, live, project=project))
    moved = _places(changes)
    if moved & ours & theirs:
        return Cause.CONFLICT
    return Cause.DRIFT if moved <= theirs else Cause.PENDING


def _places(changes: tuple[FieldChange, ...]) -> set[str]:
    """Where they are; of a secret, which the ledger knows by its mask, where that stands."""
    return {change.pointer.removesuffix(f"/{MASKED}") for change in changes}


def _removals(
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
