"""One run at a time, and none is locked out by a dead one."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from remediate.model.errors import Locked
from remediate.stores.folder import Folder, FolderHold
from remediate.stores.lock import LIFE, lock
from tests.clocks import FakeClock
from tests.stores.conftest import ACTOR

HOLDER = """
import sys
from pathlib import Path
from remediate.model.clock import SystemClock
from remediate.stores.folder import Folder
from remediate.stores.lock import lock
with lock(Folder(Path(sys.argv[1])), "staging", "DEAD", SystemClock()):
    print("held", flush=True)
    sys.stdin.read()
"""


class Bucket(Folder):
    """A store that cannot promise that a holder is dead."""

    def hold(self, key: str) -> FolderHold | None:
        hold = super().hold(key)
        assert hold
        hold.release()
        hold.exclusive = False
        return hold


def test_a_second_run_is_told_who_has_it(store: Folder, clock: FakeClock) -> None:
    with lock(store, "staging", "RUN-1", clock, ACTOR) as lease:
        lease.check()
        with pytest.raises(Locked) as raised, lock(store, "staging", "RUN-2", clock, ACTOR):
            pass
        assert "run RUN-1 by ada@desk, pid 42, since 2026-11-23T03:00:00Z" in str(raised.value)
        assert raised.value.exit_code == 6
        with lock(store, "prod", "RUN-3", clock, ACTOR):
            lease.check()


def test_it_is_free_afterwards_even_after_an_error(store: Folder, clock: FakeClock) -> None:
    with pytest.raises(ZeroDivisionError), lock(store, "staging", "RUN-1", clock, ACTOR):
        raise ZeroDivisionError
    with lock(store, "staging", "RUN-2", clock, ACTOR) as lease:
        assert lease.notice == ""


def test_a_killed_run_is_taken_over_at_once_and_named(store: Folder, clock: FakeClock) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Locked, match="run DEAD by"), lock(store, "staging", "R", clock):
            pass
        holder.kill()
        holder.wait()
    with lock(store, "staging", "RUN-2", clock, ACTOR) as lease:
        assert lease.notice == "run DEAD ended without releasing staging; took over"
        lease.check()


def test_a_lease_that_was_taken_away_is_noticed(store: Folder, clock: FakeClock) -> None:
    file = store.root / "locks/staging.json"
    with lock(store, "staging", "RUN-1", clock, ACTOR) as lease:
        other = {**json.loads(file.read_text()), "run": "RUN-2"}
        file.write_text(json.dumps(other))
        with pytest.raises(Locked, match="RUN-2"):
            lease.check()
        with pytest.raises(Locked):
            lease.renew()
    assert json.loads(file.read_text()) == other


def test_a_renewed_lease_expires_later(store: Folder, clock: FakeClock) -> None:
    with lock(store, "staging", "RUN-1", clock, ACTOR) as lease:
        clock.sleep(60)
        lease.renew()
        lease.check()
    content = json.loads((store.root / "locks/staging.json").read_text())
    assert content["expires"] == "2026-11-23T03:03:00Z"
    assert content["released"] == "2026-11-23T03:01:00Z"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"expires": "soon"}'])
def test_a_lease_that_cannot_be_read_locks_nobody_out(
    store: Folder, clock: FakeClock, content: str
) -> None:
    store.create("locks/staging.json", content.encode())
    with lock(store, "staging", "RUN-1", clock, ACTOR) as lease:
        lease.check()


def test_where_a_holder_may_live_elsewhere_the_expiry_decides(
    tmp_path: Path, clock: FakeClock
) -> None:
    store = Bucket(tmp_path)
    with lock(store, "staging", "RUN-1", clock, ACTOR) as first:
        clock.sleep((LIFE - timedelta(seconds=1)).total_seconds())
        with pytest.raises(Locked, match="RUN-1"), lock(store, "staging", "RUN-2", clock, ACTOR):
            pass
        clock.sleep(1)
        with lock(store, "staging", "RUN-2", clock, ACTOR) as second:
            assert "RUN-1 ended without releasing" in second.notice
            with pytest.raises(Locked, match="RUN-2"):
                first.check()
