"""Lower the TTL first: what resolvers keep for an hour is answered for an hour after a change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from remediate.kinds.records.essence import WORDS
from remediate.model.json import Body
from remediate.model.plan import Action, Difference, FieldChange

BOUND = 300  # seconds that an old answer may be kept for
_HOSTS = frozenset({"A", "AAAA", "CNAME"})
_MOST_NAMED = 3


def old_answer_lasts(difference: Difference) -> int:
    """For how many seconds an answer that changes is kept by resolvers; 0 if within the bound."""
    if difference.action is not Action.UPDATE or not difference.ref.is_record_set:
        return 0
    if difference.ref.record[1] not in _HOSTS:
        return 0
    assert difference.before is not None
    ttl = int(difference.before.get("ttl", 0))
    answers = any(change.pointer != "/ttl" for change in difference.changes)
    return ttl if answers and ttl > BOUND else 0


def lowered_first(differences: Sequence[Difference]) -> tuple[list[Difference], list[str], int]:
    """With each answer that lasts too long only made to last less; what to say; seconds to wait.

    While old answers are waited for, what they point to stays: removals wait too.
    """
    lasting = {id(each): seconds for each in differences if (seconds := old_answer_lasts(each))}
    if not lasting:
        return [*differences], [], 0
    going = [each for each in differences if each.action.removes and not each.ref.is_record_set]
    kept = {id(each) for each in going}
    found = [
        _lowering(each) if id(each) in lasting else each
        for each in differences
        if id(each) not in kept
    ]
    longest = max(lasting.values())
    names = [" ".join(each.ref.record) for each in differences if id(each) in lasting]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    said = (
        f"only the TTL of {', '.join(names[:_MOST_NAMED])}{more} is lowered now; wait {longest} s "
        "after that, then apply again for the change itself"
    )
    notes = [said]
    if going:
        notes.append(f"what old answers may point to stays until then: {len(going)} to be removed")
    return found, notes, longest


def _lowering(difference: Difference) -> Difference:
    before = difference.before or {}
    after: Body = {name: before[name] for name in WORDS if name in before}
    change = FieldChange("/ttl", before.get("ttl"), BOUND)
    return replace(difference, after={**after, "ttl": BOUND}, changes=(change,))
