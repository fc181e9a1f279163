"""SIGKILL before and after everything that the stores do to the disk."""

from __future__ import annotations

from tests.crash.conftest import sample
from tests.crash.killing import killed_at
from tests.crash.scene import Scene


def test_an_apply_killed_anywhere_can_be_planned_finished_and_taken_back(scene: Scene) -> None:
    fresh, said = scene.save(), scene.root / "said"
    points = killed_at(None, scene.words("apply"), said)
    for point in sample(len(points), 16):
        scene.restore(fresh)
        assert killed_at(point, scene.words("apply"), said) == []
        with scene.named(f"killed {points[point]}, point {point} of {len(points)}"):
            scene.insist_on_the_laws()


def test_nothing_in_the_store_is_torn_by_a_kill_in_the_middle_of_a_write(scene: Scene) -> None:
    fresh, said = scene.save(), scene.root / "said"
    points = killed_at(None, scene.words("apply"), said)
    middles = [number for number, what in enumerate(points) if what == "after write"]
    for point in (middles[number] for number in sample(len(middles), 12)):
        scene.restore(fresh)
        assert killed_at(point, scene.words("apply"), said) == []
        with scene.named(f"killed in the middle of a write, point {point} of {len(points)}"):
            scene.insist_on_whole_files()
            scene.insist_on_a_way_back()


def test_a_rollback_killed_anywhere_goes_on_or_is_taken_back(scene: Scene) -> None:
    assert scene.type("apply").code == 0
    applied, said = scene.save(), scene.root / "said"
    words = scene.words("rollback", "--snapshot", "latest")
    points = killed_at(None, words, said)
    for point in sample(len(points), 10):
        scene.restore(applied)
        assert killed_at(point, words, said) == []
        with scene.named(f"killed {points[point]}, point {point} of {len(points)}"):
            scene.insist_on_the_laws_of_going_back()


def test_the_lock_of_a_killed_run_is_taken_over_at_once_with_a_notice(scene: Scene) -> None:
    said = scene.root / "said"
    points = killed_at(None, scene.words("apply"), said)
    scene.start_again()
    assert killed_at(len(points) // 2, scene.words("apply"), said) == []
    again = scene.type("apply")
    assert again.code == 0, again
    assert "ended without releasing staging; took over" in again.err


def test_a_torn_last_record_stops_nobody(scene: Scene) -> None:
    said = scene.root / "said"
    points = killed_at(None, scene.words("apply"), said)
    scene.start_again()
    assert killed_at(len(points) * 2 // 3, scene.words("apply"), said) == []
    last = max(scene.store.glob("runs/*/*.json"))
    last.write_bytes(last.read_bytes()[:-40])
    shown = scene.type_plainly("show", last.parent.name)
    assert shown.code == 0, shown
    assert "cut off" in shown.out
    scene.insist_on_the_laws()
