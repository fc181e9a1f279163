from __future__ import annotations

from typing import Any

import pytest

from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.documents.imported import spec_of
from remediate.kinds.facts import Replacement, Scope
from remediate.kinds.registry import kind
from remediate.kinds.vpc_connector import check_spare, clash, forms, lack, one_way, ready
from remediate.model.json import Body
from remediate.model.plan import FieldChange
from remediate.model.resource import Lifecycle
from tests.kinds.checking import faults

NAME = "VpcConnector"
RANGE: dict[str, Any] = {"network": "vpc", "ipCidrRange": "10.8.0.0/28"}
GOOD: dict[str, Any] = {**RANGE, "maxInstances": 3}
SUBNET: dict[str, Any] = {"subnet": {"name": "inner"}, "maxInstances": 3}
LIVE: Body = {
    **RANGE,
    "name": "projects/p/locations/us-central1/connectors/inner",
    "machineType": "e2-micro",
    "minInstances": 3,
    "maxInstances": 4,
    "minThroughput": 300,
    "maxThroughput": 400,
    "state": "READY",
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no range": ({"network": "vpc", "maxInstances": 3}, ""),
    "no network": ({"ipCidrRange": "10.8.0.0/28", "maxInstances": 3}, ""),
    "neither a range nor a subnet": ({"maxInstances": 3}, ""),
    "a range beside a subnet": ({**SUBNET, "ipCidrRange": "10.8.0.0/28"}, "/ipCidrRange"),
    "a network beside a subnet": ({**SUBNET, "network": "vpc"}, "/network"),
    "a subnet without a name": ({**SUBNET, "subnet": {"projectId": "p"}}, "/subnet"),
    "a subnet by its link": (
        {**SUBNET, "subnet": {"name": "regions/us-central1/subnetworks/inner"}},
        "/subnet/name",
    ),
    "a network by its link": (
        {**GOOD, "network": "projects/p/global/networks/vpc"},
        "/network",
    ),
    "a range that is too large": ({**GOOD, "ipCidrRange": "10.8.0.0/24"}, "/ipCidrRange"),
    "a range that begins in its middle": ({**GOOD, "ipCidrRange": "10.8.0.1/28"}, "/ipCidrRange"),
    "a range of the wrong family": ({**GOOD, "ipCidrRange": "fd00::/124"}, "/ipCidrRange"),
    "an unknown machine": ({**GOOD, "machineType": "e2-huge"}, "/machineType"),
    "no greatest size": (RANGE, ""),
    "only a least size": ({**RANGE, "minInstances": 2}, ""),
    "only a least throughput": ({**RANGE, "minThroughput": 200}, ""),
    "instances and throughput": ({**GOOD, "maxThroughput": 400}, "/maxThroughput"),
    "one of each pair": ({**RANGE, "minInstances": 2, "maxThroughput": 400}, "/maxThroughput"),
    "one instance": ({**GOOD, "minInstances": 1}, "/minInstances"),
    "eleven instances": ({**GOOD, "maxInstances": 11}, "/maxInstances"),
    "as many at least as at most": ({**GOOD, "minInstances": 3}, "/minInstances"),
    "more at least than at most": (
        {**RANGE, "minThroughput": 500, "maxThroughput": 400},
        "/minThroughput",
    ),
    "a throughput in between": ({**RANGE, "maxThroughput": 450}, "/maxThroughput"),
    "too little throughput": ({**RANGE, "maxThroughput": 200}, "/maxThroughput"),
}


@pytest.mark.parametrize(("spec", "at"), REFUSED.values(), ids=REFUSED)
def test_the_mistake_is_reported_at_its_field(spec: dict[str, Any], at: str) -> None:
    assert list(faults(NAME, spec)) == [at]


