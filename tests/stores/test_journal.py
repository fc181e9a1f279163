"""What a run meant and did can be read afterwards, and nobody can have rewritten it."""

from __future__ import annotations

import json
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.model.errors import InvalidInput, Locked, StoreDamaged, Unreachable
from remediate.stores.folder import Folder
from remediate.stores.journal import Journal, Kind, Story, fence, read, runs
from remediate.stores.store import sealed, unsealed
from tests.clocks import FakeClock
from tests.stores.conftest import ACTOR


def begin(store: Folder, run: str = "RUN") -> Journal:
    return Journal.begin(
        store,
        run,
        FakeClock(),
        ACTOR,
        verb="apply",
        environment="staging",
        project="netra-staging",
        digest="sha256:00",
        snapshot="SNAP",
    )


def written(store: Folder, steps: int = 2) -> Story:
    journal = begin(store)
    for step in range(steps):
        request = {"path": "/x", "requestId": f"id-{step}"}
        journal.note(Kind.STEP_BEGUN, step=f"s{step}", ref="UrlMap/x", request=request, before=None)
        journal.note(Kind.STEP_DONE, step=f"s{step}", after={"name": "x"}, operations=["op"])
    journal.note(Kind.RUN_ENDED, outcome="done")
    return read(store, "RUN")


def test_a_run_is_read_as_it_was_written(store: Folder) -> None:
    story = written(store)
    assert [record.seq for record in story.records] == [1, 2, 3, 4, 5, 6]
    assert [record.kind for record in story.records[:2]] == ["run-begun", "step-begun"]
    assert story.begun["who"] == "ada"
    assert story.begun["snapshot"] == "SNAP"
    assert story.records[1].facts["request"] == {"path": "/x", "requestId": "id-0"}
    assert story.outcome == "done"
    assert not story.torn


def test_a_run_without_an_end_has_no_outcome(store: Folder) -> None:
    begin(store)
    assert read(store, "RUN").outcome is None


def test_each_record_is_a_file_of_its_own_that_names_the_one_before(store: Folder) -> None:
    written(store)
    assert store.list("runs/")[:2] == ["runs/RUN/000001.json", "runs/RUN/000002.json"]
    first, second = (json.loads((store.root / key).read_bytes()) for key in store.list("runs/")[:2])
    assert first["previous"] is None
    assert len(second["previous"]) == 64


@settings(max_examples=200)
@given(
    record=st.integers(1, 6), where=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255)
)
def test_any_altered_byte_of_any_record_is_noticed(record: int, where: float, change: int) -> None:
    with tempfile.TemporaryDirectory() as root:
        store = Folder(Path(root))
        written(store)
        file = Path(root) / f"runs/RUN/{record:06}.json"
        content = bytearray(file.read_bytes())
        content[int(where * len(content))] ^= change
        file.write_bytes(content)
        try:
            story = read(store, "RUN")
        except StoreDamaged:
            return
        assert record == 6  # only the last can be torn
        assert story.torn
        assert story.outcome is None


def test_a_record_that_was_rewritten_with_its_own_digest_breaks_the_chain(store: Folder) -> None:
    written(store)
    file = store.root / "runs/RUN/000002.json"
    content = unsealed("2", file.read_bytes())
    file.write_bytes(sealed({**content, "step": "something else"}))
    with pytest.raises(StoreDamaged, match=r"000003\.json does not follow"):
        read(store, "RUN")


@pytest.mark.parametrize("missing", [1, 3])
def test_a_missing_record_is_noticed(store: Folder, missing: int) -> None:
    written(store)
    (store.root / f"runs/RUN/{missing:06}.json").unlink()
    with pytest.raises(StoreDamaged, match=f"{missing:06}.json is missing"):
        read(store, "RUN")


@pytest.mark.parametrize("kept", [0, 1, 30, -1])
def test_a_torn_last_record_is_left_out_and_reported(store: Folder, kept: int) -> None:
    written(store)
    file = store.root / "runs/RUN/000006.json"
    file.write_bytes(file.read_bytes()[:kept])
    story = read(store, "RUN")
    assert story.torn
    assert len(story.records) == 5
    Journal.resume(store, "RUN", FakeClock()).note(Kind.NOTED, what="gone on with")
    story = read(store, "RUN")
    assert not story.torn
    assert [record.seq for record in story.records] == [1, 2, 3, 4, 5, 7]


def test_a_torn_record_in_the_middle_is_left_out_by_none_but_its_successor(store: Folder) -> None:
    written(store)
    file = store.root / "runs/RUN/000003.json"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(StoreDamaged, match=r"000004\.json does not follow"):
        read(store, "RUN")


