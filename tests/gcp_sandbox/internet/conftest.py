from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.gcp_sandbox.client import Client

ZONE = "/dns/v1/projects/netra-staging/managedZones/netrasystems-staging"
APEX = "netrasystems.ai."
HOST = "staging.netrasystems.ai."
ADDRESS = "203.0.113.10"
RESOLVERS = ("8.8.8.8", "1.1.1.1", "9.9.9.9")
GOOGLE = [f"198.51.100.1{number}" for number in range(1, 5)]
PARENT = "192.0.2.53"


class Outside:
    """The DNS of a sandbox as it is asked from outside, by address."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def where(self, address: str) -> tuple[str, int]:
        public = f"[{address}]:53" if ":" in address else f"{address}:53"
        dialled = self.client.get("/_sandbox/dial")
        if ":" in address and public not in dialled:
            pytest.skip("this machine has no IPv6")
        host, _, port = dialled[public].rpartition(":")
        return host.strip("[]"), int(port)

    def ask(
        self,
        address: str,
        name: str = HOST,
        rrtype: str = "A",
        *,
        tcp: bool = False,
        flags: int = dns.flags.RD,
        timeout: float = 5.0,
        **options: Any,
    ) -> dns.message.Message:
        query = dns.message.make_query(name, rrtype, use_edns=0, payload=1232, **options)
        query.flags = dns.flags.Flag(flags)
        host, port = self.where(address)
        send = dns.query.tcp if tcp else dns.query.udp
        return send(query, host, port=port, timeout=timeout)

    def said(self, address: str, name: str = HOST, rrtype: str = "A", **more: Any) -> list[str]:
        """The rcode, then the data."""
        answer = self.ask(address, name, rrtype, **more)
        data = sorted(record.to_text() for it in answer.answer for record in it)
        return [dns.rcode.to_text(answer.rcode()), *data]

    def left(self, address: str, name: str = HOST) -> int:
        """Seconds for which a resolver keeps what it says, good or bad."""
        answer = self.ask(address, name)
        return min(it.ttl for it in (*answer.answer, *answer.authority))

    def change(self, additions: Sequence[Any] = (), deletions: Sequence[Any] = ()) -> Any:
        body = {"additions": list(additions), "deletions": list(deletions)}
        return self.client.post(f"{ZONE}/changes", body)

    def merge(self, **parts: Any) -> Any:
        """Let something be so; what takes it back."""
        return self.client.call("PATCH", "/_sandbox/internet", parts).body


def record(*values: str, name: str = HOST, rrtype: str = "A", ttl: int = 300) -> dict[str, Any]:
    return {"name": name, "type": rrtype, "ttl": ttl, "rrdatas": list(values)}


@pytest.fixture
def outside(staging: Client) -> Outside:
    return Outside(staging)
