"""One run at a time, and none is locked out by a dead one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest

from remediate.model.clock import Clock
from remediate.model.errors import Locked, Stale, StoreDamaged, Unreachable
from remediate.model.ref import parse_ref
from remediate.stores.actor import Actor
from remediate.stores.bucket import Bucket
from remediate.stores.claim import Claim
from remediate.stores.folder import Folder
from remediate.stores.journal import Journal, Kind, read
from remediate.stores.ledger import Entry, Ledger
from remediate.stores.lock import HEARTBEAT, LIFE, SURE, Lease, lock
from remediate.stores.lock_break import break_lock
from remediate.stores.store import Store
from tests.clocks import FakeClock
from tests.stores.buckets import WRITES, Cloud
from tests.stores.conftest import ACTOR

OTHER = Actor("bob", "other", 43, "/home/bob")
REF, ENTRY = parse_ref("UrlMap/main"), Entry("main", {"description": "x"})

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


class Acting(FakeClock):
    """While somebody waits, others act."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act = act

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._act()


def beat(clock: FakeClock, lease: Lease, seconds: float) -> None:
    clock.sleep(seconds)
    lease.renew()


def begun(store: Store, run: str, clock: Clock) -> Journal:
    journal = Journal(store, run, clock)
    journal.note(Kind.RUN_BEGUN, who="ada")
    return journal


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


def test_what_was_taken_away_is_noticed_at_the_next_beat(store: Folder, clock: FakeClock) -> None:
    file = store.root / "locks/staging.json"
    with lock(store, "staging", "RUN-1", clock, ACTOR) as lease:
        other = {**json.loads(file.read_text()), "run": "RUN-2", "nonce": "another"}
        file.write_text(json.dumps(other))
        lease.check()
        with pytest.raises(Locked, match="RUN-2"):
            lease.renew()
        with pytest.raises(Locked, match="RUN-2"):
            lease.check()
    assert json.loads(file.read_text()) == other


def test_in_a_folder_a_pause_takes_nothing_away(store: Folder, clock: FakeClock) -> None:
    with lock(store, "staging", "RUN-1", clock, ACTOR) as lease:
        clock.sleep(100 * LIFE)
        lease.check()
    content = json.loads((store.root / "locks/staging.json").read_text())
    assert content["beats"] == 1
    assert content["released"] == "2026-11-23T04:40:00Z"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "soon"}', '{"runs": 5, "pid": []}'])
def test_a_lease_that_cannot_be_read_locks_nobody_out(
    store: Folder, clock: FakeClock, content: str
) -> None:
    store.create("locks/staging.json", content.encode())
    with lock(store, "staging", "RUN-1", clock, ACTOR) as lease:
        lease.check()


def test_a_lease_of_a_later_version_is_not_judged(store: Folder, clock: FakeClock) -> None:
    store.create("locks/staging.json", b'{"format_version": 99, "released": "yes"}')
    with (
        pytest.raises(StoreDamaged, match="format 99"),
        lock(store, "staging", "RUN-1", clock, ACTOR),
    ):
        pass


def test_a_lease_of_the_first_version_is_understood(store: Folder, clock: FakeClock) -> None:
    old = {"format_version": 1, "run": "OLD", "acquired": "2026-11-22T03:00:00Z", **ACTOR.to_json()}
    store.create("locks/staging.json", json.dumps(old).encode())
    with lock(store, "staging", "RUN-1", clock, ACTOR) as lease:
        assert "run OLD ended" in lease.notice
    assert read(store, "OLD").records[0].kind == Kind.RUN_FENCED


def test_a_broken_claim_lets_the_next_one_in_though_its_process_lives(
    store: Folder, clock: FakeClock
) -> None:
    with lock(store, "staging", "RUN-1", clock, ACTOR) as first:
        journal = begun(store, "RUN-1", clock)
        break_lock(store, "staging", clock, OTHER, "it hangs")
        with lock(store, "staging", "RUN-2", clock, OTHER) as second:
            second.check()
            with pytest.raises(Locked):
                journal.note(Kind.NOTED, what="still here")
            with pytest.raises(Locked, match="RUN-2"):
                first.renew()
    fenced = read(store, "RUN-1").records[-1]
    assert (fenced.kind, fenced.facts["reason"], fenced.facts["who"]) == (
        "run-fenced",
        "it hangs",
        "bob",
    )


def test_what_nobody_holds_cannot_be_broken(store: Folder, clock: FakeClock) -> None:
    assert break_lock(store, "staging", clock, ACTOR, "") is None
    with lock(store, "staging", "RUN-1", clock, ACTOR):
        pass
    assert break_lock(store, "staging", clock, ACTOR, "") is None


def test_a_broken_claim_is_told_to_whoever_had_it(store: Folder, clock: FakeClock) -> None:
    with lock(store, "staging", "RUN-1", clock, ACTOR) as lease:
        break_lock(store, "staging", clock, OTHER, "it hangs")
        with pytest.raises(Locked, match="it was broken: it hangs"):
            lease.renew()


