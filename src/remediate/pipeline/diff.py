"""Compare what is wished for with what is live: pure, and the only place where they meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from remediate.kinds.bodies.canonical import rules_of
from remediate.kinds.bodies.compare import field_changes, outgrown, without_secrets
from remediate.kinds.bodies.overlay import merged_changes, widened
from remediate.kinds.bodies.resolve import Names, resolved, targets
from remediate.kinds.facts import Fields
from remediate.kinds.kind import Kind
from remediate.kinds.registry import kind
from remediate.model.errors import InvalidInput
from remediate.model.json import Body
from remediate.model.plan import Action, Cause, Difference, FieldChange, Objection
from remediate.model.ref import Ref
from remediate.model.resource import Desired, Resource, Zone
from remediate.pipeline.causes import cause_of_all, causes, with_causes
from remediate.pipeline.differences import Differences, compare_records, empty_zone, remake_records
from remediate.pipeline.fixed import kept_note
from remediate.pipeline.meant import meant
from remediate.pipeline.observe import Observed
from remediate.pipeline.removing import left_behind, removals, retire
from remediate.pipeline.replacing import Pair, others_of, refusal, replaced
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
            retire(ref, entry, observed, result)
    refused = {objection.ref for objection in result.refused if objection.final}
    remade = {each.ref: each for each in result.found if each.action is Action.REPLACE}
    for _ref, resource in sorted(desired.resources.items()):
        if isinstance(resource, Zone) and (zone := remade.get(resource.ref)) is not None:
            remake_records(zone, resource, observed, ledger, result)
        elif isinstance(resource, Zone) and resource.ref not in refused:
            compare_records(resource, observed, ledger, result, prune=prune)
    removed = [*removals(desired, observed, ledger.resources, result.notes, prune=prune)]
    for difference in removed:
        if difference.ref.kind == "DnsZone":
            empty_zone(difference, observed, ledger, result)
    result.found += removed
    left_behind(observed, ledger.resources, desired.environment.retention, result)
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
    wanted = widened(facts, wanted, live, resource.lifecycle.ignore, observed.project)
    result.notes += _remarks(facts, live_ref, wanted, live, observed.project)
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
    elif changes or facts.ready(live).failed:
        sides = result.veiled(wanted), result.veiled(live)
        applied = entry.fields if entry else None
        found = causes(facts, *sides, applied, changes, observed.project)
        changes = with_causes(changes, found, applied)
        pair = Pair(facts, resource, wanted, live_ref, live, changes, cause_of_all(found))
        result.moved[ref] = (pair.difference(Action.UPDATE, live_ref, wanted), found)
        if pair.why_not_in_place:
            replaced(pair, observed, result)
        elif facts.sealed and (why := facts.sealed(live, changes)):
            result.refused.append(refusal(pair, f"{ref} stays as it is: {why}"))
        elif changes:
            rules = rules_of(facts, observed.project)
            after = merged_changes(wanted, live, changes, rules)
            result.found.append(pair.difference(Action.UPDATE, live_ref, after))


def _remarks(facts: Kind, at: Ref, wanted: Fields, live: Body, project: str) -> Iterator[str]:
    stands = facts.ready(live)
    if not stands.ready:
        yield f"{at} is not ready: {stands.state}"
    if stands.remark:
        yield f"{at} {stands.remark}"
    for change in outgrown(facts, wanted, live, project=project):
        yield kept_note(facts, at, change)


def _create(
    facts: Kind,
    resource: Resource,
    places: list[Body],
    observed: Observed,
    entry: Entry | None,
    result: Differences,
) -> None:
    ref, others = resource.ref, others_of(resource.ref, observed, result)
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


def _creation(resource: Resource, wanted: Mapping[str, object], cause: Cause) -> Difference:
    ref = resource.ref
    body = {"name": ref.name, **wanted}
    change = FieldChange("", None, body, cause)
    return Difference(ref, Action.CREATE, ref, None, body, (change,), cause, place=resource.place)
