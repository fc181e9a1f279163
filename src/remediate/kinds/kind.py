"""What a kind is: a table of facts about one of Google's resources."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from remediate.gcp.api import Api
from remediate.kinds.facts import (
    RFC1035,
    Compare,
    Fields,
    Linked,
    Naming,
    Pattern,
    Readiness,
    Removal,
    Replacement,
    Room,
    Scope,
    Update,
    Verdict,
    Witness,
)
from remediate.kinds.fields.pointers import parts, pointer
from remediate.kinds.fields.secrets import marked, unread
from remediate.kinds.fields.spec import Spec
from remediate.model.json import Body, Json
from remediate.model.plan import Action, FieldChange, Risk


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
    api: Api = Api.COMPUTE
    default_scope: Scope = Scope.GLOBAL
    parent: str = ""  # the kind that it stands in: its name is `parent/name`
    unsupported: Mapping[Pattern, str] = field(default_factory=dict)
    check: Callable[[Mapping[str, Any]], list[tuple[str, str]]] | None = None
    """Rules that types cannot say: (JSON pointer, what is wrong) for each one broken."""
    check_scope: Callable[[Mapping[str, Any], Scope], list[tuple[str, str]]] | None = None
    """The same, of what Google has in some of the scopes alone."""
    check_links: Callable[[Mapping[str, Any], Linked], list[tuple[str, str]]] | None = None
    """The same across documents, where the spec itself has no faults."""
    required: tuple[str, ...] = ()  # fields that a new one must have written
    outputs: frozenset[str] = frozenset()  # what `${Kind/name.field}` may name
    # what it may name besides, and how it is found in a live body
    computed: Mapping[str, Callable[[Body], Json]] = field(default_factory=dict)

    # Links, and lists of links in which the new stands beside the old.

    # field -> the kinds that a bare name there may mean (or the collection of one that is not ours)
    links: Mapping[Pattern, tuple[str, ...]] = field(default_factory=dict)
    # links that travel as a bare name; one that nobody declares is somebody else's
    links_by_name: Mapping[Pattern, tuple[str, ...]] = field(default_factory=dict)
    # links that Google answers by value: where -> the field of the linked resource
    links_by_value: Mapping[Pattern, str] = field(default_factory=dict)
    # a list in which a new link stands beside the old ones until it is ready
    overlaps: str = ""
    overlap_limit: int = 0  # and how many Google lets stand in it; 0: nobody knows of a limit
    handshakes: bool = False  # and clients are shown what is in it, at the addresses that lead here
    soak: float = 0.0  # seconds from being ready to being served everywhere

    # Comparing: what is whose, and which spellings are equal.

    server_set: frozenset[Pattern] = frozenset()
    write_only: frozenset[Pattern] = frozenset()  # sent, never read back, never compared
    # objects of a name and a value, and maps, in which people put secrets though they should not
    telling: frozenset[Pattern] = frozenset()
    momentary: frozenset[Pattern] = frozenset()  # of one write: sent where written, never again
    as_written: Callable[[Body], Body] | None = None
    """A live body with each value where it is written, if Google answers it somewhere else."""
    normalise: Mapping[Pattern, Callable[[Json], Json]] = field(default_factory=dict)
    # lists of objects -> the fields by which an item is known again wherever it stands; what is
    # `unordered` too may be written in any order. Other lists of objects go by place.
    keyed: Mapping[Pattern, tuple[str, ...]] = field(default_factory=dict)
    unordered: frozenset[Pattern] = frozenset()
    # a field -> the one that Google heeds instead, wherever that one is set
    yields_to: Mapping[str, str] = field(default_factory=dict)
    # groups of fields that say the same: one is written, Google works out the others; of a body
    # that has several the first counts
    equivalents: tuple[tuple[tuple[str, ...], ...], ...] = ()
    # objects in which only one of these fields can stand: the one that is written
    alternatives: Mapping[Pattern, tuple[str, ...]] = field(default_factory=dict)
    met: Callable[[Fields, Fields], Body] | None = None
    """Wanted, given live, with the live value wherever that is as good."""
    shared: frozenset[Pattern] = frozenset({"/labels"})  # maps in which others keep keys of theirs
    labels: Pattern = "/labels"  # where it carries labels, if it has such a field
    # what Google fills in for an unwritten field that may change without a gap
    defaults: Mapping[str, Json] = field(default_factory=dict)
    # the same, of fields that are Google's own choice where nobody ever wrote them
    reverts: Mapping[str, Json] = field(default_factory=dict)
    # what Google fills in at an insert besides, a value or the form of one: imports leave it out
    filled: Mapping[Pattern, Json | re.Pattern[str]] = field(default_factory=dict)
    stays: frozenset[Pattern] = frozenset()  # what is no longer written stays there as it is live

    # Writing: the calls, what they send together, and what they do to what runs.

    updates: tuple[Update, ...] = (Update("patch"),)
    together: tuple[tuple[str, ...], ...] = ()  # fields that one write holds all of, or none
    by_leaf: bool = False  # a write sends the changed leaves alone, and Google merges them
    ignored_by_insert: tuple[str, ...] = ()  # written by a step of their own after the insert
    # where -> what a change does to what runs: `restarts the database`
    restarts: Mapping[Pattern, str] = field(default_factory=dict)
    # the same, where that depends on the bodies before and after: sentences, and of what
    restarts_if: Mapping[Pattern, Callable[[Fields, Fields], Mapping[str, list[str]]]] = field(
        default_factory=dict
    )
    # how Google can be asked whether it would take a write
    rehearsal: Literal["", "validateOnly", "validate"] = ""
    holds: Callable[[Body, tuple[str, ...], Mapping[str, Any]], bool] | None = None
    """Whether fields are live as wanted, though the operation that wrote them has failed."""
    aftermath: Callable[[Body], str] | None = None
    """Where a failed write has left it, in a sentence; empty where nothing was left."""

    # What cannot change in place, and what takes its place.

    immutable: frozenset[Pattern] = frozenset()
    one_way: Callable[[FieldChange], str] | None = None
    """Why this change of a field that else can change in place cannot; empty where it can."""
    sealed: Callable[[Body, Sequence[FieldChange]], str] | None = None
    """Why these changes cannot be made to a live one as it stands now; empty where they can."""
    replacement: Replacement = Replacement.REFUSED
    naming: Naming = RFC1035
    room: Room | None = None

    # Going: when, on whose word, and what stands in the way.

    removal: Removal = Removal.AT_ONCE
    loses: str = ""  # what a deletion on an explicit word loses for good
    holds_data: bool = False  # what people put into it goes with it, so a rollback asks too
    used_by: Callable[[Body], list[str]] | None = None
    """Of what Google deletes though it is in use: who uses it, as its own body names them."""
    before_delete: Callable[[Body], tuple[FieldChange, ...]] | None = None
    """What has to change in a live one before Google deletes it."""
    delete_asks: Mapping[str, str] = field(default_factory=dict)  # sent along with a deletion
    delete_compares: Compare = Compare.NOTHING

    # Becoming ready.

    ready: Callable[[Body], Readiness] = _ready_at_once
    ready_alone: Callable[[Mapping[str, Any]], bool] | None = None
    """Whether it becomes ready before anything links to it; by default something has to."""
    ready_when_done: bool = False  # its operations end only when it is ready

    # Coming back: verdicts, and what a rollback sends.

    base_risk: Risk = Risk.MEDIUM
    undo: Mapping[Action, Verdict] = field(default_factory=dict)
    verdict: Callable[[Sequence[FieldChange]], Verdict | None] | None = None
    """Of an update that cannot be undone as `undo` says: what is to be said of these changes."""
    no_way_back: Verdict | None = None
    """Of an update that `one_way` keeps from being taken back in place."""
    irrecoverable: Mapping[Pattern, str] = field(default_factory=dict)
    """Where a change overwrites what only its writer has, and what a rollback says of that."""
    lost: Callable[[Body], str] | None = None
    """Why a deleted one cannot be inserted again from its live body; empty where it can."""
    remade: str = ""  # what to know of one that is made again from its live body, `{name}` in it
    again: Callable[[Body], Body] | None = None
    """What to insert when a deleted one is made again from its live body; by default that."""
    witness: Witness | None = None
    seconds: Mapping[Action, float] = field(default_factory=dict)
    guessed: bool = False  # nobody has measured these

    @property
    def all_links(self) -> dict[Pattern, tuple[str, ...]]:
        return {**self.links, **self.links_by_name}

    @property
    def label_field(self) -> str:
        """The field that holds labels; empty where it carries none."""
        field = self.labels[1:]
        return field if field.partition("/")[0] in self.spec.model_fields else ""

    def why_it_stays(self, change: FieldChange) -> str:
        """Why no rollback makes this change; empty where it can."""
        for pattern, why in self.irrecoverable.items():
            if f"{change.pointer}/".startswith(f"{pattern}/"):
                return why
        return self.one_way(change) if self.one_way else ""

    def seen(self, body: Body) -> Body:
        """A live body as everything here reads it."""
        return self.discreet(self.as_written(body) if self.as_written else body)

    def discreet(self, body: Body) -> Body:
        """The body, with each value a Secret that looks like one, or that nobody reads back."""
        body = marked(body, self.telling) if self.telling else body
        return unread(body, self.write_only) if self.write_only else body

    def as_good(self, wanted: Fields, live: Fields) -> dict[str, Any]:
        """Wanted, with the live value wherever that is as good."""
        return self.met(wanted, live) if self.met else dict(wanted)

    def output(self, body: Fields, name: str) -> Json:
        """The value that `${Kind/name.field}` means; None where Google has yet to choose it."""
        if (compute := self.computed.get(name)) is not None:
            return compute(dict(body))
        value: Any = body
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        found: Json = value
        return found

    def field_of(self, where: str) -> str:
        """The field that a write of this place sends: `settings/tier` by leaf, else `settings`."""
        way = parts(where)
        if not self.by_leaf:
            return way[0]
        index = next((at for at, part in enumerate(way) if part.isdigit()), len(way))
        return pointer(*way[:index])[1:]

    def heeded(self, body: Mapping[str, object]) -> dict[str, Any]:
        """A body without the fields that Google does not heed, given the others."""
        yields = {name for name, other in self.yields_to.items() if body.get(other)}
        return {n: value for n, value in self.chosen(body).items() if n not in yields}

    def chosen(self, body: Mapping[str, object]) -> dict[str, Any]:
        """A body with one group of fields of each that say the same."""
        implied = self.implied(body)
        return {name: value for name, value in body.items() if name not in implied}

    def implied(self, body: Mapping[str, object]) -> set[str]:
        """The fields that Google works out from those of a body, whether they are in it or not."""
        found = set[str]()
        for groups in self.equivalents:
            written = next((each for each in groups if body.keys() & set(each)), ())
            found |= {name for each in groups if each != written for name in each}
            found |= set(written) - body.keys()
        return found

    def fixed(self, scope: Scope) -> frozenset[Pattern]:
        """`immutable`, and what no call of that scope writes."""
        able = [update for update in self.updates if scope in update.scopes]
        if any(not update.fields for update in able):
            return self.immutable
        written = {name for update in able for name in update.fields}
        return self.immutable | {
            f"/{name}" for name in self.spec.model_fields if name not in written
        }
