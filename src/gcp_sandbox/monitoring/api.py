"""The one path of Cloud Monitoring v3 that is served: timeSeries.list.

https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from gcp_sandbox.clock import parse_rfc3339
from gcp_sandbox.monitoring.alignment import Aggregation, Series, aggregated, check_aligner
from gcp_sandbox.monitoring.filters import parse, refused
from gcp_sandbox.monitoring.section import NAME, Monitoring
from gcp_sandbox.paging import page
from gcp_sandbox.request import Body, Json, Query, Request
from gcp_sandbox.router import Router
from gcp_sandbox.run.section import Run
from gcp_sandbox.sql.section import CloudSql
from gcp_sandbox.vpcaccess.section import Connectors
from gcp_sandbox.world import World

_MOST: Final = 100_000
"""Points of an answer, or series where only headers are asked for."""
_DURATION: Final = re.compile(r"(\d{1,10}(?:\.\d{1,9})?)s")
_BUCKETS: Final = 20
"""Of a distribution of utilizations, each as wide as the others, from 0 to 1."""
_Shown = tuple[str, Series, int | None]
"""A key that sorts as the answer goes, the series, and which of its points (None: the header)."""


def register(
    world: World, router: Router, connectors: Connectors, databases: CloudSql, run: Run
) -> Monitoring:
    section = Monitoring(world, connectors, databases, run)
    world.register(NAME, section)
    world.settlers.append(section.settle)
    router.add("GET", "/v3/projects/{project}/timeSeries", _Api(section).listed)
    return section


class _Api:
    def __init__(self, section: Monitoring) -> None:
        self._section = section

    def listed(self, request: Request) -> Body:
        query = request.query
        if not query.get("filter"):
            raise refused("filter", "", "A filter must be given.")
        metric, test = parse(query["filter"])
        start, end = _interval(query)
        how = _aggregation(query)
        check_aligner(metric, how.aligner)
        project = request.params["project"]
        found = list(self._section.series(project, metric, test, start, end))
        found = aggregated(found, how, start, end)
        headers = _view(query) == "HEADERS"
        chosen, token = page(
            list(_shown(found, headers=headers)), query, cap=_MOST, key=lambda shown: shown[0]
        )
        body: Body = {"timeSeries": list(_bodies(chosen))} if chosen else {}
        if token:
            body["nextPageToken"] = token
        return body | {"unit": metric.unit}


def _shown(found: list[Series], *, headers: bool) -> Iterator[_Shown]:
    for number, series in enumerate(found):
        if headers:
            yield f"{number:08d}", series, None
            continue
        for at in range(len(series.points)):
            yield f"{number:08d}/{at:08d}", series, at


def _bodies(chosen: Sequence[_Shown]) -> Iterator[Body]:
    """Points put back together to the series that they are of."""
    last: Series | None = None
    body: Body = {}
    for _, series, at in chosen:
        if series is not last:
            if body:
                yield body
            last, body = series, _header(series)
        if at is not None:
            body.setdefault("points", []).append(_point(series, at))
    yield body


def _header(series: Series) -> Body:
    metric: Body = {"type": series.metric.type}
    resource: Body = {"type": series.metric.resource}
    for name, value in series.labels.items():
        part, _, label = name.partition(".labels.")
        if label:
            at = metric if part == "metric" else resource
            at.setdefault("labels", {})[label] = value
    return {
        "metric": metric,
        "resource": resource,
        "metricKind": series.kind,
        "valueType": series.value_type,
    }


def _point(series: Series, at: int) -> Body:
    end, value = series.points[at]
    interval = {"startTime": _time(end - series.length), "endTime": _time(end)}
    return {"interval": interval, "value": _typed(series.value_type, value)}


def _typed(value_type: str, value: Json) -> Body:
    if value_type == "DISTRIBUTION":
        return {"distributionValue": _distribution(value)}
    if value_type == "INT64":
        return {"int64Value": str(int(value))}
    return {"boolValue": value} if value_type == "BOOL" else {"doubleValue": float(value)}


def _distribution(samples: list[float]) -> Body:
    """With buckets below 0, between, and from 1 on; the last empty ones are left out."""
    mean = statistics.fmean(samples)
    counts = [0] * (_BUCKETS + 2)
    for sample in samples:
        counts[min(int(sample * _BUCKETS) + 1, _BUCKETS + 1)] += 1
    while not counts[-1]:
        counts.pop()
    return {
        "count": str(len(samples)),
        "mean": mean,
        "sumOfSquaredDeviation": sum((sample - mean) ** 2 for sample in samples),
        "bucketOptions": {
            "linearBuckets": {"numFiniteBuckets": _BUCKETS, "width": 1 / _BUCKETS, "offset": 0}
        },
        "bucketCounts": [str(count) for count in counts],
    }


def _interval(query: dict[str, str]) -> tuple[float, float]:
    """Start (excluded) and end in seconds; an interval of one moment holds that moment."""
    end = _moment(query, "interval.endTime")
    if end is None:
        raise refused("interval.endTime", '""', "The end time is required.")
    start = _moment(query, "interval.startTime")
    if start is None or start == end:
        return math.nextafter(end, 0), end
    if start > end:
        raise refused(
            "interval.startTime",
            query["interval.startTime"],
            "The start time must not be later than the end time.",
        )
    return start, end


def _moment(query: dict[str, str], name: str) -> float | None:
    text = query.get(name)
    if not text:
        return None
    try:
        when = parse_rfc3339(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise refused(name, text, "It must be a time of RFC 3339.") from None


def _aggregation(query: dict[str, str]) -> Aggregation:
    text = query.get("aggregation.alignmentPeriod") or "0s"
    period = _DURATION.fullmatch(text)
    if period is None:
        raise refused("aggregation.alignmentPeriod", text, "It must be a duration such as 60s.")
    return Aggregation(
        float(period[1]),
        query.get("aggregation.perSeriesAligner") or "ALIGN_NONE",
        query.get("aggregation.crossSeriesReducer") or "REDUCE_NONE",
        [_spelled(name) for name in _every(query, "aggregation.groupByFields")],
    )


def _every(query: dict[str, str], name: str) -> list[str]:
    given = query.every(name) if isinstance(query, Query) else []
    return [value for value in given if value]


def _spelled(name: str) -> str:
    """`resource.label.x` as `resource.labels.x`."""
    return re.sub(r"^(metric|resource)\.label\.", r"\1.labels.", name.strip())


def _view(query: dict[str, str]) -> str:
    view = query.get("view") or "FULL"
    if view not in {"FULL", "HEADERS", "0", "1"}:
        raise refused("view", view, "It must be FULL or HEADERS.")
    return "HEADERS" if view in {"HEADERS", "1"} else "FULL"


def _time(when: float) -> str:
    """As Google writes the times of points: no fraction where there is none."""
    text = datetime.fromtimestamp(when, UTC).isoformat()
    return text.replace("+00:00", "Z")
