"""`urlMaps.validate`: whether Google would load a URL map, and whether its own tests pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from remediate.gcp.google import Google
from remediate.kinds.bodies.compare import writable
from remediate.kinds.bodies.links import linked, scope_path
from remediate.kinds.registry import kind
from remediate.model.json import Body
from remediate.model.plan import Plan, Step
from remediate.model.ref import GLOBAL, Ref

_TOLD = frozenset({"EXTERNAL", "EXTERNAL_MANAGED"})  # what a request may name; regional ones none


def why_not_loaded(google: Google, step: Step, plan: Plan) -> str:
    """Google's reasons; empty where it would load the map and all of its tests pass."""
    facts = kind(step.live.kind)
    resource = {"name": step.live.name, **writable(facts, step.after or {})}
    body: Body = {"resource": resource}
    schemes = sorted({*_schemes(step, plan)} & _TOLD)
    if schemes and step.live.location == GLOBAL:
        body["loadBalancingSchemes"] = [*schemes]
    at = scope_path(step.live)
    answer = google.compute.ask("validate", at, facts.collection, step.live.name, body)
    result: Any = answer.get("result") or {}
    if not result.get("loadSucceeded", True):
        return "; ".join(map(str, result.get("loadErrors") or ("it would not load",)))
    if not result.get("testPassed", True):
        return "; ".join(map(_failure, result.get("testFailures") or ({},)))
    return ""


def _schemes(step: Step, plan: Plan) -> Iterator[str]:
    """Of the services behind the map, or else of the forwarding rules before it.

    Without one Google takes what only redirects for a map of the classic load balancer.
    """
    bodies = dict(plan.written.values())
    behind = [*linked(step.live, step.after or {}, plan.project)]
    found = [_scheme(bodies, ref) for ref in behind if ref.kind == "BackendService"]
    if not found:
        ahead = _ahead(bodies, _ahead(bodies, {step.live}, plan.project), plan.project)
        found = [_scheme(bodies, ref) for ref in ahead if ref.kind == "ForwardingRule"]
    yield from filter(None, found)


def _ahead(bodies: Mapping[Ref, Mapping[str, object]], of: set[Ref], project: str) -> set[Ref]:
    """What is declared and links to one of these."""
    return {ref for ref, body in bodies.items() if of & {*linked(ref, body, project)}}


def _scheme(bodies: Mapping[Ref, Mapping[str, object]], ref: Ref) -> str:
    return str(bodies.get(ref, {}).get("loadBalancingScheme", ""))


def _failure(failed: Mapping[str, object]) -> str:
    """One test of the map: what was asked, and where it would go."""
    asked = f"{failed.get('host', '')}{failed.get('path', '')}"
    pairs = [
        f"{name[0].lower()}{name[1:]} {failed.get(f'actual{name}') or 'nothing'} instead of "
        f"{failed.get(f'expected{name}') or 'nothing'}"
        for name in ("Service", "OutputUrl", "RedirectResponseCode")
        if failed.get(f"actual{name}") != failed.get(f"expected{name}")
    ]
    return f"its test of {asked} fails: {', '.join(pairs)}" if asked else "one of its tests fails"
