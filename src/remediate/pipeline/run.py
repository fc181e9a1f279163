"""One plan on its way; for each step: journal, write, wait, read back, journal, ledger."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any, cast

from remediate.gcp.errors import Contradicted
from remediate.gcp.google import Google
from remediate.gcp.operations import Operation
from remediate.kinds.bodies.calls import (
    await_effect,
    call_for,
    effect,
    insist_on_precondition,
    read,
    send,
)
from remediate.kinds.bodies.fields import with_fields
from remediate.kinds.bodies.readback import moved_since
from remediate.kinds.records.changes import Change, Quota, pack
from remediate.kinds.records.essence import with_live_serial
from remediate.kinds.registry import kind
from remediate.model.errors import (
    ApiRefused,
    CheckFailed,
    Interrupted,
    PartlyApplied,
    RemediateError,
    Stale,
    Unreachable,
)
from remediate.model.json import Body, Json
from remediate.model.plan import Action, Difference, Plan, Step
from remediate.model.progress import (
    StepBegun,
    StepDone,
    StepFailed,
    tell,
)
from remediate.model.ref import Ref
from remediate.model.values import Reference, Template, Unknown
from remediate.pipeline.conditions import Vigil, hold, wait_until_ready
from remediate.pipeline.memory import begun, left_of, set_aside
from remediate.pipeline.refused import refused
from remediate.pipeline.steps import LEDGER_ONLY, record_digest
from remediate.stores.journal import Journal, Kind
from remediate.stores.ledger import Entry, Ledger

MANY = 20  # record sets of one zone; beyond that one list is cheaper than a look at each


@dataclass(frozen=True, slots=True)
class Ways:
    """What to type when a run ends too early: to go on, and to go back."""

    on: str
    back: str


class Run:
    """One plan on its way: what it knows, and what it has yet to tell."""

    def __init__(
        self,
        google: Google,
        journal: Journal,
        ledger: Ledger,
        *,
        steps: Sequence[Step],
        ways: Ways,
        entries: Mapping[Ref, Entry | None],
        vigil: Vigil,
    ) -> None:
        self.google = google
        self.journal = journal
        self.ledger = ledger
        self.ways = ways
        self.entries = entries  # what the ledger says of a Ref once its steps are done
        self.vigil = vigil
        self.watchers = vigil.watchers
        self.bodies: dict[Ref, Body] = {}
        self.gone: set[Ref] = set()  # what it has deleted for good
        self.done: list[Step] = []
        self.open: dict[Ref, list[Step]] = defaultdict(list)  # not done yet
        for step in steps:
            self.open[step.ref].append(step)
        self.stopping = vigil.stopping  # once it is set, no step begins
        self._book = threading.Lock()  # the journal and the ledger are written in one order

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
        """Steps that one request, or none, has carried out, with the bodies that came of them."""
        operations = [operation.to_json()] if operation else []
        with self._book:
            for step in steps:
                body = bodies[step.live]
                self.journal.note(Kind.STEP_DONE, step=step.id, after=body, operations=operations)
                self.done.append(step)
                self.open[step.ref] = [one for one in self.open[step.ref] if one.id != step.id]
                if body is not None:
                    self.bodies[step.live] = body
                self._remember(step)
            self.ledger.save()
        for step in steps:
            tell(self.watchers, StepDone(step, seconds))

    def fail(self, step: Step, error: BaseException) -> None:
        self.note(Kind.STEP_FAILED, step=step.id, why=str(error))
        tell(self.watchers, StepFailed(step, str(error)))

    def _remember(self, step: Step) -> None:
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


def carry_out(plan: Plan, run: Run, parallelism: int) -> None:
    """Take every step, wave by wave. The snapshot and the run's first record are durable already.

    Raises PartlyApplied when a step fails after another was done, the step's own error when
    nothing was written, CheckFailed when something does not become ready afterwards.
    """
    try:
        for wave in plan.waves:
            _take(wave, run, parallelism)
        for ref in plan.settles:
            wait_until_ready(ref, run.vigil)
    except RemediateError as error:
        run.note(Kind.RUN_ENDED, outcome="failed", why=str(error))
        raise _in_context(error, plan, run) from error
    run.note(Kind.RUN_ENDED, outcome="done")


def _take(wave: Sequence[Step], run: Run, parallelism: int) -> None:
    """Every step of a wave, several at once; after a failure none begins, but those begun end."""
    tasks: list[Any] = [
        (_change_records, steps) for steps in _by_zone(s for s in wave if s.ref.is_record_set)
    ]
    tasks += [(_take_step, step) for step in wave if not step.ref.is_record_set]
    waiting = iter(tasks)
    failures: list[BaseException] = []
    with ThreadPoolExecutor(max_workers=parallelism) as pool:
        busy: set[Future[None]] = set()
        while True:
            while len(busy) < parallelism and not failures and not run.stopping.is_set():
                if (task := next(waiting, None)) is None:
                    break
                busy.add(pool.submit(task[0], task[1], run))
            if not busy:
                break
            ended, busy = wait(busy, return_when=FIRST_COMPLETED)
            failures += [error for future in ended if (error := future.exception())]
    if failures:
        raise next((e for e in failures if not isinstance(e, RemediateError)), failures[0])
    if run.stopping.is_set() and next(waiting, None) is not None:
        raise Interrupted("interrupted: the steps in flight have ended, and no other was begun")


def _take_step(step: Step, run: Run) -> None:
    google = run.google
    tell(run.watchers, StepBegun(step))
    began = google.clock.monotonic()
    _hold_back(step, run)
    if step.method in LEDGER_ONLY:
        _write_down(step, run, began)
        return
    try:
        live = read(google, step.live)
        insist_on_precondition(step, live, google.project)
        after = run.filled(step, step.after)
        call = call_for(step, after, live, google.request_id())
    except RemediateError as error:
        run.fail(step, error)
        raise
    wanted = {step.live: effect(step, after, live)}
    _note_begun(run, [step], call.to_json(), {step.live: live}, wanted)
    try:
        operation = send(google, call)
        await_effect(google, operation, step, after)
        body = read(google, step.live)
    except RemediateError as error:
        run.fail(step, error)
        told = refused(google, step, error)
        if told is error:
            raise
        raise told from error
    _insist_on_effect(step, wanted[step.live], body, run)
    run.finish([step], {step.live: body}, google.clock.monotonic() - began, operation)


def _hold_back(step: Step, run: Run) -> None:
    """Until all that the step waits for has come about; if it never does, the other way."""
    try:
        for ref in step.ready:
            wait_until_ready(ref, run.vigil)
        for condition in step.awaits:
            hold(condition, run.vigil, dns_moved=run.has_moved_dns)
    except CheckFailed as error:
        run.fail(step, error)
        if step.instead is None:
            raise
        _take_step(replace(step.instead, id=f"{step.id}-instead"), run)
        raise CheckFailed(f"{error}\n{step.live}: {step.instead.note}") from error


def _write_down(step: Step, run: Run, began: float) -> None:
    """A step that Google hears nothing of: what it is about is as it was planned from."""
    google = run.google
    try:
        live = read(google, step.live)
        insist_on_precondition(step, live, google.project)
    except RemediateError as error:
        run.fail(step, error)
        raise
    request: Body = {"method": step.method, "live": str(step.live)}
    bodies = {step.live: live}
    _note_begun(run, [step], request, bodies, bodies)
    run.finish([step], bodies, google.clock.monotonic() - began)


def _insist_on_effect(step: Step, wanted: Body | None, body: Body | None, run: Run) -> None:
    """What was read back is what was written; else the step fails, and nothing more is done."""
    error = Stale(f"{step.live} is {'gone' if body is None else 'still there'} after {step.method}")
    if (body is None) is (step.verb is Action.DELETE):
        moved = moved_since(step, wanted, body, run.google.project)
        if not moved:
            return
        error = Stale(f"{step.live} was changed by somebody else just after {step.method}: {moved}")
    run.fail(step, error)
    raise error


def _by_zone(steps: Iterator[Step]) -> list[list[Step]]:
    zones: dict[Ref, list[Step]] = defaultdict(list)
    for step in steps:
        zones[step.ref.zone].append(step)
    return list(zones.values())


def _change_records(steps: Sequence[Step], run: Run) -> None:
    """The record sets of one zone in as few changes as the project's quota allows."""
    google = run.google
    zone = steps[0].ref.zone.name
    for step in steps:
        tell(run.watchers, StepBegun(step))
    live = _live_records(google, zone, steps)
    for step in steps:
        if record_digest(live.get(step.ref)) != step.precondition:
            was, now = _words(step.before), _words(live.get(step.ref))
            error = Stale(f"{step.ref} has changed since: planned from {was}, live is {now}")
            run.fail(step, error)
            raise error
    wanted = [
        Difference(s.ref, s.verb, s.live, live.get(s.ref), _after(s, run, live)) for s in steps
    ]
    by_ref = {step.ref: (step, diff) for step, diff in zip(steps, wanted, strict=True)}
    for change in pack(wanted, Quota.of(google.dns.quota())):
        if run.stopping.is_set():
            return
        _send_change(zone, change, [by_ref[ref] for ref in change.refs], run)


