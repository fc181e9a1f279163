"""A run that ended too early, as its journal tells it: what it was about, and how far it came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from remediate.model.consent import Consent
from remediate.model.errors import InvalidInput, Stale
from remediate.model.json import Body
from remediate.model.plan import Action, Plan, Risk, Step, Undo
from remediate.model.ref import Ref
from remediate.pipeline.apply import Outcome
from remediate.pipeline.choices import Choices
from remediate.pipeline.intent import Planned
from remediate.pipeline.looking import Meant
from remediate.stores import journal
from remediate.stores.journal import Kind, Record, Story
from remediate.stores.owners import story_of, surely_of
from remediate.stores.snapshots import LATEST
from remediate.stores.store import Store, ref_of

_SHOWN = 3  # Refs in a message


@dataclass(slots=True)
class Taken:
    """A step that was begun, and what the journal says came of it.

    `unsure`: it has no end, or one that does not tell. Bodies hold no secrets.
    """

    id: str
    ref: Ref
    live: Ref
    verb: Action
    method: str
    fields: tuple[str, ...]
    before: Body | None
    wanted: Body | None
    request: Body
    after: Body | None = None
    done: bool = False
    unsure: bool = True
    time: str = ""

    @property
    def meant(self) -> Meant:
        request = str(self.request.get("requestId") or "")
        return Meant(self.live, self.method, self.before, self.wanted, self.fields, request)

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.time)

    def step(self) -> Step:
        """As much of it as the ledger needs to know."""
        return Step(
            id=self.id,
            verb=self.verb,
            method=self.method,
            ref=self.ref,
            live=self.live,
            before=self.before,
            after=self.wanted,
            fields=self.fields,
            changes=(),
            precondition="",
            risk=Risk.LOW,
            undo=Undo.EXACT,
            undo_why="",
            estimate=0.0,
        )


@dataclass(slots=True)
class HalfDone:
    """`planned` are the steps as they were planned last; `taken` all that were ever begun."""

    story: Story
    planned: Sequence[Planned] = ()
    taken: dict[str, Taken] = field(default_factory=dict)
    refs: set[Ref] = field(default_factory=set)
    steps: int = 0  # ids that were given so far

    @property
    def run(self) -> str:
        return self.story.run

    @property
    def snapshot(self) -> str:
        return str(self.story.begun["snapshot"])

    @property
    def is_over(self) -> bool:
        return self.story.outcome == "done"

    @property
    def choices(self) -> Choices:
        """What was asked of the run, and nothing beyond what it is about."""
        stored = cast("Mapping[str, Any]", self.story.begun["choices"])
        return Choices.from_json(stored, only=[str(ref) for ref in self.refs])

    @property
    def asked(self) -> Choices:
        """What was asked of the run."""
        return Choices.from_json(cast("Mapping[str, Any]", self.story.begun["choices"]))

    @property
    def consent(self) -> Consent:
        """Who approved the run, and why then."""
        begun: Mapping[str, Any] = self.story.begun
        return Consent(tuple(begun.get("approved_by", ())), str(begun.get("incident", "")))

    @property
    def done(self) -> list[Taken]:
        return [one for one in self.taken.values() if one.done]

    def last(self) -> dict[Ref, Taken]:
        """By live name, the last step that was begun."""
        return {one.live: one for one in self.taken.values()}

    def untouched(self) -> Iterator[Planned]:
        """What nothing was begun with yet; of each resource only what no step before writes."""
        begun = self.last()
        written: dict[Ref, set[str]] = {}
        for one in self.planned:
            before = written.get(one.live)
            if one.live in begun:
                continue
            if before is None:
                written[one.live] = {*one.fields}
                yield one
            elif before and one.fields and not before & {*one.fields}:
                before.update(one.fields)
                yield one


def told(story: Story) -> HalfDone:
    """The journal of a run, read for whoever goes on with it."""
    half = HalfDone(story)
    for record in story.records:
        facts: Mapping[str, Any] = record.facts
        taken = half.taken.get(str(facts.get("step")))
        match record.kind:
            case Kind.RUN_BEGUN | Kind.RUN_RESUMED:
                half.planned = [Planned.from_json(each) for each in facts.get("steps", ())]
                half.refs |= {each.ref for each in half.planned}
                half.steps += len(half.planned)
            case Kind.STEP_BEGUN:
                one = _taken(record)
                half.taken.pop(one.id, None)
                half.taken[one.id] = one
            case Kind.STEP_FAILED if taken is not None:
                taken.unsure = facts.get("unsure") is not False
            case Kind.STEP_DONE if taken is not None:
                taken.after, taken.done, taken.unsure = facts.get("after"), True, False
                taken.time = record.time
    return half


def _taken(record: Record) -> Taken:
    facts: Mapping[str, Any] = record.facts
    return Taken(
        str(facts["step"]),
        ref_of(str(facts["ref"])),
        ref_of(str(facts["live"])),
        Action(str(facts["verb"])),
        str(facts["method"]),
        tuple(map(str, facts.get("fields", ()))),
        facts.get("before"),
        facts.get("wanted"),
        facts["request"],
        time=record.time,
    )


def ended(half: HalfDone) -> tuple[Plan, Outcome]:
    """Of a run that came to its end: an empty plan, which says so, and what came of the run."""
    begun, done = half.story.begun, len(half.done)
    said = f"run {half.run} has come to its end: nothing is left to do"
    environment, project, desired, digest = (
        str(begun.get(name, "")) for name in ("environment", "project", "desired", "digest")
    )
    plan = Plan(environment, project, [], [], [], [said], desired, digest)
    return plan, Outcome(half.run, half.snapshot, done, earlier=done)


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose run it must be to be gone on with here."""

    environment: str
    project: str
    endpoint: str


