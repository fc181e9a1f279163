"""Risk, undo and time of each kind: what a reviewer is told before anything is done."""

from __future__ import annotations

import pytest

from remediate.kinds.facts import Removal, Replacement
from remediate.kinds.registry import NAMES, kind
from remediate.model.plan import Action, Risk, Undo

CREATE, UPDATE, DELETE = Action.CREATE, Action.UPDATE, Action.DELETE
# Seconds from an operation's insertTime to its endTime, recorded of the real APIs in 2024.
MEASURED = {
    "Address": {CREATE: (1.6, 2.6), DELETE: (1.2, 2.3)},
    "BackendService": {CREATE: (17.8, 17.8), DELETE: (12.6, 12.6)},
    "Certificate": {CREATE: (0.2, 0.4), UPDATE: (0.2, 0.4), DELETE: (0.2, 0.4)},
    "CertificateMap": {CREATE: (0.2, 0.4)},
    "CertificateMapEntry": {CREATE: (0.2, 0.4), UPDATE: (0.2, 0.4)},
    "DnsAuthorization": {CREATE: (0.2, 0.4)},
    "ForwardingRule": {CREATE: (10.8, 10.8), UPDATE: (9.9, 9.9), DELETE: (11.8, 11.8)},
    "HealthCheck": {CREATE: (0.8, 0.8), UPDATE: (0.8, 0.8)},
    "RunService": {CREATE: (5, 6), UPDATE: (5, 6)},
    "SqlInstance": {CREATE: (162, 162), DELETE: (89, 89)},
    "TargetHttpProxy": {CREATE: (1.0, 1.0), UPDATE: (1.0, 1.0)},
    "TargetHttpsProxy": {CREATE: (1.0, 1.0), UPDATE: (1.0, 1.0)},
    "UrlMap": {CREATE: (0.6, 0.6), UPDATE: (0.6, 0.6)},
}


@pytest.mark.parametrize("name", MEASURED)
def test_estimates_are_what_was_measured(name: str) -> None:
    for action, (least, most) in MEASURED[name].items():
        assert least <= kind(name).seconds[action] <= most


@pytest.mark.parametrize("name", NAMES)
def test_what_was_never_measured_is_no_estimate_or_said_to_be_a_guess(name: str) -> None:
    facts = kind(name)
    known = name in MEASURED or name == "DnsZone"  # a change is done within two seconds
    assert known or facts.guessed or not facts.seconds


@pytest.mark.parametrize(
    ("names", "risk"),
    [
        (("SslCertificate", "Certificate", "DnsAuthorization"), Risk.LOW),
        (("DnsZone",), Risk.MEDIUM),
        (
            ("Address", "ForwardingRule", "TargetHttpsProxy", "UrlMap", "BackendService"),
            Risk.MEDIUM,
        ),
        (("VpcConnector",), Risk.HIGH),
        (("SqlInstance",), Risk.CRITICAL),
    ],
)
def test_the_base_of_risk_is_the_incident_plans_matrix(names: tuple[str, ...], risk: Risk) -> None:
    assert {kind(name).base_risk for name in names} == {risk}


@pytest.mark.parametrize("name", NAMES)
def test_every_deed_says_how_it_is_undone_and_why(name: str) -> None:
    facts = kind(name)
    assert {CREATE, DELETE} <= facts.undo.keys()
    assert all(len(verdict.why.split()) > 2 for verdict in facts.undo.values())
    if facts.replacement is Replacement.BESIDE:
        assert facts.undo[Action.REPLACE].undo is Undo.EXACT
    if facts.removal is Removal.ON_WORD:
        assert facts.undo[DELETE].undo is not Undo.EXACT or facts.loses