def _after(step: Step, run: Run, live: Mapping[Ref, Body]) -> Body | None:
    if step.after is None:
        return None
    return with_live_serial(run.known(step.after), live.get(step.ref))


def _send_change(
    zone: str, change: Change, parts: Sequence[tuple[Step, Difference]], run: Run
) -> None:
    google = run.google
    began = google.clock.monotonic()
    request_id = google.request_id()
    steps = [step for step, _difference in parts]
    additions, deletions = list(change.additions), list(change.deletions)
    # Its body is what its steps have before and wanted: each record tells its own part.
    request: Body = {
        "method": "changes.create",
        "live": f"DnsZone/{zone}",
        "requestId": request_id,
    }
    before = {d.ref: cast("Body | None", d.before) for _step, d in parts}
    after = {d.ref: cast("Body | None", d.after) for _step, d in parts}
    _note_begun(run, steps, request, before, after)
    try:
        operation = google.dns.change(zone, additions, deletions, request_id)
        google.wait(operation)
    except RemediateError as error:
        for step in steps:
            run.fail(step, error)
        if isinstance(error, Contradicted):
            told = change.meant(str(error))
            raise Stale(f"{told} was changed by somebody else just now: {error}") from error
        error.args = (f"DnsZone/{zone}: {error}",)
        raise
    seconds = google.clock.monotonic() - began
    run.finish(steps, after, seconds, operation)


