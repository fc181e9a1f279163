"""Nobody can have changed what a run did, or left something out, without its being told."""

from __future__ import annotations

from pathlib import Path

import pytest

from remediate.model.errors import InvalidInput
from remediate.stores.audit import Audit, audit, called, operations
from remediate.stores.folder import Folder
from remediate.stores.journal import Journal, Kind, fence
from remediate.stores.snapshots import Snapshot, Snapshots
from tests.clocks import FakeClock
from tests.stores.conftest import ACTOR

RUN = "01KB00000000000000000000AA"
SNAPSHOT = "01KB00000000000000000000BB"


@pytest.fixture
def written(store: Folder) -> Folder:
    time = "2026-11-23T03:00:00Z"
    Snapshots(store).save(Snapshot(SNAPSHOT, "staging", "p", RUN, time, "before", {}))
    journal = begun(store)
    journal.note(Kind.STEP_BEGUN, step="s1", method="patch", live="UrlMap/main")
    journal.note(Kind.STEP_DONE, step="s1", after={}, operations=[{"name": "operation-1"}])
    journal.note(Kind.RUN_ENDED, outcome="done")
    return store


def begun(store: Folder) -> Journal:
    return Journal.begin(
        store,
        RUN,
        FakeClock(),
        ACTOR,
        verb="apply",
        environment="staging",
        project="p",
        digest="sha256:00",
        snapshot=SNAPSHOT,
    )


def file(store: Folder, seq: int) -> Path:
    return store.root / f"runs/{RUN}/{seq:06}.json"


def test_a_run_as_it_was_written_has_no_faults(written: Folder) -> None:
    found = audit(written, RUN)
    assert found.faults == []
    assert found.begun["who"] == "ada"
    assert [(step, facts["live"], done) for step, facts, done in operations(found)] == [
        ("s1", "UrlMap/main", [{"name": "operation-1"}])
    ]


def test_every_flipped_byte_of_every_record_is_found(written: Folder) -> None:
    for seq in range(1, 5):
        whole = file(written, seq).read_bytes()
        for at in range(len(whole)):
            altered = bytearray(whole)
            altered[at] ^= 1
            file(written, seq).write_bytes(altered)
            assert audit(written, RUN).faults, f"byte {at} of record {seq}"
        file(written, seq).write_bytes(whole)
    assert audit(written, RUN).faults == []


@pytest.mark.parametrize("seq", [1, 2, 3, 4])
def test_every_missing_record_is_found(written: Folder, seq: int) -> None:
    file(written, seq).unlink()
    (fault, *_) = audit(written, RUN).faults
    assert "missing" in fault


def test_several_missing_records_are_each_named(written: Folder) -> None:
    for seq in (2, 3):
        file(written, seq).unlink()
    faults = audit(written, RUN).faults
    assert [fault.split()[0].rpartition("/")[2] for fault in faults] == [
        "000002.json",
        "000003.json",
    ]


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 3), (3, 4), (1, 4)])
def test_records_that_changed_places_are_found(written: Folder, one: int, other: int) -> None:
    first, second = file(written, one).read_bytes(), file(written, other).read_bytes()
    file(written, one).write_bytes(second)
    file(written, other).write_bytes(first)
    assert audit(written, RUN).faults


def test_a_record_of_another_run_is_found(written: Folder) -> None:
    other = Journal(written, "OTHER", FakeClock())
    other.note(Kind.NOTED, what="something else")
    file(written, 1).write_bytes((written.root / "runs/OTHER/000001.json").read_bytes())
    assert any("'run' is another one" in fault for fault in audit(written, RUN).faults)


def test_what_does_not_belong_there_is_found(written: Folder) -> None:
    file(written, 5).with_name("000004.json.bak").write_bytes(b"{}")
    assert audit(written, RUN).faults == [f"runs/{RUN}/000004.json.bak is no record of this run"]


def test_a_snapshot_that_was_altered_is_a_fault_of_its_run(written: Folder) -> None:
    snapshot = written.root / f"snapshots/{SNAPSHOT}.json"
    snapshot.write_bytes(snapshot.read_bytes().replace(b"before", b"behind"))
    assert audit(written, RUN).faults == [
        f"snapshots/{SNAPSHOT}.json was altered: it does not agree with its own digest"
    ]
    snapshot.unlink()
    assert "is missing" in audit(written, RUN).faults[0]


def test_a_torn_record_that_a_later_writer_left_out_is_a_crash_and_no_fault(store: Folder) -> None:
    begun(store).note(Kind.NOTED, what="x")
    file(store, 2).write_bytes(file(store, 2).read_bytes()[:20])
    assert audit(store, RUN).faults
    fence(store, RUN, FakeClock(), ACTOR, by="NEXT")
    found: Audit = audit(store, RUN)
    assert (found.faults, found.cut, found.is_fenced) == ([], 1, True)


def test_a_run_is_called_by_the_beginning_of_its_name(written: Folder) -> None:
    assert called(written, RUN[:6].lower()) == RUN
    for name in ("", "X", "01KC"):
        with pytest.raises(InvalidInput):
            called(written, name)
    with pytest.raises(InvalidInput):
        audit(written, "UNKNOWN")
