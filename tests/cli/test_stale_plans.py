"""Between the plan and the apply something moves: what the plan touches spoils it, no more.

Each case is a change of ours that was planned, and two things that somebody else does meanwhile:
one in what the plan touches, one elsewhere, by which fingerprint, etag or settings version moves
all the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from remediate.model.json import Body
from tests.cli.conftest import Desk
from tests.cli.typed import Said
from tests.pipeline.documents import Document, health_check, sets, url_map, zone
from tests.pipeline.somebody import (
    GLOBAL,
    RUN,
    ZONES,
    Hand,
    connector,
    connector_by_hand,
    just_before_our_write,
    patch,
    run,
    run_by_hand,
    sql,
    sql_by_hand,
    www_by_hand,
)
from tests.workbench import Workbench, document

IGNORING = {"ignore": ["/headerAction"]}
WWW = "DnsZone/example/www.example.com./A"


def backend(**spec: object) -> Document:
    body = {"loadBalancingScheme": "EXTERNAL_MANAGED", "healthChecks": ["alive"], **spec}
    return document("BackendService", "web", body)


def records(www: str, mail: str = "192.0.2.7") -> Document:
    return zone({"www": sets("A", www), "mail": sets("A", mail)})


def mail_by_hand() -> Hand:
    name = "mail.example.com."
    body: Body = {"name": name, "type": "A", "ttl": 300, "rrdatas": ["192.0.2.99"]}
    return patch(f"{ZONES}/example/rrsets/{name}/A", body)


@dataclass(frozen=True)
class Case:
    """`said` is what is told of the touched one."""

    before: list[Document]
    now: list[Document]
    touched: Hand
    elsewhere: Hand
    said: str


CASES = {
    "a fingerprint of Compute Engine": Case(
        [health_check(), backend(timeoutSec=60)],
        [health_check(), backend(timeoutSec=61)],
        patch(f"{GLOBAL}/backendServices/web", {"timeoutSec": 99}),
        patch(f"{GLOBAL}/backendServices/web", {"compressionMode": "AUTOMATIC"}),
        "BackendService/web /timeoutSec was 60, and is 99",
    ),
    "another resource that is declared": Case(
        [health_check(), backend(timeoutSec=60)],
        [health_check(), backend(timeoutSec=61)],
        Hand("DELETE", f"{GLOBAL}/backendServices/web"),
        patch(f"{GLOBAL}/healthChecks/alive", {"httpHealthCheck": {"port": 8001}}),
        "BackendService/web was there, and is gone",
    ),
    "a field that was as wanted": Case(
        [url_map(lifecycle=IGNORING)],
        [url_map(description="ours", lifecycle=IGNORING)],
        patch(
            f"{GLOBAL}/urlMaps/main",
            {"defaultUrlRedirect": {"httpsRedirect": False, "stripQuery": True}},
        ),
        patch(f"{GLOBAL}/urlMaps/main", {"headerAction": {"requestHeadersToRemove": ["x"]}}),
        "UrlMap/main /defaultUrlRedirect/httpsRedirect was true, and is",
    ),
    "a record set": Case(
        [records("192.0.2.1")],
        [records("192.0.2.2")],
        www_by_hand("A", "192.0.2.3"),
        mail_by_hand(),
        f'{WWW} /rrdatas was ["192.0.2.1"], and is ["192.0.2.3"]',
    ),
    "an etag of Cloud Run": Case(
        [run({"resources": {"limits": {"cpu": "1"}}})],
        [run({"resources": {"limits": {"cpu": "2"}}})],
        run_by_hand({"resources": {"limits": {"cpu": "4"}}}),
        patch(f"{RUN}/web?updateMask=client", {"client": "theirs"}),
        "RunService/us-central1/web /template/containers/0/resources/limits/cpu was",
    ),
    "a settings version of Cloud SQL": Case(
        [sql(tier="db-g1-small")],
        [sql(tier="db-custom-1-3840")],
        sql_by_hand(tier="db-f1-micro"),
        sql_by_hand(userLabels={"team": "theirs"}),
        'SqlInstance/shop /settings/tier was "db-g1-small", and is "db-f1-micro"',
    ),
    "a connector": Case(
        [connector(minInstances=2, maxInstances=3)],
        [connector(minInstances=2, maxInstances=5)],
        connector_by_hand(minInstances=2, maxInstances=6),
        patch(f"{GLOBAL}/healthChecks/theirs", {"checkIntervalSec": 9}),
        "VpcConnector/us-central1/inner /maxInstances was 3, and is 6",
    ),
}


@pytest.fixture
def by_hand(workbench: Workbench) -> Desk:
    """A project with a resource of somebody else's in it."""
    workbench.reset()
    body: Body = {"name": "theirs", "type": "HTTP", "httpHealthCheck": {"port": 80}}
    workbench.send("POST", f"{GLOBAL}/healthChecks", body)
    return Desk(workbench, workbench.state())


def planned(desk: Desk, case: Case) -> dict[str, list[str]]:
    """The words that apply what was planned, by file and by digest alone."""
    bench, file = desk.bench, desk.bench.root / "plan.json"
    bench.write(*case.before)
    assert desk.type("apply").code == 0
    bench.write(*case.now)
    said = desk.type("plan", "--out", str(file))
    assert said.code == 0, said
    digest = json.loads(file.read_text())["remediate"]["digest"]
    bench.forget_calls()
    return {"--plan": ["--plan", str(file)], "--digest": ["--digest", digest]}


def writes(bench: Workbench) -> list[str]:
    """Every request that may have changed something."""
    asking = ("/wait", "/validate", ":testIamPermissions")
    calls: Any = bench.send("GET", "_sandbox/calls")["calls"]
    return [
        call["path"]
        for call in calls
        if call["method"] != "GET" and not call["path"].endswith(asking)
        if call["query"].get("validateOnly") != "true"
    ]


def is_stale(said: Said) -> bool:
    return said.code == 5 and "Nothing was changed." in said.told


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("how", ["--plan", "--digest"])
def test_what_the_plan_touches_has_moved_so_nothing_is_written(
    by_hand: Desk, name: str, how: str
) -> None:
    case = CASES[name]
    words = planned(by_hand, case)
    case.touched.act(by_hand.bench)
    by_hand.bench.forget_calls()
    said = by_hand.type("apply", *words[how])
    assert is_stale(said), str(said)
    assert not writes(by_hand.bench)
    assert case.said in said.told, str(said)  # by its digest the store has the file


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("how", ["--plan", "--digest"])
def test_what_moved_elsewhere_spoils_no_plan(by_hand: Desk, name: str, how: str) -> None:
    case = CASES[name]
    words = planned(by_hand, case)
    case.elsewhere.act(by_hand.bench)
    there = by_hand.type("apply", *words[how])
    assert there.code == 0, str(there)
    assert writes(by_hand.bench)


@pytest.mark.parametrize("name", [name for name in CASES if name != "a connector"])
def test_between_the_lock_and_the_write_google_or_a_fresh_read_compares(
    by_hand: Desk, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    words = planned(by_hand, case)
    just_before_our_write(monkeypatch, lambda: case.touched.act(by_hand.bench))
    said = by_hand.type("apply", *words["--plan"])
    monkeypatch.undo()
    assert is_stale(said) or said.code == 7, str(said)  # 7: where the write comes in two calls
    left = by_hand.type("plan", "--json").json
    assert left["resource_changes"], "their edit stands"
