"""Every fault that is known, over real sockets: its root, and nothing invented beside it."""

from __future__ import annotations

import json
from itertools import combinations
from random import Random

import jsonschema
import pytest

from remediate.diagnosis.diagnose import diagnose
from remediate.diagnosis.node import Diagnosis
from remediate.diagnosis.signs import Signs
from remediate.report.diagnosis import SCREEN, diagnosis_json, diagnosis_text
from tests.diagnosis.conftest import Edge
from tests.diagnosis.expected import EXPECTED
from tests.workbench import REPOSITORY

SCHEMA = json.loads((REPOSITORY / "docs/reference/schemas/diagnosis.schema.json").read_text())
FAULTS = sorted(EXPECTED)
ASIDE = {"observer", "dns.propagation"}  # ourselves, and what passes by itself
# Of these, one leaves no trace of the other, or leaves nothing that the other could be about.
APART = [
    {"dns-delegation-removed", "dns-dnssec-ds-stale"},  # nobody delegates, so nobody signs
    {"dns-delegation-lame", "dns-zone-private"},  # every server refuses, for the one or the other
    {"dns-delegation-partly-lame", "dns-zone-private"},  # so here: every one, not one
    {"lb-address-released", "lb-forwarding-rule-missing"},  # the rule goes with its address
    {"run-deleted", "run-bad-revision"},  # what is gone has no revisions,
    {"run-deleted", "run-invoker-missing"},  # nobody who may call it
    {"run-deleted", "run-max-instances"},  # and no instances
    {"run-bad-revision", "run-max-instances"},  # a new ceiling is a new revision
]
# These come first: they would mend the others, or Google refuses them after those.
EARLY = (
    "cert-expired-renewal-blocked-by-dns",
    "run-bad-revision",
    "run-max-instances",
    "run-invoker-missing",
    "sql-too-many-connections",
)
PAIRS = [
    (one, other)
    for one, other in combinations(sorted(FAULTS, key=lambda name: name not in EARLY), 2)
    if EXPECTED[one].layer != EXPECTED[other].layer
    and not {EXPECTED[one].layer, EXPECTED[other].layer} & ASIDE
    and {one, other} not in APART
]
# Every fault with some others; the same ones in every run.
SAMPLE = sorted(Random(5).sample(PAIRS, 300))


def layers(found: Diagnosis) -> set[str]:
    return {root.layer for root in found.roots}


def test_nothing_is_wrong_with_what_is_healthy(edge: Edge) -> None:
    found = edge.diagnose()
    assert found.roots == ()
    assert {node.state for node in found.nodes} == {"ok"}
    assert not found.is_broken


@pytest.mark.parametrize("identity", FAULTS)
def test_a_fault_comes_out_with_its_root(edge: Edge, identity: str) -> None:
    expected = EXPECTED[identity]
    assert edge.inject(identity)
    found = edge.diagnose()
    assert layers(found) == {expected.layer}
    explained = {name for root in found.roots for name in root.explains}
    assert {*expected.explains} <= explained
    assert {root.fix.action for root in found.roots} == {expected.action}
    assert {root.risk for root in found.roots} == {expected.risk}
    assert all(root.auto.allowed == expected.auto for root in found.roots)
    assert found.is_broken is (expected.layer != "observer")
    shown(found)


def shown(found: Diagnosis) -> None:
    """One screen of plain ASCII, and JSON by the published schema."""
    text = diagnosis_text(found)
    lines = text.splitlines()
    assert text.isascii()
    assert len(lines) <= SCREEN
    assert max(map(len, lines)) <= 80
    assert all(f" {root.layer} " in text for root in found.roots[:1])
    jsonschema.validate(diagnosis_json(found), SCHEMA)


@pytest.mark.parametrize("identity", sorted({*FAULTS} - {"obs-vantage-cut-off"}))
def test_one_silent_resolver_changes_no_root(edge: Edge, identity: str) -> None:
    assert edge.inject(identity)
    edge.inject("obs-one-resolver-down")
    assert layers(edge.diagnose()) == {EXPECTED[identity].layer}


def slow_down(edge: Edge, resolver: str, seconds: float) -> None:
    """Real seconds, before each answer of one resolver."""
    slow = {"servers": {resolver: {"delay": seconds}}}
    assert edge.ask("PATCH", "/_sandbox/internet", slow).ok


@pytest.mark.parametrize("identity", FAULTS)
def test_one_slow_resolver_changes_no_root(edge: Edge, identity: str) -> None:
    assert edge.inject(identity)
    slow_down(edge, "8.8.8.8", 0.2)
    assert layers(edge.diagnose()) == {EXPECTED[identity].layer}


def test_one_that_answers_too_late_changes_none_either(edge: Edge) -> None:
    assert edge.inject("dns-record-missing")
    slow_down(edge, "8.8.8.8", 30)
    assert layers(edge.diagnose()) == {"dns.record"}


@pytest.mark.parametrize("identity", FAULTS)
def test_without_monitoring_nothing_is_invented(edge: Edge, identity: str) -> None:
    """What only monitoring shows is then unknown; all else is found as before."""
    assert edge.inject(identity)
    if identity != "obs-api-denied":
        edge.ask("POST", "/_sandbox/permissions", {"denied": ["monitoring.*"]})
    signs = edge.look()
    found = diagnose(signs)
    if identity == "vpc-connector-saturated":
        assert layers(found) == {"observer"}
    else:
        assert layers(found) == {EXPECTED[identity].layer}
    states = {node.layer: node.state for node in found.nodes}
    for layer, proven in measured(signs).items():
        if layer in states and EXPECTED[identity].layer not in {layer, "observer"}:
            assert states[layer] == ("ok" if proven else "unknown"), layer


def measured(signs: Signs) -> dict[str, bool]:
    """What monitoring tells of, and whether a look from outside proves it to be well without."""
    answers = [{seen.status for seen in host.http} for host in signs.hosts.values()]
    said = [seen.outcome == "ok" for seen in signs.databases.values()]
    return {
        "run.scaling": {200} in answers,
        "sql.connections": bool(said) and all(said),
        "vpc.connector": False,
    }


@pytest.mark.parametrize(("one", "other"), SAMPLE)
def test_of_two_faults_both_come_out(edge: Edge, one: str, other: str) -> None:
    assert edge.inject(one)
    assert edge.inject(other)
    found = edge.diagnose()
    assert layers(found) == {EXPECTED[one].layer, EXPECTED[other].layer}
    forbidden = {EXPECTED[i].layer for i in (one, other) if not EXPECTED[i].auto}
    assert not {root.layer for root in found.roots if root.auto.allowed} & forbidden
    shown(found)
