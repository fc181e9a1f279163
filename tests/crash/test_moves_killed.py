"""A connector that takes a while to come up, and a command that is killed while it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gcp_sandbox.sandbox import Sandbox
from tests.crash.conftest import Proxy, between
from tests.crash.killing_proxy import Trap
from tests.crash.scene import Scene
from tests.crash.tally import Tally
from tests.crash.test_killed_on_the_wire import kill, traps, writes_of
from tests.pipeline.connectors import connector, connectors, service, way_out


@pytest.fixture
def moving(running_sandbox: Sandbox, quick_folder: Path) -> Iterator[Scene]:
    """The next apply makes a connector, which takes minutes, and moves a service over to it."""
    applied, wanted = (connector(), service()), (connector(maxInstances=4), service())
    with between(running_sandbox, quick_folder, applied, wanted) as scene:
        yield scene


def test_a_move_to_another_connector_killed_at_any_write_is_finished_by_the_next_apply(
    moving: Scene, proxy: Proxy, tally: Tally
) -> None:
    bench, fresh = moving.bench, moving.save()
    words = moving.words("apply", url=proxy.url)
    for number, when in traps(writes_of(proxy, words), 6):
        moving.restore(fresh)
        bench.clear_faults()
        bench.fault("slow-operation", match="POST *connectors*", seconds=180)
        kill(Trap(number, when), proxy, words, tally)
        with moving.named(f"killed {when} write {number}"):
            on = moving.type("apply")
            assert on.code == 0, on
            left = moving.type("plan", "--detailed-exitcode")
            assert left.code == 0, left
            assert way_out(bench) in connectors(bench).keys() - {"inner"}
            assert len(connectors(bench)) == 2
