"""What our runs have written since a snapshot, read from their journals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from remediate.kinds.bodies.compare import changeable_fields, fields_digest
from remediate.kinds.registry import kind
from remediate.model.json import Body
from remediate.model.plan import Action
from remediate.model.ref import Ref
from remediate.pipeline.looking import Meant
from remediate.pipeline.steps import record_digest
from remediate.stores import journal
from remediate.stores.ledger import Entry
from remediate.stores.owners import story_of, surely_of
from remediate.stores.snapshots import Snapshot
from remediate.stores.store import Store, ref_of


@dataclass(slots=True)
class Written:
    """The last that our runs did to one live resource."""

    ref: Ref  # what the YAML calls it
    project: str
    created: bool = False
    entry: Entry | None = None  # the ledger's memory from before the first of them
    before: Body | None = None
    wanted: Body | None = None
    after: Body | None = None
    ended: bool = False
    method: str = "insert"
    request: str = ""  # the id of the request, where it was sent with one

    def meant(self, live_ref: Ref) -> Meant:
        """All of what the last request was to leave behind, whichever fields it wrote."""
        return Meant(live_ref, self.method, self.before, self.wanted, request=self.request)

    def left(self, live_ref: Ref, live: Body | None) -> bool:
        """Whether live is as we left it.

        A step that never ended may or may not have taken effect, so both what was before it and
        what it wanted are our own doing.
        """
        if self.ended:
            return same_state(live_ref, self.after, live)
        if same_state(live_ref, self.before, live):
            return True
        return self.meant(live_ref).is_new(live, self.project)


def same_state(ref: Ref, ours: Body | None, live: Body | None) -> bool:
    """Whether live is as we know it in everything that a user could have changed."""
    if ref.is_record_set:
        return record_digest(ours) == record_digest(live)
    facts = kind(ref.kind)
    if ours is not None and live is not None:
        ours = facts.as_good(ours, live)
    fields = changeable_fields(facts, ours)
    return fields_digest(facts, ours, fields, "-") == fields_digest(facts, live, fields, "-")


def cut_short(store: Store, snapshot: Snapshot) -> str | None:
    """Where the rollback that took this snapshot was going, unless it got there."""
    if snapshot.run not in journal.runs(store):
        return None
    story = journal.read(store, snapshot.run)
    to = story.begun.get("to")
    return None if to is None or story.outcome == "done" else str(to)


def written_since(store: Store, snapshot: Snapshot) -> dict[Ref, Written]:
    """By live name, over the snapshot's run and all later ones of its environment.

    Of a run that does not tell whose it is nothing is known: what it wrote here is somebody
    else's then, which a rollback stops at. Raises StoreDamaged for one of ours, unread.
    """
    result: dict[Ref, Written] = {}
    for run in journal.runs(store):
        if run >= snapshot.run and surely_of(store, run, snapshot.environment, snapshot.endpoint):
            _retell(story_of(store, run), snapshot.project, result)
    return result


def _retell(story: journal.Story, project: str, result: dict[Ref, Written]) -> None:
    lives: dict[object, Ref] = {}
    for record in story.records:
        facts = record.facts
        if record.kind == journal.Kind.STEP_BEGUN:
            live = lives[facts["step"]] = ref_of(str(facts["live"]))
            if live not in result:
                result[live] = Written(ref_of(str(facts["ref"])), project, entry=_entry(facts))
            one = result[live]
            one.created |= facts["verb"] == Action.CREATE and facts.get("before") is None
            one.before = cast("Body | None", facts.get("before"))
            one.wanted = cast("Body | None", facts.get("wanted"))
            one.method = str(facts["method"])
            one.request = str(cast("Body", facts["request"]).get("requestId") or "")
            one.ended = False
        elif record.kind == journal.Kind.STEP_DONE:
            one = result[lives[facts["step"]]]
            one.after = cast("Body | None", facts.get("after"))
            one.ended = True


def _entry(facts: Mapping[str, Any]) -> Entry | None:
    stored = facts.get("remembered")
    return Entry.from_json(stored) if stored else None
