"""What a plan predicts of caches: from the live SOA for what is new, from the old TTL else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from remediate.model.ref import parse_ref
from remediate.pipeline.propagation import Cached, cached, longest
from remediate.report.machine import plan_json
from remediate.report.summary import caching
from tests.report import plans
from tests.workbench import Workbench, document

TEXT = {"ttl": 60, "values": ['"no address"']}
ZONE = "dns/v1/projects/netra-staging/managedZones/zone"


def zone(**records: Mapping[str, object]) -> Mapping[str, object]:
    spec = {"dnsName": "example.com.", "visibility": "public", "records": records}
    return document("DnsZone", "zone", spec)


def address(value: str, ttl: int = 60) -> Mapping[str, object]:
    return {"A": {"ttl": ttl, "values": [value]}}


def test_what_is_new_is_cached_as_missing_for_as_long_as_the_live_soa_says(
    workbench: Workbench,
) -> None:
    workbench.write(zone())
    workbench.apply()
    soa = f"{ZONE}/rrsets/example.com./SOA"
    live: Any = workbench.send("GET", soa)
    minimum = int(live["rrdatas"][0].split()[-1])
    workbench.write(zone(www=address("203.0.113.10")))
    made = workbench.plan()
    assert made.negative_ttls == {parse_ref("DnsZone/zone"): min(live["ttl"], minimum)}
    (said,) = caching(made)
    assert said.startswith(f"NXDOMAIN may be cached up to {minimum} s")
    told: Any = plan_json(made)["remediate"]
    assert told["steps"][0]["cached"] == {"negative": True, "seconds": minimum}


def test_a_short_ttl_of_the_soa_itself_counts_where_it_is_less_than_its_minimum(
    workbench: Workbench,
) -> None:
    workbench.write(zone())
    workbench.apply()
    soa = f"{ZONE}/rrsets/example.com./SOA"
    workbench.send("PATCH", soa, {**workbench.send("GET", soa), "ttl": 77})
    workbench.write(zone(www=address("203.0.113.10")))
    assert [*workbench.plan().negative_ttls.values()] == [77]


def test_a_way_back_that_makes_a_record_again_says_the_same_of_caches(
    workbench: Workbench,
) -> None:
    workbench.write(zone())
    workbench.apply()
    workbench.write(zone(www=address("203.0.113.10")))
    workbench.apply()
    workbench.roll_back()
    made = workbench.plan_back()
    (said,) = caching(made)
    assert said.startswith("NXDOMAIN may be cached up to 300 s")


def test_what_changes_is_cached_for_the_ttl_that_it_had(workbench: Workbench) -> None:
    workbench.write(zone(www=address("203.0.113.10", 120)))
    workbench.apply()
    workbench.write(zone(www=address("203.0.113.11", 60)))
    made = workbench.plan()
    (step,) = made.steps
    assert cached(step, made) == Cached(negative=False, seconds=120)
    assert longest(made.steps, made) == 120
    assert longest(made.steps, replace(made, kept=900)) == 900


@pytest.mark.parametrize(
    ("fqdn", "wildcards", "seconds"),
    [
        ("www", {"*": address("203.0.113.9", 600)}, 600),
        ("www", {"*": {"CNAME": {"ttl": 700, "values": ["elsewhere.example.org."]}}}, 700),
        ("www", {"*": {"TXT": TEXT}}, None),
        ("a.b", {"*": address("203.0.113.9", 600)}, 600),
        ("a.b", {"*": address("203.0.113.9", 600), "x.b": address("203.0.113.8")}, None),
        ("a.b", {"*.b": address("203.0.113.9", 800)}, 800),
        ("www", {"*": address("203.0.113.9", 600), "www": {"TXT": TEXT}}, None),
    ],
)
def test_what_a_wildcard_answers_for_as_yet_is_cached_for_its_ttl(
    workbench: Workbench, fqdn: str, wildcards: dict[str, Any], seconds: int | None
) -> None:
    """RFC 4592: the nearest name above that there is decides, and each type is for itself."""
    workbench.write(zone(**wildcards))
    workbench.apply()
    made_too = {**wildcards.get(fqdn, {}), **address("203.0.113.10")}
    workbench.write(zone(**{**wildcards, fqdn: made_too}))
    made = workbench.plan()
    (step,) = made.steps
    expected = Cached(negative=seconds is None, seconds=seconds or 300)
    assert cached(step, made) == expected
    assert plan_json(made)["remediate"]["steps"][0]["cached"]["seconds"] == expected.seconds


def test_of_a_zone_that_is_yet_to_be_made_nothing_is_promised(workbench: Workbench) -> None:
    workbench.write(zone(www=address("203.0.113.10")))
    (said,) = caching(workbench.plan())
    assert said.startswith("NXDOMAIN may be cached for the negative TTL of the zone")


def test_what_is_no_record_set_is_in_no_cache_of_names(workbench: Workbench) -> None:
    workbench.write(document("Address", "edge", {"addressType": "EXTERNAL"}))
    made = workbench.plan()
    assert longest(made.steps, replace(made, kept=900)) == 0


@pytest.mark.parametrize(("ttl", "seconds"), [("300", 300), (True, 0), (-1, 0), ([], 0), (None, 0)])
def test_a_ttl_that_somebody_wrote_into_a_plans_file_breaks_nothing(
    ttl: object, seconds: int
) -> None:
    ref = parse_ref("DnsZone/main/www.example.com./A")
    change = plans.updated(ref, {"ttl": ttl}, {"ttl": 60})
    assert cached(change, {}) == Cached(negative=False, seconds=seconds)