def _live_records(google: Google, zone: str, steps: Sequence[Step]) -> dict[Ref, Body]:
    """The sets as they are now, each with all of its fields; by one list where they are many."""
    if len(steps) <= MANY:
        looked = {step.ref: read(google, step.ref) for step in steps}
        return {ref: body for ref, body in looked.items() if body is not None}
    refs = {step.ref.record: step.ref for step in steps}
    return {
        ref: body
        for page in google.dns.record_sets(zone, fields="")
        for body in page
        if (ref := refs.get((str(body["name"]), str(body["type"]))))
    }


def _note_begun(
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
            request=request,
            before=before.get(step.live),
            wanted=wanted.get(step.live),
            remembered=run.remembered(step.ref),
        )


def _in_context(error: RemediateError, plan: Plan, run: Run) -> RemediateError:
    """The error as the user needs it: how much is done, the way on and the way back."""
    done, total = len(run.done), len(plan.steps)
    if done == 0 and not isinstance(error, Interrupted | CheckFailed):
        if isinstance(error, Unreachable):
            error.hint += f" `{run.ways.back}` takes back what it may have done."
        return error
    kind = type(error) if isinstance(error, CheckFailed | Interrupted) else PartlyApplied
    told = kind(f"{error}\n{done} of {total} steps are done.")
    first = f"{error.hint} Then " if isinstance(error, ApiRefused | Stale | Unreachable) else ""
    told.hint = f"{first}`{run.ways.on}` goes on, `{run.ways.back}` takes back what is done."
    return told


def _words(body: Mapping[str, Any] | None) -> str:
    if not body:
        return "nothing"
    return f"{body.get('ttl')} {body.get('rrdatas') or body.get('routingPolicy')}"
