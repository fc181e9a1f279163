"""What a diagnosis says: nodes, each judged by itself, and roots, each with a way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from remediate.diagnosis.layers import CLIENTS, OBSERVER, identity
from remediate.model.ref import Ref

State: TypeAlias = Literal["ok", "failed", "waiting", "unknown"]
Confidence: TypeAlias = Literal["high", "medium", "low"]
Action: TypeAlias = Literal["apply", "propose", "rollback", "wait", "manual", "none"]
VerdictWord: TypeAlias = Literal["well", "broken", "unknown"]
RiskWord: TypeAlias = Literal["LOW", "MEDIUM", "HIGH", "CRITICAL", "n/a"]
Source: TypeAlias = Literal["api", "probe"]
Sources: TypeAlias = frozenset[Source]

API: Sources = frozenset({"api"})
PROBE: Sources = frozenset({"probe"})
NOBODY: Sources = frozenset()
NO_CHANGE = "nothing is changed"  # so that there is nothing to undo


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would mend an ailment.

    `words` are a verb of ours and what follows it, or with `program` another command line whole.
    `targets` are what an `apply` is to be about. `seconds` until it is green, None where nobody can
    tell; an upper bound where `at_most`, since Google, or who cannot be asked, takes as long as it
    takes. `takes` says what a change takes away for good, or from others: a reason to ask a person.
    """

    action: Action
    text: str
    targets: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    program: str = ""
    seconds: int | None = None
    at_most: bool = False
    undo: str = ""
    takes: str = ""


@dataclass(frozen=True, slots=True)
class Ailment:
    """One thing that is wrong with a node, by its own evidence.

    `because` are layers under it whose failing would bring this about too: with one of them failed
    it is a symptom. `waits`: it passes by itself. `is_effect`: something under it is to blame as a
    rule, so that nothing is said of it while one of these cannot be seen.
    """

    evidence: str
    remedy: Remedy
    sources: Sources
    because: frozenset[str] = frozenset()
    waits: bool = False
    is_effect: bool = False
    contradicted: bool = False  # another source says the opposite


@dataclass(slots=True)
class Judged:
    """A node as its own evidence has it. `requires` are the nodes below; `blind` what is unread."""

    layer: str
    resource: Ref | str
    requires: tuple[str, ...] = ()
    ailments: list[Ailment] = field(default_factory=list)
    blind: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)  # what speaks for it
    intermittent: bool = False

    @property
    def id(self) -> str:
        return identity(self.layer, self.resource)

    @property
    def state(self) -> State:
        if any(not ailment.waits for ailment in self.ailments):
            return "failed"
        if self.ailments:
            return "waiting"
        return "unknown" if self.blind else "ok"

    @property
    def evidence(self) -> tuple[str, ...]:
        told = [*(ailment.evidence for ailment in self.ailments), *self.blind]
        return tuple(dict.fromkeys(told or self.facts))


_SEEN = Remedy("none", "a symptom")


def fails(node: Judged, told: str) -> None:
    """Say of a symptom what was seen: there is nothing to do about it itself."""
    node.ailments.append(Ailment(told, _SEEN, PROBE))


@dataclass(frozen=True, slots=True)
class Node:
    """One requirement, or one symptom, and where it stands."""

    id: str
    layer: str
    resource: str
    state: State
    evidence: tuple[str, ...]
    requires: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do next. `words` are for `remediate`; `program` is a whole line for something else.

    `eta_s` is how long it takes once that is done, in seconds, 0 for at once; an upper bound where
    `at_most`, None where nobody can tell. `then_s` are those that Google may need after that, at
    most, for what it begins only then: a certificate.
    """

    action: Action
    text: str
    words: tuple[str, ...]
    program: str
    eta_s: int | None
    at_most: bool
    then_s: int = 0


@dataclass(frozen=True, slots=True)
class Auto:
    """Whether it may be done without anybody being asked, and what stands in the way."""

    allowed: bool
    blocked_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Root:
    """A failed node without a failed requirement, and what it explains."""

    id: str
    layer: str
    resource: str
    state: State
    confidence: Confidence
    evidence: tuple[str, ...]
    explains: tuple[str, ...]
    fix: Fix
    risk: RiskWord
    undo: str
    auto: Auto


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All of it, at one moment. `late` names what had not answered when time was up."""

    environment: str
    at: datetime
    roots: tuple[Root, ...]
    nodes: tuple[Node, ...]
    late: tuple[str, ...] = ()
    suffers: bool = False  # clients fail, though nobody may be able to tell why

    @property
    def is_broken(self) -> bool:
        """Whether anything fails, or is waited for, that is not our own view."""
        return self.suffers or any(root.layer != OBSERVER for root in self.roots)

    @property
    def verdict(self) -> VerdictWord:
        """`unknown` where nothing is known to be broken, and something clients need is not seen."""
        if self.is_broken:
            return "broken"
        known = {node.id: node for node in self.nodes}
        seen = [node for node in self.nodes if node.layer in CLIENTS]
        needed = {at for node in seen for at in _under(node, known)}
        states = {known[at].state for at in needed if known[at].layer != OBSERVER}
        return "well" if seen and states <= {"ok", "waiting"} else "unknown"

    @property
    def symptoms(self) -> tuple[Node, ...]:
        """What fails for clients, and not by itself."""
        roots = {root.id for root in self.roots}
        return tuple(n for n in self.nodes if n.state == "failed" and n.id not in roots)


def _under(node: Node, known: Mapping[str, Node]) -> set[str]:
    """A node and all that it requires, however far down."""
    found: set[str] = set()
    waiting = [node.id]
    while waiting:
        at = waiting.pop()
        if at in known and at not in found:
            found.add(at)
            waiting += known[at].requires
    return found
