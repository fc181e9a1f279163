"""A move played once to its end and back; then again and again, killed on the way."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from remediate.model.errors import Stale
from tests.crash.killing import Where, die_at
from tests.crash.laws import insist_on_whole_files
from tests.crash.moves import Move
from tests.crash.scene import Saved, Scene
from tests.crash.tally import Tally
from tests.workbench import moved

_BUSY = 3600.0  # seconds; nothing takes Google longer
_PICKED = re.compile(r"203\.0\.113\.\d+|10\.128\.0\.\d+|ns-cloud-[a-e]")


@dataclass(frozen=True)
class Moment:
    """A scene as it is: what is live, what is remembered, and all of it, to come back to."""

    state: dict[str, Any]
    remembered: dict[str, Any]
    saved: Saved

    @staticmethod
    def of(scene: Scene) -> Moment:
        return Moment(_plain(scene.state()), _plain(scene.remembered()), scene.save())


class Rehearsal:
    """What a move comes to when nobody dies: the points it passes, and what it leaves behind."""

    def __init__(self, scene: Scene, move: Move, tally: Tally) -> None:
        self.scene, self.tally = scene, tally
        scene.allow = move.allow
        *before, last = move.acts
        for act in before:
            scene.bench.write(*act.documents)
            said = scene.type(*act.words)
            assert said.code == 0, said
        scene.bench.write(*last.documents)
        self.start = Moment.of(scene)
        self._known, self._runs = {*scene.snapshots()}, {*scene.begun()}
        self._words = scene.words(*last.words)
        self.points, self._effects = self._played(self._words)
        self.end = Moment.of(scene)
        self.points_back, self._effects_back = self._played(self._way_back())
        self.home = Moment.of(scene)

    def _played(self, words: Sequence[str]) -> tuple[list[str], Counter[str]]:
        self.scene.forget_effects()
        end = die_at(None, words, self.scene.said)
        assert end.code == 0, self.scene.said.read_text()
        return end.passed, self.scene.effects()

    def insist_on_a_way_on(self, first: Where, *later: Where, resume: bool = True) -> None:
        """Killed, and killed again while it goes on; the last time it comes to its end.

        It goes on as the same run; or it is typed again, and finds out itself what is left.
        """
        scene = self.scene
        scene.restore(self.start.saved)
        scene.forget_effects()
        with scene.named(f"{self._killed(self._words, first)}, then on"):
            for point in later:
                self._killed(self._way_on(resume=resume), point)
            self._done(self._way_on(resume=resume))
            insist_on_equal(self.end.state, _plain(scene.state()))
            insist_on_equal(self.end.remembered, _plain(scene.remembered()))
            insist_on_same(self._effects, scene.effects())

    def insist_on_a_way_back(self, first: Where, *later: Where) -> None:
        """Killed, and killed again while it is taken back, until it is as before."""
        scene = self.scene
        scene.restore(self.start.saved)
        with scene.named(f"{self._killed(self._words, first)}, then back"):
            if words := self._way_back():
                for point in later:
                    self._killed(words, point)
                self._done(words)
            self._is_home()

    def insist_on_the_way_back_of_all(self, first: Where, *later: Where) -> None:
        """Done, and then killed while it is taken back, and again."""
        scene = self.scene
        scene.restore(self.end.saved)
        scene.forget_effects()
        words = self._way_back()
        with scene.named(f"{self._killed(words, first)}, then back again"):
            for point in later:
                self._killed(words, point)
            self._done(words)
            self._is_home()
            insist_on_same(self._effects_back, scene.effects())

    def _killed(self, words: Sequence[str], point: Where) -> str:
        end = die_at(point, words, self.scene.said)
        where = f"{'killed' if end.at else 'alive'} at point {point}, {end.at}: {words[0]}"
        with self.scene.named(where):
            if end.at:
                self.tally.count(end.at)
                self.scene.take_from_the_dead()
            else:
                said = self.scene.said.read_text()
                assert end.code == 0 or self._is_to_wait(words, end.code, said), said
            insist_on_whole_files(self.scene)
        return where

    def _done(self, words: Sequence[str]) -> None:
        said = self.scene.type(*words)
        if self._is_to_wait(words, said.code, said.err):
            said = self.scene.type(*words)
        assert said.code == 0, said

    def _is_to_wait(self, words: Sequence[str], code: int, said: str) -> bool:
        """Told that Google is still busy with what the killed one began: then it has its time.

        A run that is gone on with waits for that by itself.
        """
        told = (
            code == Stale.exit_code
            and " is busy: " in " ".join(said.split())
            and "--resume" not in words
        )
        if told:
            self.scene.bench.advance(_BUSY)
        return told

    def _way_on(self, *, resume: bool) -> list[str]:
        mine = sorted({*self.scene.begun()} - self._runs)[-1:]
        if not resume or not mine or self._words[0] != "apply":
            return self._words
        return self.scene.words("apply", "--resume", *mine)

    def _way_back(self) -> list[str]:
        """To before the move; nothing if it has not even taken its snapshot."""
        mine = sorted({*self.scene.snapshots()} - self._known)[:1]
        return self.scene.words("rollback", "--snapshot", *mine) if mine else []

    def _is_home(self) -> None:
        """As before; or, where the way back could not be exact, no farther off than it came."""
        left = moved(self.start.state, _plain(self.scene.state()))
        allowed = moved(self.start.state, self.home.state)
        assert left.keys() <= allowed.keys(), left
        now, then = _plain(self.scene.remembered()), self.start.remembered
        for ref in sorted(now.keys() | then.keys()):
            assert now.get(ref) in (then.get(ref), self.home.remembered.get(ref)), ref


def _plain(state: dict[str, Any]) -> dict[str, Any]:
    """Without what Google picks by itself: which address it gives, and which name servers."""
    plain: dict[str, Any] = json.loads(_PICKED.sub("picked", json.dumps(state)))
    return plain


def insist_on_same(meant: Counter[str], had: Counter[str]) -> None:
    """No effect is lost, and none is doubled."""
    assert meant == had, f"lost {dict(meant - had)}, doubled {dict(had - meant)}"


def insist_on_equal(meant: dict[str, Any], found: dict[str, Any]) -> None:
    assert not (off := moved(meant, found)), off
