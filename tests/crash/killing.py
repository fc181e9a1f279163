"""Commands that die by SIGKILL at a point that a test names."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from remediate.cli.command import run

# Everything in the stores that changes what is on disk, or says that it is there to stay.
CALLS = ("mkdir", "open", "write", "fsync", "link", "replace", "unlink")


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody outlives SIGKILL")


class Points:
    """Counts the calls into the file system; before and after each is a point to die at.

    Points are numbered from 0. A `write` dies in its middle instead of after itself: it is torn.
    """

    def __init__(self, die_at: int | None) -> None:
        self.passed: list[str] = []  # what was done there
        self._die_at = die_at
        self._turn = threading.Lock()
        for name in CALLS:
            setattr(os, name, self._watched(name, getattr(os, name)))

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **more: Any) -> Any:
            self._pass(f"before {name}")
            if name == "write" and len(self.passed) == self._die_at:
                call(args[0], bytes(args[1])[: len(args[1]) // 2])
            result = call(*args, **more)
            self._pass(f"after {name}")
            return result

        return watched

    def _pass(self, what: str) -> None:
        with self._turn:
            if len(self.passed) == self._die_at:
                die()
            self.passed.append(what)


def killed_at(point: int | None, words: Sequence[str], said: Path) -> list[str]:
    """Run a command line in a child that dies at this point of its dealings with the disk.

    Empty if it was killed; else every point that it passed. What it says goes to a file.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _live_and_die(point, words, said, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read()
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return []
    assert os.WEXITSTATUS(status) == 0, said.read_text()
    points: list[str] = json.loads(told)
    return points


def _live_and_die(point: int | None, words: Sequence[str], said: Path, writer: int) -> NoReturn:
    code = 99
    signal.alarm(60)  # a child that hangs is a failure, not a wait
    try:
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        os.dup2(1, 2)
        sys.stdout = sys.stderr = os.fdopen(1, "w", buffering=1)
        points = Points(point)
        code = run(words)
        with os.fdopen(writer, "w") as pipe:
            json.dump(list(points.passed), pipe)
    finally:
        os._exit(code)
