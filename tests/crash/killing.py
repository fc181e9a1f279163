"""Commands that die by SIGKILL at a point that a test names, in a process forked for them.

The product names its own points (`failpoint.PLACES`). Between those lie every other call that
changes what is on disk, and the moment when a request has had its effect and no answer was read.
Of a store in a bucket, each write and all that waits for the bucket is named by what it is of.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeAlias

from urllib3.connection import HTTPConnection

from remediate.cli.command import run
from remediate.model import failpoint
from remediate.stores.bucket import Bucket
from remediate.stores.folder import Folder
from remediate.stores.mirror import Offline

CALLS = ("mkdir", "open", "write", "link", "replace", "unlink")
SENT = "between a request and its answer"
KEYED = (  # writes of which the key says what is written
    (Bucket, "_written", "putting"),
    (Offline, "_note", "noting"),
    (Folder, "remove", "removing"),
)
_PATIENCE = 60  # seconds; a child that hangs is a failure, not a wait


class Nth(NamedTuple):
    """The n-th time that a point of this name is passed, counted from 0."""

    name: str
    n: int


Where: TypeAlias = int | Nth | None  # by number, by name, or nowhere


@dataclass(frozen=True)
class End:
    """How a child ended: the point where it was killed, "" if it lived; else all it passed."""

    at: str
    passed: list[str] = field(default_factory=list)
    code: int = -1


class Points:
    """Counts the points that are passed, from 0, and dies at one of them.

    A `write` dies in its middle instead of after itself: it is torn.
    """

    def __init__(self, die_at: Where, tell: int) -> None:
        self.passed: list[str] = []  # what was done there
        self._times: Counter[str] = Counter()
        self._die_at = die_at
        self._tell = tell  # where to say so before dying
        self._turn = threading.RLock()
        self._write = os.write
        for name in CALLS:
            setattr(os, name, self._watched(name, getattr(os, name)))
        self._about = threading.local()  # what the request under way is about
        for owner, name, what in KEYED:
            setattr(owner, name, self._keyed(what, getattr(owner, name)))
        HTTPConnection.getresponse = self._answered(HTTPConnection.getresponse)  # type: ignore[method-assign] # in this process alone, which ends
        failpoint.watch(self.note)

    def note(self, what: str) -> None:
        with self._turn:
            if self._due(what):
                self._die(what)
            self.passed.append(what)
            self._times[what] += 1

    def _due(self, what: str) -> bool:
        return self._die_at in {len(self.passed), (what, self._times[what])}

    def _die(self, what: str) -> NoReturn:
        self._write(self._tell, what.encode())
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("nobody outlives SIGKILL")

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **more: Any) -> Any:
            self.note(f"before {name}")
            if name == "write" and self._due("after write"):
                call(args[0], bytes(args[1])[: len(args[1]) // 2])
            result = call(*args, **more)
            self.note(f"after {name}")
            return result

        return watched

    def _keyed(self, what: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """A write to a store, which its key tells the kind of: `before putting runs`."""

        def keyed(store: Any, key: str, *args: Any) -> Any:
            about = f"{what} {key.partition('/')[0]}"
            self.note(f"before {about}")
            self._about.now = about
            try:
                result = call(store, key, *args)
            finally:
                self._about.now = ""
            self.note(f"after {about}")
            return result

        return keyed

    def _answered(self, getresponse: Callable[..., Any]) -> Callable[..., Any]:
        def answered(connection: Any) -> Any:
            about = getattr(self._about, "now", "")
            with self._turn:
                for point in (SENT, *([f"{SENT}: {about}"] if about else [])):
                    if self._due(point):
                        select.select([connection.sock], [], [], _PATIENCE)  # it had its effect
                    self.note(point)
            return getresponse(connection)

        return answered


def die_at(point: Where, words: Sequence[str], said: Path) -> End:
    """Run a command line in a child that dies at this point, if it ever gets there.

    What the child says goes to a file.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _live_and_die(point, words, said, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read().decode()
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, f"signal {os.WTERMSIG(status)}: {words}"
        return End(told)
    assert told, said.read_text()
    return End("", json.loads(told), os.WEXITSTATUS(status))


def _live_and_die(point: Where, words: Sequence[str], said: Path, writer: int) -> NoReturn:
    code = 99
    signal.alarm(_PATIENCE)
    try:
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        os.dup2(1, 2)
        sys.stdout = sys.stderr = os.fdopen(1, "w", buffering=1)
        points = Points(point, writer)
        code = run(words)
        passed = [*points.passed]
        with os.fdopen(writer, "w") as pipe:
            json.dump(passed, pipe)
    finally:
        os._exit(code)
