"""How risky a step is: as its kind, and more where it replaces, deletes or cannot be undone."""

from __future__ import annotations

from typing import Any

from remediate.model.plan import Action, Plan, Risk, Undo
from tests.pipeline.documents import (
    PLAIN_EDGE,
    address,
    health_check,
    http_proxy,
    managed,
    rule,
    sets,
    url_map,
    zone,
)
from tests.workbench import Workbench

WWW = {"www": sets("A", "192.0.2.1")}


def applied(workbench: Workbench, *documents: dict[str, Any]) -> None:
    workbench.write(*documents)
    workbench.apply(prune=True)


def risks(made: Plan) -> set[tuple[str, Action, Risk]]:
    return {(step.ref.kind, step.verb, step.risk) for step in made.steps}


def test_what_is_made_or_changed_has_the_risk_of_its_kind(workbench: Workbench) -> None:
    workbench.write(*PLAIN_EDGE, managed("www.example.com"), zone(WWW))
    found = risks(workbench.plan())
    assert ("SslCertificate", Action.CREATE, Risk.LOW) in found
    assert {risk for kind, _, risk in found if kind != "SslCertificate"} == {Risk.MEDIUM}


def test_what_its_lifecycle_says_goes_before(workbench: Workbench) -> None:
    workbench.write(
        health_check(lifecycle={"risk": "critical"}), url_map(lifecycle={"risk": "low"})
    )
    assert risks(workbench.plan()) == {
        ("HealthCheck", Action.CREATE, Risk.CRITICAL),
        ("UrlMap", Action.CREATE, Risk.LOW),
    }


def test_a_replacement_raises_it_and_so_does_a_deletion(workbench: Workbench) -> None:
    applied(workbench, *PLAIN_EDGE, managed("a.example.com"), zone(WWW))
    other = rule(loadBalancingScheme="EXTERNAL")
    workbench.write(address(), url_map(), http_proxy(), other, managed("b.example.com"), zone({}))
    found = risks(workbench.plan(prune=True))
    assert ("SslCertificate", Action.CREATE, Risk.MEDIUM) in found
    assert ("ForwardingRule", Action.DELETE, Risk.HIGH) in found
    assert ("DnsZone", Action.DELETE, Risk.HIGH) in found


def test_what_cannot_be_undone_is_high_at_least(workbench: Workbench) -> None:
    applied(workbench, address(onRemove="delete", risk="low"))
    workbench.write()
    (step,) = workbench.plan(prune=True).steps
    assert (step.verb, step.undo, step.risk) == (Action.DELETE, Undo.NEVER, Risk.HIGH)
    assert "IP address" in step.undo_why
