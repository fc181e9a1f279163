"""Lower the TTL first: what resolvers keep for an hour is answered for an hour after a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from remediate.kinds.records.essence import WORDS
from remediate.model.json import Body
from remediate.model.plan import Action, Difference, FieldChange, Step
from remediate.model.ref import Ref
from remediate.stores.ledger import Ledger

BOUND = 300  # seconds that an old answer may be kept for
_UNASKED = frozenset({"SOA"})  # it moves with every change, and nobody follows it
_SAID_ONLY = frozenset({"TXT"})  # a proof, or a policy: who changes one is waited for
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Lasting:
    """An answer that changes, or goes, and the seconds for which resolvers may keep the old one."""

    difference: Difference
    seconds: int

    @property
    def ttl(self) -> int:
        return _ttl(self.difference.before)

    @property
    def can_be_lowered(self) -> bool:
        return self.ttl > BOUND and self.difference.ref.record[1] not in _SAID_ONLY

    @property
    def why(self) -> str:
        if self.ttl < self.seconds:
            return "since its TTL was lowered a while ago; wait that long before the change itself"
        way_out = f"; --lower-ttl lowers that to {BOUND} s first" if self.can_be_lowered else ""
        return f"as long as resolvers keep it{way_out}"


def lasting(differences: Sequence[Difference], kept: Mapping[Ref, int]) -> Iterator[Lasting]:
    """Old answers that last longer than the bound, those of zones that are made again aside."""
    remade = {d.ref for d in differences if d.action is Action.REPLACE and not d.ref.is_record_set}
    for each in differences:
        if not each.ref.is_record_set or each.ref.zone in remade or not _answers_otherwise(each):
            continue
        seconds = max(_ttl(each.before), kept.get(each.ref, 0))
        if seconds > BOUND:
            yield Lasting(each, seconds)


def _answers_otherwise(difference: Difference) -> bool:
    if difference.before is None or difference.ref.record[1] in _UNASKED:
        return False
    return difference.action.removes or any(each.pointer != "/ttl" for each in difference.changes)


def lowered_first(
    differences: Sequence[Difference], kept: Mapping[Ref, int]
) -> tuple[list[Difference], list[str], int]:
    """With each answer that lasts too long only made to last less; what to say; seconds to wait.

    While old answers are waited for, what they point to stays: removals wait too, and so does what
    takes the place of another type at a name.
    """
    found = [one for one in lasting(differences, kept) if one.can_be_lowered]
    if not found:
        return [*differences], [], 0
    lowered = {id(one.difference) for one in found}
    held = {_name(one.difference.ref) for one in found if one.difference.action.removes}
    going = [each for each in differences if each.action.removes and not each.ref.is_record_set]
    kept_back = {id(each) for each in going}
    kept_back |= {
        id(each)
        for each in differences
        if each.action is Action.CREATE and each.ref.is_record_set and _name(each.ref) in held
    }
    result = [
        _lowering(each) if id(each) in lowered else each
        for each in differences
        if id(each) not in kept_back
    ]
    longest = max(one.seconds for one in found)
    names = [" ".join(one.difference.ref.record) for one in found]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    said = (
        f"only the TTL of {', '.join(names[:_MOST_NAMED])}{more} is lowered now; wait {longest} s "
        "after that, then apply again for the change itself"
    )
    notes = [said]
    if going:
        notes.append(f"what old answers may point to stays until then: {len(going)} to be removed")
    return result, notes, longest


def _lowering(difference: Difference) -> Difference:
    before = difference.before or {}
    after: Body = {name: before[name] for name in WORDS if name in before}
    change = FieldChange("/ttl", before.get("ttl"), BOUND)
    after["ttl"] = BOUND
    return replace(difference, action=Action.UPDATE, after=after, changes=(change,))


def still_kept(
    differences: Sequence[Difference], ledger: Ledger, now: datetime | None
) -> dict[Ref, int]:
    """Of record sets that differ, the seconds for which an answer under a TTL of before may last.

    What is live tells nothing of it: a TTL that was lowered says how long new answers are kept.
    """
    if now is None:
        return {}
    noted = {each.ref: ledger.kept_until(each.ref) for each in differences}
    return {
        ref: ceil((until - now).total_seconds())
        for ref, until in noted.items()
        if until is not None and until > now
    }


def note_kept(ledger: Ledger, step: Step, now: datetime) -> None:
    """Remember of a record set that has just been written how long its old answer may last.

    Only where that is longer than the TTL it has now tells.
    """
    known = ledger.kept_until(step.ref)
    old = now + timedelta(seconds=_ttl(step.before))
    until = max(old, known) if known else old
    told = now + timedelta(seconds=_ttl(step.after))
    ledger.keep_until(step.ref, until if step.after and until > told else None)


def _name(ref: Ref) -> tuple[Ref, str]:
    return ref.zone, ref.record[0]


def _ttl(body: Mapping[str, object] | None) -> int:
    return int(str((body or {}).get("ttl", 0)))
