"""Where a resource may stand that takes up a place alone: what is written, and what is free."""

from __future__ import annotations

from collections.abc import Mapping

from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.bodies.links import scope_of
from remediate.kinds.kind import Kind
from remediate.model.json import Body
from remediate.model.ref import Ref
from remediate.model.resource import Lifecycle
from remediate.pipeline.fixed import fixed_changes


def forms(facts: Kind, wanted: Body, lifecycle: Lifecycle) -> list[Body]:
    """The wanted body in every place that is written for it, each as good as the other."""
    return facts.room.forms(wanted, lifecycle) if facts.room else [wanted]


def nearest(facts: Kind, wanted: list[Body], live: Body, at: Ref, project: str) -> Body:
    """Of these forms the one that live is already, as far as nothing could change it."""

    def distance(form: Body) -> int:
        changes = field_changes(facts, form, live, project=project)
        return sum(map(len, fixed_changes(facts, scope_of(at), changes)))

    return min(wanted, key=distance)


def free(facts: Kind, wanted: list[Body], others: Mapping[Ref, Body]) -> Body | None:
    """The first of these forms whose place nobody has; None where there is none."""
    return next((form for form in wanted if not holders(facts, form, others)), None)


def holders(facts: Kind, wanted: Body, others: Mapping[Ref, Body]) -> list[Ref]:
    """Who has the place of this form already."""
    if facts.room is None:
        return []
    there = ((at, body) for at, body in others.items() if at.kind == facts.name)
    return sorted(at for at, body in there if facts.room.clash(wanted, body))
