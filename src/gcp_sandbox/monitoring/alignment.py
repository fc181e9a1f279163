"""Points brought together: in time by an aligner, across series by a reducer.

https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#Aggregation
Periods are counted back from the end of the interval. What is not served is refused, never guessed.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gcp_sandbox.monitoring.filters import refused
from gcp_sandbox.monitoring.metrics import Metric
from gcp_sandbox.request import Json
from gcp_sandbox.status import StatusError

Points = list[tuple[float, Json]]
"""(end in seconds, value), newest first."""
_NUMBERS: Final = frozenset({"INT64", "DOUBLE"})
_LEAST_PERIOD: Final = 60.0
_MOST_PERIOD: Final = 104 * 7 * 86400.0


@dataclass(frozen=True, slots=True)
class Series:
    """`labels` with their prefixes, as a filter names them; `length` of a point's time, 0: none."""

    metric: Metric
    kind: str
    value_type: str
    labels: Mapping[str, str]
    points: Points
    length: float = 0.0


@dataclass(frozen=True, slots=True)
class Aggregation:
    period: float
    aligner: str
    reducer: str
    group_by: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Way:
    """What an aligner or reducer is for, what it does, and the value type that it leaves."""

    kinds: frozenset[str]
    types: frozenset[str]
    act: Callable[[Sequence[Json]], Json]
    leaves: str = ""


def _percentile(share: float) -> Callable[[Sequence[Json]], float]:
    def act(values: Sequence[Json]) -> float:
        samples = sorted(sample for value in values for sample in _samples(value))
        return float(samples[min(int(share * len(samples)), len(samples) - 1)])

    return act


def _samples(value: Json) -> Sequence[float]:
    return value if isinstance(value, list) else [value]


_ANY_KIND: Final = frozenset({"GAUGE", "DELTA"})
_GAUGE: Final = frozenset({"GAUGE"})
_DELTA: Final = frozenset({"DELTA"})
_BOOL: Final = frozenset({"BOOL"})
_SPREAD: Final = frozenset({"DISTRIBUTION"})
_PERCENTILES: Final = {"99": 0.99, "95": 0.95, "50": 0.5, "05": 0.05}
_WAYS: Final = {
    "MIN": _Way(_ANY_KIND, _NUMBERS, min),
    "MAX": _Way(_ANY_KIND, _NUMBERS, max),
    "MEAN": _Way(_ANY_KIND, _NUMBERS, statistics.fmean, "DOUBLE"),
    "SUM": _Way(_ANY_KIND, _NUMBERS, sum),
    "STDDEV": _Way(_ANY_KIND, _NUMBERS, statistics.pstdev, "DOUBLE"),
    "COUNT": _Way(_ANY_KIND, _NUMBERS | _BOOL, len, "INT64"),
    "COUNT_TRUE": _Way(_GAUGE, _BOOL, sum, "INT64"),
    "COUNT_FALSE": _Way(_GAUGE, _BOOL, lambda them: len(them) - sum(them), "INT64"),
    "FRACTION_TRUE": _Way(_GAUGE, _BOOL, statistics.fmean, "DOUBLE"),
}
_ALIGNERS: Final = {
    **{f"ALIGN_{name}": way for name, way in _WAYS.items()},
    **{
        f"ALIGN_PERCENTILE_{name}": _Way(_ANY_KIND, _SPREAD, _percentile(share), "DOUBLE")
        for name, share in _PERCENTILES.items()
    },
    "ALIGN_NEXT_OLDER": _Way(_GAUGE, _NUMBERS | _BOOL, lambda them: them[0]),
    "ALIGN_DELTA": _Way(_DELTA, _NUMBERS, sum),
    "ALIGN_RATE": _Way(_DELTA, _NUMBERS, sum, "DOUBLE"),
}
_REDUCERS: Final = {
    **{f"REDUCE_{name}": way for name, way in _WAYS.items()},
    **{
        f"REDUCE_PERCENTILE_{name}": _Way(_ANY_KIND, _NUMBERS, _percentile(share), "DOUBLE")
        for name, share in _PERCENTILES.items()
    },
}
_DELTAS: Final = frozenset({"ALIGN_DELTA", "ALIGN_SUM"})
"""What leaves a DELTA one (of SUM: a guess); all others leave a GAUGE."""


def aggregated(series: list[Series], how: Aggregation, start: float, end: float) -> list[Series]:
    """Raises 400 for what cannot be applied, 501 for what is not served here."""
    if how.aligner == "ALIGN_NONE":
        if how.reducer != "REDUCE_NONE":
            raise refused(
                "aggregation.perSeriesAligner",
                how.aligner,
                "A crossSeriesReducer needs aligned time series.",
            )
        return series
    if not _LEAST_PERIOD <= how.period <= _MOST_PERIOD:
        raise refused(
            "aggregation.alignmentPeriod",
            f"{how.period:g}s",
            "The alignment period must be between 60 seconds and 104 weeks.",
        )
    aligned = [_aligned(each, how, start, end) for each in series]
    if how.reducer == "REDUCE_NONE":
        return aligned
    return _reduced(aligned, how)


def _way(known: Mapping[str, _Way], parameter: str, name: str, kind: str, value_type: str) -> _Way:
    way = known.get(name)
    if way is None:
        raise StatusError("UNIMPLEMENTED", f"{name} is not served by this sandbox.")
    if kind not in way.kinds or value_type not in way.types:
        raise refused(
            f"aggregation.{parameter}",
            name,
            f"It cannot be applied to metrics with kind {kind} and value type {value_type}.",
        )
    return way


def check_aligner(metric: Metric, name: str) -> None:
    """Whether a metric can be aligned so is asked even where it has no series."""
    if name != "ALIGN_NONE":
        _way(_ALIGNERS, "perSeriesAligner", name, metric.kind, metric.value_type)


def _aligned(series: Series, how: Aggregation, start: float, end: float) -> Series:
    way = _way(_ALIGNERS, "perSeriesAligner", how.aligner, series.kind, series.value_type)
    periods: dict[float, list[Json]] = {}
    for when, value in series.points:
        periods.setdefault(end - ((end - when) // how.period) * how.period, []).append(value)
    points = [(when, way.act(values)) for when, values in periods.items() if when > start]
    if how.aligner == "ALIGN_RATE":
        points = [(when, value / how.period) for when, value in points]
    kind = series.kind if how.aligner in _DELTAS else "GAUGE"
    return replace(
        series,
        kind=kind,
        value_type=way.leaves or series.value_type,
        points=points,
        length=0.0 if kind == "GAUGE" else how.period,
    )


def _reduced(aligned: list[Series], how: Aggregation) -> list[Series]:
    """One series for each set of values of the labels that are kept."""
    groups: dict[tuple[tuple[str, str], ...], list[Series]] = {}
    for each in aligned:
        kept = tuple((name, each.labels[name]) for name in how.group_by if name in each.labels)
        groups.setdefault(kept, []).append(each)
    return [_one(dict(kept), members, how) for kept, members in groups.items()]


def _one(labels: dict[str, str], members: list[Series], how: Aggregation) -> Series:
    first = members[0]
    way = _way(_REDUCERS, "crossSeriesReducer", how.reducer, first.kind, first.value_type)
    moments: dict[float, list[Json]] = {}
    for each in members:
        for when, value in each.points:
            moments.setdefault(when, []).append(value)
    points = [(when, way.act(moments[when])) for when in sorted(moments, reverse=True)]
    return replace(first, labels=labels, points=points, value_type=way.leaves or first.value_type)
