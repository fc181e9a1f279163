"""Whether a network's firewall lets Google's health checks, and its front ends, through.

https://cloud.google.com/load-balancing/docs/health-checks#fw-rule,
https://cloud.google.com/firewall/docs/firewalls: the lowest priority number decides, a denial
before a permission of the same; without any rule nothing comes in.
"""

from __future__ import annotations

from ipaddress import IPv4Network, ip_network
from typing import Final

from gcp_sandbox.compute.section import Compute
from gcp_sandbox.request import Body

PROBERS: Final = (IPv4Network("35.191.0.0/16"), IPv4Network("130.211.0.0/22"))
_TCP: Final = frozenset({"tcp", "6", "all"})


def lets_probers_in(compute: Compute, project: str, network: str, port: int) -> bool:
    """For TCP to a port of a network's instances; `network` is a link, "" if unknown."""
    rules = [
        body
        for body in compute.of(project, "global", "firewalls").values()
        if body["direction"] == "INGRESS"
        and not body.get("disabled")
        and network in ("", body["network"])
    ]
    rules.sort(key=lambda rule: (rule["priority"], "allowed" in rule))
    return all(_allowed(rules, source, port) for source in PROBERS)


def _allowed(rules: list[Body], source: IPv4Network, port: int) -> bool:
    for rule in rules:
        permits = "allowed" in rule
        if _names(rule["allowed" if permits else "denied"], port) and _from(rule, source):
            return permits
    return False


def _names(protocols: list[Body], port: int) -> bool:
    for it in protocols:
        ports = it.get("ports") or ["0-65535"]
        if it["IPProtocol"].lower() in _TCP and any(_within(port, text) for text in ports):
            return True
    return False


def _within(port: int, text: str) -> bool:
    first, _, last = str(text).partition("-")
    return int(first) <= port <= int(last or first)


def _from(rule: Body, source: IPv4Network) -> bool:
    ranges = [ip_network(text, strict=False) for text in rule.get("sourceRanges", ())]
    return any(isinstance(it, IPv4Network) and source.subnet_of(it) for it in ranges)
