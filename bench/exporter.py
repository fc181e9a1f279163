"""Debian's prometheus-blackbox-exporter, where it is installed: whom our probes are beside."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measure import Failed

EXPORTER = "prometheus-blackbox-exporter"
_AT_ONCE = 16  # requests to it
_PORT = 19115

Round = Callable[[Sequence[Mapping[str, str]]], float]
"""Probes by their query parameters -> CPU milliseconds of the exporter's process for each."""


def is_installed() -> bool:
    return shutil.which(EXPORTER) is not None


@contextmanager
def exporter(modules: Mapping[str, Any]) -> Iterator[Round]:
    """One that runs with these modules of its configuration."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.yml")
        config.write_text(json.dumps({"modules": modules}))
        listen = f"--web.listen-address=127.0.0.1:{_PORT}"
        process = subprocess.Popen(
            [EXPORTER, f"--config.file={config}", listen, "--log.level=error"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _await()
            yield lambda probes: _round(process.pid, probes)
        finally:
            process.terminate()
            process.wait()


def _round(pid: int, probes: Sequence[Mapping[str, str]]) -> float:
    """Every probe by a request of its own, as Prometheus would ask: it knows no other way."""

    def ask(probe: Mapping[str, str]) -> None:
        query = urllib.parse.urlencode(probe)
        with urllib.request.urlopen(f"http://127.0.0.1:{_PORT}/probe?{query}") as answer:
            if b"\nprobe_success 1" not in answer.read():
                raise Failed(f"{EXPORTER} could not probe {probe}")

    before = _cpu(pid)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(ask, probes))
    return (_cpu(pid) - before) / len(probes) * 1000


def _await() -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{_PORT}/-/healthy").close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise Failed(f"{EXPORTER} did not start")


def _cpu(pid: int) -> float:
    """Seconds of a process's user and system time (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
