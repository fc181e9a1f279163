"""The laws of reconciling, against the sandbox: reach what is desired, stay there, go back."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from remediate.model.plan import Plan, Undo
from tests.kinds.contract.test_contract import DELETE
from tests.pipeline.documents import Document
from tests.properties.worlds import environments
from tests.workbench import Workbench, moved

AGAINST_THE_SANDBOX = settings(
    max_examples=15,
    phases=[Phase.generate],  # examples are small as they are, and shrinking takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@AGAINST_THE_SANDBOX
@given(first=environments(), then=environments())
def test_a_plan_reaches_what_is_desired_and_a_rollback_what_was(
    workbench: Workbench, first: list[Document], then: list[Document]
) -> None:
    workbench.reset()
    workbench.write(*first)
    workbench.apply()
    assert workbench.plan(prune=True).is_empty
    before = workbench.state()
    workbench.write(*then)
    made = workbench.apply(prune=True, allow=DELETE)
    assert workbench.plan(prune=True).is_empty
    after = workbench.state()
    if made.steps and exact(made):
        back = workbench.roll_back()
        assert moved(before, workbench.state()) == {}
        if exact(back):
            workbench.roll_back()
            assert moved(after, workbench.state()) == {}


@AGAINST_THE_SANDBOX
@given(first=environments(), then=environments())
def test_gc_touches_only_what_is_marked_and_a_rollback_makes_it_again(
    workbench: Workbench, first: list[Document], then: list[Document]
) -> None:
    workbench.reset()
    workbench.write(*first)
    workbench.apply()
    workbench.write(*then)
    workbench.apply(prune=True, allow=DELETE)
    before = workbench.state()
    marked = {
        ref.named(aside.name)
        for ref, entry in workbench.ledger.resources.items()
        for aside in entry.asides
    }
    workbench.forget_calls()
    made = workbench.gc(retention=0, allow=DELETE)
    written = [path.rpartition("/")[2] for verb, path in workbench.calls() if verb != "GET"]
    assert sorted(written) == sorted(difference.live.name for difference in made.differences)
    assert {difference.live for difference in made.differences} <= marked
    assert workbench.plan(prune=True).is_empty
    assert workbench.gc(retention=0, allow=DELETE).is_empty
    if made.steps and exact(made):
        workbench.roll_back()
        assert moved(before, workbench.state()) == {}


@AGAINST_THE_SANDBOX
@given(first=environments(), then=environments(), data=st.data())
def test_a_crash_anywhere_is_healed_by_running_again_or_by_going_back(
    workbench: Workbench, first: list[Document], then: list[Document], data: st.DataObject
) -> None:
    """A failing call stands for the crash, before it took effect or with its answer lost."""
    workbench.reset()
    workbench.write(*first)
    workbench.apply()
    before = workbench.state()
    workbench.write(*then)
    made = workbench.plan(prune=True)
    writes = [step for step in made.steps if step.method != "changes.create"]
    kind = data.draw(st.sampled_from(["500", "lost", "failed-operation"]))
    if writes:
        step = data.draw(st.sampled_from(writes))
        match = f"* *{step.live.name}*" if step.method != "insert" else "POST */global/*"
        workbench.send("POST", f"_sandbox/faults/{kind}", {"match": match, "times": 9})
    try:
        workbench.apply(prune=True, allow=DELETE)
    except Exception:  # noqa: BLE001 - whatever it was, the next run must put it right
        workbench.send("DELETE", "_sandbox/faults")
        if data.draw(st.booleans()) and exact(made) and has_run(workbench):
            workbench.roll_back()
            assert moved(before, workbench.state()) == {}
    workbench.send("DELETE", "_sandbox/faults")
    workbench.apply(prune=True, allow=DELETE)
    assert workbench.plan(prune=True).is_empty


def exact(made: Plan) -> bool:
    return all(step.undo is Undo.EXACT for step in made.steps)


def has_run(workbench: Workbench) -> bool:
    """Whether the second apply came as far as a snapshot of its own."""
    return len(list((workbench.root / ".remediate" / "snapshots").glob("*.json"))) > 1
