from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gcp_sandbox.sandbox import Sandbox
from tests.gcp_sandbox.client import PROJECT, Answer, Client, connect

SERIES = f"/v3/projects/{PROJECT}/timeSeries"
CONNECTORS = f"/v1/projects/{PROJECT}/locations/us-central1/connectors"
INSTANCES = f"/v1/projects/{PROJECT}/instances"
CPU = "vpcaccess.googleapis.com/connector/cpu/utilizations"
COUNT = "vpcaccess.googleapis.com/connector/instances"
SENT = "vpcaccess.googleapis.com/connector/sent_bytes_count"
DATABASE = "cloudsql.googleapis.com/database"
MINUTE = 60


@pytest.fixture
def busy(client: Client) -> Iterator[Client]:
    """A connector and two databases, ten minutes after they were made.

    It is ten seconds past a minute, so that no test is overtaken by the next.
    """
    client.advance(MINUTE + 10 - now(client) % MINUTE)
    connector = {"network": "n", "ipCidrRange": "10.1.0.0/28", "minInstances": 2, "maxInstances": 5}
    client.post(CONNECTORS, connector, connectorId="cc")
    postgres = {"tier": "db-f1-micro", "dataDiskSizeGb": "20"}
    client.post(INSTANCES, {"name": "pg", "databaseVersion": "POSTGRES_16", "settings": postgres})
    client.post(
        INSTANCES,
        {"name": "my", "databaseVersion": "MYSQL_8_0", "settings": {"tier": "db-custom-2-8192"}},
    )
    client.advance(10 * MINUTE)
    return client


def now(client: Client) -> float:
    return datetime.fromisoformat(client.get("/_sandbox/clock")["now"]).timestamp()


def asked(client: Client, filter_: str, *, minutes: float = 5, **query: Any) -> Answer:
    """timeSeries.list of the last minutes; dots in parameters come as underscores."""
    end = now(client)
    window = {"interval.startTime": at(end - minutes * MINUTE), "interval.endTime": at(end)}
    given = {name.replace("__", "."): value for name, value in query.items()}
    return client.call("GET", SERIES, **{"filter": filter_, **window, **given})


def at(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).isoformat()


def series(client: Client, metric: str, more: str = "", **query: Any) -> list[Any]:
    answer = asked(client, f'metric.type = "{metric}"{more}', **query)
    assert answer.status == 200, answer.body
    return list(answer.body.get("timeSeries", []))


def values(found: Any) -> list[Any]:
    """Numbers of a series' points, newest first."""
    (every,) = {tuple(point["value"]) for point in found["points"]}
    return [
        int(it) if isinstance(it, str) else it
        for it in (point["value"][every[0]] for point in found["points"])
    ]


def instances(name: str) -> str:
    return f' AND resource.labels.database_id = "{PROJECT}:{name}"'


def test_a_connector_has_a_point_a_minute_newest_first(busy: Client) -> None:
    (found,) = series(busy, COUNT)
    assert found["metric"] == {"type": COUNT}
    assert found["resource"] == {
        "type": "vpc_access_connector",
        "labels": {
            "project_id": PROJECT,
            "location": "us-central1",
            "connector_name": "cc",
        },
    }
    assert (found["metricKind"], found["valueType"]) == ("GAUGE", "INT64")
    ends = [datetime.fromisoformat(it["interval"]["endTime"]) for it in found["points"]]
    assert ends == sorted(ends, reverse=True)
    assert {(a - b).total_seconds() for a, b in pairwise(ends)} == {60}
    assert values(found) == [2] * 5
    assert all(it["interval"]["startTime"] == it["interval"]["endTime"] for it in found["points"])


