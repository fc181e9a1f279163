"""Monitoring's part of the world: what was when, and the levels that a scenario sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gcp_sandbox.internet.section import internet_of
from gcp_sandbox.monitoring.alignment import Points, Series
from gcp_sandbox.monitoring.filters import Test
from gcp_sandbox.monitoring.history import ALWAYS, History
from gcp_sandbox.monitoring.metrics import CONNECTOR, METRICS, REVISION, SAMPLED, Metric
from gcp_sandbox.monitoring.values import values
from gcp_sandbox.request import Json
from gcp_sandbox.run.section import Run
from gcp_sandbox.sql.section import CloudSql
from gcp_sandbox.vpcaccess.section import Connectors
from gcp_sandbox.world import World

NAME: Final = "monitoring"
_REACH: Final = 42 * 86400
"""Seconds: how long Google keeps points of its own services."""


_FULL: Final = 0.97
"""The load of a connector that has more to carry than it can."""


@dataclass(slots=True)
class Monitoring:
    """`levels` by resource name (a connector's, an instance's, a service's), then by metric."""

    world: World
    connectors: Connectors
    databases: CloudSql
    run: Run
    levels: dict[str, dict[str, float]] = field(default_factory=dict)
    history: History = field(default_factory=History)
    _born: bool = True
    _seen: int = -1

    def settle(self) -> None:
        """Note what has become of connectors and databases, if anything changed at all."""
        if self._seen == self.world.version:
            return
        now = ALWAYS if self._born else self.world.clock.time()
        if self.history.note(now, self.connectors, self.databases, self.run):
            self.world.touch(NAME)
        self._seen, self._born = self.world.version, False

    def series(
        self, project: str, metric: Metric, test: Test, start: float, end: float
    ) -> Iterator[Series]:
        """The series of a project that pass, with their points of `(start, end]`, newest first."""
        now = self.world.clock.time()
        first = int(max(start, now - _REACH) // SAMPLED + 1) * SAMPLED
        minutes = range(int(min(end, now) // SAMPLED) * SAMPLED, first - 1, -SAMPLED)
        for key, names in self.history.of(metric.resource):
            if names["project_id"] != project:
                continue
            about = {f"resource.labels.{name}": value for name, value in names.items()}
            about |= {"metric.type": metric.type, "resource.type": metric.resource}
            about |= {"project": project}
            for labels, points in self._points(metric, key, names, minutes).items():
                full = about | {f"metric.labels.{name}": value for name, value in labels}
                if points and test(full):
                    length = SAMPLED if metric.kind == "DELTA" else 0
                    yield Series(metric, metric.kind, metric.value_type, full, points, length)

    def _points(
        self, metric: Metric, key: str, names: dict[str, str], minutes: range
    ) -> dict[tuple[tuple[str, str], ...], Points]:
        about = names.get("service_name") or key.rpartition("/")[2].rpartition(":")[2]
        levels = {**self._asked_for(metric, about), **self.levels.get(about, {})}
        found: dict[tuple[tuple[str, str], ...], Points] = {}
        for minute in minutes:
            facts = self.history.at(key, minute)
            for labels, value in values(metric, key, facts, minute, levels):
                found.setdefault(tuple(labels.items()), []).append((minute, value))
        return found

    def _asked_for(self, metric: Metric, about: str) -> dict[str, float]:
        """What the load that somebody put on the backends comes to, beyond what is usual."""
        told = internet_of(self.world).backends
        if metric.resource == REVISION:
            needed = told.get(about, {}).get("instancesNeeded")
            return {"container/instance_count": needed} if needed else {}
        if metric.resource != CONNECTOR:
            open_ones = told.get("database", {}).get("connections")
            return {"database/postgresql/num_backends": open_ones} if open_ones else {}
        services = [it for it in told.values() if isinstance(it, dict)]
        needed = max((it.get("connectorInstancesNeeded", 0) for it in services), default=0)
        sizes = [
            b.get("maxInstances", 0) for n, b in self.connectors.bodies.items() if _is(n, about)
        ]
        most = max(sizes, default=0)
        if not needed or not most:
            return {}
        load = min(needed / most, _FULL)
        return {"connector/instances": min(needed, most), "connector/cpu/utilizations": load}

    # the world's section

    def dump(self) -> Json:
        return {"levels": self.levels, "changes": self.history.changes}

    def load(self, state: Json) -> None:
        self.levels = state["levels"]
        self.history.changes = {
            key: [(when, facts) for when, facts in past] for key, past in state["changes"].items()
        }
        self._born = False

    def populate(self, _project: str, wanted: Json) -> None:
        """From `{"levels": {<resource>: {<metric>: number}}}`; what else is there always was."""
        known = {metric.name for metric in METRICS.values()}
        for resource, levels in wanted.get("levels", {}).items():
            if unknown := levels.keys() - known:
                raise ValueError(f"no metrics of {resource}: {', '.join(sorted(unknown))}")
            self.levels[resource] = dict(levels)

    def comparable(self) -> Json:
        return self.levels or None

    def clear(self) -> None:
        self.levels = {}
        self.history = History()
        self._born = True


def _is(name: str, short: str) -> bool:
    return name.rpartition("/")[2] == short
