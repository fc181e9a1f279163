"""What has to be edited in what is written of a resource, so that it says what is live."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from remediate.kinds.bodies.canonical import Rules, canonical_value, is_object, partners, same
from remediate.kinds.fields.pointers import parts, pointer
from remediate.model.plan import FieldChange
from remediate.model.values import Tree, secrets_in
from remediate.model.yaml_edit import GONE, KEPT, Edit, Items, Members


class CannotBeWritten(Exception):
    """Why a live value has no place in YAML."""


@dataclass(frozen=True, slots=True)
class Sides:
    """What is written, as Google would hold it; what it holds; and that as people would write it.

    `spelled` may lack what needs no writing. `chosen` are the places to edit.
    """

    wanted: Tree
    live: Tree
    spelled: Tree
    rules: Rules
    chosen: Collection[str]

    def edits(self, changes: Collection[FieldChange]) -> Members:
        """Of all the chosen places; those of the changes in what is not written are added."""
        found = self._towards(self.wanted, self.live, self.spelled, self.rules, "")
        edit = found if isinstance(found, Members) else Members({})
        for change in changes:
            around = parts(change.pointer)[:-1]
            is_new = change.pointer in self.chosen and not _is_there(self.wanted, around)
            if is_new and not same(None, change.before):
                way = parts(change.pointer)
                edit = joined(edit, way, self._new(way, change.before))
        return edit

    def _new(self, way: list[str], live: Tree) -> Edit:
        spelled = self.spelled
        for part in way:
            spelled = _below(spelled, part)
        return _value(live, spelled)

    def _towards(self, want: Tree, live: Tree, spelled: Tree, rules: Rules, at: str) -> Edit:
        if rules.skipped.fact or not self._is_chosen(at):
            return KEPT
        if same(canonical_value(want, rules), canonical_value(live, rules)):
            return KEPT
        if isinstance(want, Mapping) and isinstance(live, Mapping):
            return self._members(want, live, spelled, rules, at)
        if isinstance(want, list) and isinstance(live, list):
            return self._items(want, live, spelled, rules, at)
        return _value(live, spelled)

    def _members(
        self, want: Tree, live: Tree, spelled: Tree, rules: Rules, at: str
    ) -> Members | Edit:
        edits: dict[str, Edit] = {}
        for name, item in want.items():
            here = at + pointer(name)
            if name in live:
                below = _below(spelled, name)
                edits[name] = self._towards(item, live[name], below, rules.below(name), here)
            elif self._is_chosen(here) and not same(item, None):
                edits[name] = GONE
        for name, item in live.items():
            here = at + pointer(name)
            is_told = here in self.chosen or (at and _below(spelled, name) is not None)
            if name not in want and is_told and self._is_within(here) and not same(None, item):
                edits[name] = _value(item, _below(spelled, name))
        edits = {name: edit for name, edit in edits.items() if edit is not KEPT}
        return Members(edits) if edits else KEPT

    def _items(self, want: Tree, live: Tree, spelled: Tree, rules: Rules, at: str) -> Edit:
        """Each live item where it is known again, the others anew."""
        below = rules.below("0")
        places = _places(want, live, rules)
        found: list[tuple[int | None, Edit]] = []
        for index, (item, place) in enumerate(zip(live, places, strict=True)):
            like = spelled[index] if _is_as_long(spelled, live) else None
            if place is None:
                found.append((None, _value(item, like)))
            else:
                here = at + pointer(place)
                found.append((place, self._towards(want[place], item, like, below, here)))
        if rules.unordered.fact:
            found.sort(key=lambda each: len(want) if each[0] is None else each[0])
        as_it_is = [(index, KEPT) for index in range(len(want))]
        return KEPT if found == as_it_is else Items(tuple(found))

    def _is_within(self, at: str) -> bool:
        """Whether it is a chosen place, or in one."""
        return any(f"{at}/".startswith(f"{chosen}/") for chosen in self.chosen)

    def _is_chosen(self, at: str) -> bool:
        """Whether it holds a chosen place, or is in one."""
        return any(
            f"{c}/".startswith(f"{at}/") or f"{at}/".startswith(f"{c}/") for c in self.chosen
        )


def joined(edit: Members, way: list[str], new: Edit) -> Members:
    """One more edit among those of a mapping."""
    head, *rest = way
    if rest:
        below = edit.by_name.get(head)
        new = joined(below if isinstance(below, Members) else Members({}), rest, new)
    return Members({**edit.by_name, head: new})


def _places(want: list[Tree], live: list[Tree], rules: Rules) -> list[int | None]:
    """For each live item the index of the written one that it is, or that makes room for it."""
    taken: set[int] = set()
    found: list[int | None] = []
    known = partners(live, want, rules) if any(map(is_object, live)) else [None] * len(live)
    below = rules.below("0")
    spelled = [canonical_value(item, below) for item in want]
    for item, partner in zip(live, known, strict=True):
        now = canonical_value(item, below)
        place = next(
            (
                index
                for index, old in enumerate(want)
                if index not in taken
                and (old is partner if partner is not None else same(spelled[index], now))
            ),
            None,
        )
        found.append(place)
        taken |= {place} if place is not None else set()
    free = [index for index in range(len(want)) if index not in taken]
    if not any(map(is_object, [*live, *want])) and len(free) == found.count(None):
        places = iter(free)  # one value in the place of another
        found = [next(places) if place is None else place for place in found]
    return found


def _value(live: Tree, spelled: Tree) -> Edit:
    """A live value to be written; raises CannotBeWritten for a secret."""
    if any(True for _ in secrets_in(live)):
        raise CannotBeWritten("it looks like a secret, which belongs behind a `secretKeyRef`")
    return live if spelled is None else spelled


def _is_there(value: object, where: list[str]) -> bool:
    for part in where:
        value = _below(value, part)
        if value is None:
            return False
    return True


def _below(value: object, part: str) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, Mapping):
        return value.get(part)
    if isinstance(value, list) and part.isdigit() and int(part) < len(value):
        return value[int(part)]
    return None


def _is_as_long(spelled: Tree, live: list[Tree]) -> bool:
    return isinstance(spelled, list) and len(spelled) == len(live)