def find(store: Store, name: str, whose: Whose) -> HalfDone:
    """An apply by its id, the beginning of one, or `latest`, which is the environment's newest run.

    Raises InvalidInput for one that is not there, not ours, or gone on with by other words.
    """
    story = _latest(store, whose) if name == LATEST else journal.read(store, _full(store, name))
    _insist_on_ours(story, whose)
    verb, to = story.begun.get("verb"), story.begun.get("to")
    if verb != "apply":
        words = f"rollback --snapshot {to}" if to else str(verb)
        hint = f"`remediate {words}` goes on with it."
        raise InvalidInput(f"run {story.run} is a {verb}, not an apply", hint=hint)
    if "choices" not in story.begun:
        hint = "`remediate apply` plans anew, and goes on from where it stands."
        raise InvalidInput(f"run {story.run} does not say what was asked of it", hint=hint)
    return told(story)


def _full(store: Store, name: str) -> str:
    known = journal.runs(store)
    found = [run for run in known if run.startswith(name)]
    if len(found) == 1:
        return found[0]
    newest = ", ".join(reversed(known[-_SHOWN:]))
    what = f"several runs begin with {name!r}" if found else f"there is no run {name!r}"
    hint = f"The newest are {newest}; `--resume latest` is the newest."
    none = "No run was ever begun here; `remediate apply` begins one."
    raise InvalidInput(what, hint=hint if known else none)


def _latest(store: Store, whose: Whose) -> Story:
    for run in reversed(journal.runs(store)):
        if surely_of(store, run, whose.environment, whose.endpoint):
            return story_of(store, run)
    hint = "`remediate apply` begins one."
    raise InvalidInput(f"there is no run of {whose.environment} to go on with", hint=hint)


def _insist_on_ours(story: Story, whose: Whose) -> None:
    begun = story.begun
    for name, here in (
        ("environment", whose.environment),
        ("endpoint", whose.endpoint),
        ("project", whose.project),
    ):
        if (there := begun.get(name)) != here:
            hint = "A run is gone on with where it was begun; nothing was changed."
            message = f"run {story.run} is of {name} {there}, and this is {here}"
            raise InvalidInput(message, hint=hint)


def insist_on_same_yaml(half: HalfDone, digest: str) -> None:
    """Raise InvalidInput unless the YAML is what the run was planned from."""
    if half.story.begun.get("desired") == digest:
        return
    hint = (
        "Bring the YAML back to what it was to go on with this run. Or `remediate apply` plans "
        f"anew from what there is, and `remediate rollback --snapshot {half.snapshot}` takes back "
        "what the run has done."
    )
    raise InvalidInput(f"the YAML is not what run {half.run} was planned from", hint=hint)


def insist_on_nobody_since(store: Store, half: HalfDone, whose: Whose) -> None:
    """Raise Stale where a later run has written to what this one is about: it has taken over."""
    ours = {one.live for one in half.planned} | {*half.last()}
    for run in journal.runs(store):
        if run <= half.run or not surely_of(store, run, whose.environment, whose.endpoint):
            continue
        story = story_of(store, run)
        wrote = {live for live, one in told(story).last().items() if one.done or one.unsure}
        if both := sorted(map(str, wrote & ours)):
            more = f" and {len(both) - _SHOWN} more" if len(both) > _SHOWN else ""
            what = f"{', '.join(both[:_SHOWN])}{more}"
            stale = Stale(f"run {run} ({story.begun.get('verb')}) has written to {what} since")
            stale.hint = (
                f"Run {half.run} is not gone on with: the later one has taken its place. "
                "`remediate plan` shows what there is left to do."
            )
            raise stale
