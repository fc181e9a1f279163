"""What came back of a write: as it was sent, or somebody else has been there."""

from __future__ import annotations

from collections.abc import Iterator

from remediate.kinds.bodies.compare import field_changes, fields_digest
from remediate.kinds.bodies.fields import at_field, picked
from remediate.kinds.bodies.links import scope_of
from remediate.kinds.bodies.moved import shown
from remediate.kinds.facts import Compare
from remediate.kinds.fields.pointers import pointer
from remediate.kinds.kind import Kind
from remediate.kinds.registry import kind
from remediate.model.json import Body, Json
from remediate.model.plan import Action, FieldChange, Step

_GOOGLES = ("goog-", "goog_")  # labels that its own products put on


def moved_since(step: Step, wanted: Body | None, live: Body | None, project: str) -> str:
    """What is not as a step wrote it that Google guards by nothing; empty where all is, or gone.

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


def not_as_sent(
    facts: Kind, sent: Body, live: Body, project: str, fields: tuple[str, ...] = ()
) -> list[FieldChange]:
    """Where live is not what a write leaves behind: all that was sent, or `fields` of an update.

    What was not sent is Google's to fill in: where its default is known it must be that.
    """
    written = said(picked(sent, fields) if fields else sent)
    found = field_changes(facts, written, live, project=project, restore_defaults=True)
    around = tuple(f"/{field}/" for field in fields)
    return [one for one in found if not around or f"{one.pointer}/".startswith(around)]


def by_people(facts: Kind, sent: Body, live: Body) -> Iterator[FieldChange]:
    """What Google never fills in, and an insert did not send: a description, or labels."""
    if not sent.get("description") and (told := live.get("description")):
        yield FieldChange("/description", told, None)
    ours, theirs = (at_field(body, facts.labels.strip("/")) or {} for body in (sent, live))
    for name in sorted(theirs.keys() - ours.keys()):
        if not name.startswith(_GOOGLES):
            yield FieldChange(facts.labels + pointer(name), theirs[name], None)


def brings_more(facts: Kind, sent: Body, live: Body, project: str, fields: tuple[str, ...]) -> bool:
    """Whether the fields of an update are live with anything that was not sent."""
    was, now = (fields_digest(facts, body, fields, project) for body in (sent, live))
    return was != now
