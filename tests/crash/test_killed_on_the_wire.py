"""SIGKILL of the installed command before and after each of its writes has had its effect."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence

from tests.cli.typed import REMEDIATE
from tests.crash.conftest import Proxy, sample
from tests.crash.killing_proxy import Trap, When
from tests.crash.laws import insist_on_the_laws, insist_on_the_laws_of_going_back
from tests.crash.scene import Scene
from tests.crash.tally import INSTALLED, Tally


def kill(trap: Trap, proxy: Proxy, words: Sequence[str], tally: Tally) -> None:
    assert run_into(trap, proxy, words) == -signal.SIGKILL
    tally.count(INSTALLED)


def run_into(trap: Trap, proxy: Proxy, words: Sequence[str]) -> int:
    """Run a command through the proxy; how it left, -9 if it was killed."""
    proxy.set_trap(trap)
    victim = subprocess.Popen(
        [str(REMEDIATE), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    trap.pid = victim.pid
    trap.ready.set()
    return victim.wait(60)


def traps(writes: int, wanted: int) -> list[tuple[int, When]]:
    """Before and after every write; turn and turn about where that is too many."""
    both: list[tuple[int, When]] = [(n, "before") for n in range(1, writes + 1)]
    both += [(n, "after") for n in range(1, writes + 1)]
    return [both[number] for number in sample(len(both), wanted)]


def writes_of(proxy: Proxy, words: Sequence[str]) -> int:
    trap = Trap(0, "before")
    assert run_into(trap, proxy, words) == 0
    return trap.seen


def test_an_apply_killed_at_any_write_can_be_planned_finished_and_taken_back(
    scene: Scene, proxy: Proxy, tally: Tally
) -> None:
    fresh = scene.save()
    words = scene.words("apply", url=proxy.url)
    for number, when in traps(writes_of(proxy, words), 5):
        scene.restore(fresh)
        kill(Trap(number, when), proxy, words, tally)
        with scene.named(f"killed {when} write {number}"):
            insist_on_the_laws(scene)


def test_a_rollback_killed_at_any_write_goes_on_or_is_taken_back(
    scene: Scene, proxy: Proxy, tally: Tally
) -> None:
    assert scene.type("apply").code == 0
    applied = scene.save()
    words = scene.words("rollback", "--snapshot", "latest", url=proxy.url)
    for number, when in traps(writes_of(proxy, words), 4):
        scene.restore(applied)
        kill(Trap(number, when), proxy, words, tally)
        with scene.named(f"killed {when} write {number}"):
            insist_on_the_laws_of_going_back(scene)
