from __future__ import annotations

from typing import Any

import pytest

from remediate.kinds.facts import Replacement, Scope
from remediate.kinds.registry import kind
from tests.kinds.checking import faults

RUN: dict[str, Any] = {"networkEndpointType": "SERVERLESS", "cloudRun": {"service": "web"}}
VM: dict[str, Any] = {"networkEndpointType": "GCE_VM_IP_PORT", "network": "n"}
PSC: dict[str, Any] = {
    "networkEndpointType": "PRIVATE_SERVICE_CONNECT",
    "pscTargetService": "us-central1-run.googleapis.com",
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "serverless without a service": ({"networkEndpointType": "SERVERLESS"}, ""),
    "two serverless services": ({**RUN, "appEngine": {}}, "/appEngine"),
    "Cloud Run without its service": (
        {"networkEndpointType": "SERVERLESS", "cloudRun": {"tag": "t"}},
        "/cloudRun",
    ),
    "a function without its name": (
        {"networkEndpointType": "SERVERLESS", "cloudFunction": {}},
        "/cloudFunction",
    ),
    "Cloud Run by its full name": (
        {
            "networkEndpointType": "SERVERLESS",
            "cloudRun": {"service": "projects/p/locations/l/services/web"},
        },
        "/cloudRun/service",
    ),
    "serverless in a network": ({**RUN, "network": "n"}, "/network"),
    "serverless with a port": ({**RUN, "defaultPort": 80}, "/defaultPort"),
    "Cloud Run among machines": ({**VM, "cloudRun": {"service": "web"}}, "/cloudRun"),
    "a port beyond the last": ({**VM, "defaultPort": 65536}, "/defaultPort"),
    "private service connect to nothing": (
        {"networkEndpointType": "PRIVATE_SERVICE_CONNECT"},
        "",
    ),
    "private service connect in a network": ({**PSC, "network": "n"}, "/network"),
    "a private target among machines": ({**VM, "pscTargetService": "x"}, "/pscTargetService"),
}


@pytest.mark.parametrize(("spec", "at"), REFUSED.values(), ids=REFUSED)
def test_the_mistake_is_reported_at_its_field(spec: dict[str, Any], at: str) -> None:
    assert list(faults("NetworkEndpointGroup", spec)) == [at]


@pytest.mark.parametrize(
    "spec",
    [
        RUN,
        {"networkEndpointType": "SERVERLESS", "cloudRun": {"urlMask": "<service>.example.com"}},
        {"networkEndpointType": "SERVERLESS", "appEngine": {}},
        {**VM, "defaultPort": 80},
        {**PSC, "pscData": {"producerPort": 443}},
        {"networkEndpointType": "INTERNET_FQDN_PORT", "defaultPort": 443},
    ],
)
def test_what_google_takes_has_no_faults(spec: dict[str, Any]) -> None:
    assert faults("NetworkEndpointGroup", spec) == {}


def test_nothing_changes_in_place_so_a_new_one_stands_beside() -> None:
    facts = kind("NetworkEndpointGroup")
    assert facts.updates == ()
    assert facts.immutable == {f"/{name}" for name in facts.spec.model_fields}
    assert facts.replacement is Replacement.BESIDE


def test_it_lives_in_a_region_unless_said_otherwise() -> None:
    assert kind("NetworkEndpointGroup").default_scope is Scope.REGION
