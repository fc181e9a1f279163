"""Differences, steps and plans: what would be done, and on what condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any

from remediate.model.aside import RETENTION, Aside
from remediate.model.condition import Condition
from remediate.model.consent import Consent
from remediate.model.errors import Place
from remediate.model.ref import Ref
from remediate.model.rules import WORDS


class Action(StrEnum):
    """`SET_ASIDE` and `KEEP` change the ledger alone: what waits for `gc`, and what no longer."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    SET_ASIDE = "set-aside"
    KEEP = "keep"

    @property
    def removes(self) -> bool:
        return self in {Action.DELETE, Action.SET_ASIDE}

    @property
    def words(self) -> str:
        return self.value.replace("-", " ")

    @property
    def done(self) -> str:
        """The past participle."""
        irregular = {Action.SET_ASIDE: "set aside", Action.KEEP: "kept"}
        return irregular.get(self, f"{self}d")


class Cause(StrEnum):
    """Who moved: the YAML, the live side, or both and differently."""

    PENDING = "pending"
    DRIFT = "drift"
    CONFLICT = "conflict"


class Risk(Enum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    def raised(self) -> Risk:
        order = list(Risk)
        return order[min(order.index(self) + 1, len(order) - 1)]


class Undo(StrEnum):
    EXACT = "exact"
    APPROXIMATE = "approximate"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one resource; the pointer is RFC 6901, `""` for the whole.

    `cause` is who moved it, `applied` what was last applied, told where both moved.
    """

    pointer: str
    before: Any
    after: Any
    cause: Cause = Cause.PENDING
    applied: Any = None


@dataclass(frozen=True, slots=True)
class Stage:
    """One of several writes that an update takes, in their order, and what it is for.

    `fields` are values on the way; None means all that is to change and no other stage writes.
    """

    fields: Mapping[str, Any] | None
    note: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What one resource needs.

    `ref` is what the YAML calls it, `live` what Google does (a replacement has a name of its own).
    Bodies are Google's; `after` may hold `Unknown`s. `replaces` is the live one that stays behind.
    """

    ref: Ref
    action: Action
    live: Ref
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    changes: tuple[FieldChange, ...] = ()
    cause: Cause = Cause.PENDING
    replaces: Ref | None = None
    place: Place | None = None
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One mutation, the condition under which it may be made, and what it would take to undo it.

    `fields` are the top-level fields that an update writes. `precondition` is the digest of what
    the step compares or overwrites (see `kinds`). `after_steps` must be done, `ready` be ready and
    every condition of `awaits` hold before it begins; should one of these never come about,
    `instead` is taken. `estimate` is in seconds. `hosts` are those whose traffic passes through it.
    """

    id: str
    verb: Action
    method: str
    ref: Ref
    live: Ref
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    fields: tuple[str, ...]
    changes: tuple[FieldChange, ...]
    precondition: str
    risk: Risk
    undo: Undo
    undo_why: str
    estimate: float
    after_steps: tuple[str, ...] = ()
    ready: tuple[Ref, ...] = ()
    awaits: tuple[Condition, ...] = ()
    instead: Step | None = None
    note: str = ""
    hosts: tuple[str, ...] = ()
    undo_allow: tuple[str, ...] = ()  # what to acknowledge on the way back: `protected:Address/a`
    restarts: tuple[str, ...] = ()  # sentences: `restarts the database (settings.tier)`

    @property
    def waits_for(self) -> tuple[Ref, ...]:
        return (*self.ready, *(condition.ref for condition in self.awaits))


@dataclass(frozen=True, slots=True)
class Objection:
    """What a guard says of a plan, and what to type to go on all the same."""

    rule: str
    level: str  # deny | approve | warn
    ref: Ref | None
    message: str
    allowed: str | None = None  # the reason, when somebody acknowledged it
    place: Place | None = None
    final: bool = False  # there is nothing to go on to, so nothing to acknowledge

    @property
    def allow(self) -> str:
        """What to type; empty for what nothing can be said to."""
        if self.final:
            return ""
        if self.level == "approve":
            return WORDS["approvals"]
        if self.rule in WORDS:
            return WORDS[self.rule]
        return f"--allow {self.rule}" + (f":{self.ref}" if self.ref else "") + "=REASON"


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in waves: a wave begins when the one before is done."""

    environment: str
    project: str
    differences: Sequence[Difference]
    waves: Sequence[Sequence[Step]]
    objections: Sequence[Objection]
    notes: Sequence[str]
    desired_digest: str
    digest: str = ""
    unsettled: frozenset[Ref] = frozenset()  # whatever differs or is refused, chosen or not
    stays: bool = False  # of a rollback: whether something stays otherwise, as its notes say
    left_out: int = 0  # differences that --target and --exclude leave out
    settles: Sequence[Ref] = ()  # must be ready before success is claimed
    allowances: Mapping[str, str] = field(default_factory=dict)
    # what is declared -> its live name, and the fields that are written, as Google would hold them
    written: Mapping[Ref, tuple[Ref, Mapping[str, Any]]] = field(default_factory=dict)
    retired: Mapping[Ref, tuple[Aside, ...]] = field(default_factory=dict)
    """Of what is declared, what replacements have left behind, for a rollback."""
    foreign: Sequence[Ref] = ()  # what it detaches and was never declared here: it stays for good
    retention: float = RETENTION  # seconds until `gc` deletes what is set aside
    then_wait: int = 0  # seconds after it until the rest may follow, for TTLs that it lowers
    consent: Consent = field(default_factory=Consent)  # what was said besides, for the journal
    # by zone, the seconds for which caches keep that there is none, where its live SOA was read
    negative_ttls: Mapping[Ref, int] = field(default_factory=dict)
    # by record set that it makes, the TTL of the wildcard which answers for it until then
    covered: Mapping[Ref, int] = field(default_factory=dict)
    kept: int = 0  # seconds for which resolvers may keep an answer from before its TTL was lowered
    gates: tuple[str, ...] = ()  # checks that have to hold before success is claimed
    gated: float = 0.0  # seconds that these are waited for, at most

    @property
    def steps(self) -> list[Step]:
        return [step for wave in self.waves for step in wave]

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts whose traffic passes through anything that changes."""
        return tuple(sorted({host for step in self.steps for host in step.hosts}))

    @property
    def is_empty(self) -> bool:
        return not self.differences

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to wait for either."""
        return self.is_empty and not self.settles
