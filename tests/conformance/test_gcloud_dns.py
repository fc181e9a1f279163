from __future__ import annotations

import dns.message
import dns.query
import pytest
import requests

from gcp_sandbox.sandbox import Sandbox
from tests.conformance.conftest import PROJECT, Gcloud

ZONE = "example.com."


def served(sandbox: Sandbox, name: str, rrtype: str = "A") -> list[str]:
    query = dns.message.make_query(name, rrtype)
    reply = dns.query.udp(query, "127.0.0.1", port=sandbox.dns_port, timeout=5)
    return [record.to_text() for rrset in reply.answer for record in rrset]


@pytest.fixture
def zone(sandbox: Sandbox) -> str:
    """The URL of an empty zone `ex`."""
    zones = f"{sandbox.url}/dns/v1/projects/{PROJECT}/managedZones"
    body = {"name": "ex", "dnsName": ZONE, "description": ""}
    requests.post(zones, json=body, timeout=10).raise_for_status()
    return f"{zones}/ex"


def add(zone: str, *sets: object) -> None:
    body = {"additions": sets}
    requests.post(f"{zone}/changes", json=body, timeout=10).raise_for_status()


WWW = {"name": "www.example.com.", "type": "A", "ttl": 300, "rrdatas": ["192.0.2.1"]}


def test_a_managed_zone_lives_and_dies(sandbox: Sandbox, gcloud: Gcloud) -> None:
    assert sandbox.url
    gcloud(f"dns managed-zones create ex --dns-name={ZONE} --description=one --labels=env=test")
    (listed,) = gcloud.json("dns managed-zones list")
    assert (listed["name"], listed["dnsName"], listed["labels"]) == ("ex", ZONE, {"env": "test"})
    gcloud("dns managed-zones update ex --description=two")
    assert gcloud.json("dns managed-zones describe ex")["description"] == "two"
    gcloud("dns managed-zones delete ex")
    assert "does not exist" in gcloud.refused("dns managed-zones describe ex")


@pytest.mark.usefixtures("zone")
def test_a_transaction_adds_and_removes_at_once(sandbox: Sandbox, gcloud: Gcloud) -> None:
    gcloud("dns record-sets transaction start --zone=ex")
    add_www = "--name=www.example.com. --ttl=300 --type=A --zone=ex"
    gcloud(f"dns record-sets transaction add 192.0.2.1 192.0.2.2 {add_www}")
    gcloud("dns record-sets transaction execute --zone=ex")
    assert served(sandbox, "www.example.com.") == ["192.0.2.1", "192.0.2.2"]
    assert served(sandbox, ZONE, "SOA")[0].split()[2] == "2"
    gcloud("dns record-sets transaction start --zone=ex")
    gcloud(f"dns record-sets transaction remove 192.0.2.1 192.0.2.2 {add_www}")
    gcloud(f"dns record-sets transaction add 192.0.2.3 {add_www}")
    gcloud("dns record-sets transaction execute --zone=ex")
    assert served(sandbox, "www.example.com.") == ["192.0.2.3"]


def test_a_transaction_that_another_overtook_is_refused(
    sandbox: Sandbox, gcloud: Gcloud, zone: str
) -> None:
    gcloud("dns record-sets transaction start --zone=ex")
    at = "--name=a.example.com. --ttl=60 --type=A --zone=ex"
    gcloud(f"dns record-sets transaction add 192.0.2.9 {at}")
    add(zone, WWW)
    assert "Precondition not met" in gcloud.refused("dns record-sets transaction execute --zone=ex")
    assert served(sandbox, "a.example.com.") == []


@pytest.mark.usefixtures("zone")
def test_record_sets_one_by_one(sandbox: Sandbox, gcloud: Gcloud) -> None:
    name = "www.example.com. --zone=ex --type=A"
    gcloud(f"dns record-sets create {name} --ttl=300 --rrdatas=192.0.2.1")
    (listed,) = gcloud.json("dns record-sets list --zone=ex --name=www.example.com. --type=A")
    assert (listed["ttl"], listed["rrdatas"]) == (300, ["192.0.2.1"])
    gcloud(f"dns record-sets update {name} --ttl=60 --rrdatas=192.0.2.1,192.0.2.2")
    assert served(sandbox, "www.example.com.") == ["192.0.2.1", "192.0.2.2"]
    assert "already exists" in gcloud.refused(
        f"dns record-sets create {name} --ttl=300 --rrdatas=192.0.2.1"
    )
    gcloud(f"dns record-sets delete {name}")
    assert served(sandbox, "www.example.com.") == []


def test_a_zone_is_exported_and_imported_again(sandbox: Sandbox, gcloud: Gcloud, zone: str) -> None:
    text = {"name": ZONE, "type": "TXT", "ttl": 60, "rrdatas": ['"a \\"b\\"" "c"']}
    mail = {"name": ZONE, "type": "MX", "ttl": 60, "rrdatas": ["10 mail.example.com."]}
    caa = {"name": ZONE, "type": "CAA", "ttl": 60, "rrdatas": ['0 issue "pki.goog"']}
    add(zone, WWW, text, mail, caa)
    gcloud("dns record-sets export zone.txt --zone=ex --zone-file-format")
    listed = requests.get(f"{zone}/rrsets", timeout=10).json()["rrsets"]
    gone = [it for it in listed if it["type"] not in {"NS", "SOA"}]
    changes = f"{zone}/changes"
    requests.post(changes, json={"deletions": gone}, timeout=10).raise_for_status()
    gcloud(
        "dns record-sets import zone.txt --zone=ex --zone-file-format --delete-all-existing"
        " --replace-origin-ns"
    )
    again = requests.get(f"{zone}/rrsets", timeout=10).json()["rrsets"]
    assert [it for it in again if it["type"] != "SOA"] == [
        it for it in listed if it["type"] != "SOA"
    ]
    assert served(sandbox, "www.example.com.") == ["192.0.2.1"]


@pytest.mark.usefixtures("zone")
def test_changes_are_listed(sandbox: Sandbox, gcloud: Gcloud) -> None:
    sandbox.world.clock.advance(60)
    (born,) = gcloud.json("dns record-sets changes list --zone=ex")
    assert (born["id"], born["status"]) == ("0", "done")
