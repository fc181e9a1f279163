"""Take every step of a plan: journal, write, wait, read back, journal, ledger."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from remediate.gcp.operations import Operation
from remediate.kinds.bodies.calls import (
    await_effect,
    call_for,
    effect,
    insist_on_precondition,
    read,
    send,
)
from remediate.kinds.bodies.readback import moved_since
from remediate.model.errors import (
    ApiRefused,
    CheckFailed,
    Interrupted,
    Locked,
    PartlyApplied,
    RemediateError,
    Stale,
    Unreachable,
)
from remediate.model.json import Body
from remediate.model.plan import Action, Plan, Step
from remediate.model.progress import StepBegun, tell
from remediate.pipeline.conditions import hold, wait_until_ready
from remediate.pipeline.gates import Gates
from remediate.pipeline.looking import Meant, read_back, settled
from remediate.pipeline.record_steps import by_zone, change_records
from remediate.pipeline.refused import refused
from remediate.pipeline.run import Run, note_begun
from remediate.pipeline.steps import LEDGER_ONLY
from remediate.stores.journal import Kind


def carry_out(plan: Plan, run: Run, parallelism: int, gates: Gates | None = None) -> None:
    """Take every step, wave by wave. The snapshot and the run's first record are durable already.

    Raises PartlyApplied when a step fails after another was done, the step's own error when
    nothing was written, CheckFailed when something does not become ready afterwards, or when what
    a visitor must see does not hold.
    """
    try:
        watch = gates.watching(plan, run) if gates else None
        for number, wave in enumerate(plan.waves):
            _take(wave, run, parallelism)
            if watch and number + 1 < len(plan.waves):
                watch.after(number)
        for ref in plan.settles:
            wait_until_ready(ref, run.vigil)
        if watch:
            watch.at_the_end()
        run.note(Kind.RUN_ENDED, outcome="done")
    except RemediateError as error:
        _end_failed(run, error)
        raise _in_context(error, plan, run) from error


def _end_failed(run: Run, error: RemediateError) -> None:
    """The run's last word. That it may not have one must not hide what it has done."""
    try:
        run.note(Kind.RUN_ENDED, outcome="failed", why=str(error))
    except RemediateError as unwritten:
        if str(unwritten) not in str(error):
            error.args = (f"{error}\n{unwritten}",)


def _take(wave: Sequence[Step], run: Run, parallelism: int) -> None:
    """Every step of a wave, several at once; after a failure none begins, but those begun end."""
    tasks: list[Any] = [
        (change_records, steps) for steps in by_zone(s for s in wave if s.ref.is_record_set)
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
        raise _together(failures)
    if run.stopping.is_set() and next(waiting, None) is not None:
        raise Interrupted("interrupted: the steps in flight have ended, and no other was begun")


def _together(failures: Sequence[BaseException]) -> BaseException:
    """The first of them, with what the others say; a bug before all."""
    first = next((e for e in failures if not isinstance(e, RemediateError)), failures[0])
    if isinstance(first, RemediateError):
        first.args = ("\n".join(dict.fromkeys(map(str, failures))),)
    return first


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
        call = run.as_before(call_for(step, after, live, google.request_id()))
    except RemediateError as error:
        run.fail(step, error)
        raise
    wanted = {step.live: effect(step, after, live)}
    note_begun(run, [step], call.to_json(), {step.live: live}, wanted)
    meant = Meant(step.live, step.method, live, wanted[step.live], step.fields, call.request_id)

    def request() -> Operation:
        operation = send(google, call)
        await_effect(google, operation, step, after)
        return operation

    try:
        operation = run.carry([step], request, lambda: settled(google, meant))
        body = read_back(google, step.live)
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
        _take_step(run.turn_back(step), run)
        told = CheckFailed(f"{error}\n{step.live}: {step.instead.note}")
        vars(told).update(vars(error))  # the advice goes with it
        raise told from error


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
    note_begun(run, [step], request, bodies, bodies)
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


def _in_context(error: RemediateError, plan: Plan, run: Run) -> RemediateError:
    """The error as the user needs it: how much is done, the way on and the way back."""
    done, total = run.earlier + len(run.done), run.earlier + len(plan.steps)
    if not run.has_written:
        error.args = (f"{error}\nNothing was changed.",)
        error.hint = _advice(error, run, f"`{run.ways.again}` tries again.")
        return error
    if done == 0 and not isinstance(error, Interrupted | CheckFailed | Locked):
        ways = f"`{run.ways.on}` goes on, `{run.ways.back}` takes back what it may have done."
        error.hint = _advice(error, run, ways)
        return error
    kind = type(error) if isinstance(error, CheckFailed | Interrupted) else PartlyApplied
    told = kind(f"{error}\n{done} of {total} steps are done.")
    what = "what is done" if done else "what it may have done"
    ways = f"`{run.ways.on}` goes on, `{run.ways.back}` takes back {what}."
    told.hint = _advice(error, run, ways)
    return told


def _advice(error: RemediateError, run: Run, ways: str) -> str:
    """What the error itself advises, where to read more, and then the ways from here."""
    knows = isinstance(error, ApiRefused | Stale | Unreachable) or "hint" in vars(error)
    said = [error.hint] if knows else []
    if isinstance(error, ApiRefused):
        said.append(f"`remediate show {run.journal.run}` tells what was sent.")
    return " ".join([*said, "Then", ways] if said else [ways])
