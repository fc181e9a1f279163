"""The words in which a kind's table speaks.

Patterns are JSON pointers in which `*` stands for any list index or map key, such as
`/pathMatchers/*/pathRules/*/service`; a pattern covers everything below it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, TypeAlias

from remediate.model.json import Body
from remediate.model.plan import FieldChange, Stage, Undo
from remediate.model.ref import Ref
from remediate.model.resource import Lifecycle

Pattern: TypeAlias = str
Linked: TypeAlias = Mapping[str, tuple[Ref, Mapping[str, Any]]]
Fields: TypeAlias = Mapping[str, Any]


class Scope(StrEnum):
    GLOBAL = "global"
    REGION = "region"
    ZONE = "zone"


class Replacement(Enum):
    """What happens when an immutable field changes."""

    BESIDE = "a new one under a name of its own; the old one is set aside"
    RECREATE = "deleted and inserted under the same name, with a gap"
    ON_WORD = "deleted and inserted again with all that is in it, and only on an explicit word"
    REFUSED = "never: what it holds cannot be had back"


class Removal(Enum):
    """What happens when a resource is to go."""

    LATER = "set aside at once, and deleted by `remediate gc`"
    AT_ONCE = "deleted at once"
    ON_WORD = "deleted at once, and only with `--allow delete:REF=REASON`"


class Compare(StrEnum):
    """The field of the body with which Google itself compares before it swaps."""

    ETAG = "etag"
    FINGERPRINT = "fingerprint"
    LABEL_FINGERPRINT = "labelFingerprint"
    SETTINGS_VERSION = "settings/settingsVersion"
    NOTHING = ""  # a fresh read just before and a read back after stand in for it


@dataclass(frozen=True, slots=True)
class Update:
    """One call that changes a live resource.

    `fields` are the fields it writes (see `Kind.field_of`), each with all below it; an empty tuple
    means all that no other call writes. Of a resource that takes several, each is a step of its
    own, in the order of the table. `sends` makes the request body from the wanted values; by
    default it is the fields themselves.
    """

    method: str
    fields: tuple[str, ...] = ()
    compare: Compare = Compare.FINGERPRINT
    scopes: frozenset[Scope] = frozenset(Scope)
    sends: Callable[[Body], Body] | None = None
    when: Callable[[Sequence[FieldChange]], bool] | None = None
    """Given all changes of a resource, whether this call is there for its fields."""

    def writes(self, field: str) -> bool:
        """Whether the field is one of its own."""
        return any(field == own or field.startswith(f"{own}/") for own in self.fields)


@dataclass(frozen=True, slots=True)
class Naming:
    """What replacements are called: the name, a hyphen, and so many hex digits.

    `longest` is what Google allows, and `hyphen` what a hyphen counts in that (RFC 1035 names: 63
    characters, each counting one).
    """

    digits: int = 8
    longest: int = 63
    hyphen: int = 1


RFC1035 = Naming()


@dataclass(frozen=True, slots=True)
class Room:
    """What a resource takes up alone, so that one beside it needs another of its own.

    `forms` gives the wanted body in each place that is written for it, the plain one first; each
    is as good as the other. `clash` tells whether two bodies want the same place, `lack` what to
    write when none is free, and `check` what is wrong with `lifecycle.replaceCidr`, given the spec.
    """

    forms: Callable[[Body, Lifecycle], list[Body]]
    clash: Callable[[Body, Body], bool]
    lack: Callable[[Body, Lifecycle], str]
    check: Callable[[Mapping[str, Any], Lifecycle], list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Where a resource stands on its way to being of use."""

    ready: bool
    state: str  # Google's own word
    failed: bool = False  # it will not become ready by itself
    serves: bool = False  # not ready, and yet what it was goes on
    remark: str = ""  # what to know of it, ready or not: `is stopped`
    advice: str = ""  # what Google's words mean, and what to do about it


@dataclass(frozen=True, slots=True)
class Verdict:
    undo: Undo
    why: str


@dataclass(frozen=True, slots=True)
class Witness:
    """What knows more of a resource than its own body does: of a service, its revisions.

    Bodies of witnesses go by their full names, and only those that are still there.
    """

    links: Callable[[Body], list[str]]
    """The full names, in the same API, of what to read beside a body."""
    kept: Callable[[Body, Mapping[str, Body]], Body]
    """The body as a snapshot keeps it: word for word, with more beside it."""
    back: Callable[[Body, Body], Body]
    """What to put back, from the body of a snapshot and the live one, both as `kept`."""
    stages: Callable[[frozenset[str], Body, Body, Mapping[str, Body]], tuple[Stage, ...]]
    """The writes by which the one comes back where the other is, these fields being different.

    None where one write will do.
    """
    telling: frozenset[Pattern] = frozenset()  # see `Kind.telling`
