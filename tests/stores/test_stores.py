"""What every store promises, wherever it keeps its keys."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from remediate.model.errors import InvalidInput
from remediate.stores.folder import Folder
from remediate.stores.mirror import Mirrored
from remediate.stores.store import Store
from tests.stores.buckets import Cloud

KEY = "ledger/staging.json"


@pytest.fixture(params=["folder", "bucket", "mirrored"])
def store(request: pytest.FixtureRequest, tmp_path: Path, cloud: Cloud) -> Store:
    match request.param:
        case "folder":
            return Folder(tmp_path)
        case "bucket":
            return cloud.bucket()
        case _:
            return Mirrored(cloud.bucket(), Folder(tmp_path))


def held(store: Store, key: str = KEY) -> bytes | None:
    stored = store.get(key)
    return stored.data if stored else None


def test_what_was_written_is_read_byte_for_byte(store: Store) -> None:
    everything = bytes(range(256)) * 3
    assert held(store) is None
    assert store.create(KEY, everything)
    assert held(store) == everything
    assert store.create("empty.json", b"")
    assert held(store, "empty.json") == b""


def test_a_key_is_created_once(store: Store) -> None:
    assert store.create(KEY, b"one")
    assert not store.create(KEY, b"two")
    assert held(store) == b"one"


def test_only_the_generation_that_was_read_is_replaced(store: Store) -> None:
    one = store.compare_and_swap(KEY, b"one", None)
    assert one
    assert store.compare_and_swap(KEY, b"other", None) is None
    two = store.compare_and_swap(KEY, b"two", one)
    assert two
    assert store.compare_and_swap(KEY, b"other", one) is None
    stored = store.get(KEY)
    assert stored
    assert (stored.data, stored.generation) == (b"two", two)


def test_keys_are_listed_in_order_below_their_prefix_alone(store: Store) -> None:
    names = ["runs/A/000002.json", "runs/A/000001.json", "runs/AB/000001.json", "ledger/x.json"]
    for name in names:
        store.create(name, b"x")
    assert store.list("runs/A/") == ["runs/A/000001.json", "runs/A/000002.json"]
    assert store.list("runs/A") == sorted(names[:3])
    assert store.list("") == sorted(names)
    assert store.list("nothing/") == []


@pytest.mark.parametrize("key", ["", "/x", "../x", "a/../b", "a//b", ".hidden", "a/.b", "a\nb"])
def test_no_key_leads_out_of_the_store(store: Store, key: str) -> None:
    for act in (lambda: store.get(key), lambda: store.create(key, b"x")):
        with pytest.raises(InvalidInput):
            act()


def test_of_many_at_once_exactly_one_creates(store: Store) -> None:
    start, won = threading.Barrier(6), list[int]()

    def race(number: int) -> None:
        start.wait()
        if store.create(KEY, b"%d" % number):
            won.append(number)

    racers = [threading.Thread(target=race, args=(number,)) for number in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert len(won) == 1
    assert held(store) == b"%d" % won[0]
