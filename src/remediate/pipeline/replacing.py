"""What cannot change in place: a new one beside it, the same made again, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from remediate.kinds.bodies.asides import as_it_is
from remediate.kinds.bodies.canonical import canonical_value, rules_of
from remediate.kinds.bodies.compare import field_changes, without_secrets
from remediate.kinds.bodies.links import scope_of
from remediate.kinds.bodies.names import replacement
from remediate.kinds.bodies.resolve import resolved
from remediate.kinds.bodies.users import users
from remediate.kinds.facts import Replacement, Scope
from remediate.kinds.kind import Kind
from remediate.model.json import Body
from remediate.model.plan import Action, Cause, Difference, FieldChange, Objection
from remediate.model.ref import Ref
from remediate.model.resource import Resource
from remediate.pipeline.differences import Differences, anew
from remediate.pipeline.fixed import fixed_changes
from remediate.pipeline.observe import Observed
from remediate.pipeline.room import forms, free

_ANOTHER = "declare another one under its own name, and move to it"


@dataclass(frozen=True, slots=True)
class Pair:
    """A document and the live resource that it means, where they differ."""

    facts: Kind
    resource: Resource
    wanted: Mapping[str, Any]
    live_ref: Ref
    live: Body
    changes: tuple[FieldChange, ...]
    cause: Cause

    @property
    def why_not_in_place(self) -> str:
        """Why live cannot become what is wanted by a change of it; empty where it can."""
        fixed, reasons = fixed_changes(self.facts, scope_of(self.live_ref), self.changes)
        if fixed:
            reasons.append(f"{', '.join(fixed)} cannot change in place")
        if (stands := self.facts.ready(self.live)).failed and self.is_replaceable:
            reasons.append(f"it will not become ready: {stands.state}")
        return "; ".join(reasons)

    @property
    def is_replaceable(self) -> bool:
        return self.facts.replacement is Replacement.BESIDE

    def difference(self, action: Action, live: Ref, after: Mapping[str, object]) -> Difference:
        replaces = self.live_ref if action is Action.REPLACE else None
        return Difference(
            self.resource.ref,
            action,
            live,
            self.live,
            after,
            self.changes,
            self.cause,
            replaces,
            self.resource.place,
        )


def replaced(pair: Pair, observed: Observed, result: Differences) -> None:
    """A field that cannot change in place did: a new one beside it, a re-creation, or a refusal."""
    ref = pair.resource.ref
    how = pair.facts.replacement
    if how is Replacement.REFUSED or pair.resource.lifecycle.replace == "refuse":
        never = (
            "It is never replaced either"
            if how is Replacement.REFUSED
            else "Its lifecycle says `replace: refuse`"
        )
        result.refused.append(refusal(pair, f"{_stays(pair)}. {never}: {_ANOTHER}"))
        return
    used_by = map(str, users(pair.live_ref, observed.live, observed.project))
    if how is Replacement.RECREATE and (names := ", ".join(used_by)):
        message = f"{_stays(pair)}. It cannot be made again while {names} uses it: {_ANOTHER}"
        result.refused.append(refusal(pair, message))
        return
    if how is Replacement.ON_WORD:
        result.refused.append(_on_a_word(pair))
    new = pair.live_ref
    if how is Replacement.BESIDE:
        if (placed := _in_a_free_place(pair, observed, result)) is None:
            return
        pair = placed
        declared = result.names.declared
        taken = {at.name for at in {*observed.live, *declared} if at.kind == ref.kind}
        immutable = _immutable(pair.facts, pair.wanted, observed.project, scope_of(ref))
        new = ref.named(replacement(ref.name, immutable, taken, pair.facts.naming))
    result.names.settle(ref, new, None)
    result.written[ref] = (new, without_secrets(pair.facts, pair.wanted))
    if new != pair.live_ref:
        result.retired[ref] = (as_it_is(pair.live_ref, pair.live, observed.project),)
    result.found.append(pair.difference(Action.REPLACE, new, {**pair.wanted, "name": new.name}))


def _in_a_free_place(pair: Pair, observed: Observed, result: Differences) -> Pair | None:
    """What takes up a place alone needs another one; None, and the reason, where none is free."""
    facts, lifecycle = pair.facts, pair.resource.lifecycle
    if facts.room is None:
        return pair
    plain = resolved(facts, pair.resource, result.names)
    others = others_of(pair.resource.ref, observed, result)
    wanted = free(facts, forms(facts, plain, lifecycle), others)
    if wanted is None:
        lack = facts.room.lack(plain, lifecycle)
        result.refused.append(refusal(pair, f"{_stays(pair)}. To replace it, {lack}"))
        return None
    moved = field_changes(facts, wanted, pair.live, project=observed.project)
    changes = {change.pointer: change for change in (*pair.changes, *moved)}
    return replace(pair, wanted=wanted, changes=tuple(changes[at] for at in sorted(changes)))


def others_of(ref: Ref, observed: Observed, result: Differences) -> dict[Ref, Body]:
    """All that is live, and all that is wished for besides one."""
    wished = {at: dict(body) for one, (at, body) in result.written.items() if one != ref}
    return {**wished, **observed.live}


def _stays(pair: Pair) -> str:
    return f"{pair.resource.ref} stays as it is: {pair.why_not_in_place}"


def refusal(pair: Pair, message: str) -> Objection:
    place = pair.resource.place
    return Objection("replace", "deny", pair.resource.ref, message, place=place, final=True)


def _on_a_word(pair: Pair) -> Objection:
    """It can be done, and somebody has to say that it shall."""
    ref, place = pair.resource.ref, pair.resource.place
    message = (
        f"{ref} would be deleted and made again: {pair.why_not_in_place}. Then {anew(pair.live)}"
    )
    return Objection("zone-replace", "deny", ref, message, place=place)


def _immutable(
    facts: Kind, wanted: Mapping[str, object], project: str, scope: Scope
) -> dict[str, Any]:
    canonical = canonical_value(wanted, rules_of(facts, project))
    whole = {pattern[1:] for pattern in facts.fixed(scope)}
    return {name: value for name, value in canonical.items() if _top_is_immutable(name, whole)}


def _top_is_immutable(name: str, whole: set[str]) -> bool:
    return any(pattern == name or pattern.startswith(f"{name}/") for pattern in whole)
