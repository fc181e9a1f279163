"""Firewall rules of a network: whether they let Google's health checks come to a port."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from remediate.model.json import Body

PROBERS = ("35.191.0.0/16", "130.211.0.0/22")
"""Where Google's health checks come from
(https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges)."""


def is_let_in(rules: tuple[Body, ...], source: str, port: int, network: str) -> bool:
    """Whether the rule of lowest priority number that speaks of source and port allows it.

    At equal priority a rule that denies wins; without any rule nothing comes in
    (https://cloud.google.com/firewall/docs/firewalls#priority_order_for_firewall_rules).
    """
    return bool(deciding(rules, source, port, network).get("allowed"))


def deciding(rules: tuple[Body, ...], source: str, port: int, network: str) -> Body:
    """The rule that says whether a source may come to a port; empty where none speaks of it."""
    about = [rule for rule in rules if _speaks(rule, source, port, network)]
    return min(
        about, key=lambda r: (int(str(r.get("priority", 1000))), "denied" not in r), default={}
    )


def free_name(rules: tuple[Body, ...]) -> str:
    """For a firewall rule; one that is narrowed or off keeps its own."""
    taken = {rule.get("name") for rule in rules}
    names = (f"allow-health-checks{end}" for end in ("", *(f"-{n}" for n in range(2, 100))))
    return next(name for name in names if name not in taken)


def _speaks(rule: Body, source: str, port: int, network: str) -> bool:
    where = str(rule.get("network") or "").rpartition("/")[2]
    ranges: Any = rule.get("sourceRanges") or ()
    protocols: Any = rule.get("allowed") or rule.get("denied") or ()
    return (
        rule.get("direction", "INGRESS") == "INGRESS"
        and not rule.get("disabled")
        and (not network or not where or where == network)
        and any(_within(source, str(each)) for each in ranges)
        and any(_is_for(each, port) for each in protocols)
    )


def _within(source: str, around: str) -> bool:
    inner, outer = ip_network(source), ip_network(around, strict=False)
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]  # of one version by now


def _is_for(protocol: Body, port: int) -> bool:
    if str(protocol.get("IPProtocol")).lower() not in ("tcp", "6", "all"):
        return False
    ports: Any = protocol.get("ports")
    if not ports:
        return True
    ends = (str(each).partition("-") for each in ports)
    return any(int(first) <= port <= int(last or first) for first, _, last in ends)
