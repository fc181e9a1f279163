"""`apply --resume RUN`: a run that died anywhere is gone on with as the same run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from remediate.model.failpoint import watch
from remediate.stores import journal
from remediate.stores.snapshots import Snapshots
from tests.cli.conftest import Desk
from tests.cli.half_way import WRITING, begin, check, intervals, killed, last_run
from tests.cli.typed import Said
from tests.workbench import document

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


def few(count: int) -> list[int]:
    """The first, the last, and some between."""
    return sorted({1, 2, (count + 1) // 2, count} & {*range(1, count + 1)})


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
    for number in few(passed[place]):
        again()
        assert killed(desk, place, number)
        if not begun(desk):
            continue
        try:
            insist_on_the_same_run_ended_well(desk, desk.type("apply", "--resume", "latest"))
        except AssertionError as broken:
            broken.add_note(f"died at {place}, number {number} of {passed[place]}")
            raise


@pytest.mark.parametrize("place", ["journal.record.after", "journal.record.before"])
def test_a_run_that_dies_again_and_again_while_it_is_gone_on_with_comes_to_its_end(
    place: str, desk: Desk
) -> None:
    assert killed(desk, place, 2)
    for number in (3, 2, 4):
        assert killed(desk, place, number, "apply", "--resume", "latest")
    insist_on_the_same_run_ended_well(desk, desk.type("apply", "--resume", "latest"))


@pytest.mark.parametrize("after", [False, True])
def test_what_was_begun_is_done_once_whether_or_not_it_had_an_effect(
    after: bool,  # noqa: FBT001 - a case
    desk: Desk,
) -> None:
    begin(desk, after=after)
    desk.bench.forget_calls()
    said = desk.type("apply", "--resume", "latest")
    assert said.code == 0, said
    assert intervals(desk) == [9, 9]
    writes = [where for verb, where in desk.bench.calls() if verb in {"PUT", "PATCH"}]
    assert len(writes) == (0 if after else 1)


def request_ids(desk: Desk) -> list[str]:
    calls: Any = desk.bench.send("GET", "_sandbox/calls")
    return [call["query"]["requestId"] for call in calls["calls"] if "requestId" in call["query"]]


def test_the_same_request_goes_again_under_the_id_that_the_journal_has(desk: Desk) -> None:
    begin(desk)
    *_, last = (r for r in last_run(desk).records if r.kind == journal.Kind.STEP_BEGUN)
    request: Any = last.facts["request"]
    desk.bench.forget_calls()
    assert desk.type("apply", "--resume", "latest").code == 0
    assert request_ids(desk) == [request["requestId"]]


@pytest.mark.parametrize("change", [1, 3], ids=["deleting them", "making them again"])
def test_record_sets_are_deleted_and_made_again_by_two_requests(change: int, desk: Desk) -> None:
    desk.bench.reset()
    records = {"www": {"A": {"ttl": 300, "values": ["203.0.113.1"]}}}
    spec = {"dnsName": "example.com.", "visibility": "public", "records": records}
    desk.bench.write(document("DnsZone", "main", spec))
    assert desk.type("apply").code == 0
    desk.bench.write(document("DnsZone", "main", {**spec, "visibility": "private"}))
    words = ("apply", "--allow", "zone-replace:DnsZone/main=meant so")
    assert killed(desk, "request.send.before", change, *words, since=WRITING)
    said = desk.type("apply", "--resume", "latest")
    assert said.code == 0, said
    assert desk.bench.live("DnsZone/main/www.example.com./A") is not None


def test_what_came_of_it_counts_the_steps_of_the_whole_run(desk: Desk) -> None:
    begin(desk)
    said = desk.type("apply", "--resume", "latest", "--json")
    assert (said.json["steps_done"], said.json["steps_total"]) == (2, 2)


def test_the_beginning_of_a_runs_id_will_do(desk: Desk) -> None:
    begin(desk)
    (*_, run) = journal.runs(desk.bench.store)
    assert desk.type("apply", "--resume", run[:-1]).code == 0


@pytest.mark.parametrize("place", ["ledger.save.before", "journal.record.after"])
def test_the_ledger_follows_what_the_journal_knows(place: str, desk: Desk) -> None:
    assert desk.type("apply").code == 0
    whole = desk.bench.ledger
    desk.bench.reset("dns-outage")
    assert killed(desk, place, 4)
    assert desk.type("apply", "--resume", "latest").code == 0
    ours = desk.bench.ledger
    assert ours.resources == whole.resources
    assert {*ours.records("netrasystems-staging")} == {*whole.records("netrasystems-staging")}


def test_a_torn_last_record_is_cut_off(desk: Desk) -> None:
    begin(desk)
    store = desk.bench.store
    run = last_run(desk).run
    newest = store.root / store.list(f"runs/{run}/")[-1]
    newest.write_bytes(newest.read_bytes()[:40])
    assert desk.type("apply", "--resume", "latest").code == 0
    assert intervals(desk) == [9, 9]
    assert journal.read(store, run).outcome == "done"


def test_what_was_asked_of_the_run_is_asked_of_it_again(desk: Desk) -> None:
    desk.bench.reset()
    desk.bench.write(check("one"), check("two"))
    assert killed(
        desk, "request.send.before", 1, "apply", "--target", "HealthCheck/one", since=WRITING
    )
    assert desk.type("apply", "--resume", "latest").code == 0
    assert desk.bench.live("HealthCheck/one") is not None
    assert desk.bench.live("HealthCheck/two") is None


def test_a_run_says_who_went_on_with_it_and_what_was_settled_by_looking(desk: Desk) -> None:
    begin(desk, after=True)
    run = last_run(desk).run
    half = desk.type("show", run)
    assert "The way on:" in half.out
    assert f"apply --resume {run}" in " ".join(half.out.split())
    assert desk.type("apply", "--resume", run).code == 0
    whole = desk.type("show", run)
    assert "gone on with 20" in whole.out
    assert "done, as a look has shown" in whole.out
    assert "The way on:" not in whole.out


def test_what_is_asked_for_again_is_told_as_one(desk: Desk) -> None:
    begin(desk)
    run = last_run(desk).run
    assert desk.type("apply", "--resume", run).code == 0
    assert "no end is written; asked for again as step 3" in desk.type("show", run).out


def test_who_approved_the_run_has_approved_the_rest_of_it(desk: Desk) -> None:
    desk.bench.reset()
    approvals = {"low": 1, "medium": 1}
    desk.bench.write(check("one"), check("two"), guards={"approvals": approvals})
    assert desk.type("apply").code == 4
    who = ("apply", "--approved-by", "ada")
    assert killed(desk, "request.send.before", 1, *who, since=WRITING)
    assert desk.type("apply", "--resume", "latest").code == 0
