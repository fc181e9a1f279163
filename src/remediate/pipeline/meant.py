"""Which live resource a document means, and in which of the places that are written for it."""

from __future__ import annotations

from collections.abc import Container

from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.bodies.links import scope_of
from remediate.kinds.bodies.names import issue, stands_for
from remediate.kinds.facts import Replacement, Scope
from remediate.kinds.kind import Kind
from remediate.model.json import Body
from remediate.model.ref import Ref
from remediate.pipeline.fixed import fixed_changes
from remediate.pipeline.observe import Observed
from remediate.pipeline.room import nearest
from remediate.stores.ledger import Entry


def meant(
    facts: Kind,
    ref: Ref,
    places: list[Body],
    observed: Observed,
    entry: Entry | None,
    declared: Container[Ref],
) -> tuple[Ref | None, Body]:
    """The live one, if there is one, and the wanted body where that one stands."""
    at = _current(facts, ref, places, observed, entry, declared)
    if at is None:
        return None, places[0]
    return at, nearest(facts, places, observed.live[at], at, observed.project)


def _current(
    facts: Kind,
    ref: Ref,
    places: list[Body],
    observed: Observed,
    entry: Entry | None,
    declared: Container[Ref],
) -> Ref | None:
    """Which live resource the document means: the one of its spec, else the one of last time."""
    if facts.replacement is not Replacement.BESIDE:
        return ref if ref in observed.live else None
    ours = [at for at in observed.live if stands_for(at, ref, declared)]
    last = ref.named(entry.name) if entry else None

    def is_meant(at: Ref) -> bool:
        live, scope = observed.live[at], scope_of(ref)
        return any(_same_immutable(facts, one, live, observed.project, scope) for one in places)

    def rank(at: Ref) -> tuple[bool, bool, bool, int, str]:
        works = not facts.ready(observed.live[at]).failed
        return works, at == last, at.name != ref.name, issue(at.name, facts.naming), at.name

    if same := [at for at in ours if is_meant(at)]:
        return max(same, key=rank)
    if last in ours:
        return last
    return ref if ref in ours else max(ours, default=None)


def _same_immutable(facts: Kind, wanted: Body, live: Body, project: str, scope: Scope) -> bool:
    changes = field_changes(facts, wanted, live, project=project)
    return not any(fixed_changes(facts, scope, changes))
