"""What a digest holds of secrets: equal everywhere, told apart, and dear to guess."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from remediate.kinds.bodies.guessing import guarded
from remediate.kinds.documents.fingerprint import resource_digests
from remediate.model.json import canonical
from remediate.model.values import Secret
from tests.pipeline.somebody import env, run, run_by_hand
from tests.workbench import Workbench

WORD = "sunshine"


def test_a_value_without_secrets_is_itself() -> None:
    value = {"a": [1, "b", None], "c": {"d": "(secret)"}}
    assert guarded(value, "salt") is value


def test_secrets_are_told_apart_by_text_place_and_salt() -> None:
    cases: list[tuple[Any, str]] = [
        ({"a": Secret("one"), "b": "two"}, "x"),
        ({"a": Secret("two"), "b": "two"}, "x"),
        ({"a": "two", "b": Secret("one")}, "x"),
        ({"a": Secret("one"), "b": "three"}, "x"),
        ({"a": Secret("one"), "b": "two"}, "y"),
        ([Secret("one"), Secret("two")], "x"),
        ([Secret("onetwo"), Secret("")], "x"),
    ]
    found = [canonical(guarded(value, salt)) for value, salt in cases]
    assert len({*found}) == len(cases)
    assert found == [canonical(guarded(value, salt)) for value, salt in cases]
    assert not any(b'"one' in each for each in found)


def test_it_is_scrypt_as_anybody_can_work_it_out() -> None:
    made = guarded({"pin": Secret("1234")}, "project Kind/name")
    expected = hashlib.scrypt(
        b'["1234"]', salt=b"remediate project Kind/name", n=16384, r=8, p=1, dklen=32
    )
    assert made == {"$hidden": {"pin": "(secret)"}, "$secrets": f"scrypt:{expected.hex()}"}


def digests(workbench: Workbench) -> dict[str, str]:
    made = workbench.plan()
    return {
        "desired": made.desired_digest,
        "plan": made.digest,
        **{step.id: step.precondition for step in made.steps},
    }


def test_no_digest_of_a_plan_is_a_plain_hash_of_what_it_hides(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever could hash the rest could try a word list on it."""
    plainly: list[bytes] = []
    plain = hashlib.sha256

    class Noting:
        def __init__(self, data: bytes = b"") -> None:
            self._hash = plain()
            self.update(data)

        def update(self, data: bytes) -> None:
            plainly.append(bytes(data))
            self._hash.update(data)

        def hexdigest(self) -> str:
            return self._hash.hexdigest()

    workbench.write(run(env(API_TOKEN=WORD)))
    workbench.apply()
    workbench.write(run(env(API_TOKEN=f"{WORD}-2")))
    monkeypatch.setattr(hashlib, "sha256", Noting)
    workbench.plan()
    desired = workbench.load()
    assert resource_digests(desired.environment.project, desired.resources)
    monkeypatch.undo()
    assert any(b"scrypt:" in data for data in plainly)
    assert not any(WORD.encode() in data for data in plainly)


def test_a_secret_that_moved_in_the_yaml_or_live_makes_another_plan(workbench: Workbench) -> None:
    workbench.write(run(env(API_TOKEN="first-of-them")))
    workbench.apply()
    workbench.write(run(env(API_TOKEN="second-of-them")))
    planned = digests(workbench)
    assert digests(workbench) == planned
    run_by_hand(env(API_TOKEN="somebody-elses")).act(workbench)
    moved = digests(workbench)
    assert moved["desired"] == planned["desired"]
    assert (moved["plan"], moved["1"]) != (planned["plan"], planned["1"])
    assert moved["1"] != planned["1"]
    workbench.write(run(env(API_TOKEN="third-of-them")))
    edited = digests(workbench)
    assert edited["desired"] != moved["desired"]
    assert edited["1"] == moved["1"]
    assert "of-them" not in json.dumps([planned, moved, edited])
