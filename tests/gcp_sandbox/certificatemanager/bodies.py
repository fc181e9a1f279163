"""Resources of Certificate Manager for the tests, and how they are asked for."""

from __future__ import annotations

from typing import Any

from gcp_sandbox.project import number
from tests.gcp_sandbox.client import PROJECT, Answer, Client

PARENT = f"projects/{PROJECT}/locations/global"
NUMBERED = f"projects/{number(PROJECT)}/locations/global"
DOMAIN = "staging.example.com"
ZONES = f"/dns/v1/projects/{PROJECT}/managedZones"


def message(collection: str) -> str:
    kinds = {"certificateMapEntries": "certificateMapEntry"}
    return kinds.get(collection, collection.removesuffix("s"))


def ask(client: Client, name: str, body: Any, above: str = PARENT) -> Answer:
    """Create `collection/identity`, whatever comes of it."""
    collection, _, identity = name.rpartition("/")
    query = {f"{message(collection)}Id": identity}
    return client.call("POST", f"/v1/{above}/{collection}", body, **query)


def create(client: Client, name: str, body: Any, above: str = PARENT) -> Any:
    """Create, waited for; answers the resource."""
    answer = ask(client, name, body, above)
    assert answer.status == 200, answer.body
    assert answer.body["done"], answer.body
    return answer.body["response"]


def get(client: Client, name: str, **query: Any) -> Any:
    return client.get(f"/v1/{PARENT}/{name}", **query)


def zone(client: Client) -> None:
    """A zone of the sandbox's own DNS for the domain."""
    client.post(ZONES, {"name": "ex", "dnsName": "example.com.", "description": ""})


def add(client: Client, name: str, rrtype: str, *rrdatas: str) -> None:
    body = {"name": name, "type": rrtype, "ttl": 60, "rrdatas": list(rrdatas)}
    client.post(f"{ZONES}/ex/rrsets", body)


def certificate(client: Client, *domains: str, **managed: Any) -> Any:
    """A managed certificate `certificates/c`."""
    body = {"managed": {"domains": list(domains or [DOMAIN]), **managed}}
    return create(client, "certificates/c", body)
