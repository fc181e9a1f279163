"""A bucket behind a bad line: nothing is claimed that is not so."""

from __future__ import annotations

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.gcp.errors import NotFound
from remediate.gcp.storage import Objects
from remediate.model.errors import InvalidInput, Unreachable
from remediate.stores.bucket import Bucket, placed
from tests.stores.buckets import NAME, READS, WRITES, Cloud, fill

KEY = "locks/staging.json"


def test_a_write_whose_answer_was_lost_was_ours(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    cloud.fault("lost", WRITES)
    assert bucket.create(KEY, b"mine")
    cloud.fault("lost", WRITES, times=2)
    generation = bucket.get(KEY).generation  # type: ignore[union-attr] # it is there
    swapped = bucket.compare_and_swap(KEY, b"mine too", generation)
    stored = bucket.get(KEY)
    assert stored
    assert (stored.data, stored.generation) == (b"mine too", swapped)


@pytest.mark.parametrize("kind", ["reset", "503", "429", "html"])
def test_a_write_that_never_arrived_is_sent_again(cloud: Cloud, kind: str) -> None:
    cloud.fault(kind, WRITES, times=3)
    assert cloud.bucket().create(KEY, b"mine")
    assert cloud.clock.slept


def test_somebody_elses_write_is_never_taken_for_ours(cloud: Cloud) -> None:
    mine, theirs = cloud.bucket(), cloud.bucket()
    assert theirs.create(KEY, b"theirs")
    cloud.fault("reset", WRITES)  # the first attempt is unheard, and the second is refused
    assert not mine.create(KEY, b"mine")
    generation = mine.get(KEY).generation  # type: ignore[union-attr] # it is there
    theirs.compare_and_swap(KEY, b"theirs again", generation)
    cloud.fault("503", WRITES)
    assert mine.compare_and_swap(KEY, b"mine", generation) is None


def test_our_write_that_somebody_has_replaced_meanwhile_is_lost(cloud: Cloud) -> None:
    mine, theirs = cloud.bucket(), cloud.bucket()
    before = mine.compare_and_swap(KEY, b"before", None)

    class Between(Objects):
        def read(self, name: str) -> object:  # type: ignore[override] # what it returns is the same
            stored = theirs.get(KEY)
            assert stored
            assert stored.data == b"mine"
            theirs.compare_and_swap(KEY, b"theirs", stored.generation)
            return super().read(name)

    mine._objects.__class__ = Between
    cloud.fault("lost", WRITES)
    assert mine.compare_and_swap(KEY, b"mine", before) is None


def test_half_an_object_is_read_again(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    bucket.create(KEY, b"whole" * 100)
    cloud.fault("half", READS)
    stored = bucket.get(KEY)
    assert stored
    assert stored.data == b"whole" * 100


def test_a_bucket_that_does_not_answer_is_not_empty(cloud: Cloud) -> None:
    bucket = Bucket(cloud.objects(each=1.0), "team/", cloud.clock)
    cloud.fault("reset", "*", times=50)
    for act in (lambda: bucket.get(KEY), lambda: bucket.list(""), bucket.insist):
        with pytest.raises(Unreachable):
            act()


def test_a_bucket_that_is_not_there_is_told_with_the_way_to_make_it(cloud: Cloud) -> None:
    nowhere = cloud.objects()
    nowhere._at = "/b/nowhere/o"
    with pytest.raises(InvalidInput) as raised:
        Bucket(nowhere, "", cloud.clock).insist()
    assert raised.value.hint.startswith("Make it: `gcloud storage buckets create gs://")
    with pytest.raises(NotFound):
        nowhere.names("")


def test_one_object_is_written_once_a_second(cloud: Cloud) -> None:
    bucket, generation = cloud.bucket(), None
    for number in range(8):
        generation = bucket.compare_and_swap(KEY, b"%d" % number, generation)
        cloud.ask("POST", "clock:advance", {"seconds": cloud.clock.monotonic() and 1})
    assert 6.9 <= cloud.clock.monotonic() <= 7.1
    assert all(call["status"] == 200 for call in cloud.calls() if "/upload/" in call["path"])
    bucket.create("runs/R/000001.json", b"another object need not wait")
    assert cloud.clock.monotonic() <= 7.1


def test_long_lists_come_in_pages(cloud: Cloud, running_sandbox: Sandbox) -> None:
    keys = [f"runs/R/{number:06}.json" for number in range(1003)]
    fill(running_sandbox, {f"team/{key}": b"x" for key in keys})
    assert cloud.bucket().list("runs/") == keys
    assert len([call for call in cloud.calls() if call["method"] == "GET"]) == 2


def test_two_prefixes_keep_apart(cloud: Cloud) -> None:
    one, other = cloud.bucket("one/"), cloud.bucket("other/")
    one.create(KEY, b"one")
    assert other.get(KEY) is None
    assert other.list("") == []
    assert cloud.bucket("").list("") == [f"one/{KEY}"]


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("gs://b", ("b", "")),
        ("gs://b/", ("b", "")),
        ("gs://b/p", ("b", "p/")),
        ("gs://b/p/q/", ("b", "p/q/")),
    ],
)
def test_a_location_is_a_bucket_and_a_prefix(location: str, place: tuple[str, str]) -> None:
    assert placed(location) == place


@pytest.mark.parametrize("location", ["gs://", "gs:///p", "gs://b/../c", "gs://b/ p", "gs://b//c"])
def test_a_location_that_is_none_is_refused(location: str) -> None:
    with pytest.raises(InvalidInput):
        placed(location)


def test_the_bucket_is_named_where_it_is(cloud: Cloud) -> None:
    assert cloud.bucket().location == f"gs://{NAME}/team"
