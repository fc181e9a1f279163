"""What each connector, database and revision was, and when: points of the past stay as they were.

What an operation brought about is noted as of its end, everything else as of the request.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from gcp_sandbox.internet.section import internet_of
from gcp_sandbox.monitoring.metrics import CONNECTOR, DATABASE, REVISION
from gcp_sandbox.request import Body
from gcp_sandbox.run.section import Run
from gcp_sandbox.run.shape import LATEST
from gcp_sandbox.sql.section import CloudSql
from gcp_sandbox.vpcaccess.section import Connectors

ALWAYS: Final = 0.0
"""Since when what a scenario brings has been so."""
_KEPT: Final = 200
"""Changes remembered of one resource."""


class History:
    """Facts by resource, `{}` while it is not there. Keys are `<resource type>/<full name>`."""

    def __init__(self) -> None:
        self.changes: dict[str, list[tuple[float, Body]]] = {}

    def note(self, now: float, connectors: Connectors, databases: CloudSql, run: Run) -> bool:
        """Take down what is different from before; whether anything is."""
        facts = {**dict(_connectors(connectors)), **dict(_databases(databases))}
        facts |= dict(_revisions(run))
        gone: dict[str, Body] = {key: {} for key in self.changes if key not in facts}
        changed = False
        for key, known in (facts | gone).items():
            past = self.changes.setdefault(key, [])
            since, before = past[-1] if past else (ALWAYS, {})
            if before != known:
                ended = _last_end(key, connectors, databases, run)
                when = ended if since < ended < now else now
                if (made := _made(known)) not in (0.0, _made(before)) and made < when:
                    when = made  # a fault says that it was made before: it has been so since
                    del past[bisect_left(past, made, key=lambda change: change[0]) :]
                past.append((when, known))
                del past[:-_KEPT]
                changed = True
        return changed

    def of(self, resource: str) -> Iterator[tuple[str, Body]]:
        """Every resource of a type that ever was, and its latest labels."""
        for key, past in sorted(self.changes.items()):
            last = next((facts for _, facts in reversed(past) if facts), None)
            if key.startswith(f"{resource}/") and last is not None:
                yield key, last["labels"]

    def at(self, key: str, when: float) -> Body:
        """The facts of a moment; {} where there was nothing."""
        past = self.changes[key]
        place = bisect_right(past, when, key=lambda change: change[0])
        return past[place - 1][1] if place else {}


def _made(facts: Body) -> float:
    """When a revision was made, on the world's clock; 0 for everything else."""
    text = str(facts.get("made") or "")
    return datetime.fromisoformat(text).timestamp() if text else 0.0


def _last_end(key: str, connectors: Connectors, databases: CloudSql, run: Run) -> float:
    kind, _, name = key.partition("/")
    if kind == REVISION:
        return run.operations.last_end(name.partition("/revisions/")[0])
    if kind == CONNECTOR:
        return connectors.operations.last_end(name)
    project, _, instance = name.partition(":")
    return databases.operations.last_end(project, instance)


def _connectors(section: Connectors) -> Iterator[tuple[str, Body]]:
    for name, body in section.bodies.items():
        _, project, _, location, _, identity = name.split("/")
        yield (
            f"{CONNECTOR}/{name}",
            {
                "labels": {
                    "project_id": project,
                    "location": location,
                    "connector_name": identity,
                },
                "serving": body["state"] in {"READY", "UPDATING"},
                "instances": [body["minInstances"], body.get("maxInstances", body["minInstances"])],
                "mbps": body["minThroughput"],
            },
        )


def _databases(section: CloudSql) -> Iterator[tuple[str, Body]]:
    for project, bodies in section.instances.items():
        for name, body in bodies.items():
            settings = body["settings"]
            flags = {it["name"]: it.get("value") for it in settings.get("databaseFlags") or ()}
            yield (
                f"{DATABASE}/{project}:{name}",
                {
                    "labels": {
                        "project_id": project,
                        "region": body["region"],
                        "database_id": f"{project}:{name}",
                    },
                    "state": _state(section.state(body), settings["activationPolicy"]),
                    "engine": body["databaseVersion"].partition("_")[0],
                    "tier": settings["tier"],
                    "disk": int(settings["dataDiskSizeGb"]),
                    "most": flags.get("max_connections"),
                },
            )


def _revisions(section: Run) -> Iterator[tuple[str, Body]]:
    """Those that get traffic: a revision without any has no instances."""
    backends = internet_of(section.world).backends
    for name, body in section.services.items():
        _, project, _, location, _, identity = name.split("/")
        told = (backends.get(identity) or {}).get("revisions") or {}
        for full, share in _shares(body).items():
            revision = full.rpartition("/")[2]
            most = (section.revisions.get(full) or {}).get("scaling", {}).get("maxInstanceCount")
            yield (
                f"{REVISION}/{full}",
                {
                    "labels": {
                        "project_id": project,
                        "location": location,
                        "service_name": identity,
                        "revision_name": revision,
                        "configuration_name": identity,
                    },
                    "share": share,
                    "most": most,
                    "answers": (told.get(revision) or {}).get("answers", 200),
                    "made": (section.revisions.get(full) or {}).get("createTime"),
                },
            )


def _shares(service: Body) -> dict[str, int]:
    """Percents of the traffic by a revision's full name."""
    found: dict[str, int] = {}
    for target in service.get("trafficStatuses", ()):
        latest = target.get("type") == LATEST
        full = f"{service['name']}/revisions/{target.get('revision')}"
        full = str(service.get("latestReadyRevision")) if latest else full
        if target.get("percent"):
            found[full] = found.get(full, 0) + int(target["percent"])
    return found


def _state(state: str, policy: str) -> str:
    """The word of `database/instance_state`, whose RUNNABLE means stopped."""
    if state == "RUNNABLE":
        return "RUNNABLE" if policy == "NEVER" else "RUNNING"
    return state if state in {"PENDING_CREATE", "MAINTENANCE", "FAILED", "SUSPENDED"} else "RUNNING"
