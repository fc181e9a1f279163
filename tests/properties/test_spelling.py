"""No order and no spelling makes another plan: of documents, of lists, of links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from remediate.kinds.bodies.links import link_target, path
from remediate.kinds.fields.pointers import Patterns
from remediate.kinds.registry import kind
from remediate.model.ref import Ref
from tests.kinds.contract.test_contract import DELETE
from tests.kinds.examples import Example, examples
from tests.pipeline.documents import Document
from tests.properties.test_comparing import reordered
from tests.properties.worlds import environments
from tests.workbench import PROJECT, REGION, Workbench, told

QUICK = settings(
    max_examples=20,
    phases=[Phase.generate],  # examples are small as they are, and shrinking takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
HOSTS = ["https://www.googleapis.com/compute", "https://compute.googleapis.com/compute"]


def ref_of(one: Mapping[str, Any]) -> Ref:
    metadata, facts = one["metadata"], kind(one["kind"])
    default = "global" if facts.default_scope.value == "global" else REGION
    return Ref(one["kind"], metadata["name"], metadata.get("location", default))


def spellings(target: Ref) -> list[str]:
    """Every way in which people and Google's own tools write a link to one."""
    whole = path(PROJECT, target)
    partial = whole.removeprefix(f"projects/{PROJECT}/")
    numbered = whole.replace(PROJECT, "123456789")
    full = [f"{host}/{version}/{whole}" for host in HOSTS for version in ("v1", "beta")]
    return [str(target), f"{target.kind}/{target.name}", whole, partial, numbered, *full]


def respelled(value: Any, table: Patterns[Any], spell: Any) -> Any:
    """Every link of a spec in another spelling."""
    if isinstance(value, Mapping):
        return {name: respelled(item, table.below(name), spell) for name, item in value.items()}
    if isinstance(value, list):
        return [respelled(item, table.below("0"), spell) for item in value]
    return spell(table.fact, value) if table.fact and isinstance(value, str) else value


@st.composite
def otherwise(draw: st.DrawFn, documents: list[Document]) -> list[Document]:
    """The same wishes in another order and other spellings."""
    declared = {ref_of(one) for one in documents}

    def turned(one: Document) -> Document:
        facts, at = kind(one["kind"]), ref_of(one)

        def spell(allowed: tuple[str, ...], text: str) -> str:
            try:
                target = link_target(facts, allowed, text, at, declared)
            except ValueError:
                return text
            return draw(st.sampled_from([text, *spellings(target)])) if target else text

        spec = respelled(one["spec"], Patterns(facts.links), spell)
        spec = reordered(spec, Patterns.flags(facts.unordered), draw)
        for sets in spec.get("records", {}).values():
            for found in sets.values():
                found["values"] = draw(st.permutations(found["values"]))
        return {**one, "spec": dict(draw(st.permutations(list(spec.items()))))}

    return [turned(one) for one in draw(st.permutations(documents))]


@QUICK
@given(first=environments(), then=environments(), data=st.data())
def test_the_same_wishes_make_the_same_plan(
    workbench: Workbench, first: list[Document], then: list[Document], data: st.DataObject
) -> None:
    workbench.reset()
    workbench.write(*first)
    workbench.apply()
    workbench.write(*then)
    made = workbench.plan(prune=True)
    workbench.write(*data.draw(otherwise(then)))
    again = workbench.plan(prune=True)
    assert sorted(told(again)) == sorted(told(made))
    assert again.digest == made.digest
    workbench.apply(prune=True, allow=DELETE)
    workbench.write(*data.draw(otherwise(then)))
    assert workbench.plan(prune=True).is_empty


LINKED = [
    example
    for name in ("BackendService", "ForwardingRule", "TargetHttpProxy", "TargetHttpsProxy")
    for example in examples(name)
]


@pytest.mark.parametrize("example", LINKED, ids=str)
def test_every_spelling_of_every_link_is_the_same_link(
    workbench: Workbench, example: Example
) -> None:
    documents = [*example.requires, example.first]
    workbench.write(*documents)
    digest = workbench.plan().digest
    workbench.apply()
    settled = workbench.plan().digest
    declared = {ref_of(one) for one in documents}
    at, facts = ref_of(example.first), example.facts
    for number in range(len(spellings(at))):

        def spell(allowed: tuple[str, ...], text: str, number: int = number) -> str:
            try:
                target = link_target(facts, allowed, text, at, declared)
            except ValueError:
                return text
            return spellings(target)[number] if target else text

        spec = respelled(example.spec, Patterns(facts.links), spell)
        workbench.write(*example.requires, {**example.first, "spec": spec})
        made = workbench.plan()
        assert told(made) == []
        assert made.digest == settled
        workbench.reset()
        assert workbench.plan().digest == digest
        workbench.write(*documents)
        workbench.apply()
