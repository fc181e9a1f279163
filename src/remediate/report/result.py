"""What a command came to: the one thing that every form of output is made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from remediate.model.errors import InvalidInput, Place, RemediateError
from remediate.model.plan import Objection, Plan
from remediate.pipeline.apply import Outcome
from remediate.pipeline.guard import denied

INVALID = "invalid-input"  # the rule that faults of the YAML break
CHECK = "check"  # the rule that what a visitor must see, and does not, breaks
DRIFT = "drift"  # the rule that what somebody moved on the live side breaks
_LEVELS = {"deny": "error", "approve": "error", "warn": "warning"}


@dataclass(frozen=True, slots=True)
class Result:
    """A plan, what came of it, or why there is neither.

    `headline` says it in a sentence where nothing else does; `following` is what to type next;
    `root` leads from the repository to the folder that the places of faults begin at.
    """

    verb: str
    environment: str = ""
    plan: Plan | None = None
    outcome: Outcome | None = None
    error: RemediateError | None = None
    headline: str = ""
    following: str = ""
    root: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    said: Sequence[Remark] = ()  # of what is neither a plan nor an error: a drift, a check
    passed: Sequence[str] = ()  # what was looked at by name, and is as it should be
    table: Sequence[tuple[str, str, str]] = ()  # of a verification: row, verdict, how many pass
    brief: Sequence[Remark] = ()  # `said` for people: what one thing is behind, once

    @property
    def open_objections(self) -> list[Objection]:
        return denied(self.plan.objections) if self.plan else []


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing said of the YAML or of a plan. `level` is `error`, `warning` or `note`.

    `allowed` is the reason of whoever acknowledged it; `about` is a Ref, or empty.
    """

    rule: str
    level: str
    message: str
    about: str = ""
    advice: str = ""
    place: Place | None = None
    allowed: str | None = None

    @property
    def text(self) -> str:
        """What it is about, what is said of it, and on a line of its own what to do."""
        about = f"{self.about}: " if self.about and self.about not in self.message else ""
        return f"{about}{self.message}" + (f"\n{self.advice}" if self.advice else "")


def remarks(result: Result) -> list[Remark]:
    """What stands in the way first."""
    found = [
        *_of_error(result.error),
        *map(_of_guard, result.plan.objections if result.plan else ()),
        *result.said,
    ]
    order = ("error", "warning", "note")
    return sorted(found, key=lambda each: (bool(each.allowed), order.index(each.level)))


def _of_guard(objection: Objection) -> Remark:
    return Remark(
        objection.rule,
        _LEVELS.get(objection.level, "note"),
        objection.message,
        str(objection.ref) if objection.ref else "",
        objection.allow,
        objection.place,
        objection.allowed,
    )


def _of_error(error: RemediateError | None) -> Iterator[Remark]:
    if isinstance(error, InvalidInput) and error.faults:
        for fault in error.faults:
            yield Remark(INVALID, "error", fault.message, advice=fault.hint, place=fault.place)
    elif error is not None and not error.brief:  # else what it says has been said with the plan
        yield Remark(rule_of(error), "error", str(error), advice=error.hint)


def rule_of(error: RemediateError) -> str:
    """Its class as rules are spelled: `PartlyApplied` is `partly-applied`."""
    name = type(error).__name__
    if isinstance(error, InvalidInput):
        return INVALID
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


def under(root: str, place: Place) -> str:
    """The path of a place from the repository, with `/`."""
    return f"{root}/{place.file}" if root else place.file


def summed(result: Result) -> Sequence[tuple[str, str]]:
    """What the next step of a pipeline may ask of this one; all of it text on one line."""
    plan, outcome = result.plan, result.outcome
    facts = {"environment": result.environment, **result.facts}
    if plan is not None:
        facts |= {
            "digest": plan.digest,
            "changes": str(len(plan.differences)),
            "has_changes": str(not plan.is_empty).lower(),
            "deletions": str(sum(each.action.removes for each in plan.differences)),
            "denied": str(bool(result.open_objections)).lower(),
        }
    if outcome is not None:
        facts |= {"run": outcome.run, "snapshot": outcome.snapshot}
    if result.error is not None:
        facts["error"] = type(result.error).__name__
    return [*facts.items()]
