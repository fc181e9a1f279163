"""Plans of every kind: made, changed, replaced, removed, and gone for good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from remediate.kinds.facts import Removal, Replacement
from remediate.kinds.registry import NAMES, kind
from remediate.model.ref import GLOBAL, Ref
from remediate.model.rules import OF_A_PLAN
from remediate.pipeline.guard import NAMED
from tests.kinds.examples import Example, examples
from tests.workbench import REGION

Documents: TypeAlias = Sequence[dict[str, Any]]

APPLY = ("apply",)
PRUNE = ("apply", "--prune")
GC = ("gc", "--retention", "0s")


@dataclass(frozen=True)
class Act:
    """What the YAML says, and what is typed then."""

    documents: Documents
    words: tuple[str, ...]


@dataclass(frozen=True)
class Move:
    """Acts one after another, of which the last is the one that is killed."""

    title: str
    acts: tuple[Act, ...]

    def __str__(self) -> str:
        return self.title

    @property
    def allow(self) -> tuple[str, ...]:
        """An answer to each guard: it is not they that are tried here."""
        refs = {_ref(document) for act in self.acts for document in act.documents}
        words = [f"{rule}=tried" for rule in sorted(OF_A_PLAN - NAMED.keys())]
        words += [f"{rule}:{ref}=tried" for rule in NAMED for ref in sorted(map(str, refs))]
        return tuple(word for said in words for word in ("--allow", said))


def moves(example: Example) -> Iterator[Move]:
    """All that can be done to an example, and of each kind of change the first."""
    first, without = _to_go(example, example.first), _to_go(example)
    stand = Act(first, APPLY)
    removed = Act(without, PRUNE)
    yield Move(f"{example} is made", (stand,))
    ways = [example.changes, example.for_good]
    if example.facts.replacement is not Replacement.REFUSED:
        ways.append(example.replacements)
    for said, patch in (next(iter(way.items())) for way in ways if way):
        wanted = _to_go(example, example.changed(patch))
        yield Move(f"{example}: {said}", (stand, Act(wanted, APPLY)))
    yield Move(f"{example} is removed", (stand, removed))
    if example.facts.removal is Removal.LATER:
        yield Move(f"{example} goes for good", (stand, removed, Act(without, GC)))


def every_example() -> list[Example]:
    return [example for name in NAMES for example in examples(name)]


def one_of_each_kind() -> list[Example]:
    return [examples(name)[0] for name in NAMES]


def _to_go(example: Example, *documents: dict[str, Any]) -> Documents:
    """What the example needs, and these; whatever is left out later is to go."""
    return [
        {**one, "lifecycle": {**one.get("lifecycle", {}), "onRemove": "delete"}}
        for one in (*example.requires, *documents)
    ]


def _ref(document: dict[str, Any]) -> Ref:
    metadata = document["metadata"]
    default = GLOBAL if kind(document["kind"]).default_scope.value == "global" else REGION
    return Ref(document["kind"], metadata["name"], metadata.get("location", default))
