"""Items of a list are known by what they are, wherever they stand."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.kinds.bodies.canonical import rules_of
from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.bodies.overlay import merged_changes, widened
from remediate.kinds.registry import NAMES, kind
from tests.kinds.test_specs_against_discovery import ours

PROJECT = "p"
GROUPS = "https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-a/instanceGroups/"
BACKENDS = kind("BackendService")


def backend(name: str, **more: Any) -> dict[str, Any]:
    return {"group": GROUPS + name, **more}


def written(wanted: dict[str, Any], live: dict[str, Any], **options: Any) -> Any:
    """What an update would send."""
    changes = field_changes(BACKENDS, wanted, live, project=PROJECT, **options)
    return merged_changes(wanted, live, changes, rules_of(BACKENDS, PROJECT))


LIVE = {"backends": [backend("one", maxUtilization=0.5), backend("two", maxUtilization=0.9)]}


def test_backends_in_another_order_are_no_difference() -> None:
    wanted = {"backends": [backend("two"), backend("one")]}
    assert field_changes(BACKENDS, wanted, LIVE, project=PROJECT) == ()


def test_a_link_in_another_spelling_is_the_same_backend() -> None:
    wanted = {"backends": [{"group": "zones/us-central1-a/instanceGroups/two"}, backend("one")]}
    assert field_changes(BACKENDS, wanted, LIVE, project=PROJECT) == ()


def test_what_is_not_written_stays_with_its_backend() -> None:
    wanted = {"backends": [backend("two", capacityScaler=0.7), backend("one")]}
    assert written(wanted, LIVE)["backends"] == [
        backend("two", maxUtilization=0.9, capacityScaler=0.7),
        backend("one", maxUtilization=0.5),
    ]


def test_a_new_backend_is_as_written_and_the_others_keep_theirs() -> None:
    wanted = {"backends": [backend("three"), backend("two")]}
    assert written(wanted, LIVE)["backends"] == [
        backend("three"),
        backend("two", maxUtilization=0.9),
    ]


def test_what_is_no_longer_written_of_a_backend_goes_though_another_one_comes() -> None:
    wanted = {"backends": [backend("one"), backend("three")]}
    after = written(wanted, LIVE, written_before=LIVE)
    assert after["backends"] == [backend("one"), backend("three")]


def test_what_is_no_longer_written_is_told_at_its_backend() -> None:
    wanted = {"backends": [backend("two", maxUtilization=0.9), backend("one")]}
    (change,) = field_changes(BACKENDS, wanted, LIVE, project=PROJECT, written_before=LIVE)
    assert (change.pointer, change.before) == ("/backends/1/maxUtilization", 0.5)
    assert written(wanted, LIVE, written_before=LIVE)["backends"] == wanted["backends"]


@pytest.mark.parametrize(
    ("names", "ignored", "shares"),
    [
        (["two", "one"], "/backends/*/maxUtilization", [0.9, 0.5]),
        (["two"], "/backends/*/maxUtilization", [0.9]),
        (["two", "three"], "/backends/*/maxUtilization", [0.9, None]),
        (["three", "two"], "/backends/1/maxUtilization", [None, 0.9]),
        (["two", "one"], "/backends/0/maxUtilization", [0.9, None]),
    ],
)
def test_ignored_values_follow_their_backend(
    names: list[str], ignored: str, shares: list[float | None]
) -> None:
    wanted = {"backends": [backend(name) for name in names]}
    wide = widened(BACKENDS, wanted, LIVE, (ignored,), PROJECT)
    assert [one.get("maxUtilization") for one in wide["backends"]] == shares


def test_an_ignored_list_is_as_it_is_live() -> None:
    wanted = {"backends": [backend("two")]}
    assert widened(BACKENDS, wanted, LIVE, ("/backends",), PROJECT) == LIVE


def test_a_path_matcher_inherits_nothing_of_the_one_whose_place_it_takes() -> None:
    maps = kind("UrlMap")
    kept = {"name": "b", "defaultService": "y"}
    live = {"pathMatchers": [{"name": "a", "pathRules": [{"paths": ["/x"]}]}, kept]}
    wanted = {"pathMatchers": [{"name": "n", "defaultService": "y"}, kept]}
    changes = field_changes(maps, wanted, live, project=PROJECT)
    assert merged_changes(wanted, live, changes, rules_of(maps, PROJECT)) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_of_every_list_in_any_order_the_objects_have_a_key(name: str) -> None:
    facts = kind(name)
    without = {at for at in facts.unordered if at not in facts.keyed}
    assert {at for at in without if ours(name)[f"{at}/*"] == "object"} == set()
