"""A snapshot comes back as it was taken, or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.model.errors import InvalidInput, StoreDamaged
from remediate.model.json import Body
from remediate.model.ref import Ref, record_ref
from remediate.stores.folder import Folder
from remediate.stores.snapshots import Snapshot, Snapshots

json_values: st.SearchStrategy[object] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(-1e15, 1e15)  # beyond, whole numbers are no longer told from floats
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=10,
)
bodies = st.dictionaries(st.text("abc$é𝄞", max_size=5), json_values, max_size=4)
refs = st.sampled_from(
    [
        Ref("UrlMap", "x"),
        Ref("NetworkEndpointGroup", "n", "us-central1"),
        record_ref("z", "*.example.", "A"),
        record_ref("z", "0/25.2.0.192.in-addr.arpa.", "CNAME"),
        record_ref("z", "odd\\032name.example.", "TXT"),
    ]
)


def snapshot(identifier: str, environment: str = "staging") -> Snapshot:
    resources: dict[Ref, Body | None] = {Ref("UrlMap", "x"): {"name": "x"}}
    time = "2026-11-23T03:00:00Z"
    return Snapshot(identifier, environment, "p", "RUN", time, "before apply", resources)


@settings(max_examples=50)
@given(resources=st.dictionaries(refs, st.none() | bodies))
def test_bodies_come_back_word_for_word(resources: dict[Ref, Body | None]) -> None:
    with tempfile.TemporaryDirectory() as root:
        snapshots = Snapshots(Folder(Path(root)))
        taken = Snapshot("ID", "staging", "p", "RUN", "2026-11-23T03:00:00Z", "why", resources)
        snapshots.save(taken)
        assert snapshots.load("ID") == taken


@settings(max_examples=200)
@given(where=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_any_altered_byte_is_noticed(where: float, change: int) -> None:
    with tempfile.TemporaryDirectory() as root:
        snapshots = Snapshots(Folder(Path(root)))
        snapshots.save(snapshot("ID"))
        file = Path(root) / "snapshots/ID.json"
        content = bytearray(file.read_bytes())
        content[int(where * len(content))] ^= change
        file.write_bytes(content)
        with pytest.raises(StoreDamaged):
            snapshots.load("ID")


@pytest.mark.parametrize("kept", [0, 1, 50, -1])
def test_a_torn_snapshot_is_refused(store: Folder, kept: int) -> None:
    Snapshots(store).save(snapshot("ID"))
    file = store.root / "snapshots/ID.json"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(StoreDamaged, match="ID"):
        Snapshots(store).load("ID")


def test_a_later_format_is_refused_by_name(store: Folder) -> None:
    store.create("snapshots/ID.json", b'{"format_version": 2, "what": "ever"}')
    with pytest.raises(StoreDamaged, match="has format 2; this version of remediate knows 1"):
        Snapshots(store).load("ID")


def test_a_snapshot_is_never_overwritten(store: Folder) -> None:
    snapshots = Snapshots(store)
    snapshots.save(snapshot("ID"))
    with pytest.raises(StoreDamaged, match="already"):
        snapshots.save(snapshot("ID", "other"))
    assert snapshots.load("ID").environment == "staging"


def test_the_latest_is_the_newest_of_its_environment(store: Folder) -> None:
    snapshots = Snapshots(store)
    for identifier, environment in (("01A", "staging"), ("01B", "staging"), ("01C", "prod")):
        snapshots.save(snapshot(identifier, environment))
    assert snapshots.find("latest", "staging").id == "01B"
    assert snapshots.find("latest", "prod").id == "01C"
    assert [one.id for one in snapshots.newest_first()] == ["01C", "01B", "01A"]
    with pytest.raises(InvalidInput, match="no snapshot of qa yet"):
        snapshots.find("latest", "qa")


def test_the_beginning_of_an_id_is_enough_in_either_case(store: Folder) -> None:
    snapshots = Snapshots(store)
    for identifier in ("01ABC", "01ABD", "01X"):
        snapshots.save(snapshot(identifier))
    assert snapshots.find("01x", "staging").id == "01X"
    assert snapshots.find("01abc", "staging").id == "01ABC"
    with pytest.raises(InvalidInput, match="2 snapshots begin with '01ab'"):
        snapshots.find("01ab", "staging")


@pytest.mark.parametrize("name", ["nope", "", "../../etc/passwd", "*"])
def test_an_unknown_snapshot_is_exit_9_and_names_the_newest(store: Folder, name: str) -> None:
    snapshots = Snapshots(store)
    with pytest.raises(InvalidInput, match="none has been taken"):
        snapshots.find(name, "staging")
    for number in range(7):
        snapshots.save(snapshot(f"01{number}"))
    with pytest.raises(InvalidInput) as raised:
        snapshots.find(name, "staging")
    assert raised.value.exit_code == 9
    assert "the newest are 016, 015, 014, 013, 012" in str(raised.value)


def test_a_damaged_latest_is_not_passed_over_for_an_older_one(store: Folder) -> None:
    snapshots = Snapshots(store)
    snapshots.save(snapshot("01A"))
    store.create("snapshots/01B.json", b'{"format_version":1}')
    with pytest.raises(StoreDamaged, match="01B"):
        snapshots.find("latest", "staging")
