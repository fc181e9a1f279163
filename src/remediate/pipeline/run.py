"""One plan on its way: what it knows, and how its journal and the ledger are kept."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from remediate.gcp.google import Google
from remediate.gcp.operations import Operation
from remediate.kinds.bodies.calls import Call, read
from remediate.kinds.bodies.fields import with_fields
from remediate.kinds.registry import kind
from remediate.model.clock import rest
from remediate.model.errors import ApiRefused, Locked, RemediateError, Stale
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
    """What to type when a run ends too early: to try anew, to go on, and to go back."""

    again: str
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
        earlier: int = 0,
        again: Mapping[tuple[Ref, str], Body] | None = None,
    ) -> None:
        self.google = google.writing_while(held)  # it raises Locked once it may not be ours
        self.journal = journal
        self.ledger = ledger
        self.ways = ways
        self.entries = entries  # what the ledger says of a Ref once its steps are done
        self.vigil = vigil
        self.watchers = vigil.watchers
        self.bodies: dict[Ref, Body] = {}
        self.gone: set[Ref] = set()  # what it has deleted for good
        self.done: list[Step] = []
        self.recalled: list[Step] = []  # what was done before it was gone on with
        self.earlier = earlier  # how many steps were done before it was gone on with
        # by live name and method, requests that may have been sent before, and had no effect yet
        self._again = dict(again or {})
        self.taken: set[str] = set()  # ids of the steps whose request Google may have taken
        self.open: dict[Ref, list[Step]] = defaultdict(list)  # not done yet
        for step in steps:
            self.open[step.ref].append(step)
        self.stopping = vigil.stopping  # once it is set, no step begins
        self._book = threading.Lock()  # the journal and the ledger are written in one order

    @property
    def has_written(self) -> bool:
        """Whether anything may be other than before."""
        return bool(self.done or self.taken or self.earlier)

    def as_before(self, call: Call) -> Call:
        """The same call with the id that it had before, if it was sent before."""
        sent = self._again.get((call.ref, call.method))
        if sent is None:
            return call
        same = replace(call, request_id=str(sent.get("requestId")))
        return same if self.ledger.veil.veiled(same.to_json()) == sent else call

    def same_change(self, refs: Sequence[Ref]) -> str:
        """The id of a change of just these record sets that was sent before; empty if none was.

        Once: where sets are deleted and made again, the second change is another.
        """
        with self._book:
            ids = {
                ref: str(sent.get("requestId"))
                for (ref, method), sent in self._again.items()
                if method == "changes.create"
            }
            found = {ids.get(ref, "") for ref in refs}
            same = found.pop() if len(found) == 1 else ""
            if {ref for ref in ids if ids[ref] == same} != {*refs}:
                return ""
            for ref in refs:
                del self._again[ref, "changes.create"]
            return same

    def recall(
        self, done: Sequence[tuple[Step, datetime]], bodies: Mapping[Ref, Body | None]
    ) -> None:
        """Let the ledger follow what was done, and when, before the run was gone on with."""
        self.recalled = [step for step, _ in done]
        with self._book:
            self.bodies |= {ref: body for ref, body in bodies.items() if body is not None}
            for step, moment in done:
                self._remember(step, moment)
            if done:
                self.ledger.save()

    @property
    def has_moved_dns(self) -> bool:
        return any(step.ref.is_record_set for step in (*self.recalled, *self.done))

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
                self._remember(step, self.google.clock.now())
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
            self.taken.update(ids)
            try:
                return request()
            except Locked as error:  # nothing more was sent
                error.unsure = error.unsure or doubt
                self._untaken(ids, error)
                raise
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
                if pause is not None:
                    rest(self.google.clock, pause, self.stopping)
                if pause is None or self.stopping.is_set():
                    raise
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
        """What is refused at the door, or never went there, has changed nothing."""
        if isinstance(error, ApiRefused) or (isinstance(error, Locked) and not error.unsure):
            self.taken.difference_update(ids)

    def fail(self, step: Step, error: RemediateError) -> None:
        with suppress(RemediateError):  # a step without an end may have been taken: as good
            self.note(Kind.STEP_FAILED, step=step.id, why=str(error), unsure=error.unsure)
        tell(self.watchers, StepFailed(step, str(error)))

    def _remember(self, step: Step, now: datetime) -> None:
        if step.ref.is_record_set:
            note_kept(self.ledger, step, now)
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
            entry = begun(entry, step, self.bodies, now, self.google.project)
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

    def filled(self, step: Step, body: Mapping[str, object] | None) -> Any:  # noqa: ANN401 - a body, or nothing
        """A body of the step's resource, with what has come to light; that may be secret too."""
        return None if body is None else kind(step.live.kind).discreet(self.known(body))

    def known(self, value: object) -> Any:  # noqa: ANN401 - any JSON, with unknowns in it
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
            fields=[*step.fields],
            note=step.note,
            request=request,
            before=before.get(step.live),
            wanted=wanted.get(step.live),
            remembered=run.remembered(step.ref),
        )