def test_bytes_are_what_was_sent_in_the_minute_before(busy: Client) -> None:
    (found,) = series(busy, SENT)
    point = found["points"][0]
    start, end = (datetime.fromisoformat(point["interval"][it]) for it in ("startTime", "endTime"))
    assert found["metricKind"] == "DELTA"
    assert (end - start).total_seconds() == MINUTE
    most = 200 * 125_000 * MINUTE  # what 200 Mbps carry
    assert all(0 < sent < most for sent in values(found))
    (packets,) = series(busy, SENT.replace("bytes", "packets"))
    assert values(packets) == [sent // 1000 for sent in values(found)]


def test_utilizations_of_a_connector_are_a_distribution_over_its_instances(busy: Client) -> None:
    (found,) = series(busy, CPU)
    assert found["valueType"] == "DISTRIBUTION"
    value = found["points"][0]["value"]["distributionValue"]
    assert value["count"] == "2"
    assert sum(map(int, value["bucketCounts"])) == 2
    assert 0 < value["mean"] < 1
    (worst,) = series(
        busy, CPU, aggregation__alignmentPeriod="300s",
        aggregation__perSeriesAligner="ALIGN_PERCENTILE_99",
    )  # fmt: skip
    assert worst["valueType"] == "DOUBLE"
    assert values(worst)[0] >= value["mean"]


def test_the_same_minute_has_the_same_value_whenever_it_is_asked_for(busy: Client) -> None:
    before = {it["interval"]["endTime"]: it["value"] for it in series(busy, CPU)[0]["points"]}
    busy.advance(2 * MINUTE)
    after = {it["interval"]["endTime"]: it["value"] for it in series(busy, CPU)[0]["points"]}
    both = before.keys() & after.keys()
    assert both
    assert {it: before[it] for it in both} == {it: after[it] for it in both}


def test_what_is_deleted_gives_no_points_but_keeps_those_it_had(busy: Client) -> None:
    busy.call("DELETE", f"{CONNECTORS}/cc")
    busy.advance(3 * MINUTE)
    assert series(busy, COUNT, minutes=2) == []
    (found,) = series(busy, COUNT, minutes=5)
    assert len(found["points"]) == 2


def test_a_connector_in_error_serves_nothing(client: Client) -> None:
    body = {"network": "n", "ipCidrRange": "10.1.0.0/28"}
    client.post(CONNECTORS, body, connectorId="cc")
    client.advance(10 * MINUTE)
    assert client.get(f"{CONNECTORS}/cc")["state"] == "ERROR"
    assert series(client, COUNT) == []


def test_a_stopped_database_is_down_and_says_no_more(busy: Client) -> None:
    only = instances("pg")
    assert values(series(busy, f"{DATABASE}/up", only)[0]) == [1] * 5
    busy.call("PATCH", f"{INSTANCES}/pg", {"settings": {"activationPolicy": "NEVER"}})
    busy.advance(3 * MINUTE)
    assert values(series(busy, f"{DATABASE}/up", only)[0]) == [0, 0, 0, 1, 1]
    assert series(busy, f"{DATABASE}/cpu/utilization", only, minutes=2) == []
    assert series(busy, f"{DATABASE}/postgresql/num_backends", only, minutes=2) == []
    stopped = ' AND metric.labels.state = "RUNNABLE"'
    (state,) = series(busy, f"{DATABASE}/instance_state", only + stopped)
    assert values(state) == [True, True, True, False, False]
    assert len(series(busy, f"{DATABASE}/instance_state", only)) == 7


def test_a_database_under_maintenance_is_down(busy: Client) -> None:
    busy.post("/_sandbox/faults/slow-operation", {"match": "*restart*", "seconds": 600})
    busy.post(f"{INSTANCES}/pg/restart")
    busy.advance(2 * MINUTE)
    assert values(series(busy, f"{DATABASE}/up", instances("pg"), minutes=2)[0]) == [0, 0]


def test_what_an_operation_brought_about_is_so_since_its_end(client: Client) -> None:
    client.advance(MINUTE + 10 - now(client) % MINUTE)
    client.post("/_sandbox/faults/slow-operation", {"match": "*connectors*", "seconds": 600})
    body = {"network": "n", "ipCidrRange": "10.1.0.0/28", "maxInstances": 3}
    client.post(CONNECTORS, body, connectorId="cc")
    client.advance(13 * MINUTE)
    (found,) = series(client, COUNT, minutes=20)
    assert values(found) == [2] * 3


def test_connections_are_bounded_by_what_the_instance_takes(busy: Client) -> None:
    backends = series(busy, f"{DATABASE}/postgresql/num_backends")
    assert {it["metric"]["labels"]["database"] for it in backends} == {"cloudsqladmin", "app"}
    assert {it["resource"]["labels"]["database_id"] for it in backends} == {f"{PROJECT}:pg"}
    assert 0 < sum(values(it)[0] for it in backends) <= 25
    flags = {"databaseFlags": [{"name": "max_connections", "value": "1"}]}
    busy.call("PATCH", f"{INSTANCES}/pg", {"settings": flags})
    busy.advance(2 * MINUTE)
    backends = series(busy, f"{DATABASE}/postgresql/num_backends", minutes=1)
    assert sum(values(it)[0] for it in backends) <= 1


def test_only_other_engines_count_connections_of_the_network(busy: Client) -> None:
    (found,) = series(busy, f"{DATABASE}/network/connections")
    assert found["resource"]["labels"]["database_id"] == f"{PROJECT}:my"
    assert 0 < values(found)[0] < 4000


def test_sizes_are_those_of_the_machine_and_the_disk(busy: Client) -> None:
    only = instances("my")
    assert values(series(busy, f"{DATABASE}/cpu/reserved_cores", only)[0])[0] == 2.0
    assert values(series(busy, f"{DATABASE}/memory/quota", only)[0])[0] == 8 * 2**30
    quota = values(series(busy, f"{DATABASE}/disk/quota", only)[0])[0]
    used = values(series(busy, f"{DATABASE}/disk/bytes_used", only)[0])[0]
    share = values(series(busy, f"{DATABASE}/disk/utilization", only)[0])[0]
    assert (quota, used) == (10 * 2**30, int(share * quota))


@pytest.mark.parametrize(
    ("aligner", "expected"),
    [
        ("ALIGN_MEAN", lambda raw: sum(raw) / len(raw)),
        ("ALIGN_MAX", max),
        ("ALIGN_MIN", min),
        ("ALIGN_SUM", sum),
        ("ALIGN_COUNT", len),
        ("ALIGN_NEXT_OLDER", lambda raw: raw[0]),
    ],
)
def test_an_aligner_makes_one_point_of_each_period(
    busy: Client, aligner: str, expected: Any
) -> None:
    metric, only = f"{DATABASE}/cpu/utilization", instances("pg")
    end = at(int(now(busy)) // 60 * 60)
    raw = values(series(busy, metric, only, interval__endTime=end, minutes=6)[0])
    (found,) = series(
        busy,
        metric,
        only,
        interval__endTime=end,
        minutes=6,
        aggregation__alignmentPeriod="300s",
        aggregation__perSeriesAligner=aligner,
    )
    assert values(found)[0] == pytest.approx(expected(raw[:5]))
    assert datetime.fromisoformat(found["points"][0]["interval"]["endTime"]) == (
        datetime.fromisoformat(end)
    )


def test_a_rate_is_by_the_second(busy: Client) -> None:
    end = at(int(now(busy)) // 60 * 60)
    raw = values(series(busy, SENT, interval__endTime=end)[0])
    (found,) = series(
        busy,
        SENT,
        interval__endTime=end,
        aggregation__alignmentPeriod="60s",
        aggregation__perSeriesAligner="ALIGN_RATE",
    )
    assert (found["metricKind"], found["valueType"]) == ("GAUGE", "DOUBLE")
    assert values(found) == pytest.approx([sent / 60 for sent in raw])


def test_a_reducer_makes_one_series_of_many(busy: Client) -> None:
    metric = f"{DATABASE}/postgresql/num_backends"
    how = {"aggregation__alignmentPeriod": "60s", "aggregation__perSeriesAligner": "ALIGN_MAX"}
    every = series(busy, metric, **how)
    (total,) = series(busy, metric, **how, aggregation__crossSeriesReducer="REDUCE_SUM")
    assert values(total) == [sum(pair) for pair in zip(*map(values, every), strict=True)]
    assert total["metric"] == {"type": metric}
    kept = series(
        busy,
        metric,
        **how,
        aggregation__crossSeriesReducer="REDUCE_SUM",
        aggregation__groupByFields="metric.label.database",
    )
    assert [it["metric"]["labels"] for it in kept] == [it["metric"]["labels"] for it in every]


def test_headers_come_without_points(busy: Client) -> None:
    (found,) = series(busy, COUNT, view="HEADERS")
    assert "points" not in found


def test_pages_hold_so_many_points_and_go_on_where_the_last_ended(busy: Client) -> None:
    metric = f'metric.type = "{DATABASE}/up"'
    end = at(now(busy))
    whole = asked(busy, metric, interval__endTime=end).body["timeSeries"]
    pages, token = [], ""
    while True:
        page = asked(busy, metric, pageSize=3, pageToken=token, interval__endTime=end).body
        pages += page["timeSeries"]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert [len(it["points"]) for it in pages] == [3, 2, 1, 3, 1]
    assert [p for it in pages for p in it["points"]] == [p for it in whole for p in it["points"]]


@pytest.mark.parametrize(
    "more",
    [
        ' AND resource.label.database_id = "netra-staging:pg"',
        ' resource.labels.database_id = "netra-staging:pg"',
        ' AND resource.labels.database_id = ends_with(":pg")',
        ' AND resource.labels.database_id = starts_with("netra-staging:p")',
        ' AND resource.labels.database_id = monitoring.regex.full_match(".*:p.")',
        ' AND resource.labels.database_id = one_of("netra-staging:pg", "x")',
        ' AND resource.labels.database_id : "pg"',
        ' AND NOT resource.labels.database_id = "netra-staging:my"',
        ' AND resource.labels.database_id != "netra-staging:my"',
        ' AND (resource.labels.region = "x" OR resource.labels.database_id = "netra-staging:pg")',
        ' AND resource.type = "cloudsql_database" AND resource.labels.database_id:"pg"',
    ],
)
def test_filters_tell_series_apart(busy: Client, more: str) -> None:
    (found,) = series(busy, f"{DATABASE}/up", more)
    assert found["resource"]["labels"]["database_id"] == f"{PROJECT}:pg"


def test_another_project_has_series_of_its_own(busy: Client) -> None:
    answer = busy.get(
        "/v3/projects/other/timeSeries",
        filter=f'metric.type = "{COUNT}"',
        **{"interval.endTime": at(now(busy)), "interval.startTime": at(0)},
    )
    assert "timeSeries" not in answer


UP = f'metric.type = "{DATABASE}/up"'


@pytest.mark.parametrize(
    ("filter_", "query", "status", "said"),
    [
        ("", {}, 400, "Field filter had an invalid value"),
        ('resource.type = "cloudsql_database"', {}, 400, "exactly one metric.type"),
        ('metric.type = "made.up/metric"', {}, 404, "Cannot find metric(s)"),
        (f'{UP} AND resource.type = "gce_instance"', {}, 400, "does not specify a valid"),
        (f'{UP} AND resource.labels.zone = "x"', {}, 400, "does not specify a valid"),
        (f"{UP} AND nonsense = 3", {}, 400, "is not known"),
        (f"{UP} AND", {}, 400, "ends too early"),
        (f"{UP} $", {}, 400, "Could not parse"),
        (f"{UP} )", {}, 400, "Could not parse"),
        (f"{UP} AND resource.labels.region > 3", {}, 400, "Could not parse"),
        (
            f'{UP} AND resource.labels.region = monitoring.regex.full_match("(")',
            {},
            400,
            "no regular expression",
        ),
        (UP, {"interval__endTime": ""}, 400, "interval.endTime"),
        (UP, {"interval__endTime": "yesterday"}, 400, "RFC 3339"),
        (UP, {"interval__endTime": "2001-01-01T00:00:00Z"}, 400, "interval.startTime"),
        (UP, {"view": "HALF"}, 400, "Field view"),
        (UP, {"aggregation__perSeriesAligner": "ALIGN_MEAN"}, 400, "alignmentPeriod"),
        (
            UP,
            {
                "aggregation__perSeriesAligner": "ALIGN_MEAN",
                "aggregation__alignmentPeriod": "30s",
            },
            400,
            "between 60 seconds",
        ),
        (UP, {"aggregation__alignmentPeriod": "a while"}, 400, "a duration"),
        (UP, {"aggregation__perSeriesAligner": "ALIGN_RATE"}, 400, "cannot be applied"),
        (UP, {"aggregation__perSeriesAligner": "ALIGN_PERCENT_CHANGE"}, 501, "not served"),
        (UP, {"aggregation__crossSeriesReducer": "REDUCE_SUM"}, 400, "needs aligned"),
        (UP, {"pageSize": "-1"}, 400, "-1"),
        (UP, {"pageToken": "?"}, 400, "page token"),
    ],
)
def test_what_google_refuses_is_refused(
    busy: Client, filter_: str, query: dict[str, Any], status: int, said: str
) -> None:
    answer = asked(busy, filter_, **query)
    assert answer.status == status
    assert said in answer.message


def test_a_scenario_sets_levels_and_what_it_brings_always_was(
    client: Client, core: Sandbox
) -> None:
    connector = {
        "name": "cc",
        "network": "n",
        "ipCidrRange": "10.1.0.0/28",
        "minInstances": 2,
        "maxInstances": 3,
    }
    flags = [{"name": "max_connections", "value": "100"}]
    database = {
        "name": "pg",
        "databaseVersion": "POSTGRES_16",
        "settings": {"tier": "db-f1-micro", "databaseFlags": flags},
    }
    scenario = {
        "vpcaccess": {"us-central1/connectors": [connector]},
        "sql": {"instances": [database]},
        "monitoring": {
            "levels": {
                "cc": {"connector/cpu/utilizations": 0.97, "connector/instances": 7},
                "pg": {"database/postgresql/num_backends": 250},
            }
        },
    }
    core.call(lambda world: world.populate(scenario))
    assert values(series(client, COUNT)[0]) == [3] * 5
    (cpu,) = series(client, CPU)
    assert cpu["points"][0]["value"]["distributionValue"]["mean"] == pytest.approx(0.97)
    backends = series(client, f"{DATABASE}/postgresql/num_backends")
    assert sum(values(it)[0] for it in backends) == 100


def test_points_of_the_past_outlive_the_sandbox(tmp_path: Any) -> None:
    state = tmp_path / "state.json"
    with Sandbox(state=state, operation_time=0) as first:
        client = connect(first)
        body = {"name": "pg", "settings": {"tier": "db-f1-micro"}}
        client.post(INSTANCES, body)
        client.advance(10 * MINUTE)
        before = series(client, f"{DATABASE}/up")
        client.close()
    with Sandbox(state=state, operation_time=0) as second:
        client = connect(second)
        after = series(client, f"{DATABASE}/up", minutes=10)
        client.close()
    assert set(map(str, before[0]["points"])) <= set(map(str, after[0]["points"]))


@given(
    text=st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            ["metric.type", "=", '"x"', "AND", "OR", "NOT", "(", ")", "-", ":", "!=", UP, "one_of"]
        ),
        max_size=8,
    ).map(" ".join)
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_filter_makes_monitoring_fail(client: Client, text: str) -> None:
    encodable = text.encode("utf-8", "replace").decode()
    assert asked(client, encodable).status < 500


RUN = "run.googleapis.com"
SERVICE = f"/v2/projects/{PROJECT}/locations/us-central1/services/netra-backend"


def test_a_revision_that_gets_traffic_has_instances_and_requests(staging: Client) -> None:
    staging.advance(2 * MINUTE)
    counted = series(staging, f"{RUN}/container/instance_count")
    by_state = {it["metric"]["labels"]["state"]: it for it in counted}
    assert by_state.keys() == {"active", "idle"}
    labels = by_state["active"]["resource"]["labels"]
    revision = staging.get(SERVICE)["latestReadyRevision"].rpartition("/")[2]
    assert labels["revision_name"] == revision
    assert (labels["service_name"], labels["location"]) == ("netra-backend", "us-central1")
    assert by_state["active"]["points"][0]["value"] == {"int64Value": "2"}
    (requests,) = series(staging, f"{RUN}/request_count")
    assert requests["metric"]["labels"] == {"response_code": "200", "response_code_class": "2xx"}
    assert requests["metricKind"] == "DELTA"


def test_a_new_revision_takes_over_and_the_past_stays(staging: Client) -> None:
    before = staging.get(SERVICE)["latestReadyRevision"].rpartition("/")[2]
    staging.advance(10 * MINUTE)
    template = {"template": {"scaling": {"maxInstanceCount": 1}}}
    staging.call("PATCH", SERVICE, template, updateMask="template.scaling")
    staging.advance(3 * MINUTE)
    counted = series(staging, f"{RUN}/container/instance_count", minutes=12)
    active = {
        it["resource"]["labels"]["revision_name"]: it["points"]
        for it in counted
        if it["metric"]["labels"]["state"] == "active"
    }
    after = staging.get(SERVICE)["latestReadyRevision"].rpartition("/")[2]
    assert active.keys() == {before, after}
    assert {point["value"]["int64Value"] for point in active[after]} == {"1"}
    newest = {name: points[0]["interval"]["endTime"] for name, points in active.items()}
    assert newest[before] < newest[after]
