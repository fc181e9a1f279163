"""Ways out, weighed: what a remedy risks, and whether it may be done without asking."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from remediate.diagnosis.edge import Edge
from remediate.diagnosis.node import Auto, Confidence, Fix, Judged, Remedy, RiskWord
from remediate.model.finding import Category
from remediate.model.ref import Ref

_RISKS: dict[str, RiskWord] = {
    "lb.certificate": "LOW",
    "vpc.connector": "HIGH",
    "run.vpc_access": "HIGH",
    "sql.instance": "HIGH",
    "sql.connections": "HIGH",
    "sql.auth": "HIGH",
    "sql.network": "HIGH",
}
"""The incident plan's matrix, by what is touched; everything else is MEDIUM."""
_NOTHING = ("wait", "none")
_MARGIN, _MINUTE, _HOUR = 30, 60, 60  # seconds for the look itself; seconds, and minutes, of one


def fix(edge: Edge, remedy: Remedy, then: int = 0) -> Fix:
    """A remedy with the next command: ours as words, anybody else's as a whole line.

    `then` are the seconds that Google may need once it is mended.
    """
    words = remedy.words
    if not words and not remedy.program:
        words = _words(edge, remedy)
    seconds, at_most = remedy.seconds, remedy.at_most
    return Fix(remedy.action, remedy.text, words, remedy.program, seconds, at_most, then)


def _words(edge: Edge, remedy: Remedy) -> tuple[str, ...]:
    known = {str(ref): ref for ref in edge.declared}
    needed = [n for at in remedy.targets if at in known for n in edge.needed_by(known[at])]
    chosen = dict.fromkeys((*remedy.targets, *map(str, needed)))
    targets = tuple(word for ref in chosen for word in ("--target", ref))
    match remedy.action:
        case "apply" | "rollback" if targets:
            return ("apply", *targets)
        case "propose" if targets:
            return ("plan", *targets)
        case "wait":
            return (*_verify(edge), "--until-pass", "--within", _within(remedy.seconds or 0))
        case _:
            return _verify(edge)


def _verify(edge: Edge) -> tuple[str, ...]:
    """A `verify` that can pass without running a program of anybody's: those are left out.

    By a tag that only they have, or else by naming all others.
    """
    checks = edge.signs.desired.checks
    running = [each for each in checks if each.probe == "command"]
    others = [each for each in checks if each not in running]
    if not running:
        return ("verify",)
    kept = {tag for each in others for tag in each.tags}
    skipped = {next((tag for tag in each.tags if tag not in kept), "") for each in running}
    if "" not in skipped:
        return ("verify", *(word for tag in sorted(skipped) for word in ("--skip-tag", tag)))
    names = [*(each.name for each in others), Category.INFRASTRUCTURE.value]
    return ("verify", *(word for name in names for word in ("--check", name)))


def _within(seconds: int) -> str:
    """As `--within` takes it, in whole minutes, rounded up."""
    hours, minutes = divmod(ceil((seconds + _MARGIN) / _MINUTE), _HOUR)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes or not hours else "")


def risk(layer: str, remedy: Remedy) -> RiskWord:
    """`n/a` where nothing of ours is changed."""
    if remedy.action in _NOTHING or (remedy.action == "manual" and not layer.startswith("dns.")):
        return "n/a"
    if layer == "lb.target_proxy" and "certificate" in remedy.program:
        return "LOW"
    return _RISKS.get(layer, "MEDIUM")


def auto(edge: Edge, node: Judged, remedy: Remedy, sure: Confidence) -> Auto:
    """Nothing is done on a guess; waiting is allowed, a change where nothing speaks against it."""
    reasons = tuple(_reasons(edge, node, remedy, sure))
    return Auto(not reasons, reasons)


def _reasons(edge: Edge, node: Judged, remedy: Remedy, sure: Confidence) -> Iterator[str]:
    if sure == "low":
        yield "confidence is low"
    if remedy.action in _NOTHING:
        return
    if remedy.action in ("propose", "manual"):
        yield f"{remedy.action}: a person decides"
    if remedy.takes:
        yield remedy.takes
    weight = risk(node.layer, remedy)
    if weight in ("HIGH", "CRITICAL"):
        yield f"risk {weight}"
    if weight == "MEDIUM" and node.layer != "dns.record":
        yield "risk MEDIUM, and every host of the load balancer would feel it"
    if remedy.takes and isinstance(node.resource, Ref) and _is_protected(edge, node.resource):
        yield f"lifecycle.protect of {node.resource}"


def _is_protected(edge: Edge, ref: Ref) -> bool:
    found = edge.declared.get(ref)
    return found is not None and found.lifecycle.protect
