"""What must hold of a scene after a killed command, whatever it had done by then."""

from __future__ import annotations

import json
import shutil
from typing import Any

from remediate.stores import journal
from tests.cli.typed import typed
from tests.crash.scene import Scene


def insist_on_the_laws(scene: Scene) -> None:
    """After an apply that was killed."""
    killed = scene.save()
    insist_on_a_right_plan(scene)
    insist_on_runs_that_can_be_read(scene)
    insist_on_a_way_back(scene)
    scene.restore(killed)
    insist_on_a_way_on(scene)


def insist_on_the_laws_of_going_back(scene: Scene) -> None:
    """After a rollback that was killed: the same words again finish it.

    Unless it had ended and had just not said so; then they take it back, as ever.
    """
    killed = scene.save()
    insist_on_a_right_plan(scene)
    insist_on_runs_that_can_be_read(scene)
    first, *later = reversed(scene.snapshots())
    for words in (first,) if scene.ended() else (first, "latest"):
        scene.restore(killed)
        again = scene.type("rollback", "--snapshot", words)
        assert again.code == 0, again
        assert scene.bench.state() == scene.before
    for taken_by_the_rollback in later:
        scene.restore(killed)
        scene.let_go_of_zones()
        forward = scene.type("rollback", "--snapshot", taken_by_the_rollback)
        assert forward.code == 0, forward
        left = scene.type("plan", "--detailed-exitcode")  # but for what Google issues anew
        assert left.code == 0, left


def insist_on_a_right_plan(scene: Scene) -> None:
    """The same as somebody makes who has only the YAML and the live side."""
    elsewhere = scene.root / "elsewhere"
    if not elsewhere.exists():
        shutil.copytree(scene.root / "desired", elsewhere / "desired")
    ours = scene.type("plan", "--json")
    theirs = typed("plan", "-C", elsewhere, "--sandbox", scene.sandbox.url, "--json")
    assert theirs.code == 0, theirs
    assert ours.code in {0, 4}, ours  # a rollback may hold what it has taken back
    assert changes(ours.json) == changes(theirs.json)


def insist_on_runs_that_can_be_read(scene: Scene) -> None:
    for run in scene.runs():
        shown = typed("show", "-C", scene.root, run)
        assert shown.code == 0, shown


def insist_on_whole_files(scene: Scene) -> None:
    """Nothing is torn, and every run is one chain."""
    for file in scene.store.rglob("[!.]*.json"):
        json.loads(file.read_bytes())
    for run in scene.runs():
        assert not journal.read(scene.kept, run).torn


def insist_on_a_way_back(scene: Scene) -> None:
    """`rollback --snapshot latest`, or nothing was written yet."""
    if scene.snapshots():
        back = scene.type("rollback", "--snapshot", "latest")
        assert back.code == 0, back
    assert scene.bench.state() == scene.before


def insist_on_a_way_on(scene: Scene) -> None:
    """A second `apply` finishes, and the first snapshot still leads back."""
    first = scene.snapshots()[-1:]
    on = scene.type("apply")
    assert on.code == 0, on
    left = scene.type("plan", "--detailed-exitcode")
    assert left.code == 0, left
    for snapshot in first or scene.snapshots():
        back = scene.type("rollback", "--snapshot", snapshot)
        assert back.code == 0, back
        assert scene.bench.state() == scene.before


def changes(plan: dict[str, Any]) -> list[Any]:
    """What would be written, wherever the plan was made."""
    return [
        (one["address"], one["change"]["actions"], one["change"]["before"], one["change"]["after"])
        for one in plan["resource_changes"]
        if one["change"]["actions"] != ["no-op"]
    ]
