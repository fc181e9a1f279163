"""Whose a run is, by its first record alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from remediate.model.errors import StoreDamaged
from remediate.pipeline.half_done import Whose, find
from remediate.pipeline.history import written_since
from remediate.stores.actor import this_actor
from remediate.stores.folder import Folder
from remediate.stores.journal import Journal, Kind, key_of_record
from remediate.stores.owners import is_of, surely_of
from remediate.stores.snapshots import Snapshot
from remediate.stores.store import Store
from tests.clocks import FakeClock

OURS, LATER = "R1", "R2"
WHOSE = Whose("staging", "p", "sandbox")
SNAPSHOT = Snapshot("S1", "staging", "p", OURS, "2026-11-23T03:00:00Z", "before", {}, "sandbox")


def begin(store: Store, run: str, environment: str) -> None:
    journal = Journal.begin(
        store,
        run,
        FakeClock(),
        this_actor(),
        verb="apply",
        environment=environment,
        project="p",
        digest="d",
        snapshot="S1",
        endpoint="sandbox",
        more={"choices": {"allowances": {}}, "steps": []},
    )
    journal.note(Kind.RUN_ENDED, outcome="done")


def alter(store: Store, run: str, **facts: object) -> None:
    key = key_of_record(run, 1)
    stored = store.get(key)
    assert stored
    text = json.dumps({**json.loads(stored.data), **facts}) + "\n"
    assert store.compare_and_swap(key, text.encode(), stored.generation)


@pytest.fixture
def store(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize("facts", [{"verb": "Apply"}, {"format_version": 99}])
def test_a_damaged_or_newer_run_of_another_environment_is_passed_over(
    store: Folder, facts: dict[str, object]
) -> None:
    begin(store, OURS, "staging")
    begin(store, LATER, "other")
    alter(store, LATER, **facts)
    assert written_since(store, SNAPSHOT) == {}
    assert find(store, "latest", WHOSE).run == OURS


@pytest.mark.parametrize("facts", [{"verb": "Apply"}, {"format_version": 99}])
def test_one_of_this_environment_is_an_error_that_says_what_to_do(
    store: Folder, facts: dict[str, object]
) -> None:
    begin(store, OURS, "staging")
    begin(store, LATER, "staging")
    alter(store, LATER, **facts)
    with pytest.raises(StoreDamaged, match=f"run {LATER} cannot be read") as error:
        written_since(store, SNAPSHOT)
    assert f"remediate show {LATER} --verify" in error.value.hint


def test_one_that_does_not_tell_whose_it_is_counts_as_somebody_elses(store: Folder) -> None:
    begin(store, OURS, "staging")
    begin(store, LATER, "staging")
    alter(store, LATER, environment=None)
    alter(store, LATER, kind="?")
    key = key_of_record(LATER, 1)
    stored = store.get(key)
    assert stored
    store.compare_and_swap(key, b"}\n", stored.generation)
    with pytest.raises(StoreDamaged, match="nobody can tell"):
        is_of(store, LATER, "staging", "sandbox")
    assert not surely_of(store, LATER, "staging", "sandbox")
    assert written_since(store, SNAPSHOT) == {}
