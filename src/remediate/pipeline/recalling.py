"""The ledger goes back too, also for what a rollback that was cut short had taken back already."""

from __future__ import annotations

from collections import defaultdict

from remediate.model.json import Body
from remediate.model.plan import Plan
from remediate.model.ref import Ref, record_ref
from remediate.pipeline.history import same_state
from remediate.pipeline.restoring import is_back
from remediate.pipeline.way_back import Way, scope
from remediate.stores.ledger import Entry


def entries_before(way: Way) -> dict[Ref, Entry | None]:
    """What was remembered before the first of our writes, by what the YAML calls it."""
    result: dict[Ref, Entry | None] = {}
    for one in way.written.values():
        result.setdefault(one.ref, one.entry)
    return result


def recall(way: Way, plan: Plan) -> None:
    """Remember, of what was back before this plan and needed no step, what was known then."""
    lives = defaultdict(list)
    for live in scope(way.snapshot, way.written, whole=way.whole):
        if (one := way.written.get(live)) is not None:
            lives[one.ref].append(live)
    found, entries = _found(way), entries_before(way)
    for difference in plan.differences:
        lives.pop(difference.ref, None)
    forgotten = False
    for ref, names in lives.items():
        if entries[ref] == way.ledger.entry(ref) or not all(_is_back(n, way, found) for n in names):
            continue
        forgotten = True
        if (entry := entries[ref]) is None:
            way.ledger.forget(ref)
        else:
            way.ledger.remember(ref, entry)
    if forgotten:
        way.ledger.save()


def _is_back(live: Ref, way: Way, found: dict[Ref, Body]) -> bool:
    if live.is_record_set:
        return same_state(live, way.snapshot.resources.get(live), found.get(live))
    return is_back(live, way.before(live, []), found.get(live), way.observed.project)


def _found(way: Way) -> dict[Ref, Body]:
    """What is live of the resources and, of those that our runs have written, the record sets."""
    found = dict(way.observed.live)
    for zone, pages in way.observed.record_sets.items():
        for page in pages:
            for body in page:
                ref = record_ref(zone, str(body["name"]), str(body["type"]))
                if ref in way.written:
                    found[ref] = body
    return found
