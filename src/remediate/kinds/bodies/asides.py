"""Know again what was set aside, so that nobody else's of that name is taken for it."""

from __future__ import annotations

from collections.abc import Mapping

from remediate.kinds.bodies.compare import changeable_fields, fields_digest
from remediate.kinds.registry import kind
from remediate.model.aside import Aside
from remediate.model.ref import Ref

# What Google gives to one resource and no other, the surest first. A connector has none of them.
_MARKS = ("id", "uid", "createTime", "creationTimestamp")


def as_it_is(at: Ref, live: Mapping[str, object], project: str) -> Aside:
    """What is live under this name at this moment; its time has not begun yet."""
    return Aside(at.name, born=born(live), state=_state(at, live, project))


def why_another(aside: Aside, at: Ref, live: Mapping[str, object], project: str) -> str:
    """Why what is live is not what was set aside; empty where it is."""
    if aside.born != born(live):
        return "somebody made it anew since it was set aside"
    if aside.state != _state(at, live, project):
        return "somebody changed it since it was set aside"
    return ""


def born(live: Mapping[str, object]) -> str:
    """What tells this resource from every other that has had its name; empty where nothing does."""
    return next((str(live[name]) for name in _MARKS if live.get(name)), "")


def _state(at: Ref, live: Mapping[str, object], project: str) -> str:
    facts = kind(at.kind)
    return fields_digest(facts, live, changeable_fields(facts, live), project)
