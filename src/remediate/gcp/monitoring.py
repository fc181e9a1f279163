"""Cloud Monitoring v3 (its discovery document, monitoring.v3): what was measured, to be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from remediate.gcp.connection import ApiConnection, Wire
from remediate.gcp.listing import listed
from remediate.model.clock import rfc3339

BASE_URL = "https://monitoring.googleapis.com"
_PAGE = 1000


class MonitoringConnection(ApiConnection):
    API_VERSION = "v3"
    API_NAME = "Cloud Monitoring"


@dataclass(frozen=True, slots=True)
class Series:
    """One time series: `points` newest first; a distribution counts as its mean."""

    resource: dict[str, str]
    labels: dict[str, str]
    points: tuple[tuple[datetime, float], ...]


class Monitoring:
    """One project's metrics."""

    def __init__(self, wire: Wire, project: str, base_url: str = BASE_URL) -> None:
        self._connection = MonitoringConnection(wire, base_url)
        self._path = f"/projects/{project}/timeSeries"
        self._clock = wire.clock

    def series(self, metric: str, seconds: float = 600.0) -> list[Series]:
        """Every series of a metric type in the last `seconds`; those without a point are left out.

        Raises what a read of Google's raises.
        """
        now = self._clock.now()
        query = {
            "filter": f'metric.type = "{metric}"',
            "interval.startTime": rfc3339(now - timedelta(seconds=seconds)),
            "interval.endTime": rfc3339(now + timedelta(seconds=1)),
            "pageSize": str(_PAGE),
        }
        found = listed(self._connection, self._path, query, "timeSeries", metric)
        return [series for body in found if (series := _series(body)).points]


def _series(body: dict[str, Any]) -> Series:
    resource, metric = body.get("resource") or {}, body.get("metric") or {}
    points = sorted(_points(body.get("points") or ()), reverse=True)
    return Series(resource.get("labels") or {}, metric.get("labels") or {}, tuple(points))


def _points(points: Any) -> Iterator[tuple[datetime, float]]:  # noqa: ANN401 - JSON is any
    for point in points:
        value = point.get("value") or {}
        number = next(
            (value[name] for name in ("int64Value", "doubleValue", "boolValue") if name in value),
            (value.get("distributionValue") or {}).get("mean"),
        )
        ended = (point.get("interval") or {}).get("endTime")
        if number is not None and ended:
            yield datetime.fromisoformat(str(ended)), float(number)
