"""What a comparison brings to light, and what it brings to light of the record sets of a zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from remediate.kinds.bodies.resolve import Names
from remediate.kinds.records.compare import compare
from remediate.kinds.records.essence import with_serial_of
from remediate.kinds.records.rdata import same
from remediate.kinds.records.remade import own_sets, remade
from remediate.kinds.records.routing import Routing, answers
from remediate.kinds.records.verdict import RecordsVerdict
from remediate.model.aside import Aside
from remediate.model.errors import Place
from remediate.model.json import Body
from remediate.model.plan import Action, Cause, Difference, FieldChange, Objection
from remediate.model.ref import Ref, record_ref
from remediate.model.resource import Lifecycle, Zone
from remediate.model.values import Unknown
from remediate.pipeline.causes import Fields, cause_of_all, with_causes
from remediate.pipeline.observe import Observed
from remediate.pipeline.traffic import places
from remediate.stores.ledger import Ledger

_SHOWN = 3  # record sets that a note names


@dataclass(slots=True)
class Differences:
    """Everything that live is not, what cannot be done about it, and what is left alone."""

    found: list[Difference] = field(default_factory=list)
    refused: list[Objection] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    records: dict[str, RecordsVerdict] = field(default_factory=dict)  # by zone
    written: dict[Ref, tuple[Ref, Mapping[str, Any]]] = field(default_factory=dict)
    names: Names = field(default_factory=lambda: Names("", ()))
    veiled: Callable[[Any], Any] = lambda body: body  # as the ledger remembers a body
    retired: dict[Ref, tuple[Aside, ...]] = field(default_factory=dict)
    # declared resources that are there and differ, refused or not, and the cause of each change
    moved: dict[Ref, tuple[Difference, list[Cause]]] = field(default_factory=dict)

    @property
    def unsettled(self) -> frozenset[Ref]:
        """Whatever differs or is refused."""
        refused = (objection.ref for objection in self.refused if objection.ref)
        return frozenset([*(difference.ref for difference in self.found), *refused])


def compare_records(
    zone: Zone, observed: Observed, ledger: Ledger, result: Differences, *, prune: bool
) -> None:
    """The record sets of a zone; what is not in the YAML goes only by the law of removals."""
    name = zone.ref.name
    removing = prune and zone.lifecycle.on_remove == "delete"
    routing = Routing(zone, result.names)
    verdict = compare(
        zone,
        observed.record_sets.get(name, iter(())),
        ours=lambda ref: ledger.record(name, *ref.record) is not None,
        known=result.names.look_up,
        routing=routing,
        removing=removing,
        addresses=places(observed.live),
    )
    result.found += [_with_cause(each, ledger, routing) for each in verdict.differences]
    result.records[name] = verdict
    result.notes += [
        f"{name}: {left.name} {left.type} is left alone: {left.why}" for left in verdict.left_alone
    ]
    result.refused += [
        Objection("record-conflict", "deny", conflict.ref, conflict.message, place=zone.place)
        for conflict in verdict.conflicts
    ]
    result.refused += [
        Objection("record-conflict", "warn", each.ref, _giving_way(each.ref), place=zone.place)
        for each in verdict.differences
        if each.action is Action.DELETE and not zone.exclusive
        if ledger.record(name, *each.ref.record) is None
    ]
    if verdict.unwanted:
        how = "--prune deletes them" if zone.lifecycle.on_remove == "delete" else "onRemove: keep"
        result.notes.append(f"{name}: {_named(verdict.unwanted)} not in the YAML ({how})")


def _named(refs: Sequence[Ref]) -> str:
    """`www.example.com. A and 2 more are`: a few by name, then how many."""
    names = ", ".join(" ".join(ref.record) for ref in sorted(refs)[:_SHOWN])
    more = f" and {len(refs) - _SHOWN} more" if len(refs) > _SHOWN else ""
    return f"{names}{more} {'is' if len(refs) == 1 else 'are'}"


def _giving_way(ref: Ref) -> str:
    what = " ".join(ref.record)
    return f"{what} was never applied from here, and gives way to what is written at its name"


def _with_cause(difference: Difference, ledger: Ledger, routing: Routing) -> Difference:
    """Who moved a record set since it was last applied, if it ever was."""
    before = ledger.entry(difference.ref)
    if before is None:
        # an exclusive zone that was applied is all ours: what else is in it has come since
        came = difference.action is Action.DELETE and difference.ref.zone in ledger.resources
        return _all_of(difference, Cause.DRIFT) if came else difference
    moved = [
        None if body is None else _is_other(difference.ref.record[1], before.fields, body, routing)
        for body in (difference.after, difference.before)
    ]
    ours, theirs = (each is not False for each in moved)
    cause = Cause.CONFLICT if ours and theirs else Cause.DRIFT if theirs else Cause.PENDING
    if cause is not Cause.CONFLICT or difference.action is not Action.UPDATE:
        return _all_of(difference, cause, before.fields)
    rrtype = difference.ref.record[1]
    sides = [difference.after or {}, difference.before or {}]
    changes = [_one_caused(each, rrtype, before.fields, *sides) for each in difference.changes]
    return replace(difference, cause=cause_of_all(c.cause for c in changes), changes=(*changes,))


def _all_of(difference: Difference, cause: Cause, applied: Body | None = None) -> Difference:
    """A difference all of which has one cause."""
    found = [cause] * len(difference.changes)
    changes = with_causes(difference.changes, found, applied)
    return replace(difference, cause=cause, changes=changes)


def _one_caused(
    change: FieldChange, rrtype: str, applied: Body, wanted: Fields, live: Fields
) -> FieldChange:
    """Who moved one of the fields of a record set."""
    name = change.pointer[1:].partition("/")[0]
    policy = name == "routingPolicy"  # which is one whole to people
    ours, theirs = (policy or _moved(rrtype, name, applied, body) for body in (wanted, live))
    cause = Cause.CONFLICT if ours and theirs else Cause.DRIFT if theirs else Cause.PENDING
    (told,) = with_causes([change], [cause], applied)
    return told


def _moved(rrtype: str, name: str, applied: Body, body: Fields) -> bool:
    was: Any = applied.get(name)
    now: Any = body.get(name)
    if name == "rrdatas" and was and now and not any(isinstance(each, Unknown) for each in now):
        return not same(rrtype, with_serial_of(now, was) if rrtype == "SOA" else was, now)
    return bool(was != now)


def _is_other(rrtype: str, before: Body, body: Mapping[str, object], routing: Routing) -> bool:
    written: Any = [*answers(body)]
    if before.get("ttl") != body.get("ttl") or any(isinstance(each, Unknown) for each in written):
        return True
    policies: Any = [each.get("routingPolicy") for each in (before, body)]
    if any(policies):
        return not all(policies) or bool(routing.changes(rrtype, *policies))
    values: Any = before["rrdatas"]
    if rrtype == "SOA":
        values = with_serial_of(written, values)
    return not same(rrtype, values, written)


def anew(live: Mapping[str, Any]) -> str:
    """What it means that a zone is made again."""
    if live.get("visibility") == "private":
        return "its networks get no answer of it until it is filled again"
    servers = ", ".join(str(each).removesuffix(".") for each in live.get("nameServers") or ())
    now = f" (now {servers})" if servers else ""
    return (
        f"its name servers{now} change, and nobody outside is served until the registrar, or the "
        "zone above, has the new ones and what it had is forgotten"
    )


def remake_records(
    change: Difference, zone: Zone, observed: Observed, ledger: Ledger, result: Differences
) -> None:
    """Cloud DNS deletes only an empty zone; what is wished for comes into the new one."""
    assert change.before is not None
    name, pages = zone.ref.name, observed.record_sets.get(zone.ref.name, iter(()))
    live = own_sets(zone.ref, str(change.before["dnsName"]), pages)
    written = {record_ref(name, *at) for at in zone.records}
    ours = {ref for ref in live if ref in written or ledger.record(name, *ref.record) is not None}
    if others := 0 if zone.exclusive else len(live.keys() - ours):
        message = f"{zone.ref} holds {others} record sets that are not ours, and would lose them"
        result.refused.append(
            Objection("record-conflict", "deny", zone.ref, message, place=zone.place, final=True)
        )
    wished = Differences(names=result.names)
    compare_records(zone, Observed(observed.project, {}), ledger, wished, prune=False)
    found = remade(live, {each.ref: each for each in wished.found})
    result.found += found
    result.refused += wished.refused
    gone = tuple(each.ref for each in found if each.action is Action.DELETE)
    # They go with their zone, of which its own objection tells.
    result.records[name] = RecordsVerdict(zone.ref, found, live=len(live), swapped=gone)
    result.notes.append(
        f"{name}: {len(live)} record sets are deleted with the zone, {len(wished.found)} written "
        "into the new one"
    )


def empty_zone(
    removal: Difference, observed: Observed, ledger: Ledger, result: Differences
) -> None:
    """Cloud DNS deletes only an empty zone, so what is ours in it goes first."""
    assert removal.before is not None
    ref, dns_name = removal.live, str(removal.before["dnsName"])
    leaving = Zone(ref, {}, Lifecycle(on_remove="delete"), Place("", 0, 0), dns_name=dns_name)
    compare_records(leaving, observed, ledger, result, prune=True)
    if others := result.records[ref.name].unmanaged:
        message = f"{ref} holds {others} record sets that are not ours, so it cannot be deleted"
        result.refused.append(Objection("record-conflict", "deny", ref, message))