@pytest.mark.parametrize(
    "spec",
    [
        GOOD,
        {**GOOD, "minInstances": 2},
        {**GOOD, "minInstances": 9, "maxInstances": 10, "machineType": "f1-micro"},
        {**RANGE, "minThroughput": 200, "maxThroughput": 1000},
        {**RANGE, "maxThroughput": 300},
        SUBNET,
        {**SUBNET, "subnet": {"name": "inner", "projectId": "host-project"}},
    ],
)
def test_what_google_takes_has_no_faults(spec: dict[str, Any]) -> None:
    assert faults(NAME, spec) == {}


def test_it_lives_in_a_region_and_is_replaced_by_one_beside_it() -> None:
    facts = kind(NAME)
    assert facts.scopes == {Scope.REGION}
    assert facts.replacement is Replacement.BESIDE
    assert (facts.naming.longest, facts.naming.digits, facts.naming.hyphen) == (20, 4, 2)


PAIRS: dict[str, tuple[Body, Body, list[str]]] = {
    "instances alone are compared where they are written": (
        {"minInstances": 3, "maxInstances": 4},
        {},
        [],
    ),
    "throughput alone is compared where it is written": (
        {"minThroughput": 300, "maxThroughput": 400},
        {},
        [],
    ),
    "a pair that gave way to the other is no difference": (
        {"minInstances": 3, "maxInstances": 4},
        {"minThroughput": 300, "maxThroughput": 400},
        [],
    ),
    "nor the other way round": (
        {"minThroughput": 300, "maxThroughput": 400},
        {"minInstances": 3, "maxInstances": 4},
        [],
    ),
    "the half of a pair that is no longer written is left as it is": (
        {"maxInstances": 4},
        {"minInstances": 3, "maxInstances": 4},
        [],
    ),
    "a pair that differs is a difference": (
        {"minInstances": 2, "maxInstances": 5},
        {"minInstances": 3, "maxInstances": 4},
        ["/maxInstances", "/minInstances"],
    ),
    "another throughput is a difference": (
        {"maxThroughput": 500},
        {"minInstances": 3, "maxInstances": 4},
        ["/maxThroughput"],
    ),
    "a live body in full is compared in its instances": (LIVE, LIVE, []),
    "machines that nobody wrote are Google's own choice": ({"maxInstances": 4}, {}, []),
    "machines that are no longer written go back to the usual ones": (
        {"maxInstances": 4},
        {"machineType": "e2-standard-4"},
        ["/machineType"],
    ),
}


@pytest.mark.parametrize(("wanted", "before", "differing"), PAIRS.values(), ids=PAIRS)
def test_only_what_is_written_is_compared(wanted: Body, before: Body, differing: list[str]) -> None:
    live = {**LIVE, "machineType": before.get("machineType", "e2-micro")}
    changes = field_changes(
        kind(NAME),
        {**RANGE, **wanted},
        live,
        project="p",
        written_before={**RANGE, **before},
        restore_defaults=True,
    )
    assert [change.pointer for change in changes] == differing


def test_a_network_by_its_link_is_the_network_by_its_name() -> None:
    live = {
        **LIVE,
        "network": "https://www.googleapis.com/compute/v1/projects/p/global/networks/vpc",
    }
    assert field_changes(kind(NAME), {**RANGE, "maxInstances": 4}, live, project="p") == ()


def test_growing_is_one_way() -> None:
    assert one_way(FieldChange("/maxInstances", 4, 5)) == ""
    assert one_way(FieldChange("/maxInstances", 5, 4)) == "maxInstances cannot shrink from 5 to 4"
    assert one_way(FieldChange("/machineType", "e2-standard-4", "e2-micro")) == ""


