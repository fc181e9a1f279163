"""One plan on its way: what it knows, and how its journal and the ledger are kept."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from remediate.gcp.google import Google
from remediate.gcp.operations import Operation
from remediate.kinds.bodies.calls import read
from remediate.kinds.bodies.fields import with_fields
from remediate.kinds.registry import kind
from remediate.model.errors import ApiRefused, RemediateError, Stale
from remediate.model.json import Body, Json
from remediate.model.plan import Action, Step
from remediate.model.progress import StepDone, StepFailed, tell
from remediate.model.ref import Ref
from remediate.model.values import Reference, Template, Unknown
from remediate.pipeline.conditions import Vigil
from remediate.pipeline.looking import Found
from remediate.pipeline.memory import begun, left_of, set_aside
from remediate.pipeline.steps import LEDGER_ONLY
from remediate.pipeline.ttl import note_kept
from remediate.stores.journal import Journal, Kind
from remediate.stores.ledger import Entry, Ledger
from remediate.stores.lock import unheld

LOOKED: dict[str, Json] = {"settled": "by looking"}
_PAUSES = (1.0, 4.0)  # seconds between one request that nobody knows the outcome of and the next


@dataclass(frozen=True, slots=True)
class Ways:
    """What to type when a run ends too early: to go on, and to go back."""

    on: str
    back: str


class Run:
    """One plan on its way: what it knows, and what it has yet to tell."""

    def __init__(  # noqa: PLR0913 - all that a run stands on
        self,
        google: Google,
        journal: Journal,
        ledger: Ledger,
        *,
        steps: Sequence[Step],
        ways: Ways,
        entries: Mapping[Ref, Entry | None],
        vigil: Vigil,
        held: Callable[[], None] = unheld,
    ) -> None:
        self.google = google
        self.journal = journal
        self.ledger = ledger
        self.ways = ways
        self.entries = entries  # what the ledger says of a Ref once its steps are done
        self.vigil = vigil
        self.held = held  # raises Locked once the environment may be somebody else's
        self.watchers = vigil.watchers
        self.bodies: dict[Ref, Body] = {}
        self.gone: set[Ref] = set()  # what it has deleted for good
        self.done: list[Step] = []
        self.taken: set[str] = set()  # ids of the steps whose request Google may have taken
        self.open: dict[Ref, list[Step]] = defaultdict(list)  # not done yet
        for step in steps:
            self.open[step.ref].append(step)
        self.stopping = vigil.stopping  # once it is set, no step begins
        self._book = threading.Lock()  # the journal and the ledger are written in one order

    @property
    def has_written(self) -> bool:
        """Whether anything may be other than before."""
        return bool(self.done or self.taken)

    @property
    def has_moved_dns(self) -> bool:
        return any(step.ref.is_record_set for step in self.done)

    def note(self, what: Kind, **facts: Json) -> None:
        with self._book:
            self.journal.note(what, **facts)

    def finish(
        self,
        steps: Sequence[Step],
        bodies: Mapping[Ref, Body | None],
        seconds: float,
        operation: Operation | None = None,
    ) -> None:
        """Steps that one request, or none, has carried out, with the bodies that came of them.

        Without an operation that they are known by, a look has shown that they are done.
        """
        operations = [operation.to_json()] if operation else []
        more: dict[str, Json] = {} if operation or steps[0].method in LEDGER_ONLY else LOOKED
        with self._book:
            for step in steps:
                body = bodies[step.live]
                self.journal.note(
                    Kind.STEP_DONE, step=step.id, after=body, operations=operations, **more
                )
                self.done.append(step)
                self.open[step.ref] = [one for one in self.open[step.ref] if one.id != step.id]
                if body is not None:
                    self.bodies[step.live] = body
                self._remember(step)
            self.ledger.save()
        for step in steps:
            tell(self.watchers, StepDone(step, seconds))

    def carry(
        self, steps: Sequence[Step], request: Callable[[], Operation], look: Callable[[], Found]
    ) -> Operation | None:
        """Bring about what is in the journal; None where a look has shown that it is done.

        `request` sends it and waits for its end; where that does not tell what came of it, `look`
        does. What is as before is asked for by the very same request again: the same id, the same
        fingerprint. Raises the request's own error, `unsure` if nobody knows what came of it, and
        what `look` raises where somebody else has been there.
        """
        ids = {step.id for step in steps}
        doubt = False
        for pause in (*_PAUSES, None):
            self.held()
            self.taken.update(ids)
            try:
                return request()
            except RemediateError as error:
                doubt = doubt or error.unsure
                if not doubt:
                    self._untaken(ids, error)
                    raise
                if self._came_about(look, error):
                    return None
                if not error.unsure:
                    self._untaken(ids, error)
                    raise
                if pause is None or self.stopping.is_set():
                    raise
                self.google.clock.sleep(pause)
        raise AssertionError("the last pause is None")

    @staticmethod
    def _came_about(look: Callable[[], Found], error: RemediateError) -> bool:
        """Whether it has taken effect; where nobody can look, the request's own error stands."""
        try:
            return look() is Found.NEW
        except Stale:
            raise
        except RemediateError:
            error.unsure = True
            raise error from None

    def _untaken(self, ids: set[str], error: RemediateError) -> None:
        """What is refused at the door has changed nothing."""
        if isinstance(error, ApiRefused):
            self.taken.difference_update(ids)

    def fail(self, step: Step, error: RemediateError) -> None:
        self.note(Kind.STEP_FAILED, step=step.id, why=str(error), unsure=error.unsure)
        tell(self.watchers, StepFailed(step, str(error)))

    def _remember(self, step: Step) -> None:
        if step.ref.is_record_set:
            note_kept(self.ledger, step, self.google.clock.now())
        entry, known = self.entries.get(step.ref), self.ledger.entry(step.ref)
        if step.verb is Action.SET_ASIDE:
            entry = set_aside(entry or known, step)
        elif entry is None:
            self.gone.add(step.live)
            entry = left_of(known, step, self.gone)
        else:
            entry = replace(entry, fields=self.filled(step, self._so_far(step, entry, known)))
        if entry is None:
            self.ledger.forget(step.ref)
        else:
            google = self.google
            entry = begun(entry, step, self.bodies, google.clock.now(), google.project)
            self.ledger.remember(step.ref, entry)

    def turn_back(self, step: Step) -> Step:
        """What is taken instead of a step, which begins there once it is taken after all."""
        assert step.instead is not None
        with self._book:
            self.open[step.ref] = [
                replace(one, before=step.instead.after) if one.id == step.id else one
                for one in self.open[step.ref]
            ]
        return replace(step.instead, id=f"{step.id}-instead")

    def _so_far(self, step: Step, entry: Entry, known: Entry | None) -> Body:
        """What is written; a field that a later step of the resource writes is as it is so far."""
        fields: Body = dict(entry.fields)
        before = known.fields if known else {}
        for other in reversed(self.open[step.ref]):
            here = other.before if step.fields and other.before else before
            fields = with_fields(fields, here, other.fields)
        return fields

    def remembered(self, ref: Ref) -> Json:
        """The ledger's entry from before, so that a rollback can restore that too."""
        with self._book:
            entry = self.ledger.entry(ref)
        return None if entry is None else entry.to_json()

    def _found(self, reference: Reference) -> Any:  # noqa: ANN401 - any JSON
        """What a live resource says in a field; raises Stale where it says nothing."""
        ref, field = reference.ref, reference.field
        body = self.bodies.get(ref) or read(self.google, ref) or {}
        found = kind(ref.kind).output(body, field)
        if found in (None, ""):
            raise Stale(f"{ref} has no {field} yet, which this step needs")
        return found

    def filled(self, step: Step, body: Mapping[str, Any] | None) -> Any:  # noqa: ANN401 - a body, or nothing
        """A body of the step's resource, with what has come to light; that may be secret too."""
        return None if body is None else kind(step.live.kind).discreet(self.known(body))

    def known(self, value: Any) -> Any:  # noqa: ANN401 - any JSON, with unknowns in it
        """The value with everything filled in that earlier steps have brought to light."""
        if isinstance(value, Unknown):
            if value.text:
                return Template(value.text).render(self._found)
            return self._found(Reference(value.ref, value.field))
        if isinstance(value, Mapping):
            return {name: self.known(item) for name, item in value.items()}
        return [self.known(item) for item in value] if isinstance(value, list | tuple) else value


def note_begun(
    run: Run,
    steps: Sequence[Step],
    request: Body,
    before: Mapping[Ref, Body | None],
    wanted: Mapping[Ref, Body | None],
) -> None:
    """One durable record for each step, before its request is sent."""
    for step in steps:
        run.note(
            Kind.STEP_BEGUN,
            step=step.id,
            ref=str(step.ref),
            live=str(step.live),
            verb=step.verb.value,
            method=step.method,
            note=step.note,
            request=request,
            before=before.get(step.live),
            wanted=wanted.get(step.live),
            remembered=run.remembered(step.ref),
        )
