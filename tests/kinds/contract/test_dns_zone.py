"""What a zone keeps besides: swaps in one change, serials, and what others answer by policies."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.kinds.records.rdata import TYPES
from remediate.model.errors import InvalidInput, PartlyApplied, PlanRefused
from remediate.model.json import Body
from remediate.report.human import plan_text
from remediate.report.machine import plan_json
from remediate.report.readback import read_plan
from tests.kinds.examples import examples
from tests.workbench import Workbench, document, moved, told

PUBLIC = {"dnsName": "example.com.", "visibility": "public"}
API = "dns/v1/projects/netra-staging/managedZones/example"
ROUTED: Body = {
    "name": "geo.example.com.",
    "type": "A",
    "ttl": 300,
    "routingPolicy": {
        "geo": {
            "items": [
                {"location": "us-east1", "rrdatas": ["192.0.2.1"]},
                {"location": "europe-west1", "rrdatas": ["192.0.2.2"]},
            ]
        }
    },
}


def zone(records: dict[str, Any], ownership: str = "listed", **lifecycle: Any) -> dict[str, Any]:
    spec = {**PUBLIC, "recordOwnership": ownership, "records": records}
    return document("DnsZone", "example", spec, lifecycle)


def one(rrtype: str, *values: str, ttl: int = 300) -> dict[str, Any]:
    return {rrtype: {"ttl": ttl, "values": list(values)}}


A = one("A", "192.0.2.1")
CNAME = one("CNAME", "lb.example.net.")


def changes(workbench: Workbench) -> list[Body]:
    """Every change that was made in the zone, oldest first."""
    found: Any = workbench.send("GET", f"{API}/changes?sortBy=changeSequence&sortOrder=ascending")
    return list(found["changes"])


def types(sets: Any) -> list[str]:
    return [each["type"] for each in sets if each["type"] != "SOA"]


@pytest.mark.parametrize("ledger", ["ours", "somebody else's"])
@pytest.mark.parametrize(("first", "second"), [(A, CNAME), (CNAME, A)], ids=["A first", "CNAME"])
def test_a_cname_and_an_address_change_places_in_one_change_and_back_in_one(
    workbench: Workbench, first: dict[str, Any], second: dict[str, Any], ledger: str
) -> None:
    workbench.write(zone({"www": first}))
    workbench.apply()
    if ledger == "somebody else's":
        workbench.forget()
    before, made_so_far = workbench.state(), len(changes(workbench))
    workbench.write(zone({"www": second}))
    plan = workbench.apply()
    assert sorted(action for action, _ in told(plan)) == ["create", "delete"]
    said = [(o.rule, o.level) for o in plan.objections if not o.allowed]
    assert said == ([] if ledger == "ours" else [("record-conflict", "warn")])
    assert workbench.plan().is_empty
    workbench.roll_back()
    assert moved(before, workbench.state()) == {}
    there, back = changes(workbench)[made_so_far:]
    assert (types(there["additions"]), types(there["deletions"])) == ([*second], [*first])
    assert (types(back["additions"]), types(back["deletions"])) == ([*first], [*second])


def serial(workbench: Workbench) -> int:
    found: Any = workbench.live("DnsZone/example/example.com./SOA")
    return int(found["rrdatas"][0].split()[2])


def test_the_serial_moves_with_every_change_and_no_rollback_takes_it_back(
    workbench: Workbench,
) -> None:
    workbench.write(zone({"www": A}))
    workbench.apply()
    before, first = workbench.state(), serial(workbench)
    workbench.write(zone({"www": one("A", "192.0.2.2")}))
    workbench.apply()
    second = serial(workbench)
    workbench.roll_back()
    assert first < second < serial(workbench)
    assert moved(before, workbench.state()) == {}


def test_a_policy_that_nobody_wrote_stays_in_a_listed_zone_and_goes_from_an_exclusive_one(
    workbench: Workbench,
) -> None:
    workbench.write(zone({"www": A}, "listed", onRemove="delete"))
    workbench.apply()
    workbench.send("POST", f"{API}/rrsets", ROUTED)
    before = workbench.state()
    assert workbench.plan(prune=True).is_empty
    workbench.write(zone({"www": A}, "exclusive", onRemove="delete"))
    plan = workbench.apply(prune=True, allow=["dns-last-address=tried", "too-many-deletes=tried"])
    assert told(plan) == [("delete", "DnsZone/example/geo.example.com./A")]
    workbench.roll_back()
    assert moved(before, workbench.state()) == {}


def test_values_take_the_place_of_a_policy_and_it_comes_back_word_for_word(
    workbench: Workbench,
) -> None:
    workbench.write(zone({"www": A}))
    workbench.apply()
    workbench.send("POST", f"{API}/rrsets", ROUTED)
    before = workbench.state()
    workbench.write(zone({"www": A, "geo": A}))
    assert told(workbench.apply()) == [("update", "DnsZone/example/geo.example.com./A")]
    workbench.roll_back()
    assert moved(before, workbench.state()) == {}


def test_a_policy_that_somebody_removed_meanwhile_comes_back_with_a_snapshot(
    workbench: Workbench,
) -> None:
    workbench.write(zone({"www": A}, "exclusive"))
    workbench.apply()
    workbench.send("POST", f"{API}/rrsets", ROUTED)
    before, snapshot = workbench.state(), workbench.take_snapshot()
    workbench.send("DELETE", f"{API}/rrsets/geo.example.com./A")
    workbench.roll_back(snapshot, on_conflict="overwrite")
    assert moved(before, workbench.state()) == {}


def test_labels_of_a_zone_come_and_go_one_by_one_and_those_of_others_stay(
    workbench: Workbench,
) -> None:
    def labelled(**labels: str) -> dict[str, Any]:
        spec = {**PUBLIC, **({"labels": labels} if labels else {})}
        return document("DnsZone", "example", spec)

    workbench.write(labelled(team="edge", tier="front"))
    workbench.apply()
    workbench.send("PATCH", API, {"labels": {"goog-owner": "somebody"}})
    assert workbench.plan().is_empty
    workbench.write(labelled(team="web"))
    workbench.apply()
    assert workbench.live("DnsZone/example")["labels"] == {"team": "web", "goog-owner": "somebody"}  # type: ignore[index] # it is there
    workbench.write(labelled())
    workbench.apply()
    assert workbench.live("DnsZone/example")["labels"] == {"goog-owner": "somebody"}  # type: ignore[index] # as above
    assert workbench.plan().is_empty


def test_the_example_holds_every_type_that_can_be_written() -> None:
    written = {
        rrtype
        for example in examples("DnsZone")
        for spec in (example.spec, *example.changes.values())
        for sets in spec.get("records", {}).values()
        for rrtype in sets or ()
    }
    assert written == TYPES


PRIVATE = {**PUBLIC, "visibility": "private"}
WORD = ["zone-replace:DnsZone/example=the old one is public"]


def two_faced(spec: dict[str, Any], records: dict[str, Any], **lifecycle: Any) -> dict[str, Any]:
    return document("DnsZone", "example", {**spec, "records": records}, lifecycle)


def sets(workbench: Workbench) -> dict[tuple[str, str], Any]:
    found: Any = workbench.send("GET", f"{API}/rrsets")
    every = {(one["name"], one["type"]): one.get("rrdatas") for one in found["rrsets"]}
    return {at: data for at, data in every.items() if at[1] not in {"NS", "SOA"}}


def test_a_zone_made_again_is_emptied_first_and_filled_after(workbench: Workbench) -> None:
    workbench.write(two_faced(PUBLIC, {"www": A, "old": A, "mx": one("MX", "10 a.example.net.")}))
    workbench.apply()
    workbench.write(two_faced(PRIVATE, {"www": one("A", "192.0.2.9"), "mx": CNAME, "new": A}))
    made = workbench.apply(allow=WORD)
    order = [(step.verb.value, str(step.live)) for step in made.steps]
    zone_gone = order.index(("delete", "DnsZone/example"))
    assert order[zone_gone + 1] == ("create", "DnsZone/example")
    assert {verb for verb, _ in order[:zone_gone]} == {"delete"}
    assert {verb for verb, _ in order[zone_gone + 2 :]} == {"create"}
    assert sets(workbench) == {
        ("mx.example.com.", "CNAME"): ["lb.example.net."],
        ("new.example.com.", "A"): ["192.0.2.1"],
        ("www.example.com.", "A"): ["192.0.2.9"],
    }
    assert workbench.plan().is_empty


def test_making_it_again_is_announced_with_the_name_servers_it_loses(
    workbench: Workbench,
) -> None:
    workbench.write(two_faced(PUBLIC, {"www": A}))
    workbench.apply()
    workbench.write(two_faced(PRIVATE, {"www": A}))
    made = workbench.plan()
    (objection,) = made.objections
    servers: Any = workbench.live("DnsZone/example")
    assert servers["nameServers"][0].removesuffix(".") in objection.message
    assert "until the registrar, or the zone above, has the new ones" in objection.message
    assert objection.allow == "--allow zone-replace:DnsZone/example=REASON"
    steps = {step.verb.value: step.undo.value for step in made.steps if not step.ref.is_record_set}
    assert steps == {"delete": "approximate", "create": "exact"}
    text = plan_text(made)
    assert "-/+ DnsZone/example" in text
    assert "1 record sets are deleted with the zone, 1 written" in " ".join(text.split())
    assert plan_json(read_plan(plan_json(made))) == plan_json(made)


def test_what_others_hold_in_it_is_not_lost_with_it(workbench: Workbench) -> None:
    workbench.write(two_faced(PUBLIC, {"www": A}))
    workbench.apply()
    workbench.send("POST", f"{API}/rrsets", ROUTED)
    before = workbench.state()
    workbench.write(two_faced(PRIVATE, {"www": A}))
    with pytest.raises(PlanRefused, match="holds 1 record sets that are not ours"):
        workbench.apply(allow=[*WORD, "record-conflict=no"])
    assert moved(before, workbench.state()) == {}


@pytest.mark.parametrize("how", ["protect", "refuse"])
def test_a_zone_may_be_kept_from_being_made_again(workbench: Workbench, how: str) -> None:
    workbench.write(two_faced(PUBLIC, {"www": A}))
    workbench.apply()
    lifecycle = {"protect": True} if how == "protect" else {"replace": "refuse"}
    workbench.write(two_faced(PRIVATE, {"www": A}, **lifecycle))
    with pytest.raises(PlanRefused, match="protected" if how == "protect" else "`replace: re"):
        workbench.apply(allow=WORD)


def test_all_of_a_zone_is_chosen_or_nothing(workbench: Workbench) -> None:
    workbench.write(two_faced(PUBLIC, {"www": A}))
    workbench.apply()
    workbench.write(two_faced(PRIVATE, {"www": A}))
    with pytest.raises(InvalidInput, match="1 of its record sets are left out"):
        workbench.plan(targets=("DnsZone/example",))
    assert len(workbench.plan(targets=("DnsZone/example*",)).differences) == 2


def test_the_new_zone_waits_for_what_its_names_need_so_that_the_gap_is_short(
    workbench: Workbench,
) -> None:
    workbench.write(two_faced(PUBLIC, {"www": A}))
    workbench.apply()
    edge = document("Address", "edge", {})
    workbench.write(two_faced(PRIVATE, {"www": one("A", "${Address/edge.address}")}), edge)
    made = workbench.apply(allow=WORD)
    first = [str(step.ref) for step in made.waves[0]]
    assert first == ["Address/edge"]
    assert workbench.plan().is_empty


def test_a_zone_whose_visibility_nobody_wrote_is_not_created(workbench: Workbench) -> None:
    workbench.write(two_faced({"dnsName": "example.com."}, {"www": A}))
    with pytest.raises(PlanRefused, match="visibility is not written, and is chosen for good"):
        workbench.apply(allow=["too-many-deletes=no"])
    made = workbench.plan()
    assert made.is_empty
    assert not made.objections[0].allow
    workbench.write(two_faced(PUBLIC, {"www": A}))
    workbench.apply()
    workbench.write(two_faced({"dnsName": "example.com."}, {"www": A}))
    assert workbench.plan().is_empty


def keys(*bits: int) -> list[dict[str, Any]]:
    return [
        {"keyType": use, "algorithm": "rsasha256", "keyLength": length}
        for use, length in zip(("keySigning", "zoneSigning"), bits, strict=True)
    ]


def signed(state: str, specs: list[dict[str, Any]]) -> dict[str, Any]:
    config = {"state": state, "nonExistence": "nsec3", "defaultKeySpecs": specs}
    return two_faced({**PUBLIC, "dnssecConfig": config}, {"www": A})


def test_keys_change_only_while_a_zone_is_not_signed(workbench: Workbench) -> None:
    workbench.write(signed("on", keys(2048, 1024)))
    workbench.apply()
    workbench.write(signed("on", keys(4096, 1024)))
    with pytest.raises(PlanRefused, match="can change only while the zone is not signed") as said:
        workbench.apply(allow=WORD)
    assert "apply `state: off` first" in str(said.value)
    workbench.write(signed("off", keys(2048, 1024)))
    workbench.apply()
    workbench.write(signed("off", keys(4096, 1024)))
    workbench.apply()
    workbench.write(signed("transfer", keys(4096, 1024)))
    assert told(workbench.apply()) == [("update", "DnsZone/example")]
    assert workbench.plan().is_empty
    first_off = sorted(workbench.store.list("snapshots/"))[1].split("/")[1][:-5]
    with pytest.raises(PlanRefused, match=r"stays as it is: .* not signed, and it is transfer"):
        workbench.roll_back(first_off)
    workbench.roll_back()
    found: Any = workbench.live("DnsZone/example")
    assert found["dnssecConfig"]["state"] == "off"


@pytest.mark.parametrize("way", ["on", "back"])
@pytest.mark.parametrize("match", ["DELETE *managedZones/example", "POST *managedZones"])
def test_a_zone_that_is_lost_half_way_is_made_again_or_had_back(
    workbench: Workbench, way: str, match: str
) -> None:
    workbench.write(two_faced(PUBLIC, {"www": A, "mail": A}))
    workbench.apply()
    before, there = workbench.state(), sets(workbench)
    workbench.write(two_faced(PRIVATE, {"www": A, "mail": A}))
    workbench.send("POST", "_sandbox/faults/forbidden", {"match": match, "times": 1})
    with pytest.raises(PartlyApplied):
        workbench.apply(allow=WORD)
    assert moved(before, workbench.state()) != {}
    if way == "on":
        workbench.apply(allow=WORD)
        assert workbench.plan().is_empty
    else:
        workbench.roll_back(allow=WORD)
        lost = {at.rpartition("/")[2] for at in moved(before, workbench.state())}
        assert lost <= {"nameServers", "rrsets"}
    assert sets(workbench) == there
