"""What a kind is: a table of facts about one of Google's resources.

Patterns are JSON pointers in which `*` stands for any list index or map key, such as
`/pathMatchers/*/pathRules/*/service`; a pattern covers everything below it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, TypeAlias

from remediate.kinds.fields.spec import Spec
from remediate.model.json import Body, Json
from remediate.model.plan import Action, Risk, Undo

Pattern: TypeAlias = str


class Scope(StrEnum):
    GLOBAL = "global"
    REGION = "region"
    ZONE = "zone"


class Replacement(Enum):
    """What happens when an immutable field changes."""

    BESIDE = "a new one under a name of its own; the old one stays until nothing needs it"
    RECREATE = "deleted and inserted under the same name, with a gap"
    REFUSED = "never: what it holds cannot be had back"


class Compare(StrEnum):
    """The body field with which Google itself compares before it swaps."""

    FINGERPRINT = "fingerprint"
    LABEL_FINGERPRINT = "labelFingerprint"
    NOTHING = ""  # a fresh read just before and a read back after stand in for it


@dataclass(frozen=True, slots=True)
class Update:
    """One call that changes a live resource.

    `fields` are the top-level fields it writes; an empty tuple means all that no other call writes.
    `sends` makes the request body from the wanted values; by default it is the fields themselves.
    """

    method: str
    fields: tuple[str, ...] = ()
    compare: Compare = Compare.FINGERPRINT
    scopes: frozenset[Scope] = frozenset(Scope)
    sends: Callable[[Body], Body] | None = None


@dataclass(frozen=True, slots=True)
class Readiness:
    """Where a resource stands on its way to being of use."""

    ready: bool
    state: str  # Google's own word
    failed: bool = False  # it will not become ready by itself


@dataclass(frozen=True, slots=True)
class Verdict:
    undo: Undo
    why: str


def _ready_at_once(_body: Body) -> Readiness:
    return Readiness(ready=True, state="")


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """The facts. `spec` holds every writable field of the schema, or `unsupported` says why not."""

    name: str
    collection: str
    schema: str  # its name in the discovery document
    spec: type[Spec]
    scopes: frozenset[Scope]
    default_scope: Scope = Scope.GLOBAL
    # field -> the kinds that a bare name there may mean (or the collection of one that is not ours)
    links: Mapping[Pattern, tuple[str, ...]] = field(default_factory=dict)
    # links that Google answers by value: where -> the field of the linked resource
    links_by_value: Mapping[Pattern, str] = field(default_factory=dict)
    # a field -> the one that Google heeds instead, wherever that one is set
    yields_to: Mapping[str, str] = field(default_factory=dict)
    # a list in which a new link stands beside the old ones until it is ready
    overlaps: str = ""
    server_set: frozenset[Pattern] = frozenset()
    unsupported: Mapping[Pattern, str] = field(default_factory=dict)
    immutable: frozenset[Pattern] = frozenset()
    replacement: Replacement = Replacement.REFUSED
    write_only: frozenset[Pattern] = frozenset()  # sent, never read back, never compared
    # lists of objects -> the fields by which an item is known again wherever it stands; what is
    # `unordered` too may be written in any order. Other lists of objects go by place.
    keyed: Mapping[Pattern, tuple[str, ...]] = field(default_factory=dict)
    unordered: frozenset[Pattern] = frozenset()
    normalise: Mapping[Pattern, Callable[[Json], Json]] = field(default_factory=dict)
    # what Google fills in for an unwritten field that may change in place
    defaults: Mapping[str, Json] = field(default_factory=dict)
    shared: frozenset[Pattern] = frozenset({"/labels"})  # maps in which others keep keys of theirs
    updates: tuple[Update, ...] = (Update("patch"),)
    ignored_by_insert: tuple[str, ...] = ()  # written by a step of their own after the insert
    outputs: frozenset[str] = frozenset()  # what `${Kind/name.field}` may name
    base_risk: Risk = Risk.MEDIUM
    undo: Mapping[Action, Verdict] = field(default_factory=dict)
    seconds: Mapping[Action, float] = field(default_factory=dict)
    ready: Callable[[Body], Readiness] = _ready_at_once
    lost: Callable[[Body], str] | None = None
    """Why a deleted one cannot be inserted again from its live body; empty where it can."""
    again: Callable[[Body], Body] | None = None
    """What to insert when a deleted one is made again from its live body; by default that."""
    check: Callable[[Mapping[str, Any]], list[tuple[str, str]]] | None = None
    """Rules that types cannot say: (JSON pointer, what is wrong) for each one broken."""

    def heeded(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A body without the fields that Google does not heed, given the others."""
        yields = {name for name, other in self.yields_to.items() if body.get(other)}
        return {name: value for name, value in body.items() if name not in yields}

    def fixed(self, scope: Scope) -> frozenset[Pattern]:
        """`immutable`, and what no call of that scope writes."""
        able = [update for update in self.updates if scope in update.scopes]
        if any(not update.fields for update in able):
            return self.immutable
        written = {name for update in able for name in update.fields}
        return self.immutable | {
            f"/{name}" for name in self.spec.model_fields if name not in written
        }
