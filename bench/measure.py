"""What one process costs: CPU of it and of nobody else, and the most memory it held."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
# ru_maxrss is in KiB on Linux and in bytes on macOS (getrusage(2) of each).
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds (user and system, the median of `runs`), and the most MiB of any run."""

    cpu: float
    rss: float
    runs: int
    output: str


class Failed(Exception):
    """A command that should have been measured did not work."""


def cost(
    command: Sequence[str], runs: int = 1, *, root: Path, env: Mapping[str, str] | None = None
) -> Cost:
    """Run a command `runs` times; raises Failed unless each exits 0."""
    each = [_once(command, root, {**os.environ, **(env or {})}) for _ in range(runs)]
    return Cost(
        statistics.median(one.cpu for one in each),
        max(one.rss for one in each),
        runs,
        each[-1].output,
    )


def _once(command: Sequence[str], root: Path, env: Mapping[str, str]) -> Cost:
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, cwd=root, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read()
    if process.returncode:
        raise Failed(f"{' '.join(command)} exited {process.returncode}:\n{said[-3000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * RSS_UNIT / 2**20, 1, said)


@contextmanager
def server(wanted: str) -> Iterator[str]:
    """A sandbox process with a scenario, by name or file; its URL."""
    process = subprocess.Popen(
        [sys.executable, HERE / "server.py", wanted],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        if not url:
            raise Failed("the sandbox did not start")
        yield url
    finally:
        process.stdin.close()
        process.wait()


def calls(url: str) -> list[tuple[str, str]]:
    """What the sandbox was asked since the last time, as (method, path)."""
    with urllib.request.urlopen(f"{url}/_sandbox/calls") as answer:  # noqa: S310 - loopback
        asked = json.load(answer)["calls"]
    reset = urllib.request.Request(f"{url}/_sandbox/calls:reset", b"{}")  # noqa: S310 - loopback
    urllib.request.urlopen(reset).close()  # noqa: S310 - loopback
    return [(call["method"], call["path"]) for call in asked]
