"""A zone deleted and made again, as people do who want to change what cannot be changed."""

from __future__ import annotations

from typing import Final

from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Body
from gcp_sandbox.troubles.calls import Calls

_ZONES: Final = "/dns/v1/projects/{}/managedZones"
_OWN: Final = frozenset(
    {"kind", "id", "creationTime", "nameServers", "cloudLoggingConfig", "dnssecConfig"}
)
_TRIES: Final = 64
"""One in five gets the old shard again."""


def recreate(calls: Calls, project: str, step: Body) -> None:
    """Carry out `{"recreate": zone, "with": {…}, "until": "anotherShard"}`. Raises GoogleError."""
    zones = _ZONES.format(project)
    at = f"{zones}/{step['recreate']}"
    before = calls.make("GET", at)
    for _ in range(_TRIES):
        _once(calls, zones, at, step.get("with", {}))
        after = calls.make("GET", at)
        if "until" not in step or set(after["nameServers"]).isdisjoint(before["nameServers"]):
            return
    raise GoogleError(409, "unavailable", f"{at} has got the same name servers all the time.")


def _once(calls: Calls, zones: str, at: str, changes: Body) -> None:
    zone = calls.make("GET", at)
    every = calls.make("GET", f"{at}/rrsets")["rrsets"]
    apex = {(zone["dnsName"], rrtype) for rrtype in ("NS", "SOA")}
    records = [stored for stored in every if (stored["name"], stored["type"]) not in apex]
    calls.make("POST", f"{at}/changes", {"deletions": records})
    calls.make("DELETE", at)
    written = {name: value for name, value in zone.items() if name not in _OWN}
    calls.make("POST", zones, written | changes)
    calls.make("POST", f"{at}/changes", {"additions": records})
