"""A removal in two phases, killed in either: what was marked, what was not, and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.model.ref import Ref
from remediate.stores.ledger import Entry
from tests.crash.conftest import between, sample
from tests.crash.scene import Scene
from tests.crash.tally import Tally
from tests.crash.test_killed_at_the_disk import die, played
from tests.pipeline.documents import address
from tests.pipeline.test_gc import EDGE

PRUNE = ("--prune", "--allow", "too-many-deletes=a test")
LATER = ("--retention", "0s")
Memory = Mapping[Ref, Entry]


@pytest.fixture
def front(running_sandbox: Sandbox, quick_folder: Path) -> Iterator[Scene]:
    """A front that was applied, and YAML in which it is no more."""
    with between(running_sandbox, quick_folder, EDGE, [address()]) as scene:
        yield scene


def taken_back(scene: Scene, snapshots: list[str]) -> None:
    """By the snapshot of the run that was killed, if it came so far."""
    if scene.snapshots() != snapshots:
        back = scene.type("rollback", "--snapshot", "latest")
        assert back.code == 0, back


def is_as(scene: Scene, remembered: Memory) -> None:
    """The times and the marks of what the ledger remembers are those of before, and live is."""
    assert scene.bench.state() == scene.before
    assert marks(scene.bench.ledger.resources) == marks(remembered)


def marks(remembered: Memory) -> dict[str, list[tuple[str, str]]]:
    return {str(r): [(a.name, a.since) for a in e.asides] for r, e in remembered.items()}


def cleared(scene: Scene) -> None:
    done = scene.type("gc", *LATER)
    assert done.code == 0, done
    assert scene.bench.live("UrlMap/main") is None
    assert [str(ref) for ref in scene.bench.ledger.resources] == ["Address/edge"]
    left = scene.type("plan", "--prune", "--detailed-exitcode")
    assert left.code == 0, left


def finished_or_taken_back(scene: Scene, tally: Tally, verb: str, *more: str) -> None:
    """A command killed anywhere: the same words finish it, and what it had done can go back."""
    start = scene.save()
    remembered, snapshots = scene.bench.ledger.resources, scene.snapshots()
    words = scene.words(verb, *more)
    points = played(scene, words)
    for point in sample(len(points), 10):
        scene.restore(start)
        where = die(scene, point, words, tally)
        killed = scene.save()
        with scene.named(where):
            taken_back(scene, snapshots)
            is_as(scene, remembered)
            scene.restore(killed)
            on = scene.type(verb, *more)
            assert on.code == 0, on
            cleared(scene)


def test_an_apply_that_sets_aside_killed_anywhere_is_finished_or_taken_back(
    front: Scene, tally: Tally
) -> None:
    finished_or_taken_back(front, tally, "apply", *PRUNE)


def test_a_gc_killed_anywhere_is_finished_or_taken_back(front: Scene, tally: Tally) -> None:
    assert front.type("apply", *PRUNE).code == 0
    front.before = front.bench.state()
    finished_or_taken_back(front, tally, "gc", *LATER)
