"""SIGKILL at every named point of the product, and around all else it does to the disk."""

from __future__ import annotations

from tests.crash.conftest import sample
from tests.crash.killing import die_at
from tests.crash.laws import (
    insist_on_a_way_back,
    insist_on_the_laws,
    insist_on_the_laws_of_going_back,
    insist_on_whole_files,
)
from tests.crash.scene import Scene
from tests.crash.tally import Tally


def die(scene: Scene, point: int, words: list[str], tally: Tally) -> str:
    end = die_at(point, words, scene.said)
    assert end.at, "it came to its end"
    tally.count(end.at)
    return f"killed at {end.at}, point {point}"


def played(scene: Scene, words: list[str]) -> list[str]:
    """Every point that a command passes that nobody kills."""
    end = die_at(None, words, scene.said)
    assert end.code == 0, scene.said.read_text()
    return end.passed


def test_an_apply_killed_anywhere_can_be_planned_finished_and_taken_back(
    scene: Scene, tally: Tally
) -> None:
    words = scene.words("apply")
    points = played(scene, words)
    for point in sample(len(points), 9):
        scene.start_again()
        with scene.named(die(scene, point, words, tally)):
            insist_on_the_laws(scene)


def test_nothing_in_the_store_is_torn_by_a_kill_in_the_middle_of_a_write(
    scene: Scene, tally: Tally
) -> None:
    words = scene.words("apply")
    points = played(scene, words)
    middles = [number for number, what in enumerate(points) if what == "after write"]
    for point in (middles[number] for number in sample(len(middles), 12)):
        scene.start_again()
        with scene.named(die(scene, point, words, tally)):
            insist_on_whole_files(scene)
            insist_on_a_way_back(scene)


def test_a_rollback_killed_anywhere_goes_on_or_is_taken_back(scene: Scene, tally: Tally) -> None:
    assert scene.type("apply").code == 0
    applied = scene.save()
    words = scene.words("rollback", "--snapshot", "latest")
    points = played(scene, words)
    for point in sample(len(points), 6):
        scene.restore(applied)
        with scene.named(die(scene, point, words, tally)):
            insist_on_the_laws_of_going_back(scene)


def test_the_lock_of_a_killed_run_is_taken_over_at_once_with_a_notice(
    scene: Scene, tally: Tally
) -> None:
    words = scene.words("apply")
    points = played(scene, words)
    scene.start_again()
    die(scene, len(points) // 2, words, tally)
    again = scene.type("apply")
    assert again.code == 0, again
    assert "ended without releasing staging; took over" in again.err


def test_a_torn_last_record_stops_nobody(scene: Scene, tally: Tally) -> None:
    words = scene.words("apply")
    points = played(scene, words)
    scene.start_again()
    die(scene, len(points) * 2 // 3, words, tally)
    last = max(scene.store.glob("runs/*/*.json"))
    last.write_bytes(last.read_bytes()[:-40])
    shown = scene.type_plainly("show", last.parent.name)
    assert shown.code == 0, shown
    assert "cut off" in shown.out
    insist_on_the_laws(scene)