def test_in_a_bucket_a_holder_that_is_heard_of_keeps_others_out(cloud: Cloud) -> None:
    holder = FakeClock()
    with lock(cloud.bucket(clock=holder), "staging", "RUN-1", holder, ACTOR) as lease:
        waiting = Acting(lambda: beat(holder, lease, 10))
        told: list[str] = []
        with (
            pytest.raises(Locked, match="run RUN-1 by ada@desk") as raised,
            lock(cloud.bucket(), "staging", "RUN-2", waiting, OTHER, told.append),
        ):
            pass
        assert waiting.monotonic() < HEARTBEAT
        assert told == [f"{raised.value}; seeing for up to 60 s if it is alive"]
        lease.check()


def test_in_a_bucket_a_silent_holder_is_outwaited_and_fenced(cloud: Cloud) -> None:
    holder, waiting = FakeClock(), FakeClock()
    with lock(cloud.bucket(clock=holder), "staging", "RUN-1", holder, ACTOR) as first:
        journal = begun(cloud.bucket(), "RUN-1", holder)
        with lock(cloud.bucket(), "staging", "RUN-2", waiting, OTHER) as second:
            assert LIFE <= waiting.monotonic() <= LIFE + 10
            assert "RUN-1 ended without releasing" in second.notice
            with pytest.raises(Locked):
                journal.note(Kind.NOTED, what="still here")
            with pytest.raises(Locked, match="RUN-2"):
                first.renew()
            second.check()


def test_a_holder_stops_well_before_anybody_may_take_over(cloud: Cloud) -> None:
    clock = FakeClock()
    with lock(cloud.bucket(clock=clock), "staging", "RUN-1", clock, ACTOR) as lease:
        clock.sleep(SURE - 0.1)
        lease.check()
        lease.renew()
        clock.sleep(SURE - 0.1)
        lease.check()
        clock.sleep(0.2)
        with pytest.raises(Locked, match="could not be renewed for 45 s"):
            lease.check()
    assert SURE < LIFE


def test_a_wall_clock_that_is_set_takes_nothing_away(cloud: Cloud) -> None:
    ahead = FakeClock()
    ahead.start += timedelta(days=365)
    holder = FakeClock()
    with lock(cloud.bucket(clock=holder), "staging", "RUN-1", holder, ACTOR) as lease:
        waiting = Acting(lambda: beat(holder, lease, 1))
        waiting.start = ahead.start
        with (
            pytest.raises(Locked),
            lock(cloud.bucket(), "staging", "RUN-2", waiting, OTHER),
        ):
            pass


def test_a_renewal_whose_answer_was_lost_is_ours(cloud: Cloud) -> None:
    clock = FakeClock()
    impatient = Bucket(cloud.objects(clock, each=0.0), "team/", clock)
    with lock(impatient, "staging", "RUN-1", clock, ACTOR) as lease:
        cloud.fault("lost", WRITES)
        with pytest.raises(Unreachable):
            lease.renew()
        lease.check()
        lease.renew()
        lease.check()


def test_a_taker_that_died_before_it_fenced_leaves_that_to_the_next(cloud: Cloud) -> None:
    clock = FakeClock()
    bucket = cloud.bucket(clock=clock)
    journal = begun(bucket, "RUN-1", clock)
    now = "2026-11-23T03:00:00Z"
    claim = Claim("staging", "RUN-2", ACTOR, now, now, runs=("RUN-2",), fences=("RUN-1",))
    bucket.create("locks/staging.json", claim.to_bytes())
    with lock(bucket, "staging", "RUN-3", clock, OTHER):
        with pytest.raises(Locked):
            journal.note(Kind.NOTED, what="still here")
        assert read(bucket, "RUN-2").records[0].kind == Kind.RUN_FENCED


def test_every_run_under_a_lock_is_fenced_with_it(cloud: Cloud) -> None:
    clock = FakeClock()
    bucket = cloud.bucket(clock=clock)
    with lock(bucket, "staging", "RUN-1", clock, ACTOR) as lease:
        lease.add("RUN-1-BACK")
        journal = begun(bucket, "RUN-1-BACK", clock)
        with lock(cloud.bucket(), "staging", "RUN-2", clock, OTHER), pytest.raises(Locked):
            journal.note(Kind.NOTED, what="still here")


@pytest.mark.parametrize("there", [True, False])
def test_a_ledger_of_before_cannot_be_saved_after(cloud: Cloud, there: bool) -> None:  # noqa: FBT001 - a case
    clock = FakeClock()
    bucket = cloud.bucket(clock=clock)
    if there:
        Ledger(bucket, "staging").save()
    with lock(bucket, "staging", "RUN-1", clock, ACTOR):
        old = Ledger(bucket, "staging")
        old.remember(REF, ENTRY)
        with lock(cloud.bucket(), "staging", "RUN-2", clock, OTHER):
            with pytest.raises(Stale):
                old.save()
            new = Ledger(cloud.bucket(), "staging")
            assert (new.exists, new.resources) == (there, {})
            new.remember(REF, ENTRY)
            new.save()
    assert Ledger(bucket, "staging").resources == {REF: ENTRY}
