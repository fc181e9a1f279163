"""Routing policies: what may be written, what two of them mean, their way to Google and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.kinds.dns_zone import parse_records
from remediate.kinds.records.essence import essence
from remediate.kinds.records.routing import bare, policy_changes
from remediate.kinds.records.routing_rules import MAX_ITEMS, zone_faults
from remediate.model.errors import InvalidInput, Stale
from remediate.model.json import Body
from remediate.model.plan import Cause
from remediate.model.ref import parse_ref
from remediate.model.resource import RoutedSet
from tests.workbench import Workbench, document, moved, told

ZONE = "example.com."
WRR = {"wrr": {"items": [{"weight": 0.5, "rrdatas": ["192.0.2.1"]}]}}
GEO = {"geo": {"items": [{"location": "us-east1", "rrdatas": ["192.0.2.1"]}]}}
OUTSIDE = {"externalEndpoints": ["192.0.2.1"]}
BALANCER = {
    "ipAddress": "10.0.0.1",
    "ipProtocol": "tcp",
    "networkUrl": "vpc",
    "port": "443",
    "project": "p",
}
INSIDE = {"internalLoadBalancers": [BALANCER]}


def routed(policy: Any, rrtype: str = "A", **more: Any) -> dict[str, Any]:
    return {"www": {rrtype: {"ttl": "60", "routingPolicy": policy, **more}}}


def wrong(policy: Any, rrtype: str = "A", **more: Any) -> dict[str, str]:
    """{pointer below the record set: message and hint}."""
    _sets, found = parse_records(ZONE, routed(policy, rrtype, **more), "")
    return {at.removeprefix(f"/www/{rrtype}"): f"{said} ({hint})" for at, said, hint in found}


def items(*each: dict[str, Any], form: str = "wrr") -> dict[str, Any]:
    return {form: {"items": [*each]}}


def backup(**more: Any) -> dict[str, Any]:
    return {"primaryBackup": {"primaryTargets": OUTSIDE, "backupGeoTargets": GEO["geo"], **more}}


P = "/routingPolicy"


@pytest.mark.parametrize(
    ("policy", "at", "said"),
    [
        ({}, P, "one of wrr, geo or primaryBackup is needed"),
        ({**WRR, **GEO}, f"{P}/geo", "geo and wrr exclude each other"),
        ("wrr", P, "a mapping was expected"),
        ({"wrr": {"itmes": []}}, f"{P}/wrr/itmes", "did you mean `items`"),
        (items(), f"{P}/wrr", "`items` is missing or empty"),
        (items({"weight": "1"}), f"{P}/wrr/items/0", "an item answers with"),
        (items({"weight": "-1", "rrdatas": ["192.0.2.1"]}), f"{P}/wrr/items/0/weight", "0 or more"),
        (items({"weight": "0", "rrdatas": ["192.0.2.1"]}), f"{P}/wrr/items", "above 0"),
        (items({"weight": "much", "rrdatas": ["192.0.2.1"]}), f"{P}/wrr/items/0/weight", "number"),
        (items({"weight": "1", "rrdatas": ["1.2"]}), f"{P}/wrr/items/0/rrdatas/0", "no A value"),
        (
            items({"weight": "1", "rrdatas": ["192.0.2.1", "192.0.2.1"]}),
            f"{P}/wrr/items/0/rrdatas",
            "twice",
        ),
        (
            items({"rrdatas": ["192.0.2.1"]}, form="geo"),
            f"{P}/geo/items/0",
            "`location` is missing",
        ),
        (
            items(*[{"location": "us-east1", "rrdatas": ["192.0.2.1"]}] * 2, form="geo"),
            f"{P}/geo/items/1/location",
            "already at",
        ),
        (
            items({"location": "Europe", "rrdatas": ["192.0.2.1"]}, form="geo"),
            f"{P}/geo/items/0/location",
            "not a region of Google's",
        ),
        ({"primaryBackup": {"primaryTargets": INSIDE}}, f"{P}/primaryBackup", "backupGeoTargets"),
        (
            {**backup(trickleTraffic="7"), "healthCheck": "hc"},
            f"{P}/primaryBackup/trickleTraffic",
            "from 0 to 1",
        ),
        (backup(), f"{P}/primaryBackup/primaryTargets", "need a `healthCheck`"),
        (
            {**backup(primaryTargets={**OUTSIDE, **INSIDE}), "healthCheck": "hc"},
            f"{P}/primaryBackup/primaryTargets/internalLoadBalancers",
            "exclude each other",
        ),
        (
            backup(primaryTargets={"internalLoadBalancers": [{"ipAddress": "10.0.0.1"}]}),
            f"{P}/primaryBackup/primaryTargets/internalLoadBalancers/0",
            "`ipProtocol`, `networkUrl`, `port`, `project` is missing",
        ),
        (
            backup(
                primaryTargets={
                    "internalLoadBalancers": [{**BALANCER, "loadBalancerType": "regionalL7ilb"}]
                }
            ),
            f"{P}/primaryBackup/primaryTargets/internalLoadBalancers/0",
            "`region` is missing",
        ),
        (
            items(*[{"weight": "1", "rrdatas": [f"10.0.0.{at}"]} for at in range(MAX_ITEMS + 1)]),
            f"{P}/wrr/items",
            "101 items",
        ),
    ],
)
def test_a_policy_that_google_would_refuse_is_refused_at_its_field(
    policy: Any, at: str, said: str
) -> None:
    found = wrong(policy)
    assert list(found) == [at]
    assert said in found[at]


def test_a_policy_holds_all_the_data_itself() -> None:
    assert list(wrong(WRR, values=["192.0.2.1"])) == ["/values"]


def test_only_some_types_are_answered_by_policies_and_only_addresses_by_health() -> None:
    assert "CAA cannot be answered" in wrong(WRR, "CAA")[P]
    checked = {**items({"weight": "1", "healthCheckedTargets": OUTSIDE}), "healthCheck": "hc"}
    assert not wrong(checked)
    found = wrong({**checked, "healthCheck": "hc"}, "MX")
    assert "health is checked of A and AAAA alone" in "".join(found.values())
    names = {"weight": "1", "rrdatas": ["a.example.net.", "b.example.net."]}
    assert "a CNAME points to one name" in "".join(wrong(items(names), "CNAME").values())


def test_what_gcloud_prints_may_be_pasted() -> None:
    policy = {
        "kind": "dns#rRSetRoutingPolicy",
        "wrr": {
            "kind": "dns#rRSetRoutingPolicyWrrPolicy",
            "items": [
                {"kind": "x", "signatureRrdatas": [], "weight": "1", "rrdatas": ["10.0.0.1"]}
            ],
        },
    }
    sets, found = parse_records(ZONE, routed(policy), "")
    assert not found
    (one,) = sets.values()
    assert isinstance(one, RoutedSet)
    assert one.policy == {"wrr": {"items": [{"weight": 1.0, "rrdatas": ["10.0.0.1"]}]}}


def in_zone(policy: Any, **spec: Any) -> str:
    sets, found = parse_records(ZONE, routed(policy), "")
    assert not found
    policies = [one for one in sets.values() if isinstance(one, RoutedSet)]
    return "".join(said for _, said, _ in zone_faults({"dnsName": ZONE, **spec}, policies))


@pytest.mark.parametrize(
    ("policy", "spec", "said"),
    [
        (WRR, {}, ""),
        (WRR, {"visibility": "private", "forwardingConfig": {}}, "a forwarding zone holds no"),
        (WRR, {"visibility": "private", "peeringConfig": {}}, "a peering zone holds no"),
        (backup(primaryTargets=INSIDE), {"visibility": "private"}, ""),
        (backup(primaryTargets=INSIDE), {}, "internal load balancers are for private zones"),
        (
            {
                **items({"weight": "1", "rrdatas": ["10.0.0.1"], "healthCheckedTargets": OUTSIDE}),
                "healthCheck": "hc",
            },
            {"dnssecConfig": {"state": "on"}},
            "rrdatas beside healthCheckedTargets in a signed zone",
        ),
        (
            {
                "healthCheck": "hc",
                **backup(primaryTargets={"externalEndpoints": ["10.0.0.1", "10.0.0.2"]}),
            },
            {"dnssecConfig": {"state": "on"}},
            "more than one checked target in a signed zone",
        ),
    ],
)
def test_a_zone_takes_some_policies_only(policy: Any, spec: Body, said: str) -> None:
    found = in_zone(policy, **spec)
    assert said in found
    assert bool(said) is bool(found)


def live(**policy: Any) -> Body:
    """As Google answers it: with `kind`s, signatures, and what says nothing."""
    return {"kind": "dns#rRSetRoutingPolicy", **policy}


@pytest.mark.parametrize(
    ("why", "rrtype", "wanted", "there"),
    [
        (
            "the order of items and of data says nothing",
            "A",
            items(
                {"weight": 0.5, "rrdatas": ["10.0.0.1", "10.0.0.2"]},
                {"weight": 1, "rrdatas": ["10.0.0.3"]},
            ),
            items(
                {"weight": 1, "rrdatas": ["10.0.0.3"]},
                {"weight": 0.5, "rrdatas": ["10.0.0.2", "10.0.0.1"]},
            ),
        ),
        (
            "an address has one meaning in every spelling",
            "AAAA",
            items({"location": "us-east1", "rrdatas": ["2001:db8::1"]}, form="geo"),
            items({"location": "us-east1", "rrdatas": ["2001:DB8:0::1"]}, form="geo"),
        ),
        (
            "a name knows no case",
            "CNAME",
            items({"weight": 1, "rrdatas": ["a.example."]}),
            items({"weight": 1.0, "rrdatas": ["A.Example."]}),
        ),
        (
            "an unwritten weight is 0, and no fence is none",
            "A",
            {"geo": {"enableFencing": False, "items": []}},
            {"geo": {"items": []}},
        ),
        (
            "a load balancer of no type is of type none",
            "A",
            backup(
                primaryTargets={"internalLoadBalancers": [{**BALANCER, "loadBalancerType": ""}]}
            ),
            backup(
                primaryTargets={"internalLoadBalancers": [{**BALANCER, "loadBalancerType": "none"}]}
            ),
        ),
        (
            "a health check has one meaning in every spelling of its link",
            "A",
            {
                **WRR,
                "healthCheck": "https://www.googleapis.com/compute/v1/projects/p/global/healthChecks/x",
            },
            {
                **WRR,
                "healthCheck": "https://compute.googleapis.com/compute/v1/projects/p/global/healthChecks/x",
            },
        ),
    ],
)
def test_policies_that_mean_the_same_differ_in_nothing(
    why: str, rrtype: str, wanted: Body, there: Body
) -> None:
    assert policy_changes(rrtype, wanted, live(**there), "p") == (), why
    sets = [{"type": rrtype, "ttl": 1, "routingPolicy": each} for each in (wanted, live(**there))]
    assert essence(sets[0]) == essence(sets[1])


_addresses = st.lists(
    st.sampled_from(["2001:db8::1", "2001:db8::2", "2001:db8::3"]), min_size=1, unique=True
)
_places = st.sampled_from(["us-east1", "us-west1", "europe-west1"])
_weighted = st.fixed_dictionaries({"weight": st.integers(1, 9), "rrdatas": _addresses})
_placed = st.fixed_dictionaries({"location": _places, "rrdatas": _addresses})
_policies = st.one_of(
    st.lists(
        _weighted, min_size=1, max_size=3, unique_by=lambda item: str(sorted(item["rrdatas"]))
    ).map(lambda found: {"wrr": {"items": found}}),
    st.lists(_placed, min_size=1, max_size=3, unique_by=lambda item: str(item["location"])).map(
        lambda found: {"geo": {"items": found}}
    ),
)


@st.composite
def as_google_has_it(draw: st.DrawFn, policy: Body) -> Body:
    """The same in another order and other spellings, with what the server adds."""
    ((form, body),) = policy.items()
    assert isinstance(body, dict)
    found: Any = body["items"]
    items: list[Any] = [
        {
            **item,
            "kind": "dns#item",
            "signatureRrdatas": [],
            "rrdatas": [each.upper() for each in draw(st.permutations(item["rrdatas"]))],
        }
        for item in draw(st.permutations(found))
    ]
    return live(**{form: {"kind": "dns#policy", "items": items, "enableFencing": False}})


@given(_policies, st.data())
def test_no_order_and_no_spelling_makes_a_difference(policy: Body, data: st.DataObject) -> None:
    there = data.draw(as_google_has_it(policy))
    assert policy_changes("AAAA", policy, there) == ()
    sets = [{"type": "AAAA", "ttl": 1, "routingPolicy": each} for each in (policy, there)]
    assert essence(sets[0]) == essence(sets[1])


@given(_policies, _policies)
def test_what_has_no_difference_is_the_same_and_what_is_the_same_has_none(
    one: Body, other: Body
) -> None:
    same = essence({"type": "AAAA", "routingPolicy": one}) == essence(
        {"type": "AAAA", "routingPolicy": other}
    )
    assert same is not bool(policy_changes("AAAA", one, other))


def test_a_difference_is_told_at_its_field() -> None:
    weights = [items({"weight": weight, "rrdatas": ["10.0.0.1"]}) for weight in (0.5, 0.9)]
    (change,) = policy_changes("A", weights[0], weights[1])
    assert (change.pointer, change.before, change.after) == (f"{P}/wrr/items/0/weight", 0.9, 0.5)
    (text,) = policy_changes(
        "TXT",
        items({"weight": 1, "rrdatas": ['"a"']}),
        items({"weight": 1, "rrdatas": ['"A"']}),
    )
    assert text.pointer == f"{P}/wrr/items"


def test_what_says_nothing_is_left_out() -> None:
    policy = live(geo={"enableFencing": False, "items": [{"location": "x1", "weight": 0}]})
    assert bare(policy) == {"geo": {"items": [{"location": "x1"}]}}


# From YAML to Google and back.

CHECK = document(
    "HealthCheck",
    "alive",
    {
        "type": "HTTPS",
        "httpsHealthCheck": {},
        "checkIntervalSec": 30,
        "sourceRegions": ["us-east1", "europe-west1", "asia-east1"],
    },
)
EDGE = document("Address", "edge", {})
CHECKED = {
    "healthCheck": "alive",
    "wrr": {
        "items": [
            {
                "weight": 1,
                "healthCheckedTargets": {"externalEndpoints": ["${Address/edge.address}"]},
            }
        ]
    },
}
AT = "DnsZone/example/www.example.com./A"


def zone(policy: Any, ttl: int = 60) -> dict[str, Any]:
    records = {"www": {"A": {"ttl": ttl, "routingPolicy": policy}}}
    return document(
        "DnsZone", "example", {"dnsName": ZONE, "visibility": "public", "records": records}
    )


def test_it_waits_for_its_health_check_and_its_address(workbench: Workbench) -> None:
    workbench.write(zone(CHECKED), CHECK, EDGE)
    made = workbench.apply()
    waves = {str(step.ref): number for number, wave in enumerate(made.waves) for step in wave}
    assert waves[AT] > max(waves["HealthCheck/alive"], waves["Address/edge"])
    found: Any = workbench.live(AT)
    policy = found["routingPolicy"]
    assert policy["healthCheck"].endswith("/projects/netra-staging/global/healthChecks/alive")
    address: Any = workbench.live("Address/edge")
    targets = policy["wrr"]["items"][0]["healthCheckedTargets"]
    assert targets["externalEndpoints"] == [address["address"]]
    assert workbench.plan().is_empty


def test_a_change_is_the_live_set_deleted_and_the_wanted_one_added(workbench: Workbench) -> None:
    workbench.write(zone(CHECKED), CHECK, EDGE)
    workbench.apply()
    live_before: Any = workbench.live(AT)
    workbench.write(zone(WRR), CHECK, EDGE)
    workbench.apply()
    api = "dns/v1/projects/netra-staging/managedZones/example/changes?sortOrder=descending"
    found: Any = workbench.send("GET", f"{api}&sortBy=changeSequence")
    newest = found["changes"][0]
    assert newest["deletions"] == [live_before]
    assert [one["name"] for one in newest["additions"]] == ["www.example.com."]


def test_a_choice_without_its_health_check_is_refused(workbench: Workbench) -> None:
    workbench.write(zone(CHECKED), CHECK, EDGE)
    with pytest.raises(InvalidInput, match="needs HealthCheck/alive"):
        workbench.plan(targets=("DnsZone/*", "Address/*"))


def test_somebody_elses_weights_are_drift_and_both_are_a_conflict(workbench: Workbench) -> None:
    workbench.write(zone(WRR))
    workbench.apply()
    before: Any = workbench.live(AT)
    theirs = {**before, "routingPolicy": items({"weight": 0.7, "rrdatas": ["192.0.2.1"]})}
    api = "dns/v1/projects/netra-staging/managedZones/example"
    workbench.send("POST", f"{api}/changes", {"additions": [theirs], "deletions": [before]})
    assert [d.cause for d in workbench.plan().differences] == [Cause.DRIFT]
    workbench.write(zone(items({"weight": 0.2, "rrdatas": ["192.0.2.1"]})))
    assert [d.cause for d in workbench.plan().differences] == [Cause.CONFLICT]
    with pytest.raises(Stale, match="somebody else has changed this since"):
        workbench.roll_back()
    workbench.roll_back(on_conflict="overwrite")
    assert workbench.live("DnsZone/example") is None


def test_the_ledger_remembers_the_policy(workbench: Workbench) -> None:
    workbench.write(zone(WRR))
    workbench.apply()
    entry = workbench.ledger.entry(parse_ref(AT))
    assert entry is not None
    assert entry.fields == {
        "ttl": 60,
        "routingPolicy": items({"weight": 0.5, "rrdatas": ["192.0.2.1"]}),
    }
    assert workbench.ledger.record("example", "www.example.com.", "A") == (60, ())
    workbench.forget()
    assert workbench.plan().is_empty
    workbench.apply()
    again = workbench.ledger.entry(parse_ref(AT))
    assert again is not None
    assert policy_changes("A", again.fields["routingPolicy"], entry.fields["routingPolicy"]) == ()  # type: ignore[arg-type] # a policy is an object


def test_a_reference_that_gives_no_address_is_refused_with_the_set(workbench: Workbench) -> None:
    policy = items({"weight": 1, "rrdatas": ["${Address/edge.id}"]})
    workbench.write(EDGE)
    workbench.apply()
    workbench.write(zone(policy), EDGE)
    (objection,) = workbench.plan().objections
    assert objection.rule == "record-conflict"
    assert "its routing policy cannot be had" in objection.message


def test_a_wish_has_one_digest_in_every_spelling(workbench: Workbench) -> None:
    def digest(policy: Any) -> str:
        workbench.write(zone(policy), CHECK)
        return workbench.load().digest

    two = [{"weight": 1, "rrdatas": ["10.0.0.1"]}, {"weight": 2, "rrdatas": ["10.0.0.2"]}]
    assert digest(items(*two)) == digest(items(*reversed(two)))
    assert digest(items(*two)) != digest(items(two[0], {**two[1], "weight": 3}))
    by_name = {**items(*two), "healthCheck": "alive"}
    assert digest(by_name) == digest({**by_name, "healthCheck": "HealthCheck/alive"})


def test_going_back_takes_what_it_needed_too(workbench: Workbench) -> None:
    born = workbench.state()
    workbench.write(zone(CHECKED), CHECK, EDGE)
    workbench.apply()
    before = workbench.state()
    workbench.write(
        zone({**CHECKED, "wrr": {"items": [{"weight": 1, "rrdatas": ["10.0.0.1"]}]}}), CHECK, EDGE
    )
    assert told(workbench.apply()) == [("update", AT)]
    workbench.roll_back()
    assert moved(before, workbench.state()) == {}
    first = min(workbench.store.list("snapshots/"))
    workbench.roll_back(
        first.rpartition("/")[2].removesuffix(".json"), allow=["irreversible=tried"]
    )
    assert moved(born, workbench.state()) == {}
