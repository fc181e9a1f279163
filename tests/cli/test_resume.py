"""`apply --resume RUN`: a run that died anywhere is gone on with as the same run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from remediate.model.failpoint import watch
from remediate.stores import journal
from remediate.stores.snapshots import Snapshots
from tests.cli.conftest import Desk
from tests.cli.typed import Said
from tests.pipeline.deaths import Died, dying_at
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


def killed(desk: Desk, place: str, number: int, *words: str, since: str = "") -> bool:
    """Whether it died there, and did not come to its end before."""
    with dying_at(place, number, since):
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


def check(name: str, **spec: Any) -> dict[str, Any]:
    body = {"type": "HTTP", "httpHealthCheck": {"port": 80}, **spec}
    return document("HealthCheck", name, body)


WRITING = "snapshot.save.after"
CHECKS = "compute/v1/projects/netra-staging/global/healthChecks"


def begin(desk: Desk, *, after: bool = False, at: int = 2) -> None:
    """`one` is changed, and the run dies before or after `two` is; or one request earlier."""
    desk.bench.reset()
    desk.bench.write(check("one"), check("two"), apply={"parallelism": 1})
    assert desk.type("apply").code == 0
    desk.bench.write(
        check("one", checkIntervalSec=9), check("two", checkIntervalSec=9), apply={"parallelism": 1}
    )
    assert killed(desk, f"request.send.{'after' if after else 'before'}", at, since=WRITING)


def change(desk: Desk, name: str, **spec: Any) -> None:
    """Somebody else."""
    desk.bench.send("PATCH", f"{CHECKS}/{name}", spec)


def intervals(desk: Desk) -> list[Any]:
    lives: list[Any] = [desk.bench.live(f"HealthCheck/{name}") for name in ("one", "two")]
    return [live["checkIntervalSec"] for live in lives]


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


CONFLICTS: dict[str, tuple[str, bool, str]] = {
    "what the run has changed": ("one", False, "HealthCheck/one is not as this run left it"),
    "what nobody knows of": ("two", False, "HealthCheck/two: whether"),
    "what was changed, though nobody knew": ("two", True, "HealthCheck/two: whether"),
}


@pytest.mark.parametrize("case", CONFLICTS)
def test_somebody_elses_change_is_a_conflict_that_names_resource_field_and_values(
    case: str, desk: Desk
) -> None:
    name, after, told = CONFLICTS[case]
    begin(desk, after=after)
    change(desk, name, checkIntervalSec=77)
    desk.bench.forget_calls()
    said = desk.type("apply", "--resume", "latest")
    assert said.code == 5, said
    assert told in said.told
    was = 9 if name == "one" else 5
    assert f"/checkIntervalSec was {was}, and is 77" in said.told
    assert {verb for verb, _where in desk.bench.calls()} == {"GET"}


def test_what_the_run_has_not_touched_yet_must_be_as_it_was_planned_from(desk: Desk) -> None:
    begin(desk, at=1)
    change(desk, "two", checkIntervalSec=77)
    said = desk.type("apply", "--resume", "latest")
    assert said.code == 5, said
    told = "HealthCheck/two has changed since it was planned: /checkIntervalSec was 5, and is 77"
    assert told in said.told


def test_what_the_yaml_writes_and_the_run_was_never_about_is_not_overwritten(desk: Desk) -> None:
    """The whole of `two` was as wished, so the run had no step for it."""
    desk.bench.reset()
    desk.bench.write(check("one"), check("two", timeoutSec=4), apply={"parallelism": 1})
    assert desk.type("apply").code == 0
    desk.bench.write(
        check("one", checkIntervalSec=9), check("two", timeoutSec=4), apply={"parallelism": 1}
    )
    assert killed(desk, "request.send.before", 1, since=WRITING)
    change(desk, "two", timeoutSec=3)
    assert desk.type("apply", "--resume", "latest").code == 0
    live: Any = desk.bench.live("HealthCheck/two")
    assert live["timeoutSec"] == 3


def test_another_field_of_what_the_run_is_to_change_is_not_overwritten_either(desk: Desk) -> None:
    desk.bench.reset()
    desk.bench.write(check("one", timeoutSec=4))
    assert desk.type("apply").code == 0
    desk.bench.write(check("one", timeoutSec=4, checkIntervalSec=9))
    assert killed(desk, "request.send.before", 1, since=WRITING)
    change(desk, "one", timeoutSec=3)
    said = desk.type("apply", "--resume", "latest")
    assert said.code == 5, said
    assert "HealthCheck/one has changed since it was planned: /timeoutSec is 3" in said.told


def test_an_unrelated_change_stands_in_nobodys_way(desk: Desk) -> None:
    shared = {"ownership": "shared"}
    desk.bench.reset()
    desk.bench.write({**check("one"), "lifecycle": shared}, check("two"))
    assert desk.type("apply").code == 0
    desk.bench.write({**check("one", checkIntervalSec=9), "lifecycle": shared}, check("two"))
    assert killed(desk, "request.send.before", 1, since=WRITING)
    change(desk, "one", description="by hand")
    change(desk, "two", description="by hand")
    said = desk.type("apply", "--resume", "latest")
    assert said.code == 0, said.err
    lives: list[Any] = [desk.bench.live(f"HealthCheck/{name}") for name in ("one", "two")]
    assert [live["description"] for live in lives] == ["by hand", "by hand"]
    assert lives[0]["checkIntervalSec"] == 9


def test_a_run_is_gone_on_with_by_the_yaml_that_it_was_planned_from(desk: Desk) -> None:
    begin(desk)
    desk.bench.write(check("one", checkIntervalSec=9), check("two", checkIntervalSec=8))
    said = desk.type("apply", "--resume", "latest")
    assert said.code == 9, said
    assert "the YAML is not what run" in said.told
    assert "`remediate apply " in said.told


def test_a_run_that_came_to_its_end_has_nothing_left_to_do(desk: Desk) -> None:
    assert desk.type("apply").code == 0
    desk.bench.forget_calls()
    said = desk.type("apply", "--resume", "latest")
    assert (said.code, "has come to its end" in said.out) == (0, True), said
    assert desk.type("apply", "--resume", "latest", "--json").json["outcome"] == "done"
    assert desk.bench.calls() == []


def test_what_came_of_it_counts_the_steps_of_the_whole_run(desk: Desk) -> None:
    begin(desk)
    said = desk.type("apply", "--resume", "latest", "--json")
    assert (said.json["steps_done"], said.json["steps_total"]) == (2, 2)


@pytest.mark.parametrize("name", ["latest", "01ZZZ"])
def test_a_run_that_there_is_not_is_told_as_such(name: str, desk: Desk) -> None:
    said = desk.type("apply", "--resume", name)
    assert said.code == 9, said
    assert "there is no run" in said.told


def test_the_beginning_of_a_runs_id_will_do(desk: Desk) -> None:
    begin(desk)
    (*_, run) = journal.runs(desk.bench.store)
    assert desk.type("apply", "--resume", run[:-1]).code == 0


def test_a_run_of_another_environment_is_not_gone_on_with_here(desk: Desk) -> None:
    begin(desk)
    run = last_run(desk).run
    folder = desk.bench.root / "desired"
    text = (folder / "staging" / "all.yaml").read_text().replace('"staging"', '"other"')
    (folder / "other").mkdir()
    (folder / "other" / "all.yaml").write_text(text)
    said = desk.type("apply", "-e", "other", "--resume", run)
    assert said.code == 9, said
    assert f"run {run} is of environment staging, and this is other" in said.told


def test_a_later_run_that_wrote_to_the_same_has_taken_its_place(desk: Desk) -> None:
    begin(desk)
    run = last_run(desk).run
    assert desk.type("apply").code == 0
    said = desk.type("apply", "--resume", run)
    assert said.code == 5, said
    assert "(apply) has written to HealthCheck/two since" in said.told


def test_a_rollback_that_died_says_how_it_is_gone_on_with(desk: Desk) -> None:
    assert desk.type("apply").code == 0
    assert killed(desk, "request.send.after", 1, "rollback", "--snapshot", "latest", "--yes")
    said = desk.type("apply", "--resume", "latest")
    assert said.code == 9, said
    assert "rollback --snapshot" in said.told
    assert desk.type("rollback", "--snapshot", "latest").code == 0
    assert desk.bench.state() == desk.before


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


@pytest.mark.parametrize("more", [("--prune",), ("--target", "HealthCheck/*")])
def test_nothing_else_can_be_asked_of_a_run(more: tuple[str, ...], desk: Desk) -> None:
    said = desk.type("apply", "--resume", "latest", *more)
    assert said.code == 64, said


def test_who_approved_the_run_has_approved_the_rest_of_it(desk: Desk) -> None:
    desk.bench.reset()
    approvals = {"low": 1, "medium": 1}
    desk.bench.write(check("one"), check("two"), guards={"approvals": approvals})
    assert desk.type("apply").code == 4
    who = ("apply", "--approved-by", "ada")
    assert killed(desk, "request.send.before", 1, *who, since=WRITING)
    assert desk.type("apply", "--resume", "latest").code == 0


def database(**settings: Any) -> dict[str, Any]:
    own = {"tier": "db-g1-small", "edition": "ENTERPRISE", **settings}
    spec = {"databaseVersion": "POSTGRES_14", "region": "us-central1", "settings": own}
    return document("SqlInstance", "shop", spec)


def connector(**spec: Any) -> dict[str, Any]:
    sizes = {"minInstances": 2, "maxInstances": 3, **spec}
    own = {"network": "default", "ipCidrRange": "10.8.0.0/28", "machineType": "e2-micro", **sizes}
    return document("VpcConnector", "door", own)


def service(**spec: Any) -> dict[str, Any]:
    template = {"containers": [{"image": "us-docker.pkg.dev/cloudrun/container/hello"}], **spec}
    return document("RunService", "shop", {"template": template})


class Slow(NamedTuple):
    """A write whose operation takes long; Compute Engine's block whoever waits for them."""

    first: dict[str, Any] | None
    then: dict[str, Any]
    match: str
    asked: int = 1  # how often it is asked: Cloud Run is asked beforehand whether it would
    seconds: float = 600
    way_back: bool = True