def test_a_run_can_be_gone_on_with(store: Folder) -> None:
    begin(store)
    resumed = Journal.resume(store, "RUN", FakeClock())
    assert resumed.note(Kind.RUN_ENDED, outcome="resumed").seq == 2
    assert read(store, "RUN").outcome == "resumed"


def test_of_two_that_go_on_with_a_run_only_one_does(store: Folder) -> None:
    mine = begin(store)
    theirs = Journal.resume(store, "RUN", FakeClock())
    theirs.note(Kind.NOTED, what="theirs")
    with pytest.raises(Locked):
        mine.note(Kind.NOTED, what="mine")
    assert [record.facts for record in read(store, "RUN").records[1:]] == [{"what": "theirs"}]


def test_a_fenced_run_can_be_written_by_its_writer_no_more(store: Folder) -> None:
    mine = begin(store)
    fence(store, "RUN", FakeClock(), ACTOR, by="NEXT")
    with pytest.raises(Locked):
        mine.note(Kind.NOTED, what="mine")
    with pytest.raises(Locked):
        mine.note(Kind.RUN_ENDED, outcome="done")
    fence(store, "RUN", FakeClock(), ACTOR, by="NEXT")
    assert [record.kind for record in read(store, "RUN").records] == ["run-begun", "run-fenced"]
    Journal.resume(store, "RUN", FakeClock()).note(Kind.RUN_RESUMED)
    with pytest.raises(Locked):
        mine.note(Kind.NOTED, what="mine")


def test_a_run_that_has_not_begun_never_will_once_it_is_fenced(store: Folder) -> None:
    fence(store, "RUN", FakeClock(), ACTOR, by="NEXT")
    with pytest.raises(Locked):
        begin(store)
    assert read(store, "RUN").records[0].facts["by"] == "NEXT"


@pytest.mark.parametrize("damage", [b"", b"{", b"[]\n", b"nonsense\n"])
def test_what_is_damaged_is_fenced_all_the_same(store: Folder, damage: bytes) -> None:
    mine = begin(store)
    (store.root / "runs/RUN/000001.json").write_bytes(damage)
    fence(store, "RUN", FakeClock(), ACTOR, by="NEXT")
    with pytest.raises(Locked):
        mine.note(Kind.NOTED, what="mine")


def test_how_it_ended_stays_when_it_is_fenced_afterwards(store: Folder) -> None:
    written(store)
    fence(store, "RUN", FakeClock(), ACTOR, by="NEXT")
    assert read(store, "RUN").outcome == "done"


class Deaf(Folder):
    """It writes, and its answer is lost; or it does not even hear."""

    hears, fails = True, 0

    def create(self, key: str, data: bytes) -> bool:
        if not self.fails:
            return super().create(key, data)
        self.fails -= 1
        if self.hears:
            super().create(key, data)
        raise Unreachable("no answer")


@pytest.mark.parametrize("hears", [True, False])
def test_a_record_whose_answer_was_lost_is_written_once(tmp_path: Path, hears: bool) -> None:  # noqa: FBT001 - a case
    store = Deaf(tmp_path)
    journal = begin(store)
    store.hears, store.fails = hears, 2
    for _ in range(2):
        with pytest.raises(Unreachable):
            journal.note(Kind.NOTED, what="this")
    journal.note(Kind.NOTED, what="that")
    facts = [record.facts["what"] for record in read(store, "RUN").records[1:]]
    assert facts == ["this", "that"]


def test_steps_of_a_wave_may_write_side_by_side(store: Folder) -> None:
    journal = begin(store)
    threads = [
        threading.Thread(target=journal.note, args=(Kind.NOTED,), kwargs={"number": number})
        for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = read(store, "RUN").records[1:]
    assert sorted(int(str(record.facts["number"])) for record in records) == list(range(16))


def test_facts_cannot_take_the_journals_own_names(store: Folder) -> None:
    with pytest.raises(ValueError, match="previous"):
        begin(store).note(Kind.NOTED, previous="x")


def test_an_unknown_run_is_exit_9(store: Folder) -> None:
    with pytest.raises(InvalidInput, match="no run 'X'"):
        read(store, "X")
    with pytest.raises(InvalidInput):
        Journal.resume(store, "X", FakeClock())


def test_runs_are_listed_oldest_first(store: Folder) -> None:
    begin(store, "01B")
    begin(store, "01A")
    assert runs(store) == ["01A", "01B"]
