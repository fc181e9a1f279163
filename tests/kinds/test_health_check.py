from __future__ import annotations

from typing import Any

import pytest

from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.facts import Compare
from remediate.kinds.health_check import BLOCKS
from remediate.kinds.registry import kind
from tests.kinds.checking import faults

HTTP: dict[str, Any] = {"type": "HTTP", "httpHealthCheck": {"port": 8000}}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a type without its block": ({"type": "HTTP"}, "/type"),
    "a block of another type": ({**HTTP, "tcpHealthCheck": {}}, "/tcpHealthCheck"),
    "a type that is none": ({"type": "INVALID"}, "/type"),
    "an interval of nought": ({**HTTP, "checkIntervalSec": 0, "timeoutSec": 0}, "/timeoutSec"),
    "a timeout longer than the interval": (
        {**HTTP, "checkIntervalSec": 5, "timeoutSec": 6},
        "/timeoutSec",
    ),
    "an interval shorter than the default timeout": (
        {**HTTP, "checkIntervalSec": 3},
        "/checkIntervalSec",
    ),
    "port nought": ({"type": "TCP", "tcpHealthCheck": {"port": 0}}, "/tcpHealthCheck/port"),
    "a path without its slash": (
        {"type": "HTTP", "httpHealthCheck": {"requestPath": "health"}},
        "/httpHealthCheck/requestPath",
    ),
    "a service name beyond ASCII": (
        {"type": "GRPC", "grpcHealthCheck": {"grpcServiceName": "größe"}},
        "/grpcHealthCheck/grpcServiceName",
    ),
    "two regions to check from": (
        {**HTTP, "checkIntervalSec": 30, "sourceRegions": ["a", "b"]},
        "/sourceRegions",
    ),
    "regions and a short interval": ({**HTTP, "sourceRegions": list("abc")}, "/sourceRegions"),
    "regions and a type that has none": (
        {
            "type": "SSL",
            "sslHealthCheck": {},
            "checkIntervalSec": 30,
            "sourceRegions": list("abc"),
        },
        "/type",
    ),
}


@pytest.mark.parametrize(("spec", "at"), REFUSED.values(), ids=REFUSED)
def test_the_mistake_is_reported_at_its_field(spec: dict[str, Any], at: str) -> None:
    assert at in faults("HealthCheck", spec)


@pytest.mark.parametrize(("type_", "block"), BLOCKS.items())
def test_each_type_has_a_block_of_its_own(type_: str, block: str) -> None:
    assert faults("HealthCheck", {"type": type_, block: {}}) == {}


def test_the_message_says_what_is_meant() -> None:
    said = faults("HealthCheck", {"type": "HTTPS", "httpHealthCheck": {}})
    assert said["/type"] == "type HTTPS needs the block httpsHealthCheck (`{}` takes the defaults)"
    assert said["/httpHealthCheck"] == "type HTTPS goes with httpsHealthCheck only"


def test_there_is_no_fingerprint_to_compare() -> None:
    (update,) = kind("HealthCheck").updates
    assert (update.method, update.compare) == ("patch", Compare.NOTHING)


def test_a_change_of_type_takes_the_old_block_away() -> None:
    wanted = {"type": "TCP", "tcpHealthCheck": {"port": 80}}
    live = {"type": "HTTP", "httpHealthCheck": {"port": 80, "requestPath": "/health"}}
    changes = field_changes(kind("HealthCheck"), wanted, live, project="p", restore_defaults=True)
    assert {change.pointer: change.after for change in changes} == {
        "/type": "TCP",
        "/tcpHealthCheck": {"port": 80},
        "/httpHealthCheck": None,
    }


def test_what_google_fills_in_is_no_difference() -> None:
    live = {
        "type": "HTTP",
        "checkIntervalSec": 5,
        "timeoutSec": 5,
        "healthyThreshold": 2,
        "unhealthyThreshold": 2,
        "description": "",
        "logConfig": {"enable": False},
        "httpHealthCheck": {"port": 80, "requestPath": "/", "proxyHeader": "NONE"},
    }
    wanted: dict[str, Any] = {"type": "HTTP", "httpHealthCheck": {}}
    facts = kind("HealthCheck")
    assert field_changes(facts, wanted, live, project="p", restore_defaults=True) == ()
