"""The metrics that are served: types, kinds, units, and whom they are about.

https://cloud.google.com/sql/docs/postgres/admin-api/metrics and, for connectors and Cloud Run,
Google's list of metrics (`vpcaccess`, `run`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SAMPLED: Final = 60
"""Seconds between two points of any of them."""


@dataclass(frozen=True, slots=True)
class Metric:
    """`labels` are what tells the series of one resource apart, beside the metric itself."""

    type: str
    resource: str
    kind: str
    value_type: str
    unit: str = "1"
    labels: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The type without its service: `connector/instances`."""
        return self.type.partition("/")[2]


CONNECTOR: Final = "vpc_access_connector"
DATABASE: Final = "cloudsql_database"
REVISION: Final = "cloud_run_revision"
RESOURCES: Final = {
    CONNECTOR: ("project_id", "location", "connector_name"),
    DATABASE: ("project_id", "region", "database_id"),
    REVISION: (
        *("project_id", "location", "service_name", "revision_name"),
        "configuration_name",
    ),
}
"""The labels of each monitored resource; a `database_id` is `project:instance`."""

INSTANCE_STATES: Final = (
    *("RUNNING", "SUSPENDED", "RUNNABLE", "PENDING_CREATE", "MAINTENANCE", "FAILED"),
    "UNKNOWN_STATE",
)
"""Of `database/instance_state`, where RUNNABLE is an instance that its owner has stopped."""


def _connector(name: str, kind: str, value_type: str, unit: str = "1") -> Metric:
    return Metric(f"vpcaccess.googleapis.com/connector/{name}", CONNECTOR, kind, value_type, unit)


def _database(
    name: str, kind: str, value_type: str, unit: str = "1", labels: tuple[str, ...] = ()
) -> Metric:
    type_ = f"cloudsql.googleapis.com/database/{name}"
    return Metric(type_, DATABASE, kind, value_type, unit, labels)


def _revision(name: str, kind: str, *labels: str) -> Metric:
    return Metric(f"run.googleapis.com/{name}", REVISION, kind, "INT64", "1", labels)


METRICS: Final = {
    metric.type: metric
    for metric in (
        _connector("cpu/utilizations", "GAUGE", "DISTRIBUTION", "10^2.%"),
        _connector("instances", "GAUGE", "INT64"),
        _connector("received_bytes_count", "DELTA", "INT64", "By"),
        _connector("received_packets_count", "DELTA", "INT64"),
        _connector("sent_bytes_count", "DELTA", "INT64", "By"),
        _connector("sent_packets_count", "DELTA", "INT64"),
        _database("cpu/reserved_cores", "GAUGE", "DOUBLE"),
        _database("cpu/utilization", "GAUGE", "DOUBLE", "10^2.%"),
        _database("disk/bytes_used", "GAUGE", "INT64", "By"),
        _database("disk/quota", "GAUGE", "INT64", "By"),
        _database("disk/utilization", "GAUGE", "DOUBLE"),
        _database("instance_state", "GAUGE", "BOOL", "", ("state",)),
        _database("memory/quota", "GAUGE", "INT64", "By"),
        _database("memory/total_usage", "GAUGE", "INT64", "By"),
        _database("memory/utilization", "GAUGE", "DOUBLE"),
        _database("network/connections", "GAUGE", "INT64"),
        _database("network/received_bytes_count", "DELTA", "INT64", "By"),
        _database("network/sent_bytes_count", "DELTA", "INT64", "By"),
        _database("postgresql/num_backends", "GAUGE", "INT64", "1", ("database",)),
        _database("up", "GAUGE", "INT64"),
        _revision("container/instance_count", "GAUGE", "state"),
        _revision("request_count", "DELTA", "response_code", "response_code_class"),
    )
}
