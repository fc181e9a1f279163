"""The few sentences under a plan."""

from __future__ import annotations

from remediate.report.human import plan_text
from tests.workbench import Workbench, document

ADDRESS = {"addressType": "EXTERNAL", "labels": {"team": "edge"}}


def summary(workbench: Workbench, count: int) -> str:
    workbench.write(*(document("Address", f"edge-{number}", ADDRESS) for number in range(count)))
    plan = workbench.plan()
    assert len(plan.steps) == 2 * count
    return plan_text(plan).rpartition("\nChanges")[2]


def test_what_no_insert_takes_is_said_to_be_more_steps(workbench: Workbench) -> None:
    assert summary(workbench, 2).startswith("  2 to create; then labels, in 2 more steps\n")


def test_one_such_step_is_said_as_one(workbench: Workbench) -> None:
    assert summary(workbench, 1).startswith("  1 to create; then labels, in 1 more step\n")


def test_what_is_created_in_one_step_needs_no_word(workbench: Workbench) -> None:
    workbench.write(document("Address", "edge", {"addressType": "EXTERNAL"}))
    assert "\nChanges  1 to create\n" in plan_text(workbench.plan())
