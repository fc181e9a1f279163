"""`apply --resume RUN`: a run that died anywhere is gone on with as the same run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from remediate.model.failpoint import watch
from remediate.stores import journal
from remediate.stores.snapshots import Snapshots
from tests.cli.conftest import Desk
from tests.cli.typed import Said
from tests.pipeline.deaths import Died, dying_at

PLACES = (
    "journal.record.before",
    "journal.record.after",
    "snapshot.save.before",
    "snapshot.save.after",
    "request.send.before",
    "request.send.after",
    "ledger.save.before",
    "ledger.save.after",
)


@contextmanager
def counting(found: Counter[str]) -> Iterator[None]:
    end = watch(lambda place: found.update([place]))
    try:
        yield
    finally:
        end()


def killed(desk: Desk, place: str, number: int, *words: str) -> bool:
    """Whether it died there, and did not come to its end before."""
    with dying_at(place, number):
        try:
            desk.type(*(words or ("apply",)))
        except Died:
            return True
    return False


def last_run(desk: Desk) -> journal.Story:
    store = desk.bench.store
    return journal.read(store, journal.runs(store)[-1])


def begun(desk: Desk) -> bool:
    return bool(journal.runs(desk.bench.store))


def insist_on_the_same_run_ended_well(desk: Desk, said: Said) -> None:
    assert said.code == 0, said
    (run,) = journal.runs(desk.bench.store)
    assert journal.read(desk.bench.store, run).outcome == "done"
    left = desk.type("plan", "--detailed-exitcode")
    assert left.code == 0, left
    (snapshot,) = Snapshots(desk.bench.store).ids()
    back = desk.type("rollback", "--snapshot", snapshot)
    assert back.code == 0, back
    assert desk.bench.state() == desk.before


@pytest.fixture
def again(desk: Desk) -> Callable[[], None]:
    """The same world and store as in the beginning."""

    def reset() -> None:
        desk.bench.reset("dns-outage")

    return reset


@pytest.mark.parametrize("place", PLACES)
def test_a_run_that_died_there_is_gone_on_with_to_its_end_and_back(
    place: str, desk: Desk, again: Callable[[], None]
) -> None:
    passed: Counter[str] = Counter()
    with counting(passed):
        assert desk.type("apply").code == 0
    for number in range(1, passed[place] + 1):
        again()
        assert killed(desk, place, number)
        if not begun(desk):
            continue
        try:
            insist_on_the_same_run_ended_well(desk, desk.type("apply", "--resume", "latest"))
        except AssertionError as broken:
            broken.add_note(f"died at {place}, number {number} of {passed[place]}")
            raise
