"""Cloud Monitoring as Google's discovery client asks for it, and by its published schema."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from gcp_sandbox.monitoring.metrics import METRICS
from gcp_sandbox.sandbox import Sandbox
from tests.conformance.conftest import PROJECT
from tests.conformance.discovery import document, faults

CONNECTORS = f"/v1/projects/{PROJECT}/locations/us-central1/connectors"
SERVICES = f"/v2/projects/{PROJECT}/locations/us-central1/services"
INSTANCES = f"/v1/projects/{PROJECT}/instances"
UP = 'metric.type = "cloudsql.googleapis.com/database/up"'


@pytest.fixture
def busy(sandbox: Sandbox) -> Sandbox:
    connector = {"network": "n", "ipCidrRange": "10.1.0.0/28", "minInstances": 2, "maxInstances": 3}
    for path, body in (
        (f"{CONNECTORS}?connectorId=cc", connector),
        (INSTANCES, database("pg", "POSTGRES_16")),
        (INSTANCES, database("my", "MYSQL_8_0")),
        (f"{SERVICES}?serviceId=web", {"template": {"containers": [{"image": "web"}]}}),
        ("/_sandbox/clock:advance", {"seconds": 1800}),
    ):
        requests.post(f"{sandbox.url}{path}", json=body, timeout=10).raise_for_status()
    return sandbox


def database(name: str, version: str) -> dict[str, Any]:
    return {"name": name, "databaseVersion": version, "settings": {"tier": "db-f1-micro"}}


@pytest.fixture
def client(busy: Sandbox) -> Iterator[Any]:
    made = build(
        "monitoring",
        "v3",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call] - published without
        static_discovery=True,
        client_options={"api_endpoint": busy.url},
    )
    yield made.projects().timeSeries()
    made.close()


def window(sandbox: Sandbox, minutes: int = 10) -> dict[str, str]:
    now = sandbox.call(lambda world: world.clock.now())
    return {
        "interval_startTime": (now - timedelta(minutes=minutes)).isoformat(),
        "interval_endTime": now.astimezone(UTC).isoformat(),
    }


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_answers_by_the_schema(client: Any, busy: Sandbox, metric: str) -> None:
    filter_ = f'metric.type = "{metric}"'
    request = client.list(name=f"projects/{PROJECT}", filter=filter_, **window(busy))
    answer = request.execute()
    assert faults("monitoring.v3", "ListTimeSeriesResponse", answer) == []
    assert answer["timeSeries"]
    assert all(len(series["points"]) == 10 for series in answer["timeSeries"])


def test_an_aggregation_is_taken_as_the_client_spells_it(client: Any, busy: Sandbox) -> None:
    answer = client.list(
        name=f"projects/{PROJECT}",
        filter=UP,
        aggregation_alignmentPeriod="300s",
        aggregation_perSeriesAligner="ALIGN_MEAN",
        aggregation_crossSeriesReducer="REDUCE_SUM",
        aggregation_groupByFields=["resource.labels.database_id", "resource.labels.region"],
        orderBy="timestamp desc",
        view="FULL",
        **window(busy),
    ).execute()
    assert faults("monitoring.v3", "ListTimeSeriesResponse", answer) == []
    assert {it["resource"]["labels"]["database_id"] for it in answer["timeSeries"]} == {
        f"{PROJECT}:pg",
        f"{PROJECT}:my",
    }
    assert {it["resource"]["labels"]["region"] for it in answer["timeSeries"]} == {"us-central1"}
    assert {point["value"]["doubleValue"] for it in answer["timeSeries"] for point in it["points"]}


def test_the_client_goes_from_page_to_page(client: Any, busy: Sandbox) -> None:
    request = client.list(name=f"projects/{PROJECT}", filter=UP, pageSize=7, **window(busy))
    points, pages = 0, 0
    while request is not None:
        answer = request.execute()
        points += sum(len(it["points"]) for it in answer["timeSeries"])
        pages += 1
        request = client.list_next(request, answer)
    assert (points, pages) == (20, 3)


def test_refusals_are_in_googles_shape(client: Any, busy: Sandbox) -> None:
    request = client.list(name=f"projects/{PROJECT}", filter="nonsense", **window(busy))
    with pytest.raises(HttpError, match="Field filter had an invalid value") as refused:
        request.execute()
    assert refused.value.resp.status == 400


def test_every_aligner_and_reducer_of_the_document_is_answered(busy: Sandbox) -> None:
    listed = document("monitoring.v3")["resources"]["projects"]["resources"]["timeSeries"]
    parameters = listed["methods"]["list"]["parameters"]
    at = f"{busy.url}/v3/projects/{PROJECT}/timeSeries"
    end = {"interval.endTime": datetime.now(UTC).isoformat(), "filter": UP}
    answered = set()
    for aligner in parameters["aggregation.perSeriesAligner"]["enum"]:
        for reducer in parameters["aggregation.crossSeriesReducer"]["enum"]:
            how = {
                "aggregation.alignmentPeriod": "60s",
                "aggregation.perSeriesAligner": aligner,
                "aggregation.crossSeriesReducer": reducer,
            }
            answered.add(requests.get(at, params=end | how, timeout=10).status_code)
    assert answered == {200, 400, 501}
