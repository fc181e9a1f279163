"""Record sets of the zone of `staging`, as somebody else writes them."""

from __future__ import annotations

from tests.gcp_sandbox.client import PROJECT, Client

ZONE = f"/dns/v1/projects/{PROJECT}/managedZones/netrasystems-staging/rrsets"
_FORGOTTEN = 3600  # seconds; longer than any TTL there


def record(client: Client, name: str, rrtype: str, *rrdatas: str, ttl: int = 300) -> None:
    """Write a set, without data none, and wait until the caches have forgotten the former."""
    client.call("DELETE", f"{ZONE}/{name}/{rrtype}")
    if rrdatas:
        client.post(ZONE, {"name": name, "type": rrtype, "ttl": ttl, "rrdatas": rrdatas})
    client.post("/_sandbox/clock:advance", {"seconds": _FORGOTTEN})
