"""The examples that the contract suite is run with are themselves right, and leave nothing out."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.facts import Scope
from remediate.kinds.fields.pointers import parts
from remediate.kinds.registry import kind
from remediate.model.plan import FieldChange, Undo
from remediate.pipeline.fixed import fixed_changes
from tests.kinds.checking import faults
from tests.kinds.examples import Example, examples, merge_patch
from tests.kinds.test_specs_against_discovery import TRIED

EXAMPLES = [example for name in TRIED for example in examples(name)]
CHANGES = [(example, said) for example in EXAMPLES for said in example.changes]
FOR_GOOD = [(example, said) for example in EXAMPLES for said in example.for_good]
REPLACEMENTS = [(example, said) for example in EXAMPLES for said in example.replacements]


def differences(example: Example, patch: dict[str, Any]) -> tuple[FieldChange, ...]:
    return field_changes(
        example.facts,
        typed(example.changed(patch)),
        typed(example.first),
        project="p",
        written_before=typed(example.first),
        restore_defaults=True,
    )


def typed(document: dict[str, Any]) -> dict[str, Any]:
    spec = kind(document["kind"]).spec.model_validate(document["spec"])
    dumped: dict[str, Any] = spec.model_dump(exclude_unset=True)
    return dumped


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_and_what_it_needs_have_no_faults(example: Example) -> None:
    for document in (example.first, *example.requires):
        assert faults(document["kind"], document["spec"]) == {}
    assert example.scope in example.facts.scopes


@pytest.mark.parametrize(("example", "said"), CHANGES, ids=str)
def test_a_change_is_valid_and_touches_only_what_changes_in_place(
    example: Example, said: str
) -> None:
    patch = example.changes[said]
    assert faults(example.name, example.changed(patch)["spec"]) == {}
    changes = differences(example, patch)
    assert changes
    assert not any(fixed_changes(example.facts, example.scope, changes))


@pytest.mark.parametrize(("example", "said"), FOR_GOOD, ids=str)
def test_what_changes_for_good_is_valid_and_says_so(example: Example, said: str) -> None:
    patch = example.for_good[said]
    assert faults(example.name, example.changed(patch)["spec"]) == {}
    changes = differences(example, patch)
    assert not any(fixed_changes(example.facts, example.scope, changes))
    verdict = example.facts.verdict(changes) if example.facts.verdict else None
    assert verdict is not None
    assert verdict.undo is Undo.NEVER


@pytest.mark.parametrize(("example", "said"), REPLACEMENTS, ids=str)
def test_a_replacement_is_valid_and_touches_something_immutable(
    example: Example, said: str
) -> None:
    patch = example.replacements[said]
    assert faults(example.name, example.changed(patch)["spec"]) == {}
    assert any(fixed_changes(example.facts, example.scope, differences(example, patch)))


@pytest.mark.parametrize("name", TRIED)
def test_every_field_that_may_change_is_changed_and_every_other_replaced_for(name: str) -> None:
    facts = kind(name)
    changed, replaced, untried = set[str](), set[str](), set[str]()
    for example in examples(name):
        untried |= example.untried.keys()
        for patch in (*example.changes.values(), *example.for_good.values()):
            changed |= {parts(change.pointer)[0] for change in differences(example, patch)}
        for patch in example.replacements.values():
            replaced |= {parts(change.pointer)[0] for change in differences(example, patch)}
    hidden = {parts(at)[0] for at in facts.write_only if len(parts(at)) == 1}
    immutable = {parts(at)[0] for at in facts.immutable}
    mutable = facts.spec.model_fields.keys() - immutable
    assert mutable - changed - untried == set()
    assert immutable - replaced - untried - hidden == set()
    assert untried & (changed | replaced) == set()


@pytest.mark.parametrize("name", TRIED)
def test_each_scope_that_the_kind_claims_has_a_variant(name: str) -> None:
    assert {example.scope for example in examples(name)} == set(kind(name).scopes)


def test_a_merge_patch_is_what_rfc_7396_says() -> None:
    target = {"a": {"b": 1, "c": 2}, "d": [1], "e": 5}
    patch = {"a": {"b": None, "f": {"g": None}}, "d": [2, 3]}
    assert merge_patch(target, patch) == {"a": {"c": 2, "f": {}}, "d": [2, 3], "e": 5}


def test_regions_and_zones_are_told_apart() -> None:
    scopes = {str(example): example.scope for example in examples("NetworkEndpointGroup")}
    assert scopes["NetworkEndpointGroup, machines of a zone"] is Scope.ZONE
    assert scopes["NetworkEndpointGroup, a service of Cloud Run"] is Scope.REGION
