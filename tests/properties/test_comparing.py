"""The laws of comparing, on mixtures of every kind's examples: pure, so many of them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.kinds.bodies.canonical import rules_of
from remediate.kinds.bodies.compare import field_changes, fields_digest
from remediate.kinds.bodies.overlay import merged_changes, widened
from remediate.kinds.fields.pointers import Patterns, children, matching, parts, pointer
from remediate.kinds.registry import NAMES, kind
from remediate.model.json import canonical
from tests.kinds.examples import Example, examples, merge_patch

PROJECT = "p"
EXAMPLES = [example for name in NAMES for example in examples(name)]


def typed(example: Example, spec: dict[str, Any]) -> dict[str, Any]:
    ours = {name: item for name, item in spec.items() if name not in {"records", "recordOwnership"}}
    body: dict[str, Any] = example.facts.spec.model_validate(ours).model_dump(exclude_unset=True)
    return body


@st.composite
def bodies(draw: st.DrawFn, example: Example) -> dict[str, Any]:
    """A mixture of an example's variations, without some of its fields: JSON is all it must be."""
    patches = [*example.changes.values(), *example.replacements.values()]
    spec = example.spec
    for patch in draw(st.lists(st.sampled_from(patches), max_size=3)) if patches else []:
        spec = merge_patch(spec, patch)
    fields = example.facts.spec.model_fields.items()
    kept = {name for name in sorted(spec) if draw(st.booleans())}
    kept |= {name for name, field in fields if field.is_required()}
    return typed(example, {name: item for name, item in spec.items() if name in kept})


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Example, dict[str, Any], dict[str, Any]]:
    example = draw(st.sampled_from(EXAMPLES))
    return example, draw(bodies(example)), draw(bodies(example))


def cleaned(body: Any) -> Any:
    """What Google holds after a write: a null takes away."""
    if isinstance(body, dict):
        return {name: cleaned(item) for name, item in body.items() if item is not None}
    return [cleaned(item) for item in body] if isinstance(body, list) else body


@given(pairs())
def test_nothing_differs_from_itself(world: tuple[Example, dict[str, Any], dict[str, Any]]) -> None:
    example, body, _ = world
    assert (
        field_changes(
            example.facts,
            body,
            copy.deepcopy(body),
            project=PROJECT,
            written_before=body,
            restore_defaults=False,
        )
        == ()
    )


@given(pairs(), st.booleans())
def test_after_the_changes_nothing_differs_and_live_was_not_touched(
    world: tuple[Example, dict[str, Any], dict[str, Any]],
    exactly: bool,  # noqa: FBT001 - drawn
) -> None:
    example, wanted, live = world
    untouched = copy.deepcopy((wanted, live))
    options: Any = {"project": PROJECT, "written_before": live, "exactly": exactly}
    changes = field_changes(example.facts, wanted, live, **options)
    after = cleaned(merged_changes(wanted, live, changes, rules_of(example.facts, PROJECT)))
    assert (wanted, live) == untouched
    assert field_changes(example.facts, wanted, after, **options) == ()


@given(pairs())
def test_a_change_says_what_is_and_what_will_be(
    world: tuple[Example, dict[str, Any], dict[str, Any]],
) -> None:
    example, wanted, live = world
    changes = field_changes(example.facts, wanted, live, project=PROJECT, written_before=live)
    where = [change.pointer for change in changes]
    assert where == sorted(set(where))
    for one in where:  # no change lies inside another
        around = {pointer(*parts(one)[:length]) for length in range(len(parts(one)))}
        assert not around & set(where)


@given(pairs(), st.data())
def test_what_is_ignored_never_differs(
    world: tuple[Example, dict[str, Any], dict[str, Any]], data: st.DataObject
) -> None:
    example, wanted, live = world
    if not (everywhere := sorted({*pointers(wanted), *pointers(live)})):
        return
    ignored = data.draw(st.sampled_from(everywhere))
    wide = widened(example.facts, wanted, live, (ignored,), PROJECT)
    left = field_changes(example.facts, wide, live, project=PROJECT)
    inside = parts(ignored)
    same_lists = all(
        len([*matching(wanted, at)]) == len([*matching(live, at)]) for at in above(ignored)
    )
    if same_lists:
        assert [c.pointer for c in left if parts(c.pointer)[: len(inside)] == inside] == []
    without = field_changes(example.facts, wanted, live, project=PROJECT)
    assert len(left) <= len(without) or not same_lists


def above(where: str) -> list[str]:
    names = parts(where)
    return [pointer(*names[:length]) for length in range(1, len(names))]


def pointers(value: Any, at: str = "") -> list[str]:
    found = []
    for name, item in children(value):
        here = at + pointer(name)
        found += [here, *pointers(item, here)]
    return found


@given(pairs(), st.data())
def test_the_order_of_a_list_that_google_does_not_order_is_no_difference(
    world: tuple[Example, dict[str, Any], dict[str, Any]], data: st.DataObject
) -> None:
    example, body, _ = world
    table = Patterns.flags(example.facts.unordered)
    shuffled = reordered(body, table, data.draw)
    assert field_changes(example.facts, shuffled, body, project=PROJECT) == ()
    fields = tuple(body)
    preconditions = {fields_digest(example.facts, one, fields, PROJECT) for one in (body, shuffled)}
    assert len(preconditions) == 1


def reordered(value: Any, table: Patterns[bool], draw: Callable[..., Any]) -> Any:
    if isinstance(value, dict):
        return {name: reordered(item, table.below(name), draw) for name, item in value.items()}
    if isinstance(value, list):
        items = [reordered(item, table.below("0"), draw) for item in value]
        return draw(st.permutations(items)) if table.fact else items
    return value


def test_a_precondition_does_not_know_the_order_of_such_a_list() -> None:
    facts = kind("SslCertificate")
    names = ["b.example.com", "a.example.com"]
    bodies = [{"managed": {"domains": order}} for order in (names, names[::-1])]
    digests = {fields_digest(facts, body, ("managed",), PROJECT) for body in bodies}
    assert len(digests) == 1


RULES = [{"paths": ["/a"]}, {"paths": ["/b"]}]
ORDERED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("TargetHttpsProxy", {"sslCertificates": ["a", "b"]}, {"sslCertificates": ["b", "a"]}),
    ("BackendService", {"customRequestHeaders": ["a", "b"]}, {"customRequestHeaders": ["b", "a"]}),
    (
        "UrlMap",
        {"pathMatchers": [{"name": "m", "pathRules": RULES}]},
        {"pathMatchers": [{"name": "m", "pathRules": RULES[::-1]}]},
    ),
]


@pytest.mark.parametrize(("name", "one", "other"), ORDERED)
def test_the_order_of_every_other_list_is_one(
    name: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert field_changes(kind(name), one, other, project=PROJECT)


@pytest.mark.parametrize("name", NAMES)
def test_rules_are_made_once(name: str) -> None:
    assert rules_of(kind(name), PROJECT) is rules_of(kind(name), PROJECT)


@given(pairs())
def test_what_was_never_written_and_has_no_default_is_nobodys_business(
    world: tuple[Example, dict[str, Any], dict[str, Any]],
) -> None:
    example, _, live = world
    assert field_changes(example.facts, {}, live, project=PROJECT) == ()


@given(pairs())
def test_a_body_has_one_canonical_text(
    world: tuple[Example, dict[str, Any], dict[str, Any]],
) -> None:
    _, body, _ = world
    backwards = dict(reversed(body.items()))
    assert canonical(body) == canonical(backwards)
