"""What every kind keeps: created, changed, replaced, deleted, each twice, and back again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.kinds.bodies.names import is_ours
from remediate.kinds.facts import Removal, Replacement
from remediate.kinds.registry import NAMES
from remediate.model.aside import RETENTION
from remediate.model.errors import PlanRefused
from remediate.model.json import Body
from remediate.model.plan import Action, FieldChange, Plan, Undo
from remediate.model.ref import GLOBAL, Ref
from remediate.pipeline.guard import denied
from tests.kinds.examples import Example, examples
from tests.workbench import REGION, Workbench, moved

EXAMPLES = [example for name in NAMES for example in examples(name)]
LATER = [example for example in EXAMPLES if example.facts.removal is Removal.LATER]
CHANGES = [(example, said) for example in EXAMPLES for said in example.changes]
FOR_GOOD = [(example, said) for example in EXAMPLES for said in example.for_good]
REPLACEMENTS = [(example, said) for example in EXAMPLES for said in example.replacements]
BY_HOW = {
    how: [(example, said) for example, said in REPLACEMENTS if example.facts.replacement is how]
    for how in Replacement
}
# Whatever asks whether a change of a field is meant is answered.
EXPOSED = (
    "dns-caa",
    "dns-delegation",
    "dns-mail",
    "redirect-removed",
    "rule-replaced",
    "sql-public",
)
# Deleting is what is tried here, so each guard against it is answered too.
DELETE = [
    f"{rule}=tried"
    for rule in (
        *("too-many-deletes", "delete", "irreversible", "dns-apex", "dns-last-address"),
        *("dns-wildcard", "no-certificate", "certificate-uncovered", "certificate-swap"),
        *("empty-environment", *EXPOSED),
    )
]


def writes_what_every_zone_has(example: Example, said: str) -> bool:
    """The SOA and NS of an apex are left as they are when they are no longer written."""
    apex = example.changes[said].get("records", {}).get("@") or {}
    return bool(apex.keys() & {"SOA", "NS"})


def goes_one_way(example: Example, said: str) -> bool:
    """What cannot be taken back in place is tried where the kind's replacements are."""
    first, changed = example.spec, example.changed(example.changes[said])["spec"]
    back = (FieldChange(f"/{name}", value, first.get(name)) for name, value in changed.items())
    return example.facts.one_way is not None and any(map(example.facts.one_way, back))


@dataclass
class Stage:
    """A workbench on which an example stands already, as long as every test leaves it so."""

    workbench: Workbench
    example: Example | None = None
    standing: Body | None = None

    def set_up(self, example: Example) -> Body:
        """The example is live, with what it needs; the comparable state is that."""
        if self.example is not example or self.workbench.state() != self.standing:
            self.workbench.reset()
            self.show(example, example.first)
            self.workbench.apply()
            self.example, self.standing = example, self.workbench.state()
        assert self.standing is not None
        return self.standing

    def show(self, example: Example, *documents: dict[str, Any]) -> None:
        """Write what the example needs, and these; whatever is left out later is to go."""
        every = (*example.requires, *documents)
        self.workbench.write(
            *(
                {**one, "lifecycle": {**one.get("lifecycle", {}), "onRemove": "delete"}}
                for one in every
            )
        )

    def second_plan_is_empty(self) -> bool:
        made = self.workbench.plan()
        # An example that needs nothing leaves an empty environment behind.
        return made.is_empty and {o.rule for o in made.objections} <= {"empty-environment"}


@pytest.fixture(scope="module")
def stage(running_sandbox: Sandbox, quick_folder: Path) -> Stage:
    allow = tuple(f"{rule}=tried" for rule in EXPOSED)
    return Stage(Workbench(running_sandbox.url, quick_folder / "contract", allow))


def ref_of(example: Example) -> Ref:
    metadata = example.first["metadata"]
    default = GLOBAL if example.facts.default_scope.value == "global" else REGION
    return Ref(example.name, metadata["name"], metadata.get("location", default))


