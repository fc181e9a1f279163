"""The application's own test: a command, how it ended and what it printed."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from remediate.model.clock import SystemClock
from remediate.probes.seen import CommandSeen

TIMEOUT: Final = 60.0  # seconds
OUTPUT: Final = 65536  # bytes, the last of both streams
_CHUNK: Final = 65536
_LOOK_EVERY: Final = 0.1  # seconds; whether it has ended though something it began has not
_LOOK_AFTER: Final = 0.01  # seconds


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    timeout: float = TIMEOUT,
    env: Mapping[str, str] | None = None,
) -> CommandSeen:
    """Run a command by no shell, with nothing to read, for at most `timeout` seconds.

    `env` is added to our own. It and all that it began in its process group end with it. Only for
    who was told that commands may run: nothing here asks.
    """
    clock = SystemClock()
    began = clock.monotonic()
    try:
        process = subprocess.Popen(  # noqa: S603 - what is run was written for that by the user
            list(argv),
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError, IndexError) as error:
        why = getattr(error, "strerror", None) or str(error) or "there is no command"
        return CommandSeen(tuple(argv), None, f"{_called(argv)} does not begin: {why}")
    assert process.stdout
    try:
        output, ended = _listen(process, process.stdout, clock, began + timeout)
    finally:
        _end(process)
        process.stdout.close()
    seconds = clock.monotonic() - began
    text = output.decode("utf-8", "replace")
    if not ended:
        late = f"{_called(argv)} was stopped after {timeout:g} s"
        return CommandSeen(tuple(argv), None, late, text, seconds)
    code = process.returncode
    how = f"was ended by signal {-code}" if code < 0 else f"exits {code}"
    return CommandSeen(tuple(argv), code, f"{_called(argv)} {how}", text, seconds)


def _listen(
    process: subprocess.Popen[bytes], stream: IO[bytes], clock: SystemClock, end: float
) -> tuple[bytes, bool]:
    """The last of what it printed, and whether it ended by itself."""
    kept = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while (left := end - clock.monotonic()) > 0:
            ended = process.poll() is not None
            ready = selector.select(0 if ended else min(left, _LOOK_EVERY))
            if ready:
                data = os.read(stream.fileno(), _CHUNK)
                kept += data
                del kept[:-OUTPUT]
                if not data:  # it has closed its output, and may yet be at work
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(max(_LOOK_AFTER, end - clock.monotonic()))
                    return bytes(kept), process.returncode is not None
            elif ended:
                return bytes(kept), True
    return bytes(kept), False


def _end(process: subprocess.Popen[bytes]) -> None:
    """With everything that it began and left behind."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _called(argv: Sequence[str]) -> str:
    return argv[0] if argv else "nothing"
