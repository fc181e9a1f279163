"""A folder that loses nothing: neither to a crash, nor to somebody else."""

from __future__ import annotations

import os
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.model.errors import InvalidInput, StoreDamaged
from remediate.stores.folder import Folder

KEY = "ledger/staging.json"
data = st.binary(max_size=200)


@contextmanager
def folder() -> Iterator[Folder]:
    with tempfile.TemporaryDirectory() as root:
        yield Folder(Path(root) / "project" / ".remediate")


def test_what_was_written_is_read(store: Folder) -> None:
    assert store.get(KEY) is None
    assert store.create(KEY, b"one")
    stored = store.get(KEY)
    assert stored
    assert stored.data == b"one"


def test_a_key_is_created_once(store: Folder) -> None:
    assert store.create(KEY, b"one")
    assert not store.create(KEY, b"two")
    stored = store.get(KEY)
    assert stored
    assert stored.data == b"one"
    assert store.list("") == [KEY]


@given(first=data, second=data, third=data)
def test_only_the_generation_that_was_read_is_replaced(
    first: bytes, second: bytes, third: bytes
) -> None:
    with folder() as store:
        one = store.compare_and_swap(KEY, first, None)
        assert one
        assert store.compare_and_swap(KEY, third, None) is None
        two = store.compare_and_swap(KEY, second, one)
        assert two
        stored = store.get(KEY)
        assert stored
        assert (stored.data, stored.generation) == (second, two)
        swapped = store.compare_and_swap(KEY, third, one)
        assert (swapped is None) == (first != second)


def test_what_is_gone_cannot_be_replaced(store: Folder) -> None:
    assert store.compare_and_swap(KEY, b"new", "some generation") is None
    assert store.get(KEY) is None


@pytest.mark.parametrize("act", ["create", "swap"])
def test_of_many_at_once_exactly_one_wins(store: Folder, act: str) -> None:
    generation = None
    if act == "swap":
        generation = store.compare_and_swap(KEY, b"before", None)
    start, won = threading.Barrier(8), list[int]()

    def race(number: int) -> None:
        start.wait()
        content = b"%d" % number
        if act == "create":
            first = store.create(KEY, content)
        else:
            first = store.compare_and_swap(KEY, content, generation) is not None
        if first:
            won.append(number)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = won
    stored = store.get(KEY)
    assert stored
    assert stored.data == b"%d" % winner


def test_counting_side_by_side_loses_nothing(store: Folder) -> None:
    def count() -> None:
        done = 0
        while done < 20:
            there = store.get(KEY)
            number = int(there.data) + 1 if there else 1
            generation = there.generation if there else None
            done += store.compare_and_swap(KEY, b"%d" % number, generation) is not None

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = store.get(KEY)
    assert stored
    assert stored.data == b"80"


def test_nobody_else_can_read_it(store: Folder) -> None:
    before = os.umask(0)
    try:
        store.create("runs/R/000001.json", b"{}")
        store.compare_and_swap(KEY, b"{}", None)
        assert store.hold("locks/staging.json")
    finally:
        os.umask(before)
    modes = {
        stat.S_IMODE(path.stat().st_mode)
        for path in (store.root, *store.root.rglob("*"))
        if path.is_dir()
    }
    assert modes == {0o700}
    files = [path for path in store.root.rglob("*") if path.is_file()]
    assert len(files) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_keys_are_listed_by_prefix_in_order(store: Folder) -> None:
    for key in ("runs/B/000002.json", "runs/B/000001.json", "runs/BB/000001.json", "a.json"):
        store.create(key, b"")
    assert store.list("runs/B/") == ["runs/B/000001.json", "runs/B/000002.json"]
    assert store.list("runs/B") == [*store.list("runs/B/"), "runs/BB/000001.json"]
    assert store.list("nothing/") == []
    assert Folder(store.root / "missing").list("") == []


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", ".hidden", "a/.tmp", "a b", "a\0"]
)
def test_a_key_cannot_leave_the_store_or_hide_in_it(store: Folder, key: str) -> None:
    for act in (
        lambda: store.create(key, b""),
        lambda: store.get(key),
        lambda: store.compare_and_swap(key, b"", None),
        lambda: store.hold(key),
    ):
        with pytest.raises(InvalidInput):
            act()
    assert not store.root.exists()


def test_a_disk_that_refuses_is_said_so(store: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    store.create("old.json", b"old")
    monkeypatch.setattr(os, "write", full)
    for act in (
        lambda: store.create("new.json", b"new"),
        lambda: store.compare_and_swap("new.json", b"new", None),
    ):
        with pytest.raises(StoreDamaged, match="No space left on device"):
            act()
    assert store.list("") == ["old.json"]
    assert [path.name for path in store.root.iterdir() if path.suffix == ".tmp"] == []


class Killed(BaseException):
    """The process ended here."""


@contextmanager
def killed_at(step: int) -> Iterator[list[str]]:
    """Let `step` calls to the operating system through, and none after that, as a kill would."""
    done: list[str] = []
    opened: list[int] = []
    real: dict[str, Callable[..., Any]] = {}
    names = ("open", "write", "fsync", "link", "replace", "unlink", "close", "mkdir", "chmod")

    def through(name: str) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            if len(done) >= step:
                raise Killed
            done.append(name)
            answer = real[name](*args, **more)
            if name == "open":
                opened.append(answer)
            if name == "close":
                opened.remove(args[0])
            return answer

        return call

    for name in names:
        real[name] = getattr(os, name)
        setattr(os, name, through(name))
    try:
        yield done
    except Killed:
        pass
    finally:
        for name in names:
            setattr(os, name, real[name])
        for descriptor in opened:
            os.close(descriptor)


@settings(max_examples=60)
@given(step=st.integers(0, 40), before=data, after=data, act=st.sampled_from(["swap", "create"]))
def test_a_kill_at_any_point_leaves_the_old_or_the_new_and_a_store_that_works(
    step: int, before: bytes, after: bytes, act: str
) -> None:
    with folder() as store:
        generation = store.compare_and_swap(KEY, before, None) if act == "swap" else None
        with killed_at(step):
            if act == "swap":
                store.compare_and_swap(KEY, after, generation)
            else:
                store.create(KEY, after)
        stored = store.get(KEY)
        found = stored.data if stored else None
        assert found in {before if act == "swap" else None, after}
        assert store.list("") == ([KEY] if stored else [])
        again = store.compare_and_swap(KEY, b"again", stored.generation if stored else None)
        assert again
        assert store.create("other.json", b"other")


def test_data_is_on_disk_before_its_name_is_and_its_name_before_we_say_so(store: Folder) -> None:
    store.create("first.json", b"")  # the folders are there
    with killed_at(10_000) as calls:
        store.create("second.json", b"data")
    assert calls == [
        *("open", "write", "fsync", "close", "link", "unlink"),
        *("open", "fsync", "close"),
    ]
    with killed_at(10_000) as calls:
        store.compare_and_swap("third.json", b"data", None)
    kept = [call for call in calls if call in {"write", "fsync", "replace"}]
    assert kept == ["write", "fsync", "replace", "fsync"]


def test_half_a_disk_write_is_finished(store: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.write
    monkeypatch.setattr(os, "write", lambda at, some: whole(at, some[:3]))
    store.create(KEY, b"0123456789")
    stored = store.get(KEY)
    assert stored
    assert stored.data == b"0123456789"
