"""What HTTPS probes cost: a thousand edges in one round, a full handshake and a request for each.

`python bench/probes_edge.py` prints two lines of Markdown, beside prometheus-blackbox-exporter
where that is installed, and exits 1 if a number does not hold. The edges are a process of their
own. Ours is the CPU of the round, theirs that of the exporter's process over the same edges.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import exporter
from measure import HERE, Failed

EDGES = 1_000
BOUND = 1.5  # ms of CPU for each
_RUNS = 3


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU milliseconds for each edge, the median of several rounds; `theirs` where installed."""

    what: str
    ours: float
    theirs: float | None

    @property
    def holds(self) -> bool:
        return self.ours <= BOUND


def measured() -> Iterator[Spent]:
    for certificates, what in ((EDGES, "a certificate each"), (20, "20 certificates among them")):
        with edges(EDGES, certificates) as told:
            ours = statistics.median(_round(told) for _ in range(_RUNS))
            theirs = _exporter(told) if exporter.is_installed() else None
        yield Spent(f"HTTPS probe, {EDGES:,} edges in one round, {what}", ours, theirs)


@contextmanager
def edges(count: int, certificates: int) -> Iterator[dict[str, Any]]:
    """A server process; what `edges.py` tells."""
    command = [sys.executable, HERE / "edges.py", str(count), str(certificates)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    try:
        line = process.stdout.readline()
        if not line:
            raise Failed("the edges did not start")
        yield json.loads(line)
    finally:
        process.stdin.close()
        process.wait()


def _round(told: dict[str, Any]) -> float:
    """In a process of its own: nothing is cached from the round before."""
    command = [sys.executable, str(HERE / "probes_edge.py"), "--round"]
    done = subprocess.run(
        command, input=json.dumps(told), capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _own_round() -> None:
    from remediate.probes.dial import Dial  # noqa: PLC0415 - in the measured process alone
    from remediate.probes.http import Request, get  # noqa: PLC0415 - as above

    gc.disable()  # as our commands do
    told = json.load(sys.stdin)
    dial, roots, now = Dial(lambda: told["dial"]), [told["root"]], datetime.now(UTC)
    asked = [Request(f"https://{host}/health", address) for address, host in told["edges"]]
    get(dial, asked[:1], now=now, roots=roots)
    begun = time.process_time()
    seen = get(dial, asked, now=now, roots=roots, deadline=60)
    spent = time.process_time() - begun
    for each in seen:
        if (each.status, each.tls and each.tls.outcome) != (200, "ok"):
            raise Failed(each.message)
    print(spent / len(seen) * 1000)


def _exporter(told: dict[str, Any]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root.pem")
        root.write_text(told["root"])
        http = {"preferred_ip_protocol": "ip4", "tls_config": {"ca_file": str(root)}}
        module = {"prober": "http", "timeout": "10s", "http": http}
        probes = [
            {
                "module": "edge",
                "target": f"https://{told['dial'][f'{address}:443']}/health",
                "hostname": host,
            }
            for address, host in told["edges"]
        ]
        with exporter.exporter({"edge": module}) as round_:
            return statistics.median(round_(probes) for _ in range(_RUNS))


def main() -> int:
    if "--round" in sys.argv:
        _own_round()
        return 0
    every = list(measured())
    for each in every:
        theirs = f"{each.theirs:.2f} ms" if each.theirs is not None else "not installed"
        print(
            f"| {each.what} | {each.ours:.2f} ms CPU "
            f"| {exporter.EXPORTER}: {theirs} | ≤ {BOUND:g} ms |"
        )
    return 0 if all(each.holds for each in every) else 1


if __name__ == "__main__":
    sys.exit(main())
