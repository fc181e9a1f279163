"""A world and a store that can be put back, and the laws that must hold after a killed command."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gcp_sandbox.sandbox import Sandbox
from gcp_sandbox.world import World
from remediate.stores import journal
from remediate.stores.folder import Folder
from tests.cli.typed import Said, typed
from tests.workbench import Workbench

_WHY = "a test takes back what it made"
ALLOW = (
    *("--allow", f"protected={_WHY}"),
    *("--allow", f"delete:SqlInstance/staging-shared-postgres={_WHY}"),
)


@dataclass(frozen=True)
class Saved:
    world: str
    store: Path


class Scene:
    """`bench` has the YAML of staging; commands go to `url`, which may be a proxy's."""

    def __init__(self, sandbox: Sandbox, bench: Workbench, scenario: str) -> None:
        self.sandbox = sandbox
        self.bench = bench
        bench.reset(scenario)
        bench.copy_staging()
        self.root = bench.root
        self.before = bench.state()
        self._copies = 0
        self._fresh = self.save()

    @property
    def store(self) -> Path:
        return self.root / ".remediate"

    def save(self) -> Saved:
        """World and store as they are, to come back to."""
        self._copies += 1
        copy = self.root / f"copy-{self._copies}"
        if self.store.exists():
            shutil.copytree(self.store, copy)
        return Saved(self.sandbox.call(lambda world: json.dumps(world.dump())), copy)

    def restore(self, saved: Saved) -> None:
        def load(world: World) -> None:
            world.clear()
            for name, state in json.loads(saved.world).items():
                world.sections[name].load(state)

        self.sandbox.call(load)
        shutil.rmtree(self.store, ignore_errors=True)
        if saved.store.exists():
            shutil.copytree(saved.store, self.store)

    def start_again(self) -> None:
        self.restore(self._fresh)

    @contextmanager
    def named(self, where: str) -> Iterator[None]:
        """Say where the command was killed, should a law not hold afterwards."""
        try:
            yield
        except AssertionError as broken:
            broken.add_note(where)
            raise

    def words(self, verb: str, *more: str, url: str = "") -> list[str]:
        at = ["-C", str(self.root), "--sandbox", url or self.sandbox.url]
        ask = ["--yes", *ALLOW] if verb in {"apply", "rollback"} else []
        return [verb, *at, *ask, *more]

    def type(self, verb: str, *more: str) -> Said:
        return typed(*self.words(verb, *more))

    def ended(self) -> bool:
        """Whether the newest run came to its end."""
        store = Folder(self.store)
        return journal.read(store, journal.runs(store)[-1]).outcome is not None

    def type_plainly(self, verb: str, *more: str) -> Said:
        return typed(verb, "-C", self.root, *more)

    def snapshots(self) -> list[str]:
        """Ids, the newest first."""
        listed = typed("snapshot", "list", "-C", self.root, "--json").json
        return [str(one["id"]) for one in listed["snapshots"]]

    def insist_on_the_laws(self) -> None:
        """After an apply that was killed, whatever it had done by then."""
        killed = self.save()
        self.insist_on_a_right_plan()
        self.insist_on_runs_that_can_be_read()
        self.insist_on_a_way_back()
        self.restore(killed)
        self.insist_on_a_way_on()

    def insist_on_the_laws_of_going_back(self) -> None:
        """After a rollback that was killed: the same words again finish it.

        Unless it had ended and had just not said so; then they take it back, as ever.
        """
        killed = self.save()
        self.insist_on_a_right_plan()
        self.insist_on_runs_that_can_be_read()
        first, *later = reversed(self.snapshots())
        for words in (first,) if self.ended() else (first, "latest"):
            self.restore(killed)
            again = self.type("rollback", "--snapshot", words)
            assert again.code == 0, again
            assert self.bench.state() == self.before
        for taken_by_the_rollback in later:
            self.restore(killed)
            forward = self.type("rollback", "--snapshot", taken_by_the_rollback)
            assert forward.code == 0, forward
            left = self.type("plan", "--detailed-exitcode")  # but for what Google issues anew
            assert left.code == 0, left

    def insist_on_a_right_plan(self) -> None:
        """The same as somebody makes who has only the YAML and the live side."""
        elsewhere = self.root / "elsewhere"
        if not elsewhere.exists():
            shutil.copytree(self.root / "desired", elsewhere / "desired")
        ours = self.type("plan", "--json")
        theirs = typed("plan", "-C", elsewhere, "--sandbox", self.sandbox.url, "--json")
        assert (ours.code, theirs.code) == (0, 0), f"{ours}\n{theirs}"
        assert changes(ours.json) == changes(theirs.json)

    def insist_on_runs_that_can_be_read(self) -> None:
        for first in sorted(self.store.glob("runs/*/000001.json")):
            shown = typed("show", "-C", self.root, first.parent.name)
            assert shown.code == 0, shown

    def insist_on_whole_files(self) -> None:
        for file in self.store.rglob("[!.]*.json"):
            json.loads(file.read_bytes())

    def insist_on_a_way_back(self) -> None:
        """`rollback --snapshot latest`, or nothing was written yet."""
        if self.snapshots():
            back = self.type("rollback", "--snapshot", "latest")
            assert back.code == 0, back
        assert self.bench.state() == self.before

    def insist_on_a_way_on(self) -> None:
        """A second `apply` finishes, and the first snapshot still leads back."""
        first = self.snapshots()[-1:]
        on = self.type("apply")
        assert on.code == 0, on
        left = self.type("plan", "--detailed-exitcode")
        assert left.code == 0, left
        for snapshot in first or self.snapshots():
            back = self.type("rollback", "--snapshot", snapshot)
            assert back.code == 0, back
            assert self.bench.state() == self.before


def changes(plan: dict[str, Any]) -> list[Any]:
    """What would be written, wherever the plan was made."""
    return [
        (one["address"], one["change"]["actions"], one["change"]["before"], one["change"]["after"])
        for one in plan["resource_changes"]
        if one["change"]["actions"] != ["no-op"]
    ]
