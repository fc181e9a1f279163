"""Eleven bugs, put into the product's own code: what the laws are worth is that they find these."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

from remediate.gcp.connection import ApiConnection
from remediate.gcp.errors import PreconditionFailed
from remediate.gcp.google import Google
from remediate.gcp.operations import Operation
from remediate.kinds.bodies.calls import Call, read, send
from remediate.model.errors import RemediateError
from remediate.model.plan import Step
from remediate.pipeline import carry_out, preparing, record_steps
from remediate.pipeline.half_done import HalfDone
from remediate.pipeline.resume import Standing
from remediate.pipeline.run import Run, note_begun
from remediate.stores import folder
from remediate.stores.journal import Journal
from remediate.stores.lock import Lease
from tests.simulator.history import History
from tests.simulator.platter import Platter
from tests.simulator.weather import script

Patch = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True)
class Bug:
    """`breaks` is in what the law says; `where` tells the histories in which it can show."""

    name: str
    patched: Patch
    breaks: str
    where: Callable[[History], bool] = lambda _history: True


def _unsynced() -> AbstractContextManager[object]:
    @contextmanager
    def written(path: Path, data: bytes) -> Iterator[Path]:
        temporary = path.with_name(f".{path.name}.tmp")
        temporary.write_bytes(data)
        yield temporary
        temporary.unlink(missing_ok=True)

    return mock.patch.object(folder, "_written", written)


def _without_looking() -> AbstractContextManager[object]:
    def standing(half: HalfDone, *_others: object) -> Standing:
        open_ = [one for one in half.last().values() if not one.done]
        return Standing(half, {one.live: one.wanted for one in open_}, open_, ())

    return mock.patch.object(preparing, "standing", standing)


def _carrying(answer: Callable[[RemediateError], None]) -> Patch:
    """A lost answer is taken for one."""

    def carry(
        _self: Run, _steps: Sequence[Step], request: Callable[[], Operation], _look: object
    ) -> Operation | None:
        try:
            return request()
        except RemediateError as error:
            if not error.unsure:
                raise
            answer(error)
            return None

    return lambda: mock.patch.object(Run, "carry", carry)


def _failure(error: RemediateError) -> None:
    error.unsure = False
    raise error


def _success(error: RemediateError) -> None:
    """It will have worked."""


def _fresh_fingerprint() -> AbstractContextManager[object]:
    def insistent(google: Google, call: Call) -> Operation:
        try:
            return send(google, call)
        except PreconditionFailed:
            fresh = (read(google, call.ref) or {}).get("fingerprint")
            return send(google, replace(call, body={**(call.body or {}), "fingerprint": fresh}))

    return mock.patch.object(carry_out, "send", insistent)


def _new_ids() -> AbstractContextManager[object]:
    once, sent = ApiConnection._once, dict[str, int]()

    def renamed(self: ApiConnection, asked: Any, url: str, *how: Any, **more: Any) -> Any:
        nth = sent[url] = sent.get(url, 0) + 1
        if nth > 1:
            url = re.sub(r"((?:requestId|clientOperationId)=.{35}).", rf"\g<1>{nth:x}"[:12], url)
        return once(self, asked, url, *how, **more)

    return mock.patch.object(ApiConnection, "_once", renamed)


def _uncut() -> AbstractContextManager[object]:
    follow = Journal._follow

    def on_and_on(self: Journal, seq: int, data: bytes, **_torn: bool) -> None:
        follow(self, seq, data, torn=False)

    return mock.patch.object(Journal, "_follow", on_and_on)


def _unchecked() -> AbstractContextManager[object]:
    return mock.patch.object(carry_out, "insist_on_precondition", return_value=None)


@contextmanager
def _remembered_early() -> Iterator[object]:
    def begun(run: Run, steps: Sequence[Step], *facts: Any) -> None:
        note_begun(run, steps, *facts)
        for step in steps:
            run._remember(step, run.google.clock.now())
        run.ledger.save()

    with (
        mock.patch.object(carry_out, "note_begun", begun),
        mock.patch.object(record_steps, "note_begun", begun),
    ):
        yield None


def _unfenced() -> AbstractContextManager[object]:
    return mock.patch.object(Lease, "fence", return_value=None)


def _meets(what: str) -> Callable[[History], bool]:
    """Histories in which this happens to the first command, if it lives so long."""

    def where(history: History) -> bool:
        drawn = script(history.seed, "first", history.points)
        return any(one.what == what for many in drawn.at.values() for one in many)

    return where


def _asked_once() -> AbstractContextManager[object]:
    """Whether the lease is sure is asked before a request, and not before each attempt to send."""
    carry, held = Run.carry, Google.writing_while

    def unasked(google: Google, may_write: Callable[[], None]) -> Google:
        found = held(google, lambda: None)
        vars(found)["may_write"] = may_write
        return found

    def asked(run: Run, *how: Any) -> Operation | None:
        vars(run.google)["may_write"]()
        return carry(run, *how)

    return _both(
        mock.patch.object(Google, "writing_while", unasked), mock.patch.object(Run, "carry", asked)
    )


@contextmanager
def _both(*patches: AbstractContextManager[object]) -> Iterator[object]:
    with ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        yield None


def _like_a_bucket(history: History) -> bool:
    return not history.disk.exclusive


BUGS = [
    Bug(
        "the intent is not fsynced",
        _unsynced,
        "no durable intent",
        lambda history: isinstance(history.disk, Platter),
    ),
    Bug("resume does not look", _without_looking, "of somebody's"),
    Bug("a timeout is taken for failure", _carrying(_failure), "nothing was changed, they say"),
    Bug("a timeout is taken for success", _carrying(_success), "applied, they say"),
    Bug(
        "a fresh fingerprint is fetched after a 412",
        _fresh_fingerprint,
        "of somebody's",
        _meets("hand"),
    ),
    Bug("each retry has a requestId of its own", _new_ids, "no durable intent"),
    Bug(
        "a torn tail is not cut",
        _uncut,
        "does not follow from the record before",
        _meets("tear"),
    ),
    Bug("staleness is not checked", _unchecked, "of somebody's", _meets("hand")),
    Bug("the ledger is written before the step is done", _remembered_early, "before it is done"),
    Bug("the lease is not fenced", _unfenced, "has begun", _like_a_bucket),
    Bug(
        "a request is sent again without asking whether the lock is still ours",
        _asked_once,
        "after its lock was taken away",
        lambda history: _like_a_bucket(history) and _meets("second")(history),
    ),
]
