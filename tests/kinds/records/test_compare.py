"""A zone's record sets, wanted against live."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.kinds.records.changes import pack
from remediate.kinds.records.compare import compare
from remediate.kinds.records.rdata import same
from remediate.kinds.records.restore import restore
from remediate.kinds.records.verdict import RecordsVerdict
from remediate.model.errors import Unreachable
from remediate.model.json import Body
from remediate.model.plan import Action, FieldChange
from remediate.model.ref import Ref, record_ref
from remediate.model.resource import Zone
from remediate.model.values import Reference, Template, Unknown
from tests.kinds.records.zones import (
    APEX,
    DNS_NAME,
    ZONE,
    World,
    apply,
    live,
    pages,
    records,
    respelled,
    worlds,
    zone,
)

ADDRESS = Template("${Address/staging-lb.address}")


def nobodys(_ref: Ref) -> bool:
    return False


def everybodys(_ref: Ref) -> bool:
    return True


def the_address(_reference: Reference) -> str:
    return "203.0.113.10"


def look(wanted: Zone, bodies: list[Body], ours: Any = nobodys, **options: Any) -> RecordsVerdict:
    return compare(wanted, pages(bodies), ours=ours, known=the_address, **options)


def told(verdict: RecordsVerdict) -> list[tuple[str, str]]:
    return [(each.action.value, each.ref.name.partition("/")[2]) for each in verdict.differences]


def one(name: str, rrtype: str, *values: str, ttl: str = "300") -> dict[str, Any]:
    return {name: {rrtype: {"ttl": ttl, "values": list(values)}}}


def body(name: str, rrtype: str, *values: str, ttl: int = 300) -> Body:
    return {"name": name, "type": rrtype, "ttl": ttl, "rrdatas": [*values]}


def means(world: World) -> dict[tuple[str, str], tuple[Any, Any]]:
    """A world without the spelling of its data."""
    from remediate.kinds.records.rdata import canonical  # noqa: PLC0415 - beside its only use

    return {
        key: (found["ttl"], sorted(canonical(key[1], value) for value in found["rrdatas"]))
        for key, found in world.items()
    }


# Laws.


@given(records, worlds)
def test_applying_a_difference_reaches_what_is_wanted_and_leaves_none(
    written: dict[str, Any], world: World
) -> None:
    wanted = zone(written)
    verdict = look(wanted, list(world.values()))
    after = apply(world, pack(verdict.differences))
    assert means(after) == means(live(written))
    assert not look(wanted, list(after.values())).differences
    assert not verdict.conflicts


@given(records, worlds)
def test_going_back_to_the_snapshot_restores_live_word_for_word(
    written: dict[str, Any], world: World
) -> None:
    differences = look(zone(written), list(world.values())).differences
    after = apply(world, pack(differences))
    snapshot: dict[Ref, Any] = {each.ref: each.before for each in differences}
    back = restore(ZONE, snapshot, pages(after.values()))
    assert apply(after, pack(back)) == world
    assert not restore(ZONE, snapshot, pages(world.values()))


@given(st.data(), records, worlds)
def test_order_and_spelling_of_live_data_never_change_what_is_told(
    data: st.DataObject, written: dict[str, Any], world: World
) -> None:
    plain = look(zone(written), list(world.values()))
    other = look(zone(written), data.draw(respelled(world)))
    assert told(other) == told(plain)


@given(st.data(), records)
def test_order_of_names_and_values_in_the_yaml_never_changes_what_is_told(
    data: st.DataObject, written: dict[str, Any]
) -> None:
    world = data.draw(worlds)
    names = data.draw(st.permutations(list(written)))
    shuffled = {
        name.upper(): {
            rrtype: {**found, "values": data.draw(st.permutations(found["values"]))}
            for rrtype, found in written[name].items()
        }
        for name in names
    }
    assert told(look(zone(shuffled), list(world.values()))) == told(
        look(zone(written), list(world.values()))
    )


@given(records, worlds)
def test_a_listed_zone_never_touches_what_is_not_written_but_to_swap_an_address(
    written: dict[str, Any], world: World
) -> None:
    wanted = zone(written, exclusive=False)
    verdict = look(wanted, list(world.values()))
    touched = {each.ref.record for each in verdict.differences}
    swapped = {ref.record for ref in verdict.swapped}
    assert touched - swapped <= wanted.records.keys()
    addressed = {fqdn for fqdn, rrtype in wanted.records if rrtype in {"A", "AAAA", "CNAME"}}
    assert {fqdn for fqdn, _ in swapped} <= addressed
    assert {rrtype for _, rrtype in swapped} <= {"A", "AAAA", "CNAME"}
    after = apply(world, pack(verdict.differences))
    assert all(after[key] == found for key, found in world.items() if key not in touched)
    conflicting = {conflict.ref.record for conflict in verdict.conflicts}
    assert wanted.records.keys() - conflicting <= after.keys()


@given(records, worlds)
def test_live_is_counted_whole(written: dict[str, Any], world: World) -> None:
    assert look(zone(written), list(world.values())).live == len(world)


# Cases.


def test_nothing_differs_where_only_the_spelling_does() -> None:
    written = {
        **one("www", "CNAME", "LB.example.net."),
        **one("@", "TXT", "v=spf1 -all"),
        **one("v6", "AAAA", "2001:db8::1"),
        **one("many", "A", "192.0.2.2", "192.0.2.1"),
    }
    found = [
        *APEX,
        body("WWW.example.com.", "CNAME", "lb.Example.Net."),
        body(DNS_NAME, "TXT", '"v=spf1" " -all"'),
        body("v6.example.com.", "AAAA", "2001:DB8:0:0::1"),
        {**body("many.example.com.", "A", "192.0.2.1", "192.0.2.2"), "signatureRrdatas": []},
    ]
    assert told(look(zone(written), found)) == []


def test_a_token_that_differs_in_case_alone_is_a_difference() -> None:
    verdict = look(zone(one("t", "TXT", "Token")), [body("t.example.com.", "TXT", '"token"')])
    assert told(verdict) == [("update", "t.example.com./TXT")]


def test_an_update_says_what_was_there_word_for_word_and_what_changes() -> None:
    before = body("www.example.com.", "A", "192.0.2.9", "192.0.2.8")
    (found,) = look(zone(one("www", "A", "192.0.2.1", ttl="60")), [before]).differences
    assert found.before is before
    assert found.after == body("www.example.com.", "A", "192.0.2.1", ttl=60)
    assert found.changes == (
        FieldChange("/ttl", 300, 60),
        FieldChange("/rrdatas", ["192.0.2.9", "192.0.2.8"], ["192.0.2.1"]),
    )
    assert found.ref == record_ref("example", "www.example.com.", "A")


def test_where_only_the_ttl_changes_the_data_keeps_its_spelling() -> None:
    before = body("t.example.com.", "TXT", '"b" "c"', '"a"')
    (found,) = look(zone(one("t", "TXT", "a", "bc", ttl="60")), [before]).differences
    assert found.changes == (FieldChange("/ttl", 300, 60),)
    assert found.after == {**before, "ttl": 60}


def test_creations_and_deletions_hold_the_whole_set() -> None:
    gone = body("old.example.com.", "A", "192.0.2.9")
    deleted, created = sorted(
        look(zone(one("new", "A", "192.0.2.1")), [gone]).differences, key=lambda each: each.action,
        reverse=True,
    )  # fmt: skip
    assert (deleted.action, deleted.before, deleted.after) == (Action.DELETE, gone, None)
    assert (created.action, created.before) == (Action.CREATE, None)
    assert created.after == body("new.example.com.", "A", "192.0.2.1")


def test_a_reference_is_compared_by_what_it_gives() -> None:
    wanted = zone(one("www", "A", ADDRESS))
    assert not look(wanted, [body("www.example.com.", "A", "203.0.113.10")]).differences
    assert told(look(wanted, [body("www.example.com.", "A", "192.0.2.1")])) == [
        ("update", "www.example.com./A")
    ]


def test_what_is_known_only_after_apply_is_said_so() -> None:
    unknown = Unknown(Ref("Address", "staging-lb"), "address")
    wanted = zone(one("www", "A", ADDRESS))
    for found in ([], [body("www.example.com.", "A", "192.0.2.1")]):
        verdict = compare(wanted, pages(found), ours=nobodys, known=lambda _reference: unknown)
        (difference,) = verdict.differences
        assert difference.after is not None
        assert difference.after["rrdatas"] == [unknown]


def test_a_reference_that_gives_no_valid_data_is_a_conflict_and_nothing_is_planned() -> None:
    verdict = look(zone(one("www", "AAAA", ADDRESS)), [])
    assert not verdict.differences
    (conflict,) = verdict.conflicts
    assert "gives '203.0.113.10'" in conflict.message


def test_a_text_around_a_reference_is_quoted_once_it_is_known() -> None:
    (found,) = look(zone(one("t", "TXT", Template(f"v=spf1 ip4:{ADDRESS} -all"))), []).differences
    assert found.after is not None
    assert found.after["rrdatas"] == ['"v=spf1 ip4:203.0.113.10 -all"']


def test_the_apex_ns_and_soa_are_left_alone_unless_written() -> None:
    assert not look(zone({}), APEX).differences
    verdict = look(zone(one("@", "NS", "ns1.example.net.")), APEX)
    assert told(verdict) == [("update", "example.com./NS")]


def test_a_zone_that_is_yet_to_be_made_gets_its_apex_ns_and_soa_from_cloud_dns() -> None:
    verdict = look(zone(one("@", "NS", "ns1.example.net.")), [])
    assert not verdict.differences
    assert "apply again" in verdict.left_alone[0].why


def test_a_soa_is_compared_without_its_serial_and_written_with_the_live_one() -> None:
    soa = "ns-cloud-a1.googledomains.com. a.google.com. {} 21600 3600 259200 {}"
    assert not look(zone(one("@", "SOA", soa.format(1, 300), ttl="21600")), APEX).differences
    (found,) = look(zone(one("@", "SOA", soa.format(1, 60), ttl="21600")), APEX).differences
    assert found.after is not None
    assert found.after["rrdatas"] == [soa.format(7, 60)]


def test_a_listed_zone_deletes_only_what_was_once_ours() -> None:
    found = [body("ours.example.com.", "A", "192.0.2.1"), body("else.example.com.", "A", "1.1.1.1")]
    ours = record_ref("example", "ours.example.com.", "A")
    verdict = look(zone({}, exclusive=False), found, lambda ref: ref == ours)
    assert told(verdict) == [("delete", "ours.example.com./A")]
    assert verdict.unmanaged == 1


def test_an_exclusive_zone_deletes_whoever_made_it() -> None:
    verdict = look(zone({}), [*APEX, body("else.example.com.", "A", "192.0.2.1")])
    assert told(verdict) == [("delete", "else.example.com./A")]


def test_without_removing_unwanted_sets_are_told_and_stay() -> None:
    found = [*APEX, body("else.example.com.", "A", "192.0.2.1")]
    verdict = look(zone({}), found, removing=False)
    assert not verdict.differences
    assert [ref.record for ref in verdict.unwanted] == [("else.example.com.", "A")]


@pytest.mark.parametrize("removing", [True, False])
@pytest.mark.parametrize(
    ("written", "standing"),
    [
        (one("www", "CNAME", "lb.example.net."), body("www.example.com.", "A", "192.0.2.1")),
        (one("www", "A", "192.0.2.1"), body("www.example.com.", "CNAME", "lb.example.net.")),
    ],
)
def test_a_cname_and_an_address_change_places_in_one_change(
    written: dict[str, Any], standing: Body, *, removing: bool
) -> None:
    wanted = zone(written, exclusive=False)
    verdict = look(wanted, [*APEX, standing], everybodys, removing=removing)
    assert sorted(action for action, _ in told(verdict)) == ["create", "delete"]
    (change,) = pack(verdict.differences)
    assert (len(change.additions), len(change.deletions)) == (1, 1)
    assert not verdict.last_addresses


@pytest.mark.parametrize(
    ("written", "standing"),
    [
        (one("www", "CNAME", "lb.example.net."), body("www.example.com.", "A", "192.0.2.1")),
        (one("www", "CNAME", "lb.example.net."), body("www.example.com.", "AAAA", "2001:db8::1")),
        (one("www", "A", "192.0.2.1"), body("www.example.com.", "CNAME", "lb.example.net.")),
    ],
)
def test_to_write_a_names_address_is_to_own_the_one_that_somebody_else_gave_it(
    written: dict[str, Any], standing: Body
) -> None:
    verdict = look(zone(written, exclusive=False), [*APEX, standing], removing=False)
    assert sorted(action for action, _ in told(verdict)) == ["create", "delete"]
    assert [ref.record for ref in verdict.swapped] == [("www.example.com.", standing["type"])]
    assert not verdict.conflicts
    assert not verdict.last_addresses


@pytest.mark.parametrize(
    ("rrtype", "value"), [("MX", "10 mail.example.net."), ("TXT", '"token"'), ("NS", "ns.x.org.")]
)
def test_a_cname_beside_data_that_is_not_ours_is_a_conflict_and_nothing_goes(
    rrtype: str, value: str
) -> None:
    wanted = zone(one("www", "CNAME", "lb.example.net."), exclusive=False)
    standing = [body("www.example.com.", "A", "192.0.2.1"), body("www.example.com.", rrtype, value)]
    verdict = look(wanted, standing)
    assert not verdict.differences
    assert verdict.unmanaged == 2
    (conflict,) = verdict.conflicts
    assert f"cannot stand beside the live {rrtype}" in conflict.message


def test_a_text_does_not_take_the_place_of_an_alias_that_is_not_ours() -> None:
    wanted = zone(one("www", "TXT", "token"), exclusive=False)
    verdict = look(wanted, [body("www.example.com.", "CNAME", "lb.example.net.")])
    assert not verdict.differences
    assert "cannot stand beside the live CNAME" in verdict.conflicts[0].message


def test_a_text_that_takes_the_place_of_an_alias_of_ours_takes_the_names_last_address() -> None:
    wanted = zone(one("www", "TXT", "token"), exclusive=False)
    standing = body("www.example.com.", "CNAME", "lb.example.net.")
    verdict = look(wanted, [standing], everybodys)
    assert [ref.record for ref in verdict.last_addresses] == [("www.example.com.", "CNAME")]


ROUTED: Body = {
    "name": "geo.example.com.",
    "type": "A",
    "ttl": 300,
    "routingPolicy": {"geo": {"items": [{"location": "us-east1", "rrdatas": ["192.0.2.1"]}]}},
}


@pytest.mark.parametrize(
    ("standing", "why"),
    [
        ({**ROUTED, "routingPolicy": {"geo": {}}}, "its routing policy cannot be written"),
        ({**ROUTED, "routingPolicy": {"moon": {}}}, "unknown field `moon`"),
        (body("x.example.com.", "HINFO", '"a" "b"'), "a type that we do not know"),
        (body("x.example.com.", "MX", "10 no-dot"), "does not end with a dot"),
        (body("x.example.com.", "TXT", '"unfinished'), "no TXT value"),
        (body("0/25.example.com.", "NS", "ns.example.net."), "none that can be written"),
        (body("-x.example.com.", "A", "192.0.2.1"), "none that can be written"),
        ({"name": "x.example.com.", "type": "A", "ttl": 300}, "holds no data"),
    ],
)
@pytest.mark.parametrize("exclusive", [True, False])
def test_what_our_rules_dislike_is_shown_and_left_alone(
    standing: Body, why: str, *, exclusive: bool
) -> None:
    verdict = look(zone({}, exclusive=exclusive), [*APEX, standing], everybodys)
    assert not verdict.differences
    (left,) = verdict.left_alone
    assert why in left.why


def test_values_that_are_live_as_a_routing_policy_take_its_place() -> None:
    verdict = look(zone(one("geo", "A", "192.0.2.1")), [ROUTED])
    (difference,) = verdict.differences
    assert [change.pointer for change in difference.changes] == ["/rrdatas", "/routingPolicy"]
    assert difference.before is ROUTED
    assert "routingPolicy" not in (difference.after or {})


def test_a_written_set_whose_live_data_is_nonsense_is_updated() -> None:
    verdict = look(zone(one("x", "MX", "10 a.example.")), [body("x.example.com.", "MX", "10 a")])
    assert told(verdict) == [("update", "x.example.com./MX")]


def test_ignored_sets_are_shielded_and_counted() -> None:
    found = [body("_acme.example.com.", "TXT", '"x"'), body("old.example.com.", "A", "192.0.2.1")]
    verdict = look(zone({}, ignore=("/records/_acme*/TXT",)), found)
    assert told(verdict) == [("delete", "old.example.com./A")]
    assert verdict.ignored == 1


def test_guards_learn_what_removals_lay_bare() -> None:
    found = [
        *APEX,
        body(DNS_NAME, "A", "192.0.2.1"),
        body("*.example.com.", "A", "192.0.2.1"),
        body("both.example.com.", "A", "192.0.2.1"),
        body("both.example.com.", "AAAA", "2001:db8::1"),
        body("mail.example.com.", "MX", "10 a.example."),
        body("www.example.com.", "CNAME", "lb.example.net."),
        body("_acme.example.com.", "CNAME", "x.example.net."),
    ]
    verdict = look(zone(one("both", "AAAA", "2001:db8::1")), found)
    assert [ref.record for ref in verdict.removed_apex] == [(DNS_NAME, "A")]
    assert [ref.record for ref in verdict.removed_wildcards] == [("*.example.com.", "A")]
    assert {ref.record[0] for ref in verdict.last_addresses} == {
        DNS_NAME,
        "*.example.com.",
        "www.example.com.",
    }


def test_making_room_for_another_set_of_the_same_name_lays_nothing_bare() -> None:
    found = [*APEX, body(DNS_NAME, "A", "192.0.2.1"), body("*.example.com.", "A", "192.0.2.1")]
    written = {**one("@", "ALIAS", "lb.example.net."), **one("*", "CNAME", "lb.example.net.")}
    verdict = look(zone(written), found)
    assert sorted(action for action, _ in told(verdict)) == ["create", "create", "delete", "delete"]
    laid_bare = [*verdict.removed_apex, *verdict.removed_wildcards, *verdict.last_addresses]
    assert laid_bare == []


def test_what_is_in_the_way_of_a_set_that_cannot_be_had_stays() -> None:
    wanted = zone(one("www", "CNAME", Template("${Address/staging-lb.address}")))
    found = [*APEX, body("www.example.com.", "A", "192.0.2.1")]
    verdict = look(wanted, found, removing=False)
    assert not verdict.differences
    assert len(verdict.conflicts) == 1
    assert [ref.record for ref in verdict.unwanted] == [("www.example.com.", "A")]


def test_an_escaped_asterisk_is_the_wildcard() -> None:
    found = [body("\\052.example.com.", "A", "192.0.2.1")]
    assert not look(zone(one("*", "A", "192.0.2.1")), found).differences


@pytest.mark.parametrize("page", [[{"type": "A"}], [{"name": "x"}], ["x"], [None]])
def test_a_broken_page_is_unreachable_and_never_absent(page: Any) -> None:
    with pytest.raises(Unreachable):
        compare(zone({}), iter([page]), ours=nobodys, known=the_address)


def test_going_back_leaves_alone_what_the_snapshot_does_not_name() -> None:
    snapshot = {record_ref("example", "a.example.com.", "A"): None}
    found = [body("b.example.com.", "A", "192.0.2.1")]
    assert not restore(ZONE, snapshot, pages(found))


def test_going_back_brings_a_routing_policy_back_word_for_word() -> None:
    ref = record_ref("example", "geo.example.com.", "A")
    (found,) = restore(ZONE, {ref: ROUTED}, pages([body("geo.example.com.", "A", "192.0.2.1")]))
    assert found.after == ROUTED
    server = {**ROUTED, "kind": "dns#resourceRecordSet", "signatureRrdatas": []}
    assert not restore(ZONE, {ref: ROUTED}, pages([server]))


def test_going_back_never_turns_the_serial_back() -> None:
    ref = record_ref("example", DNS_NAME, "SOA")
    old = {**APEX[1], "rrdatas": [str(APEX[1]["rrdatas"][0]).replace(" 7 ", " 3 ")]}
    assert not restore(ZONE, {ref: old}, pages(APEX))


def test_same_data_is_the_same_in_any_order() -> None:
    assert same("NS", ["A.example.", "b.example."], ["B.example.", "a.example."])
