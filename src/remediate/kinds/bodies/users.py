"""Who uses a live resource, as far as the links of others tell."""

from __future__ import annotations

from collections.abc import Mapping

from remediate.kinds.bodies.links import linked
from remediate.model.ref import Ref


def users(ref: Ref, bodies: Mapping[Ref, Mapping[str, object]], project: str) -> list[Ref]:
    """Those of the bodies that link to it, by live name."""
    return sorted(
        at for at, body in bodies.items() if at != ref and ref in set(linked(at, body, project))
    )