def goes_back(stage: Stage, made: Plan, before: Body) -> bool:
    """After a rollback all is as it was, or the plan had said that it could not be."""
    unsure = [step for step in made.steps if step.undo is not Undo.EXACT]
    try:
        stage.workbench.roll_back()
    except PlanRefused:
        assert unsure
        return False
    left = moved(before, stage.workbench.state())
    assert unsure or left == {}
    return left == {}


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_it_is_created_and_taken_back(stage: Stage, example: Example) -> None:
    stage.workbench.reset()
    born = stage.workbench.state()
    stage.show(example, example.first)
    made = stage.workbench.apply()
    assert {difference.action for difference in made.differences} == {Action.CREATE}
    assert stage.workbench.live(ref_of(example)) is not None
    assert stage.second_plan_is_empty()
    if example.facts.holds_data:
        assert {o.rule for o in denied(stage.workbench.plan_back().objections)} == {"delete"}
    stage.workbench.roll_back(allow=["delete=tried"])
    assert moved(born, stage.workbench.state()) == {}


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_it_is_found_as_wished_without_a_ledger_too(stage: Stage, example: Example) -> None:
    stage.set_up(example)
    stage.example = None
    stage.workbench.forget()
    assert stage.second_plan_is_empty()


@pytest.mark.parametrize(("example", "said"), CHANGES, ids=str)
def test_it_is_changed_in_place_and_changed_back(stage: Stage, example: Example, said: str) -> None:
    before = stage.set_up(example)
    stage.show(example, example.changed(example.changes[said]))
    made = stage.workbench.apply()
    whole = [difference for difference in made.differences if not difference.ref.is_record_set]
    assert {difference.action for difference in whole} <= {Action.UPDATE}
    assert {d.ref.zone if d.ref.is_record_set else d.ref for d in made.differences} == {
        ref_of(example)
    }
    assert stage.workbench.state() != before
    assert stage.second_plan_is_empty()
    if goes_back(stage, made, before):
        stage.show(example, example.first)
        assert stage.second_plan_is_empty()


@pytest.mark.parametrize(("example", "said"), FOR_GOOD, ids=str)
def test_what_is_for_good_takes_a_word_and_a_rollback_leaves_it(
    stage: Stage, example: Example, said: str
) -> None:
    before, patch = stage.set_up(example), example.for_good[said]
    stage.show(example, example.changed(patch))
    assert [o.rule for o in denied(stage.workbench.plan().objections)] == ["irreversible"]
    made = stage.workbench.apply(allow=DELETE)
    assert {difference.action for difference in made.differences} == {Action.UPDATE}
    assert Undo.NEVER in {step.undo for step in made.steps}
    assert stage.second_plan_is_empty()
    changed = stage.workbench.state()
    back = stage.workbench.roll_back()
    assert not back.differences or any(str(ref_of(example)) in note for note in back.notes)
    left = moved(before, stage.workbench.state())
    assert left
    assert left.items() <= moved(before, changed).items()


@pytest.mark.parametrize(
    ("example", "said"),
    [each for each in CHANGES if not (writes_what_every_zone_has(*each) or goes_one_way(*each))],
    ids=str,
)
def test_what_was_written_and_no_longer_is_goes(stage: Stage, example: Example, said: str) -> None:
    before = stage.set_up(example)
    stage.show(example, example.changed(example.changes[said]))
    stage.workbench.apply()
    stage.show(example, example.first)
    stage.workbench.apply(prune=True, allow=DELETE)
    left = moved(before, stage.workbench.state())
    # Google may say now what it left out before, but it must be what it would choose itself.
    assert [pair for pair in left.values() if pair[0] is not None] == []
    defaults = ["", [], {}, False, 0, *example.facts.defaults.values()]
    assert [after for _, after in left.values() if after not in defaults] == []
    assert stage.second_plan_is_empty()


@pytest.mark.parametrize(("example", "said"), BY_HOW[Replacement.BESIDE], ids=str)
def test_a_new_one_is_made_beside_it(stage: Stage, example: Example, said: str) -> None:
    before, ref = stage.set_up(example), ref_of(example)
    stage.show(example, example.changed(example.replacements[said]))
    made = stage.workbench.apply()
    (difference,) = made.differences
    assert difference.action is Action.REPLACE
    assert difference.live.name != ref.name
    assert is_ours(difference.live.name, ref.name, example.facts.naming)
    assert stage.workbench.live(ref) is not None
    assert stage.workbench.live(difference.live) is not None
    assert stage.second_plan_is_empty()
    goes_back(stage, made, before)


@pytest.mark.parametrize(("example", "said"), BY_HOW[Replacement.RECREATE], ids=str)
def test_it_is_deleted_and_inserted_again(stage: Stage, example: Example, said: str) -> None:
    before, ref = stage.set_up(example), ref_of(example)
    stage.show(example, example.changed(example.replacements[said]))
    made = stage.workbench.apply()
    assert [d.action for d in made.differences if d.ref == ref] == [Action.REPLACE]
    assert [s.verb for s in made.steps if s.live == ref][:2] == [Action.DELETE, Action.CREATE]
    assert stage.second_plan_is_empty()
    goes_back(stage, made, before)


