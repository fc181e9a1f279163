"""A request whose outcome nobody knows is settled by looking, for every API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from remediate.model.json import Body
from remediate.model.ref import parse_ref
from remediate.pipeline.looking import Found, Meant
from remediate.stores import journal
from remediate.stores.journal import Kind
from tests.workbench import PROJECT, Workbench, document, told

ALWAYS = 1_000_000
CHECK = parse_ref("HealthCheck/alive")


def health_check(**spec: Any) -> dict[str, Any]:
    body = {"type": "HTTP", "httpHealthCheck": {"port": 80}, **spec}
    return document("HealthCheck", "alive", body)


def connector(**spec: Any) -> dict[str, Any]:
    body = {"network": "default", "ipCidrRange": "10.8.0.0/28", "minInstances": 2, **spec}
    return document("VpcConnector", "door", {"maxInstances": 3, **body})


def authorization() -> dict[str, Any]:
    return document("DnsAuthorization", "proof", {"domain": "example.com"})


def zone(ttl: int = 300) -> dict[str, Any]:
    records = {"www": {"A": {"ttl": ttl, "values": ["203.0.113.1"]}}}
    spec = {"dnsName": "example.com.", "visibility": "public", "records": records}
    return document("DnsZone", "main", spec)


WRITES: dict[str, tuple[Mapping[str, Any], str, str]] = {
    "Compute Engine knows request ids": (health_check(), "POST", "*healthChecks*"),
    "VPC Access knows none": (connector(), "POST", "*connectors*"),
    "Certificate Manager knows none": (authorization(), "POST", "*dnsAuthorizations*"),
    "Cloud DNS does not know a change again": (zone(), "POST", "*changes*"),
    "a zone is made": (zone(), "POST", "*managedZones"),
}


def steps_done(bench: Workbench) -> list[Body]:
    story = journal.read(bench.store, journal.runs(bench.store)[-1])
    return [record.facts for record in story.records if record.kind == Kind.STEP_DONE]


@pytest.mark.parametrize("case", WRITES)
@pytest.mark.parametrize("fault", ["lost", "half"])
def test_what_took_effect_is_done_though_no_answer_ever_came(
    case: str, fault: str, workbench: Workbench
) -> None:
    wanted, method, path = WRITES[case]
    workbench.write(wanted)
    workbench.fault(fault, match=f"{method} {path}", times=ALWAYS)
    workbench.apply()
    workbench.clear_faults()
    assert told(workbench.plan()) == []
    assert any(one.get("settled") == "by looking" for one in steps_done(workbench))


@pytest.mark.parametrize("case", WRITES)
def test_what_had_no_effect_is_asked_for_again_by_the_same_request(
    case: str, workbench: Workbench
) -> None:
    wanted, method, path = WRITES[case]
    workbench.write(wanted)
    workbench.fault("reset", match=f"{method} {path}", times=1)
    workbench.apply()
    assert told(workbench.plan()) == []


BEFORE: Body = {"type": "HTTP", "checkIntervalSec": 5, "timeoutSec": 5, "description": "one"}
WANTED: Body = {**BEFORE, "checkIntervalSec": 9}
UPDATE = Meant(CHECK, "update", BEFORE, WANTED, ("checkIntervalSec",))
GONE: Body = {**BEFORE, "description": None}

VERDICTS: dict[str, tuple[Meant, Body | None, Found]] = {
    "as wanted is done": (UPDATE, WANTED, Found.NEW),
    "as before may be asked for again": (UPDATE, BEFORE, Found.OLD),
    "a third value is somebody else's": (UPDATE, {**BEFORE, "checkIntervalSec": 7}, Found.OTHER),
    "done, whatever else somebody has changed": (UPDATE, {**WANTED, "timeoutSec": 3}, Found.NEW),
    "old, whatever else somebody has changed": (UPDATE, {**BEFORE, "timeoutSec": 3}, Found.OLD),
    "what was to be changed is gone": (UPDATE, None, Found.OTHER),
    "what only takes a field away is not done while it is there": (
        Meant(CHECK, "update", BEFORE, GONE, ("description",)),
        BEFORE,
        Found.OLD,
    ),
    "and is done once it is not": (
        Meant(CHECK, "update", BEFORE, GONE, ("description",)),
        {name: value for name, value in BEFORE.items() if name != "description"},
        Found.NEW,
    ),
    "what is there as wanted was made": (Meant(CHECK, "insert", None, WANTED), WANTED, Found.NEW),
    "what is not there was not made": (Meant(CHECK, "insert", None, WANTED), None, Found.OLD),
    "what is there otherwise is not ours": (
        Meant(CHECK, "insert", None, WANTED),
        BEFORE,
        Found.OTHER,
    ),
    "what is gone was deleted": (Meant(CHECK, "delete", BEFORE, None), None, Found.NEW),
    "what is there as before was not deleted": (
        Meant(CHECK, "delete", BEFORE, None),
        BEFORE,
        Found.OLD,
    ),
    "what is there otherwise stays": (Meant(CHECK, "delete", BEFORE, None), WANTED, Found.OTHER),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_live_tells_what_became_of_a_request(case: str) -> None:
    meant, live, found = VERDICTS[case]
    assert meant.verdict(live, PROJECT) is found, case
