from __future__ import annotations

import google.api_core.exceptions
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import dns

from gcp_sandbox.sandbox import Sandbox
from tests.conformance.conftest import PROJECT


@pytest.fixture
def client(sandbox: Sandbox) -> dns.Client:
    return dns.Client(
        project=PROJECT,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": sandbox.url},
    )


@pytest.fixture
def zone(client: dns.Client) -> dns.ManagedZone:
    zone = client.zone("ex", "example.com.", description="a zone")
    zone.create()
    return zone


def test_a_zone_is_created_reloaded_listed_and_deleted(
    client: dns.Client, zone: dns.ManagedZone
) -> None:
    assert zone.exists()
    assert len(zone.name_servers) == 4
    assert zone.created.tzinfo is not None
    again = client.zone("ex")
    again.reload()
    assert (again.dns_name, again.description, again.zone_id) == (
        "example.com.",
        "a zone",
        zone.zone_id,
    )
    assert [it.name for it in client.list_zones()] == ["ex"]
    zone.delete()
    assert not zone.exists()
    with pytest.raises(google.api_core.exceptions.NotFound, match="does not exist"):
        zone.reload()


def test_quotas_are_numbers(client: dns.Client) -> None:
    quotas = client.quotas()
    assert quotas["rrsetAdditionsPerChange"] == 1000
    assert quotas["totalRrdataSizePerChange"] == 100_000


def test_changes_are_made_and_waited_for(sandbox: Sandbox, zone: dns.ManagedZone) -> None:
    change = zone.changes()
    change.add_record_set(
        zone.resource_record_set("www.example.com.", "CNAME", 3600, ["example.org."])
    )
    change.create()
    assert change.status == "pending"
    sandbox.world.clock.advance(60)
    change.reload()
    assert (change.name, change.status) == ("1", "done")
    assert [it.name for it in zone.list_changes()] == ["0", "1"]
    sets = {it.record_type: it for it in zone.list_resource_record_sets()}
    assert set(sets) == {"NS", "SOA", "CNAME"}
    assert sets["CNAME"].rrdatas == ["example.org."]


def test_listing_goes_on_page_by_page(zone: dns.ManagedZone) -> None:
    change = zone.changes()
    for number in range(25):
        name = f"h{number:02}.example.com."
        change.add_record_set(zone.resource_record_set(name, "A", 60, ["192.0.2.1"]))
    change.create()
    pages = list(zone.list_resource_record_sets(max_results=27).pages)
    assert sum(page.num_items for page in pages) == 27
    first = zone.list_resource_record_sets(max_results=10)
    names = [it.name for it in first]
    rest = zone.list_resource_record_sets(page_token=first.next_page_token)
    assert len({*names, *(it.name for it in rest)}) == 26


def test_refusals_arrive_as_the_librarys_own_errors(zone: dns.ManagedZone) -> None:
    www = zone.resource_record_set("www.example.com.", "A", 60, ["192.0.2.1"])
    change = zone.changes()
    change.delete_record_set(www)
    with pytest.raises(google.api_core.exceptions.NotFound, match="does not exist"):
        change.create()
    change = zone.changes()
    change.add_record_set(www)
    change.create()
    with pytest.raises(google.api_core.exceptions.Conflict, match="already exists"):
        change.create()
    change = zone.changes()
    stale = zone.resource_record_set("www.example.com.", "A", 61, ["192.0.2.1"])
    change.delete_record_set(stale)
    with pytest.raises(google.api_core.exceptions.PreconditionFailed):
        change.create()
