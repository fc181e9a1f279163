"""Record sets of every type, from YAML to Cloud DNS and back again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.kinds.records.rdata import TYPES
from remediate.model.errors import PlanRefused
from remediate.model.plan import Action
from remediate.pipeline.apply import apply, order_of
from remediate.pipeline.observe import observe
from tests.kinds.examples import merge_patch
from tests.workbench import Workbench, told

ZONES = [*yaml.safe_load_all((Path(__file__).parent / "record_sets.yaml").read_text())]
CHANGES = [
    pytest.param(zone["first"], patch, id=f"{zone['variant']}, {said}")
    for zone in ZONES
    for said, patch in zone["changes"].items()
]
REMOVABLE = {"lifecycle": {"onRemove": "delete"}}
MEANT = ["dns-apex=meant so", "dns-delegation=meant so", "too-many-deletes=meant so"]
GOING = ["delete=meant so", "dns-last-address=meant so", "empty-environment=meant so"]
SOA = "DnsZone/public/example.com./SOA"


def changed(document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    return {**document, "spec": merge_patch(document["spec"], patch)}


def public(**records: Any) -> dict[str, Any]:
    """A zone with these records and no more."""
    spec = {"dnsName": "example.com.", "visibility": "public", "records": records}
    metadata = {"name": "public"}
    return {"apiVersion": "remediate/v1", "kind": "DnsZone", "metadata": metadata, "spec": spec}


def a(*values: str) -> dict[str, Any]:
    return {"A": {"ttl": 300, "values": [*values]}}


def cname(target: str) -> dict[str, Any]:
    return {"CNAME": {"ttl": 300, "values": [target]}}


def somebody_adds(workbench: Workbench, *bodies: dict[str, Any]) -> None:
    zone = f"dns/v1/projects/{workbench.google.project}/managedZones/public"
    workbench.send("POST", f"{zone}/changes", {"additions": [*bodies], "deletions": []})


def test_every_type_that_cloud_dns_serves_is_tried_here() -> None:
    specs = [zone["first"]["spec"] for zone in ZONES]
    specs += [patch for zone in ZONES for patch in zone["changes"].values()]
    names = [types for spec in specs for types in spec.get("records", {}).values() if types]
    assert {rrtype for types in names for rrtype in types} == TYPES


@pytest.mark.parametrize("first", [pytest.param(z["first"], id=z["variant"]) for z in ZONES])
def test_a_zone_is_made_with_its_records_and_taken_back(
    workbench: Workbench, first: dict[str, Any]
) -> None:
    born = workbench.state()
    workbench.write(first)
    assert {each.action for each in workbench.apply().differences} == {Action.CREATE}
    assert workbench.plan().is_empty
    workbench.forget()
    assert workbench.plan().is_empty
    workbench.roll_back()
    assert workbench.state() == born


@pytest.mark.parametrize(("first", "patch"), CHANGES)
def test_a_change_is_applied_once_and_taken_back_whole(
    workbench: Workbench, first: dict[str, Any], patch: dict[str, Any]
) -> None:
    workbench.write({**first, **REMOVABLE})
    workbench.apply()
    before = workbench.state()
    workbench.write({**changed(first, patch), **REMOVABLE})
    assert not workbench.apply(prune=True, allow=MEANT).is_empty
    assert workbench.plan(prune=True).is_empty
    assert workbench.state() != before
    workbench.roll_back()
    assert workbench.state() == before


def test_the_serial_of_the_soa_moves_though_we_never_send_it(workbench: Workbench) -> None:
    workbench.write(public(www=a("192.0.2.1")))
    workbench.apply()
    before: Any = workbench.live(SOA)
    workbench.write(public(www=a("192.0.2.2")))
    assert told(workbench.apply()) == [("update", "DnsZone/public/www.example.com./A")]
    after: Any = workbench.live(SOA)
    serials = [int(body["rrdatas"][0].split()[2]) for body in (before, after)]
    assert serials[0] < serials[1]


@pytest.mark.parametrize("prune", [True, False])
def test_a_cname_and_an_address_change_places_in_one_change_and_back(
    workbench: Workbench, *, prune: bool
) -> None:
    workbench.write(public(www=a("192.0.2.1")))
    workbench.apply()
    before = workbench.state()
    workbench.write(public(www=cname("lb.example.net.")))
    workbench.forget_calls()
    made = workbench.apply(prune=prune)
    assert sorted(told(made)) == [
        ("create", "DnsZone/public/www.example.com./CNAME"),
        ("delete", "DnsZone/public/www.example.com./A"),
    ]
    posted = [path for method, path in workbench.calls() if method == "POST"]
    assert [path.rpartition("/")[2] for path in posted if "testIam" not in path] == ["changes"]
    workbench.roll_back()
    assert workbench.state() == before


def test_a_name_that_left_the_yaml_stays_until_it_is_pruned(workbench: Workbench) -> None:
    keep = [a(f"192.0.2.{at}") for at in range(1, 6)]
    names = {f"n{at}": records for at, records in enumerate(keep)}
    workbench.write({**public(**names), **REMOVABLE})
    workbench.apply()
    del names["n0"]
    workbench.write({**public(**names), **REMOVABLE})
    made = workbench.plan()
    assert made.is_empty
    assert any("not in the YAML" in note for note in made.notes)
    with pytest.raises(PlanRefused, match="last address"):
        workbench.apply(prune=True)
    made = workbench.apply(prune=True, allow=["dns-last-address=meant so"])
    assert told(made) == [("delete", "DnsZone/public/n0.example.com./A")]


def test_a_routing_policy_of_somebody_else_is_a_set_like_any_other(workbench: Workbench) -> None:
    workbench.write(public(www=a("192.0.2.1")))
    workbench.apply()
    items = [{"location": "us-east1", "rrdatas": ["192.0.2.7"]}]
    policy = {"name": "geo.example.com.", "type": "A", "ttl": 300}
    somebody_adds(workbench, {**policy, "routingPolicy": {"geo": {"items": items}}})
    exclusive = public(www=a("192.0.2.1"))
    exclusive["spec"]["recordOwnership"] = "exclusive"
    workbench.write({**exclusive, **REMOVABLE})
    assert told(workbench.plan(prune=True)) == [("delete", "DnsZone/public/geo.example.com./A")]
    workbench.write(public(www=a("192.0.2.1")))
    assert workbench.plan(prune=True).is_empty
    workbench.write(public(geo=a("192.0.2.7")))
    assert told(workbench.plan()) == [("update", "DnsZone/public/geo.example.com./A")]


def test_what_somebody_else_spelled_differently_is_no_difference(workbench: Workbench) -> None:
    workbench.write(public())
    workbench.apply()
    somebody_adds(
        workbench,
        {"name": "t.example.com.", "type": "TXT", "ttl": 300, "rrdatas": ['"one" " two"', '"3"']},
        {"name": "w.example.com.", "type": "CNAME", "ttl": 300, "rrdatas": ["LB.Example.Net."]},
        {"name": "v.example.com.", "type": "AAAA", "ttl": 300, "rrdatas": ["2001:DB8:0:0::1"]},
    )
    text = {"TXT": {"ttl": 300, "values": ["3", "one two"]}}
    address = {"AAAA": {"ttl": 300, "values": ["2001:db8::1"]}}
    workbench.write(public(t=text, w=cname("lb.example.net."), v=address))
    assert workbench.plan().is_empty


def test_a_zone_is_emptied_of_what_is_ours_before_it_is_deleted(workbench: Workbench) -> None:
    workbench.write({**public(www=a("192.0.2.1"), api=a("192.0.2.2")), **REMOVABLE})
    workbench.apply()
    workbench.write()
    made = workbench.apply(prune=True, allow=[*MEANT, *GOING])
    assert [str(step.ref) for step in made.steps][-1] == "DnsZone/public"
    assert workbench.live("DnsZone/public") is None
    workbench.roll_back()
    assert workbench.live("DnsZone/public/www.example.com./A") is not None


def test_a_zone_with_somebody_elses_records_is_never_deleted(workbench: Workbench) -> None:
    workbench.write({**public(www=a("192.0.2.1")), **REMOVABLE})
    workbench.apply()
    other = {"name": "x.example.com.", "type": "A", "ttl": 300, "rrdatas": ["192.0.2.9"]}
    somebody_adds(workbench, other)
    workbench.write()
    with pytest.raises(PlanRefused, match="holds 1 record sets that are not ours"):
        workbench.apply(prune=True, allow=[*MEANT, *GOING])
    assert workbench.live("DnsZone/public/www.example.com./A") is not None


def test_the_records_of_a_zone_of_another_name_go_and_come_with_it(workbench: Workbench) -> None:
    workbench.write(public(www=a("192.0.2.1")))
    workbench.apply()
    moved = public(www=a("192.0.2.1"))
    moved["spec"]["dnsName"] = "example.org."
    workbench.write(moved)
    made = workbench.plan()
    assert [objection.rule for objection in made.objections] == ["zone-replace"]
    assert told(workbench.apply(allow=["zone-replace=meant so"])) == [
        ("replace", "DnsZone/public"),
        ("delete", "DnsZone/public/www.example.com./A"),
        ("create", "DnsZone/public/www.example.org./A"),
    ]
    assert workbench.plan().is_empty
    assert [*workbench.ledger.records("public")] == [("www.example.org.", "A")]


def test_a_serial_that_moves_meanwhile_makes_no_other_plan_and_is_never_taken_back(
    workbench: Workbench,
) -> None:
    workbench.write(public(www=a("192.0.2.1")))
    workbench.apply()
    live: Any = workbench.live(SOA)
    words = live["rrdatas"][0].split()
    soa = {"SOA": {"ttl": 21600, "values": [" ".join([*words[:2], "1", *words[3:6], "60"])]}}
    workbench.write(public(www=a("192.0.2.1"), **{"@": soa}))
    reviewed = workbench.plan()
    assert told(reviewed) == [("update", SOA)]
    somebody_adds(
        workbench, {"name": "x.example.com.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.9"]}
    )
    moved: Any = workbench.live(SOA)
    assert moved["rrdatas"] != live["rrdatas"]
    made = workbench.plan()
    assert made.digest == reviewed.digest
    assert [step.precondition for step in made.steps] == [
        step.precondition for step in reviewed.steps
    ]
    desired, ledger, google = workbench.load(), workbench.ledger, workbench.google
    order = order_of("apply", reviewed, desired, observe(google, desired))
    run = google.chance.ulid(google.clock.now())
    apply(order, run, google, workbench.store, ledger, ())
    after: Any = workbench.live(SOA)
    serials = [int(each["rrdatas"][0].split()[2]) for each in (live, moved, after)]
    assert serials[0] < serials[1] <= serials[2]
    assert after["rrdatas"][0].endswith(" 60")
