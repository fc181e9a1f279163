"""What is asked of Google: one list a collection, nothing besides, and never a write by a plan."""

from __future__ import annotations

from remediate.model.plan import Action, Cause
from tests.workbench import PROJECT, Workbench, moved, told

COMPUTE = "/compute/v1/projects/netra-staging"
DNS = "/dns/v1/projects/netra-staging/managedZones"
COLLECTIONS = [
    *("addresses", "backendServices", "forwardingRules", "healthChecks", "sslCertificates"),
    *("sslPolicies", "targetHttpProxies", "targetHttpsProxies", "urlMaps"),
]
LISTS = sorted(
    [
        *(f"{COMPUTE}/global/{name}" for name in COLLECTIONS),
        f"{COMPUTE}/regions/us-central1/networkEndpointGroups",
        DNS,
        f"{DNS}/netrasystems-staging/rrsets",
        f"/v1/projects/{PROJECT}/instances",
        f"/v1/projects/{PROJECT}/locations/us-central1/connectors",
        f"/v2/projects/{PROJECT}/locations/us-central1/services",
    ]
)
ZONE = "DnsZone/netrasystems-staging"


def test_a_plan_of_the_staging_environment_makes_fifteen_list_calls_and_no_other(
    workbench: Workbench,
) -> None:
    workbench.copy_staging()
    workbench.reset("staging")
    workbench.forget_calls()
    assert workbench.plan().is_empty
    calls = workbench.calls()
    assert {method for method, _ in calls} == {"GET"}
    assert sorted(path for _, path in calls) == LISTS
    assert len(calls) == 15


def test_the_healthy_environment_needs_nothing_with_or_without_a_ledger(
    workbench: Workbench,
) -> None:
    workbench.copy_staging()
    workbench.reset("staging")
    without = workbench.plan()
    workbench.apply()
    with_ledger = workbench.plan()
    assert told(without) == told(with_ledger) == []
    assert without.objections == with_ledger.objections == []
    assert without.digest == with_ledger.digest


def test_the_outage_needs_two_records_and_one_certificate_rotation(workbench: Workbench) -> None:
    workbench.copy_staging()
    workbench.reset("dns-outage")
    made = workbench.plan()
    assert sorted(told(made)) == [
        ("create", f"{ZONE}/api-staging.netrasystems.ai./A"),
        ("create", f"{ZONE}/staging.netrasystems.ai./A"),
        ("create", "SslCertificate/staging-ssl-cert"),
        ("update", "TargetHttpsProxy/staging-https-proxy"),
    ]
    assert {difference.cause for difference in made.differences} == {Cause.PENDING}
    (rotation,) = [d for d in made.differences if d.action is Action.UPDATE]
    assert [change.pointer for change in rotation.changes] == ["/sslCertificates/0"] or [
        change.pointer for change in rotation.changes
    ] == ["/sslCertificates"]
    assert made.objections == []


def test_a_plan_writes_nothing_at_google_and_nothing_in_the_store(workbench: Workbench) -> None:
    workbench.copy_staging()
    workbench.reset("dns-outage")
    before = workbench.state()
    workbench.forget_calls()
    workbench.plan()
    asked = [path for method, path in workbench.calls() if method != "GET"]
    assert asked == [f"/v3/projects/{PROJECT}:testIamPermissions"]  # which writes nothing
    assert moved(before, workbench.state()) == {}
    assert [path for path in (workbench.root / ".remediate").rglob("*") if path.is_file()] == []


def test_the_outage_is_repaired_and_can_be_had_back(workbench: Workbench) -> None:
    workbench.copy_staging()
    workbench.reset("dns-outage")
    before = workbench.state()
    workbench.apply()
    assert workbench.plan().is_empty
    workbench.roll_back()
    assert moved(before, workbench.state()) == {}
    workbench.roll_back()
    assert workbench.plan().is_empty


def test_every_page_of_a_zone_is_read_and_nothing_twice(workbench: Workbench) -> None:
    names = {f"n{number}": {"A": {"ttl": 60, "values": ["192.0.2.1"]}} for number in range(1100)}
    zone = {
        "apiVersion": "remediate/v1",
        "kind": "DnsZone",
        "metadata": {"name": "wide"},
        "spec": {"dnsName": "wide.example.", "visibility": "public", "records": names},
    }
    workbench.write(zone)
    workbench.apply()
    workbench.forget_calls()
    assert workbench.plan().is_empty
    assert [path for _, path in workbench.calls()].count(f"{DNS}/wide/rrsets") == 2
    assert len(workbench.calls()) == 3
