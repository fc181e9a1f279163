"""What somebody else has changed, told leaf by leaf and short: never a whole body, nor a secret."""

from __future__ import annotations

from remediate.kinds.bodies.canonical import Fields
from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.bodies.fields import at_field, picked
from remediate.kinds.bodies.links import COMPUTE
from remediate.kinds.kind import Kind
from remediate.model.json import canonical
from remediate.model.values import Tree, hidden

_LONGEST = 100  # characters of a value


def moves(
    facts: Kind,
    before: Fields,
    live: Fields,
    fields: tuple[str, ...],
    project: str,
) -> str:
    """`/timeoutSec was 60, and is 62`; where no rule of the kind tells, the fields alone."""
    was, now = picked(before, fields), picked(live, fields)
    gone = {c.pointer: (c.after, c.before) for c in field_changes(facts, was, now, project=project)}
    new = {c.pointer: (c.before, c.after) for c in field_changes(facts, now, was, project=project)}
    told = [
        f"{at} was {shown(then, project)}, and is {shown(found, project)}"
        for at, (then, found) in sorted({**new, **gone}.items())
    ]
    other = [f"/{name}" for name in fields if at_field(before, name) != at_field(live, name)]
    return "; ".join(told or other)


def shown(value: Tree, project: str) -> str:
    """JSON for a message, links from the project on; `not set` for nothing."""
    if value is None:
        return "not set"
    text = (
        canonical(hidden(value)).decode().replace(COMPUTE, "").replace(f"projects/{project}/", "")
    )
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
