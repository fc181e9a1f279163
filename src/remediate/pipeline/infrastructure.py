"""Google's own side of a verification: every node of the diagnosis that it alone tells of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.gcp.google import Google
from remediate.model.finding import Category, Finding, Verdict
from remediate.model.resource import Desired

if TYPE_CHECKING:
    from remediate.diagnosis.node import Node

INFRASTRUCTURE = "infrastructure"  # what the findings are called, as a check is
_VERDICTS = {"ok": Verdict.PASS, "unknown": Verdict.UNKNOWN}


def infrastructure(google: Google, desired: Desired) -> list[Finding]:
    """One finding a node; what is only waited for is no pass yet, nor is what cannot be read."""
    from remediate.diagnosis.diagnose import infrastructure as nodes
    from remediate.pipeline.survey import survey_of_google

    return [finding_of(node) for node in nodes(survey_of_google(google, desired))]


def finding_of(node: Node) -> Finding:
    """A node's state as a verdict, and its evidence as the reason."""
    why = "; ".join(node.evidence) or node.state
    return Finding(
        INFRASTRUCTURE,
        "google",
        node.id,
        _VERDICTS.get(node.state, Verdict.FAIL),
        why if node.resource in why else f"{node.resource}: {why}",
        Category.INFRASTRUCTURE,
        facts={"layer": node.layer, "state": node.state},
    )
