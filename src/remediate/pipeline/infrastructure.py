"""Google's own side of a verification: every node of the diagnosis that it alone tells of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from remediate.gcp.google import Google
from remediate.model.finding import Category, Finding, Verdict
from remediate.model.observation import Unreadable
from remediate.model.resource import Desired
from remediate.pipeline.judging_edge import denied

if TYPE_CHECKING:
    from remediate.diagnosis.node import Node

INFRASTRUCTURE = "infrastructure"  # what the findings are called, as a check is
_VERDICTS = {"ok": Verdict.PASS, "unknown": Verdict.UNKNOWN}


def infrastructure(google: Google, desired: Desired) -> list[Finding]:
    """One finding a node; what is only waited for is no pass yet, nor is what cannot be read."""
    from remediate.diagnosis.diagnose import infrastructure as nodes
    from remediate.pipeline.survey import survey_of_google

    signs = survey_of_google(google, desired)
    denials = [one for _, one in signs.google.unread if one.denied]
    return [finding_of(node, denials) for node in nodes(signs)]


def finding_of(node: Node, denials: Sequence[Unreadable] = ()) -> Finding:
    """A node's state as a verdict, and its evidence as the reason."""
    why = "; ".join(node.evidence) or node.state
    found = Finding(
        INFRASTRUCTURE,
        "google",
        node.id,
        _VERDICTS.get(node.state, Verdict.FAIL),
        why if node.resource in why else f"{node.resource}: {why}",
        Category.INFRASTRUCTURE,
        facts={"layer": node.layer, "state": node.state},
    )
    behind = [[one for one in denials if one.why in each] for each in node.evidence]
    if found.verdict is not Verdict.UNKNOWN or not behind or not all(behind):
        return found
    return denied(found, (one.permission for each in behind for one in each))
