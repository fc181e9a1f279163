"""What came of holding a run's journal against itself, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator

from remediate.model.json import Body, Json
from remediate.report.machine import FORMAT_VERSION
from remediate.report.text import WIDTH, counted, safe, wrapped
from remediate.stores.audit import Audit, operations

_ABOUT = ("verb", "environment", "project", "endpoint", "who", "host", "pid", "origin", "version")


def audit_text(found: Audit, width: int = WIDTH) -> str:
    lines = [line for one in _sentences(found) for line in wrapped(safe(one), width, "", "    ")]
    return "\n".join(lines) + "\n"


def _sentences(found: Audit) -> Iterator[str]:
    said = {name: found.begun.get(name, "?") for name in (*_ABOUT, "digest", "snapshot")}
    about = "Run {run}: {verb} of {environment} (project {project}, {endpoint})"
    yield about.format(run=found.run, **said)
    yield "  by {who} on {host}, pid {pid}, remediate {version}".format(**said)
    yield "  from {origin}".format(**said)
    yield "  plan {digest}".format(**said)
    yield "  snapshot {snapshot}".format(**said)
    for step, begun, done in operations(found):
        names = ", ".join(str(each.get("name")) for each in done) or "no operation is known"
        yield f"  step {step}: {begun.get('method')} {begun.get('live')}: {names}"
    yield from (f"ALTERED OR MISSING: {fault}" for fault in found.faults)
    if not found.faults:
        count = counted(len(found.records), "record")
        yield f"{count}, sealed and chained: nothing was altered, and nothing is missing"
    if found.cut:
        yield f"{counted(found.cut, 'record')} torn by a crash and left out by the next writer"
    if found.goes_on:
        yield "it has not ended: it still has the lock, or died with it"
    elif found.is_fenced:
        last = found.records[-1].facts
        reason = f": {last['reason']}" if last.get("reason") else ""
        yield f"fenced off by {last.get('by')} ({last.get('who')}@{last.get('host')}){reason}"


def audit_json(found: Audit) -> Body:
    told: list[Json] = [
        {
            "step": step,
            "ref": begun.get("ref"),
            "live": begun.get("live"),
            "method": begun.get("method"),
            "operations": [*done],
        }
        for step, begun, done in operations(found)
    ]
    return {
        "format_version": FORMAT_VERSION,
        "run": found.run,
        "whole": not found.faults,
        "faults": [*found.faults],
        "records": len(found.records),
        "goes_on": found.goes_on,
        **{name: found.begun.get(name) for name in (*_ABOUT, "digest", "snapshot")},
        "steps": told,
    }