def test_a_connector_may_be_in_either_of_its_ranges() -> None:
    spare = Lifecycle(replace_cidr="10.8.0.16/28")
    assert [form["ipCidrRange"] for form in forms(GOOD, spare)] == ["10.8.0.0/28", "10.8.0.16/28"]
    assert forms(GOOD, Lifecycle()) == [GOOD]
    assert forms(SUBNET, spare) == [SUBNET]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (RANGE, RANGE, True),
        (RANGE, {**RANGE, "network": "projects/p/global/networks/vpc"}, True),
        (RANGE, {**RANGE, "network": "other"}, False),
        (RANGE, {**RANGE, "ipCidrRange": "10.8.0.16/28"}, False),
        (RANGE, {**RANGE, "ipCidrRange": "10.0.0.0/8"}, True),
        (RANGE, {"network": "vpc"}, False),
        (SUBNET, SUBNET, True),
        (SUBNET, {"subnet": {"name": "outer"}}, False),
        (SUBNET, RANGE, False),
    ],
)
def test_two_connectors_never_share_their_addresses(
    one: Body, other: Body, *, expected: bool
) -> None:
    assert clash(one, other) is expected
    assert clash(other, one) is expected


@pytest.mark.parametrize(
    ("wanted", "spare", "said"),
    [
        (GOOD, None, "needs a free /28 of its own: write it to lifecycle.replaceCidr"),
        (GOOD, "10.8.0.16/28", "both 10.8.0.0/28 and 10.8.0.16/28 are taken"),
        (SUBNET, None, "needs a free /28 subnet of its own: write it to spec.subnet"),
    ],
)
def test_what_is_to_be_written_is_said(wanted: Body, spare: str | None, said: str) -> None:
    assert said in lack(wanted, Lifecycle(replace_cidr=spare))


@pytest.mark.parametrize(
    ("spec", "spare", "said"),
    [
        (GOOD, "10.8.0.16/28", ""),
        (GOOD, None, ""),
        (GOOD, "10.8.0.0/28", "is spec.ipCidrRange too"),
        (GOOD, "10.8.0.16/27", "is not a /28"),
        (GOOD, "soon", "is not a /28"),
        (SUBNET, "10.8.0.16/28", "moves to another subnet"),
    ],
)
def test_a_spare_range_is_one_that_a_new_connector_can_have(
    spec: Body, spare: str | None, said: str
) -> None:
    found = check_spare(spec, Lifecycle(replace_cidr=spare))
    assert [at for at, _ in found] == ([""] if said else [])
    assert all(said in message for _, message in found)


@pytest.mark.parametrize(
    ("state", "is_ready", "failed"),
    [
        ("READY", True, False),
        ("CREATING", False, False),
        ("UPDATING", False, False),
        ("DELETING", False, False),
        ("ERROR", False, True),
        (None, False, False),
    ],
)
def test_only_ready_is_ready_and_an_error_is_for_good(
    state: str | None, *, is_ready: bool, failed: bool
) -> None:
    stands = ready({"state": state} if state else {})
    assert (stands.ready, stands.failed) == (is_ready, failed)


@pytest.mark.parametrize(
    ("live", "spec"),
    [
        (LIVE, {**RANGE, "minInstances": 3, "maxInstances": 4}),
        (
            {**LIVE, "network": "projects/p/global/networks/vpc"},
            {**RANGE, "minInstances": 3, "maxInstances": 4},
        ),
        (
            {**LIVE, "machineType": "f1-micro"},
            {**RANGE, "machineType": "f1-micro", "minInstances": 3, "maxInstances": 4},
        ),
        (
            {**LIVE, "ipCidrRange": None, "subnet": {"name": "inner"}},
            {"subnet": {"name": "inner"}, "minInstances": 3, "maxInstances": 4},
        ),
    ],
)
def test_only_one_of_what_says_the_same_is_imported(live: Body, spec: Body) -> None:
    found, remarks = spec_of(kind(NAME), live, "p")
    assert found == spec
    assert remarks == []


def test_one_that_failed_is_imported_with_a_word() -> None:
    _found, remarks = spec_of(kind(NAME), {**LIVE, "state": "ERROR"}, "p")
    assert remarks == ["it will not become ready: ERROR"]
