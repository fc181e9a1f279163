"""Plan files: sealed when they are written, kept once more here, and applied only once.

A file is what somebody reviewed, so no byte of it may move. Its seal says that it is whole; that
it was not written anew by somebody else, only the copy here or `--digest` can say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from remediate.model.clock import Clock, rfc3339
from remediate.model.errors import InvalidInput, Stale, StoreDamaged
from remediate.model.json import Body, Json
from remediate.stores import journal
from remediate.stores.actor import Actor
from remediate.stores.journal import Kind
from remediate.stores.store import (
    FORMAT_VERSION,
    Store,
    Stored,
    is_sealed,
    sealed,
    unsealed,
)

PLAN_FILE_VERSION = 1  # of what a plan file holds besides a plan's JSON
OURS = "plan_file"  # where it holds that
_USED = ".used.json"
_LOOKED_AT = 50  # plan files; they are small, and nobody reviews for months
_AGAIN = "Plan again: `remediate plan --out FILE`, and review that."
_HINT = f"Nothing was changed. Take the file as it was written. {_AGAIN}"


@dataclass(frozen=True, slots=True)
class Used:
    """When and by whom a plan file was applied, and the run that did."""

    run: str
    time: str  # RFC 3339
    who: str


def plan_file(document: Mapping[str, Json], ours: Mapping[str, Json]) -> bytes:
    """A plan's JSON with what makes it a promise besides, and the seal of all of it."""
    return sealed({**document, OURS: {"format_version": PLAN_FILE_VERSION, **ours}})


def holds_promise(document: object) -> bool:
    return isinstance(document, dict) and isinstance(document.get(OURS), dict)


def opened(name: str, data: bytes) -> dict[str, Any]:
    """What a plan file holds; raises InvalidInput, naming the file, for every other."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise _refused(f"{name} is not whole: it cannot be read as JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("resource_changes"), list):
        raise _refused(f"{name} does not hold a plan")
    ours = document.get(OURS)
    if not isinstance(ours, dict):
        hint = "`--json-out` writes JSON to read; what can be applied is written by `--out`."
        raise _refused(f"{name} is no plan file", hint)
    version = ours.get("format_version")
    if isinstance(version, int) and version > PLAN_FILE_VERSION:
        hint = "Apply it with the version of remediate that wrote it, or plan again with this one."
        raise _refused(
            f"{name} has format {version}; this version of remediate knows {PLAN_FILE_VERSION} "
            "at most",
            hint,
        )
    if version != PLAN_FILE_VERSION or not is_sealed(data):
        raise _refused(f"{name} was altered: it does not agree with its own digest")
    return document


def _refused(message: str, hint: str = "") -> InvalidInput:
    return InvalidInput(message, hint=hint or _HINT)


class Plans:
    """`plans/<id>.json` is a plan file byte by byte, `plans/<id>.used.json` that it was applied."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, identifier: str, data: bytes) -> None:
        """Durable on return. An id is used for one file alone, so nothing is ever overwritten."""
        self._store.create(_key(identifier), data)

    def insist_on_copy(self, identifier: str, data: bytes) -> None:
        """Raise InvalidInput where the store kept other bytes under this id."""
        kept = self._store.get(_key(identifier))
        if kept is not None and kept.data != data:
            raise _refused(
                f"plan {identifier} was altered: it is not as the store kept it when it was made"
            )

    def of_digest(self, digest: str, endpoint: str) -> tuple[str, bytes] | None:
        """The key and bytes of the newest file kept here of this plan, if it is a late one.

        `endpoint`: of Google, or of a sandbox; the same plan of the other side is another promise.
        """
        keys = [key for key in self._store.list("plans/") if not key.endswith(_USED)]
        for key in keys[: -_LOOKED_AT - 1 : -1]:
            stored = self._store.get(key)
            if stored is None or digest.encode() not in stored.data:
                continue
            with suppress(InvalidInput):
                document = opened(key, stored.data)
                same = document["remediate"]["digest"] == digest
                if same and document[OURS].get("endpoint") == endpoint:
                    return key, stored.data
        return None

    def used(self, identifier: str) -> Used | None:
        """None as well where the run that took it up is known to have changed nothing."""
        return self._counting(identifier, self._store.get(_used_key(identifier)))

    def _counting(self, identifier: str, mark: Stored | None) -> Used | None:
        if mark is None:
            return None
        content = unsealed(_used_key(identifier), mark.data)
        used = Used(*(str(content.get(name)) for name in ("run", "time", "who")))
        return used if _may_have_changed(self._store, used.run) else None

    def insist_on_unused(self, identifier: str) -> None:
        """Raise Stale, saying by which run, where it was applied already."""
        if (used := self.used(identifier)) is not None:
            raise _used_already(identifier, used)

    def use(self, identifier: str, run: str, clock: Clock, actor: Actor) -> None:
        """Mark it as applied, durably; of two that try, one gets on and the other is Stale.

        A mark of a run that has changed nothing is taken over, by whoever holds the lock.
        """
        content: Body = {
            "format_version": FORMAT_VERSION,
            "plan": identifier,
            "run": run,
            "time": rfc3339(clock.now()),
            **actor.to_json(),
        }
        key = _used_key(identifier)
        mark = self._store.get(key)
        if (used := self._counting(identifier, mark)) is not None:
            raise _used_already(identifier, used)
        generation = mark.generation if mark else None
        if self._store.compare_and_swap(key, sealed(content), generation) is None:
            raise _taken_up(identifier)


def _may_have_changed(store: Store, run: str) -> bool:
    """Whether a run has sent anything that was not refused; of what is damaged nobody knows."""
    if run not in journal.runs(store):
        return False
    try:
        story = journal.read(store, run)
    except StoreDamaged:
        return True
    begun: set[str] = set()
    for record in story.records:
        step = str(record.facts.get("step"))
        match record.kind:
            case Kind.STEP_DONE:
                return True
            case Kind.STEP_BEGUN:
                begun.add(step)
            case Kind.STEP_FAILED if record.facts.get("unsure") is False:
                begun.discard(step)
    return bool(begun)


def _taken_up(identifier: str) -> Stale:
    stale = Stale(f"another process has just taken plan {identifier} up. Nothing was changed.")
    stale.hint = "`remediate lock status` tells whether it still lives; wait for its end."
    return stale


def _used_already(identifier: str, used: Used) -> Stale:
    stale = Stale(
        f"plan {identifier} was applied already, at {used.time} by {used.who} (run {used.run}); "
        "a plan is applied once. Nothing was changed."
    )
    stale.hint = f"`remediate show {used.run}` tells what came of it. {_AGAIN}"
    return stale


def _key(identifier: str) -> str:
    return f"plans/{identifier}.json"


def _used_key(identifier: str) -> str:
    return f"plans/{identifier}{_USED}"
