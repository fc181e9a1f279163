"""Faults as tables: the calls that bring one about, and what has to come out."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

import jsonschema

from remediate.diagnosis.node import Diagnosis
from remediate.report.diagnosis import SCREEN, diagnosis_json, diagnosis_text
from tests.diagnosis.conftest import Edge
from tests.workbench import REPOSITORY

COMPUTE = "/compute/v1/projects/PROJECT"
ZONE = "/dns/v1/projects/PROJECT/managedZones/netrasystems-staging"
RRSETS = f"{ZONE}/rrsets"
API, WEB = "api-staging.netrasystems.ai.", "staging.netrasystems.ai."
RUN = "/v2/projects/PROJECT/locations/us-central1/services/netra-backend"
CONNECTORS = "/v1/projects/PROJECT/locations/us-central1/connectors"
SQL = "/sql/v1beta4/projects/PROJECT/instances/staging-shared-postgres"
WORLD, CLOCK = "PATCH /_sandbox/internet", "POST /_sandbox/clock:advance"
WIDTH: Final = 80
SCHEMA: Final = json.loads(
    (REPOSITORY / "docs/reference/schemas/diagnosis.schema.json").read_text()
)


class Step(NamedTuple):
    """One call, `METHOD /path`; a fingerprint is fetched where the resource has one."""

    call: str
    body: Any = None


class Fault(NamedTuple):
    """What has to come out: `roots` are layers, `explains` what has to be listed at least.

    `automatic` are those of the layers that may be mended unasked; `told` is in the evidence.
    """

    steps: tuple[Step, ...]
    roots: frozenset[str]
    explains: frozenset[str]
    automatic: frozenset[str]
    told: str


def fault(
    *steps: Step, roots: str = "", explains: str = "", automatic: str = "", told: str = ""
) -> Fault:
    """Layers and symptoms with spaces between."""
    words = (frozenset(each.split()) for each in (roots, explains, automatic))
    return Fault(steps, *words, told)


def record(name: str, rrtype: str, *values: str, ttl: int = 300) -> dict[str, Any]:
    return {"name": name, "type": rrtype, "ttl": ttl, "rrdatas": [*values]}


def break_it(edge: Edge, steps: tuple[Step, ...]) -> None:
    for step in steps:
        method, _, path = step.call.partition(" ")
        body = step.body
        if method in {"PATCH", "PUT"} and path.startswith(COMPUTE):
            live = edge.call("GET", path)
            if "fingerprint" in live:
                body = {**body, "fingerprint": live["fingerprint"]}
        edge.call(method, path, body)


def comes_out(found: Diagnosis, expected: Fault) -> None:
    """The roots and no others, what they explain, nothing unsafe offered, and one screen."""
    assert {root.layer for root in found.roots} == expected.roots
    explained = {name for root in found.roots for name in root.explains}
    assert expected.explains <= explained
    acting = [one for one in found.roots if one.auto.allowed and one.fix.action != "wait"]
    assert {root.layer for root in acting} == expected.automatic
    assert found.is_broken is bool(expected.roots - {"observer"})
    evidence = [line for root in found.roots for line in root.evidence]
    assert not expected.told or any(expected.told in line for line in evidence)
    for root in found.roots:
        assert root.fix.text
        assert root.fix.words or root.fix.program
    jsonschema.validate(diagnosis_json(found), SCHEMA)
    lines = diagnosis_text(found).splitlines()
    assert len(lines) <= SCREEN
    assert max(map(len, lines)) <= WIDTH