SLOW = {
    "a database is made": Slow(None, database(), "POST */instances"),
    "a database is changed": Slow(
        database(), database(tier="db-custom-2-7680"), "PATCH */instances/*"
    ),
    "a connector is made": Slow(None, connector(), "POST */connectors"),
    "a connector is changed": Slow(
        connector(), connector(maxInstances=4), "PATCH */connectors/*", way_back=False
    ),
    "a service is made": Slow(None, service(), "POST */services", 2),
    "a service is changed": Slow(service(), service(timeout="60s"), "PATCH */services/*", 2),
    "a check is made": Slow(None, check("one"), "POST */healthChecks", seconds=0.3),
    "a check is changed": Slow(
        check("one"), check("one", checkIntervalSec=9), "PATCH */healthChecks/*", seconds=0.3
    ),
}
WAYS = [(case, way) for case, slow in SLOW.items() for way in ("on", "back")[: 1 + slow.way_back]]


@pytest.mark.parametrize(("case", "way"), WAYS)
def test_what_is_still_under_way_at_google_is_waited_for(case: str, way: str, desk: Desk) -> None:
    first, then, match, asked, seconds, _back = SLOW[case]
    desk.bench.reset()
    desk.bench.write(*([first] if first else []))
    assert desk.type("apply").code == 0
    before = desk.bench.state()
    desk.bench.write(then)
    desk.fault("slow-operation", match, asked, seconds=seconds)
    desk.bench.forget_calls()
    assert killed(desk, "operation.poll.before", 1, since=WRITING)
    if way == "on":
        said = desk.type("apply", "--resume", "latest")
        assert said.code == 0, said
        assert desk.type("plan", "--detailed-exitcode").code == 0
        verb, _, path = match.partition(" *")
        writes = [w for w, at in desk.bench.calls() if w == verb and path.strip("*") in at]
        assert len(writes) == asked
    else:
        data = ("--allow", "delete:SqlInstance/shop=a test")
        said = desk.type("rollback", "--snapshot", "latest", *data)
        assert said.code == 0, said
        assert desk.bench.state() == before


