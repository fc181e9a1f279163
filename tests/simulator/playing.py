"""From a seed to its history: what stands at its beginning, and the product made one at a time."""

from __future__ import annotations

import atexit
import concurrent.futures
import contextlib
import io
import os
import random
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from unittest import mock

from remediate.model import failpoint
from tests.simulator.cloud import Saved, cloud
from tests.simulator.environments import ENVIRONMENTS, Environment
from tests.simulator.history import History, comparable
from tests.simulator.memory import Disk
from tests.simulator.platter import Platter
from tests.simulator.process import Inline, choices
from tests.simulator.weather import weather
from tests.simulator.witness import Broken

REAL, FOLDERS = 0.1, 0.6  # shares of the histories
MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Stage:
    """An environment as it stands before a history, and how it looks at the good end of one."""

    environment: Environment
    world: Saved
    disk: Disk
    before: dict[str, Any]
    after: dict[str, Any]
    points: int


@contextlib.contextmanager
def simulated(history: History) -> Iterator[None]:
    """One thing at a time, and every named place of the product is a point of its process."""

    def at(place: str) -> None:
        if history.stack:
            history.stack[-1].passing(place)

    unwatch = failpoint.watch(at)
    with contextlib.ExitStack() as stack:
        stack.callback(unwatch)
        if isinstance(history.disk, Platter):
            stack.enter_context(history.disk.watched())
        stack.enter_context(history.cloud.running(history.wait))
        stack.enter_context(mock.patch("secrets.token_hex", history.token))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        for module in [concurrent.futures, *_with_executors()]:
            stack.enter_context(mock.patch.object(module, "ThreadPoolExecutor", Inline))
        yield


@cache
def _with_executors() -> Sequence[Any]:
    return [
        module
        for name, module in sorted(sys.modules.items())
        if name.startswith("remediate.") and hasattr(module, "ThreadPoolExecutor")
    ]


def history(seed: int) -> History:
    """The history of a seed, up to its beginning."""
    drawn = random.Random(f"environment {seed}")
    chosen = drawn.choices(ENVIRONMENTS, [one.weight for one in ENVIRONMENTS])[0]
    set_up = stage(chosen)
    world = cloud()
    world.restore(set_up.world, seed)
    disk = _disk(set_up.disk, drawn.random())
    outside = weather(seed, fragile=chosen.fragile)
    begun = History(seed, chosen, world, disk, outside, points=set_up.points)
    begun.before, begun.after = set_up.before, set_up.after
    begun.snapshots = begun.new_snapshots()
    return begun


def _disk(before: Disk, drawn: float) -> Disk:
    """A real folder for a few; else like a folder's, or like a bucket's."""
    if drawn < REAL:
        platter = Platter(root=_folder() / "store")
        platter.fill(before)
        return platter
    disk = before.copy()
    disk.exclusive = drawn < FOLDERS
    return disk


@cache
def _folder() -> Path:
    """In memory, where there is such a thing; it goes with this process."""
    around = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
    made = Path(mkdtemp(dir=around, prefix="simulator-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def stage(environment: Environment) -> Stage:
    return _stage(environment.name)


@cache
def _stage(name: str) -> Stage:
    """What was applied is live; and once, to compare with, what is wanted."""
    environment = next(one for one in ENVIRONMENTS if one.name == name)
    world, disk = cloud(), Disk()
    world.restore(world.empty, 1)
    setting = History(0, environment, world, disk)
    setting.witness.names = setting.witness.proxies = []
    with simulated(setting):
        if environment.applied:
            process = setting.process("stage", calm=True)
            setting.stack.append(process)
            ending = process.apply(environment.before, choices())
            setting.stack.pop()
            assert ending.code == 0, ending
        world.advance(7200)
        saved, kept, before = world.save(), disk.copy(), comparable(world)
        trial = History(0, environment, world, disk)
        process = trial.process("trial", calm=True)
        trial.stack.append(process)
        ending = process.apply(environment.desired, choices(**environment.choices))
        trial.stack.pop()
        assert ending.code == 0, (environment.name, ending)
        return Stage(environment, saved, kept, before, comparable(world), process.points)


def told(begun: History) -> str:
    """The history, for somebody who looks for what went wrong in it."""
    about = begun.environment.name
    where = "a folder's" if begun.disk.exclusive else "a bucket's"
    if isinstance(begun.disk, Platter):
        where = "a folder's, and one"
    lines = [f"seed {begun.seed}: {about}, its store like {where}, {begun.weather}"]
    return "\n".join([*lines, *begun.trace])


def play(seed: int) -> None:
    """Raises Broken, with all that happened, where a law does not hold."""
    begun = history(seed)
    with simulated(begun):
        try:
            begun.play()
        except Exception as broken:
            again = f"python -m tests.simulator {seed}"
            raise Broken(f"{broken!r}\n{told(begun)}\n{again}") from broken
