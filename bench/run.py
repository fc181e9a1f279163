"""`make bench`: the numbers that we hold ourselves to, beside octoDNS in the same run.

Prints Markdown, and exits 1 if a number does not hold. `--quick` leaves the 100,000 records out.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import exporter
import measure
import probes_dns
import probes_edge
import throughput
import zone
from measure import BIN, HERE, Cost, cost

PROJECT = "bench-project"
ADDRESS = "/compute/v1/projects/netra-staging/global/addresses/staging-lb"
REMEDIATE = str(BIN / "remediate")
LATE = ("google", "requests", "pydantic", "yaml", "rich")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `ratio` is theirs over ours, where they do the same work."""

    what: str
    ours: str
    peer: str
    hold: str
    holds: bool
    ratio: float | None = None


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without the 100,000 records")
    quick = parser.parse_args().quick
    rows: list[Row] = []
    print(_machine(), "", sep="\n")
    print("| what | remediate | beside it | hold | |", "|---|---|---|---|---|", sep="\n")
    for row in _rows(quick=quick):
        rows.append(row)
        times = f" ({row.ratio:.0f}x)" if row.ratio else ""
        verdict = "holds" if row.holds else "**does not hold**"
        print(
            f"| {row.what} | {row.ours} | {row.peer}{times} | {row.hold} | {verdict} |", flush=True
        )
    return 0 if all(row.holds for row in rows) else 1


def _machine() -> str:
    model = "?"
    if (cpus := Path("/proc/cpuinfo")).exists():
        found = re.search(r"model name\s*: (.+)", cpus.read_text())
        model = found[1] if found else model
    peers = " ".join(f"{name} {version(name)}" for name in ("octodns", "octodns-googlecloud"))
    return (
        f"{platform.system()} on {platform.machine()}, {model}; Python "
        f"{platform.python_version()}; remediate {version('remediate')}, {peers}."
    )


def _rows(*, quick: bool) -> Iterator[Row]:
    yield from _start_up()
    yield from _staging()
    yield from _sandbox()
    yield from _names()
    yield from _edges()
    yield from _plan_of(10_000, 0.6, None, runs=3)
    if not quick:
        yield from _plan_of(100_000, 3.0, 250.0, runs=3)


def _start_up() -> Iterator[Row]:
    peer = cost([str(BIN / "octodns-sync"), "--help"], 5, root=HERE)
    for option in ("--help", "--version"):
        ours = cost([REMEDIATE, option], 15, root=HERE)
        loaded = _loaded(option)
        yield Row(
            f"`remediate {option}`",
            f"{ours.cpu * 1000:.0f} ms CPU; {', '.join(loaded) or 'none of the five'} loaded",
            f"octodns-sync --help: {peer.cpu * 1000:.0f} ms",
            f"≤ 60 ms CPU; none of {', '.join(LATE)} loaded",
            ours.cpu <= 0.060 and not loaded,
            peer.cpu / ours.cpu,
        )


def _loaded(option: str) -> list[str]:
    command = [sys.executable, "-X", "importtime", REMEDIATE, option]
    said = cost(command, root=HERE).output
    roots = {name.strip().split(".")[0] for name in re.findall(r"\|([^|\n]+)$", said, re.MULTILINE)}
    return sorted(roots.intersection(LATE))


def _staging() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, measure.server("staging") as url:
        shutil.copytree(HERE.parent / "desired", Path(folder, "desired"))
        command = [REMEDIATE, "plan", "--detailed-exitcode", "-e", "staging", "--sandbox", url]
        cost(command, root=Path(folder))
        measure.calls(url)
        asked = (cost(command, root=Path(folder)), measure.calls(url))[1]
        lists = [path for _, path in asked]
        ours = cost(command, 7, root=Path(folder))
    yield Row(
        "plan of `staging`, `--sandbox URL`, whole process",
        f"{ours.cpu:.2f} s CPU, {len(lists)} calls",
        "—",
        "≤ 0.6 s CPU; one list per collection, 15 calls",
        ours.cpu <= 0.6 and len(lists) == len(set(lists)) == 15,
    )


