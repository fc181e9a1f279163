"""What is still under way at Google when a run is gone on with, or taken back."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.cli.conftest import Desk
from tests.cli.half_way import WRITING, check, killed
from tests.workbench import document


def database(**settings: Any) -> dict[str, Any]:
    own = {"tier": "db-g1-small", "edition": "ENTERPRISE", **settings}
    spec = {"databaseVersion": "POSTGRES_14", "region": "us-central1", "settings": own}
    return document("SqlInstance", "shop", spec)


def connector(**spec: Any) -> dict[str, Any]:
    sizes = {"minInstances": 2, "maxInstances": 3, **spec}
    own = {"network": "default", "ipCidrRange": "10.8.0.0/28", "machineType": "e2-micro", **sizes}
    return document("VpcConnector", "door", own)


def service(**spec: Any) -> dict[str, Any]:
    template = {"containers": [{"image": "us-docker.pkg.dev/cloudrun/container/hello"}], **spec}
    return document("RunService", "shop", {"template": template})


class Slow(NamedTuple):
    """A write whose operation takes long; Compute Engine's block whoever waits for them."""

    first: dict[str, Any] | None
    then: dict[str, Any]
    match: str
    asked: int = 1  # how often it is asked: Cloud Run is asked beforehand whether it would
    seconds: float = 600
    way_back: bool = True


SLOW = {
    "a database is made": Slow(None, database(), "POST */instances"),
    "a database is changed": Slow(
        database(), database(tier="db-custom-2-7680"), "PATCH */instances/*"
    ),
    "a connector is made": Slow(None, connector(), "POST */connectors"),
    "a connector is changed": Slow(
        connector(), connector(maxInstances=4), "PATCH */connectors/*", way_back=False
    ),
    "a service is made": Slow(None, service(), "POST */services", 2),
    "a service is changed": Slow(service(), service(timeout="60s"), "PATCH */services/*", 2),
    "a check is made": Slow(None, check("one"), "POST */healthChecks", seconds=0.3),
    "a check is changed": Slow(
        check("one"), check("one", checkIntervalSec=9), "PATCH */healthChecks/*", seconds=0.3
    ),
}


WAYS = [
    (case, way)
    for case, slow in SLOW.items()
    for way in ("on", "plain", "back")[: 2 + slow.way_back]
]


@pytest.mark.parametrize(("case", "way"), WAYS)
def test_what_is_still_under_way_at_google_is_waited_for(case: str, way: str, desk: Desk) -> None:
    first, then, match, asked, seconds, _back = SLOW[case]
    desk.bench.reset()
    desk.bench.write(*([first] if first else []))
    assert desk.type("apply").code == 0
    before = desk.bench.state()
    desk.bench.write(then)
    desk.fault("slow-operation", match, asked, seconds=seconds)
    desk.bench.forget_calls()
    assert killed(desk, "operation.poll.before", 1, since=WRITING)
    if way != "back":
        said = desk.type("apply", *(("--resume", "latest") if way == "on" else ()))
        assert said.code == 0, said
        assert "not ready" not in said.told
        assert desk.type("plan", "--detailed-exitcode").code == 0
        verb, _, path = match.partition(" *")
        writes = [w for w, at in desk.bench.calls() if w == verb and path.strip("*") in at]
        assert len(writes) == asked
    else:
        data = ("--allow", "delete:SqlInstance/shop=a test")
        said = desk.type("rollback", "--snapshot", "latest", *data)
        assert said.code == 0, said
        assert desk.bench.state() == before


def test_it_is_not_forgotten_when_the_next_run_dies_before_it_has_begun_anything(
    desk: Desk,
) -> None:
    desk.bench.reset()
    desk.bench.write()
    assert desk.type("apply").code == 0
    desk.bench.write(connector())
    desk.fault("slow-operation", "POST */connectors", 1, seconds=600)
    assert killed(desk, "operation.poll.before", 1, since=WRITING)
    assert killed(desk, "store.swap.after", 2)
    said = desk.type("apply")
    assert said.code == 0, said
    assert "may have under way at Google is waited for" in said.told
    assert "not ready" not in said.told
    assert desk.type("plan", "--detailed-exitcode").code == 0
