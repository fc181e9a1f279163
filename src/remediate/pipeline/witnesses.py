"""What knows more of live resources than their own bodies do: read for snapshots and rollbacks.

Of a Cloud Run service these are its revisions: they know its images by digest, and still hold the
values that stores keep only masked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from remediate.gcp.google import Google
from remediate.kinds.fields.secrets import marked
from remediate.kinds.registry import kind
from remediate.model.json import Body
from remediate.model.plan import Action, Difference
from remediate.model.ref import Ref
from remediate.model.values import Tree, is_masked
from remediate.stores.veil import Veil

Witnesses: TypeAlias = Mapping[str, Body]
"""By their full names; what is not there any more is left out."""


def witnesses(google: Google, bodies: Iterable[tuple[Ref, Body | None]]) -> Witnesses:
    """Read what these bodies name as theirs, each once."""
    telling: dict[str, frozenset[str]] = {}
    for ref, body in bodies:
        if body is not None and (of := kind(ref.kind).witness) is not None:
            telling |= dict.fromkeys(of.links(body), of.telling)
    if not telling:
        return {}
    answers = google.read_all([partial(google.run.read, name) for name in telling])
    return {
        name: marked(body, telling[name])
        for name, body in zip(telling, answers, strict=True)
        if body is not None
    }


def kept(google: Google, bodies: Mapping[Ref, Body | None]) -> dict[Ref, Body | None]:
    """Bodies as a snapshot keeps them."""
    known = witnesses(google, bodies.items())
    return {ref: body and with_witnesses(ref, body, known) for ref, body in bodies.items()}


def with_witnesses(ref: Ref, body: Body, known: Witnesses) -> Body:
    of = kind(ref.kind).witness
    return of.kept(body, known) if of else body


def restorable(
    ref: Ref, before: Body, live: Body | None, known: Witnesses, veil: Veil
) -> tuple[Body, list[str]]:
    """What to put back of a snapshot's body, and the names of values that nobody has any more.

    In their place stays what is live.
    """
    facts = kind(ref.kind)
    if not facts.telling:
        return before, []
    lifted, lost = veil.unveiled(before, live, *known.values())
    body: Body = _with_live(lifted, live)
    if facts.witness:
        body = facts.witness.back(body, facts.witness.kept(live, known) if live else {})
    return body, lost


def staged(difference: Difference, before: Body, live: Body, known: Witnesses) -> Difference:
    """An update by the stages in which its kind goes back, if it has any."""
    facts = kind(difference.ref.kind)
    if facts.witness is None or difference.action is not Action.UPDATE:
        return difference
    changed = frozenset(facts.field_of(change.pointer) for change in difference.changes)
    return replace(difference, stages=facts.witness.stages(changed, before, live, known))


def _with_live(value: Tree, live: Tree) -> Tree:
    """The value, with what is live where a mask is left, and without that where nothing is."""
    if isinstance(value, Mapping):
        there = live if isinstance(live, Mapping) else {}
        return {
            name: there[name] if is_masked(item) else _with_live(item, there.get(name))
            for name, item in value.items()
            if not is_masked(item) or name in there
        }
    if not isinstance(value, list):
        return value
    others = live if isinstance(live, list) else []
    return [
        _with_live(item, other)
        for at, item in enumerate(value)
        if _stays(item, other := _partner(item, at, others))
    ]


def _stays(item: Tree, other: Tree) -> bool:
    """A variable whose value is lost is no variable any more."""
    masked = [name for name, value in item.items() if is_masked(value)] if _named(item) else []
    return all(name in (other or {}) for name in masked)


def _partner(item: Tree, at: int, others: list[Tree]) -> Tree:
    if _named(item):
        return next((o for o in others if _named(o) and o["name"] == item["name"]), None)
    return others[at] if at < len(others) else None


def _named(item: Tree) -> bool:
    return isinstance(item, Mapping) and "name" in item
