"""Ask a program of the user's, such as conftest, what it has against a plan.

It gets the plan's JSON on its stdin, is run without a shell, and sees nothing else of ours: no
credentials, and of the environment only what a program needs to run and what is meant for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from threading import Thread
from typing import IO

from remediate.model.errors import InvalidInput
from remediate.model.plan import Objection

RULE = "policy"
TIMEOUT = 60.0  # seconds
_MOST_BYTES = 1024 * 1024  # of what it says
_MOST_MESSAGES, _LONGEST = 50, 500
_NEEDED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
_MEANT = ("CONFTEST_", "OPA_", "POLICY_")


@dataclass(frozen=True, slots=True)
class _Said:
    """`code` is None where it had to be ended, negative where a signal did."""

    code: int | None
    out: bytes
    err: bytes


def words_of(command: str) -> list[str]:
    """A command line as the words of a process; raises InvalidInput for one that has none."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InvalidInput(f"--policy-cmd {command}: {str(error).lower()}") from None
    if not words:
        raise InvalidInput("--policy-cmd names no program")
    return words


def asked(
    command: str, document: bytes, environ: Mapping[str, str], timeout: float = TIMEOUT
) -> list[Objection]:
    """What a program says against a plan: nothing if it exits with 0, else at least one objection.

    One that cannot be run, or takes longer than `timeout` seconds, denies: nobody has judged.
    """
    words = words_of(command)
    name = Path(words[0]).name
    try:
        said = _run(words, document, environ, timeout)
    except OSError as error:
        return [_objection(f"{name} could not be started: {error.strerror or error}")]
    if said.code == 0:
        return []
    if said.code is None:
        return [_objection(f"{name} did not end within {timeout:.0f} s, or said far too much")]
    found = [*_conftest(said.out)] or [("deny", line) for line in _lines(said.out)]
    if not any(level == "deny" for level, _ in found):
        how = f"exit {said.code}" if said.code > 0 else f"killed by signal {-said.code}"
        why = next(reversed([*_lines(said.err)]), "it said nothing")
        found.append(("deny", f"{how}: {why}"))
    more = len(found) - _MOST_MESSAGES
    shown = [_objection(f"{name}: {message}", level) for level, message in found[:_MOST_MESSAGES]]
    return [*shown, _objection(f"{name}: and {more} more")] if more > 0 else shown


def _run(words: list[str], document: bytes, environ: Mapping[str, str], timeout: float) -> _Said:
    seen = {n: v for n, v in environ.items() if n in _NEEDED or n.startswith(_MEANT)}
    pipe = subprocess.PIPE
    process = subprocess.Popen(  # noqa: S603 - the user's own program, without a shell
        words, stdin=pipe, stdout=pipe, stderr=pipe, env=seen, start_new_session=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    out, err = bytearray(), bytearray()
    threads = [
        Thread(target=_feed, args=(process.stdin, document), daemon=True),
        Thread(target=_listen, args=(process.stdout, out, process.pid), daemon=True),
        Thread(target=_listen, args=(process.stderr, err, process.pid), daemon=True),
    ]
    for thread in threads:
        thread.start()
    code: int | None = None
    with contextlib.suppress(subprocess.TimeoutExpired):
        code = process.wait(timeout)
    _end(process.pid)  # what it has left running too, so that nobody holds its pipes
    process.wait()
    for thread in threads:
        thread.join(1)
    if max(len(out), len(err)) > _MOST_BYTES:
        code = None
    return _Said(code, bytes(out[:_MOST_BYTES]), bytes(err[:_MOST_BYTES]))


def _feed(stream: IO[bytes], document: bytes) -> None:
    with contextlib.suppress(OSError), stream:  # it need not read to the end
        stream.write(document)


def _listen(stream: BufferedReader, into: bytearray, process: int) -> None:
    with stream:
        while chunk := stream.read1(65536):
            into += chunk
            if len(into) > _MOST_BYTES:
                _end(process)
                return


def _end(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _conftest(out: bytes) -> Iterator[tuple[str, str]]:
    """Failures and warnings of `conftest test -o json`: (level, message)."""
    try:
        results: object = json.loads(out)
    except (ValueError, RecursionError):
        return
    for result in results if isinstance(results, list) else ():
        if not isinstance(result, Mapping):
            continue
        for name, level in (("failures", "deny"), ("warnings", "warn")):
            for one in result.get(name) or ():
                if isinstance(one, Mapping) and one.get("msg"):
                    yield level, str(one["msg"])[:_LONGEST]


def _lines(text: bytes) -> Iterator[str]:
    for line in text.decode(errors="replace").splitlines():
        if line.strip():
            yield line.strip()[:_LONGEST]


def _objection(message: str, level: str = "deny") -> Objection:
    return Objection(RULE, level, None, message)
