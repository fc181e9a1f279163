"""Differences of a zone, packed into changes that Cloud DNS takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.kinds.records.changes import Quota, pack
from remediate.kinds.records.compare import compare
from remediate.model.errors import InvalidInput
from remediate.model.json import Body
from remediate.model.plan import Action, Difference
from remediate.model.ref import Ref, record_ref
from remediate.model.values import Unknown
from tests.kinds.records.zones import DNS_NAME, World, apply, pages, records, worlds, zone


def differences(written: dict[str, Any], world: World) -> list[Difference]:
    verdict = compare(
        zone(written), pages(world.values()), ours=lambda _ref: True, known=lambda _reference: ""
    )
    return verdict.differences


def difference(name: str, before: Body | None, after: Body | None, rrtype: str = "A") -> Difference:
    ref = record_ref("example", f"{name}.{DNS_NAME}", rrtype)
    action = Action.UPDATE if before and after else Action.CREATE if after else Action.DELETE
    return Difference(ref, action, ref, before, after)


def body(name: str, *values: str, rrtype: str = "A") -> Body:
    return {"name": f"{name}.{DNS_NAME}", "type": rrtype, "ttl": 300, "rrdatas": [*values]}


quotas = st.builds(Quota, st.integers(5, 12), st.integers(5, 12), st.integers(2_500, 6_000))


@given(records, worlds, quotas)
def test_every_difference_is_in_one_change_and_no_change_is_over_the_quota(
    written: dict[str, Any], world: World, quota: Quota
) -> None:
    found = differences(written, world)
    changes = pack(found, quota)
    refs = [ref for change in changes for ref in change.refs]
    assert sorted(refs) == sorted(each.ref for each in found)
    assert all(quota.holds(change.load) for change in changes)
    assert sorted(map(repr, (b for change in changes for b in change.deletions))) == sorted(
        repr(each.before) for each in found if each.before is not None
    )


@given(records, worlds, quotas)
def test_an_owner_is_never_split_and_the_changes_apply_in_order(
    written: dict[str, Any], world: World, quota: Quota
) -> None:
    found = differences(written, world)
    changes = pack(found, quota)
    at: dict[str, set[int]] = {}
    for number, change in enumerate(changes):
        for ref in change.refs:
            at.setdefault(ref.record[0], set()).add(number)
    assert all(len(numbers) == 1 for numbers in at.values())
    assert not differences(written, apply(world, changes))


@given(st.data(), records, worlds)
def test_the_order_of_differences_does_not_matter(
    data: st.DataObject, written: dict[str, Any], world: World
) -> None:
    found = differences(written, world)
    assert pack(data.draw(st.permutations(found))) == pack(found)


def test_names_that_only_lose_come_last() -> None:
    found = [
        difference("a", body("a", "192.0.2.1"), None),
        difference("z", None, body("z", "192.0.2.1")),
        difference("m", body("m", "192.0.2.1"), body("m", "192.0.2.2")),
    ]
    changes = pack(found, Quota(1, 1))
    assert [ref.record[0] for change in changes for ref in change.refs] == [
        f"m.{DNS_NAME}",
        f"z.{DNS_NAME}",
        f"a.{DNS_NAME}",
    ]


def test_a_deletion_is_word_for_word_and_an_addition_is_without_what_the_server_adds() -> None:
    before = {**body("a", "192.0.2.1"), "kind": "dns#resourceRecordSet", "signatureRrdatas": []}
    (change,) = pack([difference("a", before, {**before, "ttl": 60})])
    assert change.deletions == [before]
    assert change.additions == [{**body("a", "192.0.2.1"), "ttl": 60}]


def test_the_quota_counts_additions_deletions_and_bytes() -> None:
    many = [difference(f"n{at:04}", None, body(f"n{at:04}", "192.0.2.1")) for at in range(2_500)]
    assert [len(change.additions) for change in pack(many)] == [1_000, 1_000, 500]
    gone = [difference(f"n{at}", body(f"n{at}", "192.0.2.1"), None) for at in range(1_001)]
    assert [len(change.deletions) for change in pack(gone)] == [1_000, 1]
    large = '"' + "x" * 253 + '"'
    texts = [
        difference(f"t{at:03}", None, body(f"t{at:03}", large, rrtype="TXT"), "TXT")
        for at in range(400)
    ]
    assert [change.load.rrdata_bytes for change in pack(texts)] == [99_960, 2_040]


def test_data_inside_a_routing_policy_counts() -> None:
    policy: Body = {
        "name": f"geo.{DNS_NAME}",
        "type": "A",
        "ttl": 300,
        "routingPolicy": {"geo": {"items": [{"location": "us-east1", "rrdatas": ["192.0.2.1"]}]}},
    }
    (change,) = pack([difference("geo", policy, body("geo", "192.0.2.1"))])
    assert change.load.rrdata_bytes == 18


def test_one_name_that_is_over_the_quota_is_an_error_that_says_by_how_much() -> None:
    large = body("a", *('"' + "x" * 250 + '"' for _ in range(100)), rrtype="TXT")
    with pytest.raises(InvalidInput, match=r"a\.example\.com\. needs 1 additions, 0 deletions and"):
        pack([difference("a", None, large, "TXT")], Quota(1000, 1000, 10_000))


def test_the_quota_is_the_projects_own() -> None:
    assert Quota.of({"rrsetAdditionsPerChange": 3, "managedZones": 7}) == Quota(3, 1_000, 100_000)
    assert Quota.of({"totalRrdataSizePerChange": "50"}).rrdata_bytes == 50


def test_what_is_not_known_yet_is_never_sent() -> None:
    unknown: Any = {**body("a"), "rrdatas": [Unknown(Ref("Address", "lb"), "address")]}
    with pytest.raises(InvalidInput, match="nobody knows yet"):
        pack([difference("a", None, unknown)])


def test_nothing_makes_no_change() -> None:
    assert pack([]) == []
