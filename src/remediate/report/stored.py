"""Whatever a person points at - a plan file, a snapshot, a run - found and ready to be drawn."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from remediate.model.errors import InvalidInput
from remediate.model.json import Body
from remediate.report.human import plan_text
from remediate.report.plan_files import state
from remediate.report.readback import read_plan
from remediate.report.runs import run_json, run_text
from remediate.report.snapshots import show_json, show_text
from remediate.report.text import WIDTH, Typed, bare, safe, wrapped
from remediate.stores import journal
from remediate.stores.plans import holds_promise
from remediate.stores.snapshots import LATEST, Snapshots
from remediate.stores.store import Store

_LARGEST = 256 * 1024 * 1024  # bytes of a plan file; one of 100,000 changes has some 150 MiB


@dataclass(frozen=True, slots=True)
class Found:
    """`text` and `json` are made only when asked for."""

    text: Callable[[], str]
    json: Callable[[], Body]


def find(
    store: Store,
    what: str,
    typed: Typed = bare,
    width: int = WIDTH,
    now: datetime | None = None,
    side: str = "",
) -> Found:
    """A JSON plan by its file; a snapshot or run by its id or the beginning of one.

    Of a plan file, what becomes of it if it is applied `now` is told too, if that is said.

    `side` is whose clock `now` is of, `google` or `sandbox`.

    Raises InvalidInput for a plan file that was altered, and where nothing, or more than one
    thing, answers to that.
    """
    path = Path(what)
    if path.is_file():
        return _plan_file(path, store, now, side)
    return _by_id(store, what, typed, width)


def _plan_file(path: Path, store: Store, now: datetime | None, side: str) -> Found:
    if path.stat().st_size > _LARGEST:
        raise InvalidInput(f"{path} is too large to be a plan")
    try:
        data = path.read_bytes()
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise InvalidInput(f"{path} does not hold JSON") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from None
    if not isinstance(document, dict) or "resource_changes" not in document:
        refused = InvalidInput(f"{path} does not hold a plan")
        refused.hint = "Snapshots and runs are shown by their id, not by their file."
        raise refused
    if now is not None and holds_promise(document):
        said = state(str(path), data, store, now, side)
        told = "\n".join(wrapped(safe(f"Plan file {said}."), WIDTH))
        plan = read_plan(document)
        return Found(lambda: f"{told}\n\n{plan_text(plan)}", lambda: document)
    plan = read_plan(document)
    return Found(lambda: plan_text(plan), lambda: document)


def _by_id(store: Store, what: str, typed: Typed, width: int) -> Found:
    known = journal.runs(store)
    wanted = max(known) if known and what == LATEST else what.upper()
    snapshots = [one for one in Snapshots(store).ids() if wanted and one.startswith(wanted)]
    runs = [one for one in known if wanted and one.startswith(wanted)]
    exact = [one for one in (*snapshots, *runs) if one == wanted]
    if len(exact) != 1 and len(snapshots) + len(runs) != 1:
        raise _nothing(what, [*snapshots, *runs])
    identifier = (exact or snapshots or runs)[0]
    if identifier in snapshots:
        snapshot = Snapshots(store).load(identifier)
        return Found(
            lambda: show_text(snapshot, typed=typed, width=width), lambda: show_json(snapshot)
        )
    story = journal.read(store, identifier)
    return Found(lambda: run_text(story, typed=typed, width=width), lambda: run_json(story))


def _nothing(what: str, several: list[str]) -> InvalidInput:
    if several:
        error = InvalidInput(f"{safe(what)!r} could be {', '.join(several[:5])}")
        error.hint = "Write more of it."
        return error
    error = InvalidInput(f"there is no file, snapshot or run called {safe(what)!r}")
    error.hint = "`remediate snapshot list` shows every snapshot and its run."
    return error
