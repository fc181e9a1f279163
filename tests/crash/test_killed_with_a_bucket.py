"""What is remembered in a bucket: SIGKILL around each kind of object, and of what waits for it."""

from __future__ import annotations

import pytest

from remediate.stores import journal
from remediate.stores.folder import Folder
from remediate.stores.snapshots import Snapshots
from tests.cli.typed import typed
from tests.crash.conftest import sample
from tests.crash.killing import SENT, Nth, die_at
from tests.crash.rehearsal import Moment
from tests.crash.scene import Scene
from tests.crash.tally import Tally
from tests.crash.test_killed_at_every_place import a_proxy_is_made

OBJECTS = ("locks", "runs", "snapshots", "ledger")


def around(objects: str) -> tuple[str, ...]:
    """Before one is written, when it is there and nobody has heard, and when that was heard."""
    put = f"putting {objects}"
    return (f"before {put}", f"{SENT}: {put}", f"after {put}")


@pytest.mark.parametrize("objects", OBJECTS)
def test_a_run_killed_around_an_object_of_its_store_ends_as_wanted_or_as_before(
    objects: str, empty_scene_in_a_bucket: Scene, tally: Tally
) -> None:
    made = a_proxy_is_made(empty_scene_in_a_bucket, tally)
    for name in around(objects):
        times, times_back = made.points.count(name), made.points_back.count(name)
        made.insist_on_a_way_on(Nth(name, times // 2), Nth(name, 0))
        made.insist_on_a_way_on(Nth(name, times - 1), resume=False)
        made.insist_on_a_way_back(Nth(name, times // 2), Nth(name, 1))
        made.insist_on_the_way_back_of_all(Nth(name, times_back // 2))
    assert {*around(objects)} <= tally.deaths.keys(), "somebody was killed at each of them"


@pytest.fixture
def applied(empty_scene_in_a_bucket: Scene, tally: Tally) -> Scene:
    """What is declared was applied, with the bucket there; `before` is how it was without."""
    scene = empty_scene_in_a_bucket
    made = a_proxy_is_made(scene, tally)
    scene.before = made.start.state
    scene.restore(made.end.saved)
    return scene


def lose_the_bucket(scene: Scene) -> None:
    for path in ("storage", "upload"):
        spec = {"kind": "reset", "match": f"* /{path}/*", "times": 10_000}
        scene.bench.fault(f"away-{path}", **spec)


def back(scene: Scene) -> list[str]:
    """To before all that was done; the same words again go on with it."""
    return scene.words("rollback", "--snapshot", min(Snapshots(copy_of(scene)).ids()))


def copy_of(scene: Scene) -> Folder:
    return Folder(scene.root / ".remediate/sandbox/mirror/state/crash")


def killed(scene: Scene, point: int, words: list[str], tally: Tally) -> str:
    end = die_at(point, words, scene.said)
    assert end.at, "it came to its end"
    tally.count(end.at)
    return f"killed at {end.at}, point {point}"


def insist_on_one_memory(scene: Scene) -> None:
    """The bucket has all that the copy has, nothing waits for it, and nothing was left behind."""
    copy, bucket = copy_of(scene), scene.kept
    keys = [key for key in copy.list("") if not key.startswith("locks/")]
    assert not [key for key in keys if key.startswith(("outbox/", "not-taken/"))]
    for key in keys:
        here, there = copy.get(key), bucket.get(key)
        assert here
        assert there
        assert here.data == there.data, key
    for run in scene.runs():
        journal.read(bucket, run)


def test_a_rollback_without_its_bucket_killed_anywhere_is_finished_without_it_or_with_it(
    applied: Scene, tally: Tally
) -> None:
    start, words = applied.save(), back(applied)
    lose_the_bucket(applied)
    passed = die_at(None, words, applied.said).passed
    notes = [number for number, what in enumerate(passed) if " noting " in what]
    assert notes, applied.said.read_text()
    most = len(passed) * 9 // 10  # how often Google is asked whether it is done differs
    for point in sorted({*sample(most, 5), *(notes[n] for n in sample(len(notes), 5))}):
        applied.restore(start)
        where = killed(applied, point, words, tally)
        left = applied.save()
        for is_there in (False, True):
            applied.restore(left)
            if is_there:
                applied.bench.clear_faults()
            with applied.named(f"{where}; then {'with' if is_there else 'without'} the bucket"):
                done = typed(*words)
                assert done.code == 0, done
                applied.bench.clear_faults()
                again = typed(*words)  # nothing is left to do but to bring what waits
                assert again.code == 0, again
                assert Moment.of(applied).state == applied.before
                insist_on_one_memory(applied)
            lose_the_bucket(applied)


def test_what_waits_for_its_bucket_is_brought_once_wherever_its_bringer_is_killed(
    applied: Scene, tally: Tally
) -> None:
    lose_the_bucket(applied)
    alone = typed(*back(applied))
    assert alone.code == 0, alone
    applied.bench.clear_faults()
    start, words = applied.save(), back(applied)
    passed = die_at(None, words, applied.said).passed
    insist_on_one_memory(applied)
    wanted = Moment.of(applied)
    assert wanted.state == applied.before
    brought = [
        number for number, what in enumerate(passed) if " putting " in what or " removing " in what
    ]
    for point in (brought[n] for n in sample(len(brought), 16)):
        applied.restore(start)
        with applied.named(killed(applied, point, words, tally)):
            applied.take_from_the_dead()
            done = typed(*words)
            assert done.code == 0, done
            insist_on_one_memory(applied)
            assert Moment.of(applied).state == wanted.state
            assert Moment.of(applied).remembered == wanted.remembered
