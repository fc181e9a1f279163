from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.kinds.facts import Compare, Replacement
from remediate.kinds.forwarding_rule import whole_range
from remediate.kinds.registry import kind
from remediate.model.plan import Action, Undo
from tests.kinds.checking import faults

PROXY = {"target": "TargetHttpsProxy/p"}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "neither a target nor a backend service": ({"portRange": "443"}, ""),
    "a target and a backend service": ({**PROXY, "backendService": "b"}, "/backendService"),
    "a port that is a word": ({**PROXY, "portRange": "https"}, "/portRange"),
    "a port beyond the last": ({**PROXY, "portRange": "65536"}, "/portRange"),
    "port nought": ({**PROXY, "portRange": "0"}, "/portRange"),
    "a range that runs backwards": ({**PROXY, "portRange": "90-80"}, "/portRange"),
    "a range and a list of ports": ({**PROXY, "portRange": "80", "ports": ["81"]}, "/ports"),
    "more than five ports": ({**PROXY, "ports": list("123456")}, "/ports"),
    "a list with a bad port": ({**PROXY, "ports": ["80", "x"]}, "/ports/1"),
    "one address and two": ({**PROXY, "IPAddress": "a", "IPAddresses": ["b"]}, "/IPAddresses"),
    "a source range with host bits": (
        {**PROXY, "sourceIpRanges": ["10.0.0.1/8"]},
        "/sourceIpRanges/0",
    ),
    "65 source ranges": (
        {**PROXY, "sourceIpRanges": [f"10.0.0.{n}" for n in range(65)]},
        "/sourceIpRanges",
    ),
    "a service label with capitals": ({**PROXY, "serviceLabel": "Web"}, "/serviceLabel"),
    "all protocols without all ports": ({**PROXY, "IPProtocol": "L3_DEFAULT"}, "/IPProtocol"),
    "more than all of the traffic": (
        {**PROXY, "externalManagedBackendBucketMigrationTestingPercentage": 101},
        "/externalManagedBackendBucketMigrationTestingPercentage",
    ),
}


@pytest.mark.parametrize(("spec", "at"), REFUSED.values(), ids=REFUSED)
def test_the_mistake_is_reported_at_its_field(spec: dict[str, Any], at: str) -> None:
    assert list(faults("ForwardingRule", spec)) == [at]


@pytest.mark.parametrize(
    "spec",
    [
        {**PROXY, "IPAddress": "staging-lb", "portRange": "443", "IPProtocol": "TCP"},
        {**PROXY, "portRange": "8000-8080"},
        {"target": "all-apis", "IPAddress": "10.0.0.2"},
        {"backendService": "b", "IPProtocol": "L3_DEFAULT", "allPorts": True},
    ],
)
def test_what_google_takes_has_no_faults(spec: dict[str, Any]) -> None:
    assert faults("ForwardingRule", spec) == {}


def test_one_port_is_the_range_from_it_to_it() -> None:
    assert whole_range("443") == whole_range("443-443") == "443-443"
    assert whole_range("80-90") == "80-90"


@given(st.one_of(st.text(), st.integers(), st.none()))
def test_making_a_range_whole_twice_is_making_it_whole_once(value: Any) -> None:
    assert whole_range(whole_range(value)) == whole_range(value)


def test_protocols_are_equal_in_either_case() -> None:
    spell = kind("ForwardingRule").normalise["/IPProtocol"]
    assert spell("tcp") == spell("TCP")


def test_the_target_is_set_by_its_own_call_and_the_rest_is_patched() -> None:
    calls = {update.method: update for update in kind("ForwardingRule").updates}
    assert calls["setTarget"].fields == ("target",)
    assert calls["setLabels"].compare is Compare.LABEL_FINGERPRINT
    assert calls["patch"].compare is Compare.FINGERPRINT


def test_a_new_address_or_port_is_a_re_creation_with_a_gap_that_is_not_wholly_undone() -> None:
    facts = kind("ForwardingRule")
    assert {"/IPAddress", "/portRange", "/loadBalancingScheme"} <= facts.immutable
    assert facts.replacement is Replacement.RECREATE
    assert facts.undo[Action.REPLACE].undo is Undo.APPROXIMATE
