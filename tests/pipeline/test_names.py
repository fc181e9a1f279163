"""Which live resource a document means, where names look alike."""

from __future__ import annotations

from tests.pipeline.documents import health_check, managed
from tests.workbench import Workbench, told

FIRST, SECOND = "a.example.com", "b.example.com"
LOOKALIKE = "managed-deadbeef"


def test_what_another_document_declares_is_never_a_replacement_of_this_one(
    workbench: Workbench,
) -> None:
    workbench.write(managed(FIRST), managed(SECOND, name=LOOKALIKE))
    workbench.apply()
    workbench.write(managed(SECOND), managed(SECOND, name=LOOKALIKE))
    assert told(workbench.apply()) == [("replace", "SslCertificate/managed")]
    assert workbench.plan().is_empty


def test_pruning_a_document_leaves_what_another_one_declares(workbench: Workbench) -> None:
    workbench.write(managed(FIRST, onRemove="delete"), managed(SECOND, name=LOOKALIKE))
    workbench.apply()
    workbench.write(managed(SECOND, onRemove="delete"), managed(SECOND, name=LOOKALIKE))
    workbench.apply()
    workbench.write(managed(SECOND, name=LOOKALIKE), health_check())
    workbench.apply(prune=True, allow=["too-many-deletes=x"])
    gone = {step.live.name for step in workbench.plan_gc(retention=0).steps}
    assert "managed" in gone
    assert LOOKALIKE not in gone


def test_a_name_that_was_cut_after_a_hyphen_is_known_again(workbench: Workbench) -> None:
    name = "a" * 52 + "--" + "b" * 6
    workbench.write(managed(FIRST, name=name))
    workbench.apply()
    workbench.write(managed(SECOND, name=name))
    workbench.apply()
    assert workbench.plan().is_empty
    workbench.forget()
    assert workbench.plan().is_empty


def test_a_deletion_is_the_same_plan_for_whatever_only_google_sets(workbench: Workbench) -> None:
    digests = []
    for _time in range(2):
        workbench.write(health_check(), health_check("old", {"onRemove": "delete"}))
        workbench.apply()
        workbench.write(health_check())
        digests.append(workbench.plan(prune=True).digest)
        workbench.send("DELETE", "compute/v1/projects/netra-staging/global/healthChecks/old")
    assert digests[0] == digests[1]


def test_a_deletion_is_another_plan_when_somebody_has_changed_what_goes(
    workbench: Workbench,
) -> None:
    workbench.write(health_check(), health_check("old", {"onRemove": "delete"}))
    workbench.apply()
    workbench.write(health_check())
    first = workbench.plan(prune=True).digest
    old = "compute/v1/projects/netra-staging/global/healthChecks/old"
    workbench.send("PATCH", old, {"checkIntervalSec": 77})
    assert workbench.plan(prune=True).digest != first
