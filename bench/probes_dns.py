"""What DNS probes cost: two thousand names at three resolvers in one round, and a whole round.

`python bench/probes_dns.py` prints lines of Markdown, beside prometheus-blackbox-exporter where
that is installed, and exits 1 if a number does not hold. Resolvers and edges are processes of
their own. Ours is the CPU of the round, theirs that of the exporter's process over the same.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import exporter
import probes_edge
from measure import HERE, Failed

NAMES = 2_000
RESOLVERS = ("8.8.8.8", "1.1.1.1", "9.9.9.9")
EACH = 0.25  # ms of CPU for a probe
WHOLE = 3.0  # s of CPU for the names, and the edges besides
_RUNS = 3


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU in `unit`, the median of several rounds; `theirs` where it is installed."""

    what: str
    ours: float
    theirs: float | None
    bound: float
    unit: str

    @property
    def holds(self) -> bool:
        return self.ours <= self.bound


def measured() -> Iterator[Spent]:
    with ExitStack() as stack:
        ports = [stack.enter_context(resolver()) for _ in RESOLVERS]
        told: dict[str, Any] = {
            "dial": {
                f"{ip}:53": f"127.0.0.1:{port}" for ip, port in zip(RESOLVERS, ports, strict=True)
            }
        }
        ours = statistics.median(_round(told)[0] for _ in range(_RUNS))
        theirs = _exporter(ports) if exporter.is_installed() else None
        count = NAMES * len(RESOLVERS)
        what = f"DNS probe, {NAMES:,} names at {len(RESOLVERS)} resolvers in one round"
        yield Spent(what, ours / count * 1000, theirs, EACH, "ms")
        edges = stack.enter_context(probes_edge.edges(probes_edge.EDGES, 20))
        told = {**edges, "dial": told["dial"] | edges["dial"]}
        whole = statistics.median(sum(_round(told)) for _ in range(_RUNS))
        what = f"a round of these {count:,} DNS probes and {len(told['edges']):,} HTTPS probes"
        yield Spent(what, whole, None, WHOLE, "s")


@contextmanager
def resolver() -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, HERE / "resolver.py"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait()


def _round(told: dict[str, Any]) -> tuple[float, float]:
    """CPU seconds of DNS and of HTTPS, in a process of its own: nothing is cached before."""
    command = [sys.executable, str(HERE / "probes_dns.py"), "--round"]
    done = subprocess.run(
        command, input=json.dumps(told), capture_output=True, text=True, check=True
    )
    dns, https = json.loads(done.stdout)
    return dns, https


def _own_round() -> None:
    from remediate.probes.dial import Dial  # noqa: PLC0415 - in the measured process alone
    from remediate.probes.dns import Question, ask  # noqa: PLC0415 - as above
    from remediate.probes.http import Request, get  # noqa: PLC0415 - as above

    told = json.load(sys.stdin)
    dial = Dial(lambda: told["dial"])
    ask(dial, [Question("warm.example.", "A", it, it) for it in RESOLVERS])
    begun = time.process_time()
    names = [f"host-{number}.example." for number in range(NAMES)]
    questions = [Question(name, "A", it, it) for name in names for it in RESOLVERS]
    answers = ask(dial, questions, deadline=60)
    dns = time.process_time() - begun
    for each in answers:
        digit = each.name.partition(".")[0][-1]
        wanted = ("nxdomain", ()) if digit == "9" else ("ok", ("203.0.113.10",))
        if (each.outcome, each.values) != wanted:
            raise Failed(each.message)
    begun = time.process_time()
    asked = [Request(f"https://{host}/health", address) for address, host in told.get("edges", ())]
    seen = (
        get(dial, asked, now=datetime.now(UTC), roots=[told["root"]], deadline=60) if asked else []
    )
    https = time.process_time() - begun
    for one in seen:
        if (one.status, one.tls and one.tls.outcome) != (200, "ok"):
            raise Failed(one.message)
    print(json.dumps([dns, https]))


def _exporter(ports: list[int]) -> float:
    """A module for each name: in its configuration is where a name is said."""
    names = [f"host-{number}" for number in range(NAMES)]
    modules = {
        name: {
            "prober": "dns",
            "dns": {
                "query_name": f"{name}.example.",
                "query_type": "A",
                "preferred_ip_protocol": "ip4",
                "valid_rcodes": ["NXDOMAIN" if name.endswith("9") else "NOERROR"],
            },
        }
        for name in names
    }
    probes = [{"module": it, "target": f"127.0.0.1:{port}"} for it in names for port in ports]
    with exporter.exporter(modules) as round_:
        return statistics.median(round_(probes) for _ in range(_RUNS))


def main() -> int:
    if "--round" in sys.argv:
        _own_round()
        return 0
    every = list(measured())
    for each in every:
        theirs = f"{each.theirs:.2f} {each.unit}" if each.theirs is not None else "—"
        print(
            f"| {each.what} | {each.ours:.3f} {each.unit} CPU "
            f"| {exporter.EXPORTER}: {theirs} | ≤ {each.bound:g} {each.unit} |"
        )
    return 0 if all(each.holds for each in every) else 1


if __name__ == "__main__":
    sys.exit(main())
