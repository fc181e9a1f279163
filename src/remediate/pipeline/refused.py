"""A write that Google did not take, told to whoever wanted it: of what, why, and what to do."""

from __future__ import annotations

from remediate.gcp.errors import AlreadyExists, NotFound, PreconditionFailed
from remediate.gcp.google import Google
from remediate.kinds.bodies.calls import read
from remediate.kinds.bodies.compare import changeable_fields
from remediate.kinds.bodies.moved import moves
from remediate.kinds.registry import kind
from remediate.model.errors import ApiRefused, RemediateError, Stale, Unreachable
from remediate.model.plan import Action, Step


def refused(google: Google, step: Step, error: RemediateError) -> RemediateError:
    """The error to raise instead: Stale where somebody else was there first, or is there still."""
    match error:
        case AlreadyExists() if error.is_busy:
            return _busy(step, error)
        case AlreadyExists() if step.verb is Action.CREATE:
            return _there_already(google, step, error)
        case AlreadyExists() | PreconditionFailed():
            return _changed(google, step, error)
        case NotFound() if step.verb is not Action.CREATE and read(google, step.live) is None:
            return _deleted(step, error)
        case ApiRefused() | Unreachable() if str(step.live) not in str(error):
            error.args = (f"{step.live}: {error}",)
    return error


def _busy(step: Step, error: RemediateError) -> Stale:
    busy = Stale(f"{step.live} is busy: {error}")
    busy.hint = "Google does one thing at a time with it. Wait until that is done."
    return busy


def _changed(google: Google, step: Step, error: ApiRefused) -> Stale:
    """What Google compares says little to people; what has moved does, where anything has."""
    facts, live = kind(step.live.kind), read(google, step.live)
    if live is None:
        return _deleted(step, error)
    fields = step.fields or changeable_fields(facts, step.before)
    moved = moves(facts, step.before or {}, live, fields, google.project)
    why = f" ({_word(error)}): {moved}" if moved else f": {error}"
    return Stale(f"{step.live} was changed by somebody else just now{why}")


def _deleted(step: Step, error: ApiRefused) -> Stale:
    return Stale(f"{step.live} was deleted by somebody else just now ({_word(error)})")


def _there_already(google: Google, step: Step, error: AlreadyExists) -> RemediateError:
    """Google may keep the name of what was deleted: for a week, as Cloud SQL says of itself."""
    if read(google, step.live) is not None:
        return Stale(f"{step.live} was made by somebody else just now ({_word(error)})")
    error.args = (f"{step.live} is not there, but its name is not free: {error}",)
    error.hint = (
        "Google may keep the name of what was deleted, of an instance for a week. "
        "Write another name, or wait."
    )
    return error


def _word(error: ApiRefused) -> str:
    return f"{error.status} {error.reason}".strip()
