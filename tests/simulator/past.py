"""Bugs that histories have found: each seed with what puts its bug back, and the law that it broke.

Whoever changes what is drawn, or what a command does, makes other histories of the seeds. Where
one does not break any more on its bug, `python -m tests.simulator.past NAME` looks for another.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unittest import mock

from remediate.model import chance
from remediate.model.chance import Chance
from remediate.pipeline import preparing, resume
from remediate.pipeline.half_done import HalfDone
from remediate.pipeline.resume import Standing
from remediate.stores import journal
from remediate.stores.folder import Folder, FolderHold
from tests.simulator.playing import history, play
from tests.simulator.witness import Broken

Patch = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True)
class Past:
    """`found` is what was wrong; `breaks` is in what the law says of it."""

    name: str
    seed: int
    found: str
    patched: Patch
    breaks: str


def _one_id_behind_another() -> AbstractContextManager[object]:
    def ulid(self: Chance, now: datetime, after: str = "") -> str:
        number = (int(now.timestamp() * 1000) << 80) | self._random.getrandbits(80)
        number = max(number, chance._number(after) + 1)
        return "".join(chance._CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))

    return mock.patch.object(Chance, "ulid", ulid)


def _zone_taken_for_there() -> AbstractContextManager[object]:
    class Never(Exception):
        """Is not raised, so that what is raised comes out."""

    return mock.patch.object(resume, "NotFound", Never)


def _one_look() -> AbstractContextManager[object]:
    """Of two looks at what a run is about, only the one before the plan of its rest."""
    look, seen = resume.standing, dict[int, tuple[HalfDone, Standing]]()

    def standing(half: HalfDone, *others: Any) -> Standing:
        if id(half) not in seen:
            seen[id(half)] = half, look(half, *others)
        return seen[id(half)][1]

    return mock.patch.object(preparing, "standing", standing)


def _behind_a_fence() -> AbstractContextManager[object]:
    """Whether the lock is still ours is not asked before the run is gone on with."""
    go_on = resume.go_on

    def gone_on(*how: Any, held: Callable[[], None]) -> Any:
        asked = 0

        def later() -> None:
            nonlocal asked
            asked += 1
            if asked > 1:
                held()

        return go_on(*how, held=later)

    return mock.patch.object(preparing, "go_on", gone_on)


def _fenced_once() -> AbstractContextManager[object]:
    """A fence by whomever, at the end of a run, is as good as one of our own."""
    told = journal._is
    return mock.patch.object(journal, "_is", lambda data, kind, **_facts: told(data, kind))


def _unsettled() -> AbstractContextManager[object]:
    def settled(_self: Folder, hold: FolderHold) -> FolderHold:
        return hold

    return mock.patch.object(Folder, "_settled", settled)


PAST = [
    Past(
        "same-id",
        1399,
        "after a clock was put back every run had the same id, and after a crash none could begin",
        _one_id_behind_another,
        "nothing is in the way, and apply ends with Locked",
    ),
    Past(
        "zone-not-made",
        356,
        "a run that died before it made its zone could not be gone on with, for want of the zone",
        _zone_taken_for_there,
        "it cannot go on: NotFound",
    ),
    Past(
        "one-look",
        223,
        "an edit between the look at what a run had left and the plan of its rest was taken for "
        "drift, and overwritten",
        _one_look,
        "of somebody's",
    ),
    Past(
        "behind-a-fence",
        3673,
        "a run that was gone on with wrote behind the fence of whoever had taken the lock over",
        _behind_a_fence,
        "has begun",
    ),
    Past(
        "fenced-once",
        4354,
        "a run that had been fenced once was not fenced again after somebody had gone on with it",
        _fenced_once,
        "has begun",
    ),
    Past(
        "unsettled",
        10782,
        "a snapshot whose name a killed process had not synced was taken for durable, and built on",
        _unsettled,
        "no durable snapshot",
    ),
]


def broken(past: Past, seed: int) -> str:
    """The law that a history breaks on the bug, as it says so; "" if it breaks none."""
    history(seed)  # what stands at its beginning was made without the bug
    with past.patched():
        try:
            play(seed)
        except Broken as law:
            return str(law).partition("\nseed ")[0]
    return ""


def main(words: list[str]) -> int:
    name, *more = words
    first, last = map(int, more or ("0", "20000"))
    past = next(one for one in PAST if one.name == name)
    for seed in (past.seed, *range(first, last)):
        if law := broken(past, seed):
            sys.stdout.write(f"{name} {seed}: {law}\n")
            try:
                play(seed)
            except Broken:
                sys.stdout.write("and without the bug too\n")
                continue
            return 0
    sys.stdout.write(f"{name}: no law is broken\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