def _sandbox() -> Iterator[Row]:
    with throughput.plain_server() as plain, measure.server("staging") as url:
        beside = throughput.median_ms(plain, "/", 50)
        ours = throughput.median_ms(url, ADDRESS, 2_000)
        yield Row(
            "sandbox: GET of one resource, keep-alive, median",
            f"{ours:.2f} ms", f"http.server: {beside:.1f} ms", "≤ 1 ms", ours <= 1, beside / ours,
        )  # fmt: skip
        slow = throughput.per_second(plain, "/", 3)
        fast = throughput.per_second(url, ADDRESS, 5)
        yield Row(
            "sandbox: GETs from 8 threads, client and server on the same cores",
            f"{fast:,.0f}/s", f"http.server: {slow:,.0f}/s", "≥ 2,000/s", fast >= 2_000,
        )  # fmt: skip


def _names() -> Iterator[Row]:
    for each in probes_dns.measured():
        theirs = "—"
        if each.unit == "ms":
            theirs = f"{each.theirs:.2f} ms" if each.theirs is not None else "not installed"
            theirs = f"{exporter.EXPORTER}: {theirs}"
        yield Row(
            each.what,
            f"{each.ours:.3f} {each.unit} CPU",
            theirs,
            f"≤ {each.bound:g} {each.unit} CPU",
            each.holds,
            each.theirs and each.theirs / each.ours,
        )


def _edges() -> Iterator[Row]:
    for each in probes_edge.measured():
        theirs = f"{each.theirs:.2f} ms" if each.theirs is not None else "not installed"
        yield Row(
            each.what,
            f"{each.ours:.2f} ms CPU",
            f"{exporter.EXPORTER}: {theirs}",
            f"≤ {probes_edge.BOUND:g} ms CPU",
            each.holds,
            each.theirs and each.theirs / each.ours,
        )


def _plan_of(count: int, seconds: float, mib: float | None, *, runs: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "live.json").write_text(json.dumps(zone.scenario(count, PROJECT)))
        zone.write_ours(root / "ours", count, PROJECT)
        with measure.server(str(root / "live.json")) as url:
            config = zone.write_octodns(root / "octodns", count, PROJECT, url)
            ours, asked = _ours(root / "ours", url, runs)
            peer = _octodns(config, root)
    live = count + 2  # NS and SOA
    calls = math.ceil(live / 1000) + 1
    hold = f"≤ {seconds:g} s CPU" + (f", ≤ {mib:g} MiB" if mib else "") + f", {calls} calls"
    yield Row(
        f"plan, {count:,} DNS record sets, nothing changed, server's CPU not counted",
        f"{ours.cpu:.2f} s CPU, {ours.rss:.0f} MiB, {asked} calls",
        f"octoDNS: {peer.cpu:.1f} s CPU, {peer.rss:.0f} MiB",
        hold,
        ours.cpu <= seconds and (mib is None or ours.rss <= mib) and asked == calls,
        peer.cpu / ours.cpu,
    )


def _ours(root: Path, url: str, runs: int) -> tuple[Cost, int]:
    """What a plan costs, and how many calls each made; an unwanted difference is a failure."""
    command = [REMEDIATE, "plan", "--detailed-exitcode", "--sandbox", url]
    measure.calls(url)
    spent = cost(command, runs, root=root)
    return spent, len(measure.calls(url)) // runs


def _octodns(config: Path, root: Path) -> Cost:
    """A dry run of octodns-sync; an unwanted difference is a failure."""
    spent = cost(
        [str(BIN / "octodns-sync"), "--config-file", str(config)],
        root=root,
        env={"PYTHONPATH": str(HERE)},
    )
    if "No changes were planned" not in spent.output:
        raise measure.Failed(f"octoDNS saw a difference:\n{spent.output[-3000:]}")
    return spent


if __name__ == "__main__":
    sys.exit(main())
