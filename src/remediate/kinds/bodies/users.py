"""Who uses a live resource, as far as the links of others tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from remediate.kinds.bodies.links import linked
from remediate.kinds.bodies.names import stands_for
from remediate.model.ref import Ref


def users(ref: Ref, bodies: Mapping[Ref, Mapping[str, object]], project: str) -> list[Ref]:
    """Those of the bodies that link to it, by live name."""
    return sorted(
        at for at, body in bodies.items() if at != ref and ref in set(linked(at, body, project))
    )


def staying(
    ref: Ref, bodies: Mapping[Ref, Mapping[str, object]], project: str, declared: Collection[Ref]
) -> list[str]:
    """A sentence on each user that no document moves away from what is replaced."""
    others = (
        at
        for at in users(ref, bodies, project)
        if not any(stands_for(at, one, declared) for one in declared)
    )
    return [f"{at} is not declared here, and stays with {ref.name}" for at in others]
