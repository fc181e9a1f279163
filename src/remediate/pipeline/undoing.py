"""How well each step can be taken back, why, and on whose word."""

from __future__ import annotations

from collections.abc import Iterable

from remediate.kinds.facts import Fields, Verdict
from remediate.kinds.kind import Kind
from remediate.model.plan import Action, FieldChange, Step, Undo
from remediate.model.ref import Ref
from remediate.pipeline.surroundings import Surroundings

RECORD_UNDO = Verdict(
    Undo.EXACT, "the record set comes back word for word; caches follow after the old TTL"
)
WRITTEN_DOWN = {
    Action.SET_ASIDE: Verdict(Undo.EXACT, "it stays as it is until `remediate gc` deletes it"),
    Action.KEEP: Verdict(Undo.EXACT, "it is set aside again"),
}
_SHOWN = 3  # words to type in an advice
_USUAL = Verdict(Undo.EXACT, "the snapshot holds the whole body")


def undone(
    facts: Kind, verb: Action, before: Fields | None, changes: Iterable[FieldChange]
) -> Verdict:
    """What a step of the kind becomes when it is taken back."""
    if verb is Action.DELETE and facts.lost and before and (why := facts.lost(dict(before))):
        return Verdict(Undo.NEVER, why)
    if verb is Action.UPDATE and facts.one_way and facts.no_way_back:
        back = (FieldChange(each.pointer, each.after, each.before) for each in changes)
        if any(map(facts.one_way, back)):
            return facts.no_way_back
    told = facts.verdict([*changes]) if verb is Action.UPDATE and facts.verdict else None
    return told or facts.undo.get(verb, _USUAL)


def made_again(facts: Kind, live: Ref) -> Verdict:
    """The verdict on a creation by which a rollback brings back what was deleted."""
    if facts.remade:
        why = f"it is made again {facts.remade.format(name=live.name)}"
        return Verdict(Undo.APPROXIMATE, why)
    return undone(facts, Action.CREATE, None, ())


def answers_to_undo(steps: Iterable[Step]) -> tuple[list[str], int]:
    """The first few words that a rollback of these will ask for, and how many more there are."""
    asked = [*dict.fromkeys(word for step in steps for word in step.undo_allow)]
    words = [word for name in asked[:_SHOWN] for word in ("--allow", f"{name}=REASON")]
    return words, max(0, len(asked) - _SHOWN)


def undo_words(facts: Kind, ref: Ref, around: Surroundings) -> tuple[str, ...]:
    """What a rollback has to be told, as `RULE:REF`, before it deletes again what is created."""
    rules = {"delete": facts.holds_data, "protected": ref in around.protected}
    return tuple(f"{rule}:{ref}" for rule, asks in rules.items() if asks)