@pytest.mark.parametrize(("example", "said"), BY_HOW[Replacement.ON_WORD], ids=str)
def test_it_is_deleted_and_made_again_on_an_explicit_word(
    stage: Stage, example: Example, said: str
) -> None:
    before, ref = stage.set_up(example), ref_of(example)
    stage.show(example, example.changed(example.replacements[said]))
    with pytest.raises(PlanRefused, match="zone-replace"):
        stage.workbench.apply()
    assert moved(before, stage.workbench.state()) == {}
    word = [f"zone-replace:{ref}=tried"]
    made = stage.workbench.apply(allow=word)
    assert [d.action for d in made.differences if d.ref == ref] == [Action.REPLACE]
    assert [s.verb for s in made.steps if s.live == ref] == [Action.DELETE, Action.CREATE]
    assert stage.second_plan_is_empty()
    with pytest.raises(PlanRefused, match="zone-replace"):
        stage.workbench.roll_back()
    stage.workbench.roll_back(allow=word)
    lost = {at.rpartition("/")[2] for at in moved(before, stage.workbench.state())}
    assert lost <= {"nameServers", "rrsets"}


@pytest.mark.parametrize(("example", "said"), BY_HOW[Replacement.REFUSED], ids=str)
def test_it_is_never_replaced(stage: Stage, example: Example, said: str) -> None:
    before = stage.set_up(example)
    stage.show(example, example.changed(example.replacements[said]))
    made = stage.workbench.plan()
    refusal = ("replace", "deny", ref_of(example))
    assert [(o.rule, o.level, o.ref) for o in made.objections] == [refusal]
    assert made.is_empty
    with pytest.raises(PlanRefused):
        stage.workbench.apply()
    assert moved(before, stage.workbench.state()) == {}


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_it_is_deleted_and_comes_back(stage: Stage, example: Example) -> None:
    before = stage.set_up(example)
    stage.example = None
    stage.show(example)
    assert stage.second_plan_is_empty()  # absence never deletes
    made = stage.workbench.apply(prune=True, allow=DELETE)
    later = example.facts.removal is Removal.LATER
    assert {difference.action for difference in made.differences} == {
        Action.SET_ASIDE if later else Action.DELETE
    }
    assert (stage.workbench.live(ref_of(example)) is None) is not later
    assert stage.second_plan_is_empty()
    goes_back(stage, made, before)


@pytest.mark.parametrize("example", LATER, ids=str)
def test_it_is_set_aside_and_goes_when_its_time_is_over(stage: Stage, example: Example) -> None:
    before, ref = stage.set_up(example), ref_of(example)
    stage.example = None
    stage.show(example)
    stage.workbench.apply(prune=True, allow=DELETE)
    assert moved(before, stage.workbench.state()) == {}  # Google has heard nothing of it
    assert stage.workbench.gc().is_empty
    stage.workbench.advance(RETENTION + 1)
    made = stage.workbench.gc(allow=DELETE)
    assert [(d.action, d.ref) for d in made.differences] == [(Action.DELETE, ref)]
    assert stage.workbench.live(ref) is None
    assert stage.second_plan_is_empty()
    assert stage.workbench.gc(retention=0).is_empty
    goes_back(stage, made, before)


@pytest.mark.parametrize("example", LATER, ids=str)
def test_what_is_set_aside_and_written_again_is_ours_again(stage: Stage, example: Example) -> None:
    before = stage.set_up(example)
    stage.show(example)
    stage.workbench.apply(prune=True, allow=DELETE)
    stage.show(example, example.first)
    assert stage.workbench.apply().is_empty
    assert stage.workbench.gc(retention=0).is_empty
    assert moved(before, stage.workbench.state()) == {}


@pytest.mark.parametrize(
    ("example", "said"), [*BY_HOW[Replacement.BESIDE], *((e, "") for e in EXAMPLES)], ids=str
)
def test_deleted_with_all_that_it_needs_the_world_is_as_born(
    stage: Stage, example: Example, said: str
) -> None:
    stage.workbench.reset()
    born = stage.workbench.state()
    stage.set_up(example)
    stage.example = None
    if said:
        stage.show(example, example.changed(example.replacements[said]))
        stage.workbench.apply()
    stage.workbench.write()
    stage.workbench.apply(prune=True, allow=DELETE)
    stage.workbench.gc(retention=0, allow=DELETE)
    assert moved(born, stage.workbench.state()) == {}
    assert stage.workbench.ledger.resources == {}