@contextmanager
def somebody_at_work(desk: Desk, name: str, attempt: int) -> Iterator[None]:
    """They write a third value, just before our request is sent for this time."""
    sent = 0

    def note(place: str) -> None:
        nonlocal sent
        sent += place == "request.send.before" and desk.bench.live(f"HealthCheck/{name}") == ours
        if sent == attempt:
            sent += 1
            theirs = {**ours, "checkIntervalSec": 77}
            desk.bench.send("PUT", f"{CHECKS}/{name}", theirs)

    end = watch(note)
    ours: Any = desk.bench.live(f"HealthCheck/{name}")
    ours = {**ours, "checkIntervalSec": 9}
    try:
        yield
    finally:
        end()


@pytest.mark.parametrize(("name", "code"), [("one", 5), ("two", 7)])
def test_a_third_value_while_nobody_knows_is_a_conflict_and_stays(
    name: str, code: int, desk: Desk
) -> None:
    """5 where nothing else was written, 7 where something was."""
    desk.bench.reset()
    both = {"parallelism": 1}
    desk.bench.write(check("one"), check("two"), apply=both)
    assert desk.type("apply").code == 0
    desk.bench.write(check("one", checkIntervalSec=9), check("two", checkIntervalSec=9), apply=both)
    desk.fault("lost", f"PATCH */healthChecks/{name}", 1_000_000)
    with somebody_at_work(desk, name, 1):
        said = desk.type("apply")
    assert said.code == code, said
    assert f"HealthCheck/{name}: whether patch took effect is not known" in said.told
    assert "/checkIntervalSec was 5, and is 77" in said.told
    live: Any = desk.bench.live(f"HealthCheck/{name}")
    assert live["checkIntervalSec"] == 77
