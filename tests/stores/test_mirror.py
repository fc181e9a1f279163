"""What waited for its bucket, whatever dies while it is written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from remediate.stores.bucket import Bucket
from remediate.stores.folder import Folder
from remediate.stores.mirror import Mirrored, Offline
from tests.stores.buckets import Cloud

KEY = "ledger/staging.json"


class Killed(BaseException):
    """The process is gone: what it wrote is there, and nothing is done about it any more."""


class Dying(Bucket):
    """Dies when its `nth` write took effect, before the answer is heard."""

    nth = 0

    def compare_and_swap(self, key: str, data: bytes, generation: str | None) -> str | None:
        swapped = super().compare_and_swap(key, data, generation)
        self.nth -= 1
        if self.nth == 0:
            raise Killed
        return swapped


def written_alone(copy: Folder, data: bytes) -> None:
    alone = Offline(copy)
    there = alone.get(KEY)
    assert alone.compare_and_swap(KEY, data, there.generation if there else None)
    alone.close()


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("first", [b"before", None])
def test_who_dies_while_writing_over_what_waits_leaves_nothing_of_somebody_else(
    nth: int, first: bytes | None, tmp_path: Path, cloud: Cloud
) -> None:
    copy = Folder(tmp_path)
    if first:
        assert Mirrored(cloud.bucket(), copy).compare_and_swap(KEY, first, None)
    written_alone(copy, b"ours")
    dying = Dying(cloud.objects(), "team/", cloud.clock)
    dying.nth = nth
    dies = Mirrored(dying, copy)
    seen = dies.get(KEY)
    assert seen
    assert seen.data == b"ours"
    with pytest.raises(Killed):
        dies.compare_and_swap(KEY, b"after", seen.generation)

    store = Mirrored(cloud.bucket(), copy)
    assert not [word for word in store.deliver("staging") if "NOT" in word]
    there = store.get(KEY)
    assert there
    assert there.data == (b"ours", b"after")[nth - 1]
    assert store.compare_and_swap(KEY, b"again", there.generation)
    kept = copy.get(KEY)
    assert kept
    assert kept.data == b"again"
    assert not store.waiting


def test_what_somebody_else_wrote_meanwhile_is_not_written_over(
    tmp_path: Path, cloud: Cloud
) -> None:
    copy = Folder(tmp_path)
    store = Mirrored(cloud.bucket(), copy)
    first = store.compare_and_swap(KEY, b"before", None)
    written_alone(copy, b"ours")
    assert cloud.bucket().compare_and_swap(KEY, b"theirs", first)
    assert store.compare_and_swap(KEY, b"after", first) is None
    assert store.waiting == [KEY]
    (told,) = store.deliver("staging")
    assert "NOT brought" in told
