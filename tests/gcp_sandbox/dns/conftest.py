from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import dns.message
import dns.query
import dns.rcode
import pytest
import requests

from gcp_sandbox.sandbox import Sandbox

PROJECT = "netra-staging"


class CloudDns:
    """A client as plain as can be: paths below the project in, status and JSON out."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.numbers = itertools.count()

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        url = f"{self.sandbox.url}/dns/v1/projects/{PROJECT}{path}"
        answer = self.session.request(method, url, json=body, params=query, timeout=10)
        return answer.status_code, answer.json()

    def get(self, path: str, **query: Any) -> Any:
        status, body = self.call("GET", path, **query)
        assert status == 200, body
        return body

    def zone(self, apex: str = "example.com.", **more: Any) -> str:
        """Create a zone; the path to it."""
        name = f"z{next(self.numbers)}"
        given = {"name": name, "dnsName": apex, "description": "", **more}
        status, body = self.call("POST", "/managedZones", given)
        assert status == 200, body
        return f"/managedZones/{name}"

    def change(
        self, zone: str, additions: Any = (), deletions: Any = (), **query: Any
    ) -> tuple[int, Any]:
        body = {"additions": list(additions), "deletions": list(deletions)}
        return self.call("POST", f"{zone}/changes", body, **query)

    def add(self, zone: str, *sets: Any) -> None:
        status, body = self.change(zone, sets)
        assert status == 200, body

    def refused(self, zone: str, additions: Any = (), deletions: Any = ()) -> tuple[int, str, str]:
        """Status, reason and message of a change that must not go through."""
        before = self.sets(zone)
        status, body = self.change(zone, additions, deletions)
        assert status >= 400, body
        assert self.sets(zone) == before
        return status, body["error"]["errors"][0]["reason"], body["error"]["message"]

    def sets(self, zone: str, **query: Any) -> list[Any]:
        """All record sets, page by page."""
        found: list[Any] = []
        token: dict[str, str] = {}
        while True:
            page = self.get(f"{zone}/rrsets", **query, **token)
            found += page["rrsets"]
            if "nextPageToken" not in page:
                return found
            token = {"pageToken": page["nextPageToken"]}

    def ask(
        self, name: str, rrtype: str = "A", *, tcp: bool = False, **options: Any
    ) -> dns.message.Message:
        query = dns.message.make_query(name, rrtype, **options)
        send = dns.query.tcp if tcp else dns.query.udp
        return send(query, "127.0.0.1", port=self.sandbox.dns_port, timeout=5)


def rrset(name: str, rrtype: str, *rrdatas: str, ttl: int = 300) -> dict[str, Any]:
    return {"name": name, "type": rrtype, "ttl": ttl, "rrdatas": list(rrdatas)}


@pytest.fixture(scope="module")
def running() -> Iterator[CloudDns]:
    with Sandbox(seed=1) as sandbox:
        yield CloudDns(sandbox)


@pytest.fixture
def cloud(running: CloudDns) -> CloudDns:
    """An empty cloud."""
    requests.post(f"{running.sandbox.url}/_sandbox/reset", timeout=10).raise_for_status()
    return running
