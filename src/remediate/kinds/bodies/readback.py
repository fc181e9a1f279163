"""What came back of a write that Google does not guard itself, since it compares nothing."""

from __future__ import annotations

from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.bodies.fields import picked
from remediate.kinds.bodies.links import scope_of
from remediate.kinds.bodies.moved import shown
from remediate.kinds.facts import Compare
from remediate.kinds.kind import Kind
from remediate.kinds.registry import kind
from remediate.model.json import Body, Json
from remediate.model.plan import Action, Step


def moved_since(step: Step, wanted: Body | None, live: Body | None, project: str) -> str:
    """The fields that are not as the step wrote them; empty where all are, or nothing is left.

    Of an update only its own fields count. A null asks for Google's own choice, whatever it is.
    """
    facts = kind(step.live.kind)
    if wanted is None or live is None or not _is_blind(facts, step):
        return ""
    written = said(picked(wanted, step.fields) if step.fields else wanted)
    return "; ".join(
        f"{change.pointer} is {shown(change.before, project)}, "
        f"and {shown(change.after, project)} was written"
        for change in field_changes(facts, written, live, project=project)
    )


def _is_blind(facts: Kind, step: Step) -> bool:
    scope = scope_of(step.live)
    able = [update for update in facts.updates if scope in update.scopes]
    if step.verb is Action.UPDATE:
        able = [update for update in able if update.method == step.method]
    return all(update.compare is Compare.NOTHING for update in able)


def said(body: Body) -> Body:
    """A written body without its nulls: what is left to Google is compared with nothing."""
    return {name: _said(value) for name, value in body.items() if value is not None}


def _said(value: Json) -> Json:
    if isinstance(value, dict):
        return said(value)
    return [_said(item) for item in value] if isinstance(value, list) else value
