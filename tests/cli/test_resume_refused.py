"""What stands in the way of going on with a run, and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jsonschema
import pytest

from remediate.model.failpoint import watch
from remediate.stores import journal
from tests.cli.conftest import Desk
from tests.cli.half_way import CHECKS, WRITING, begin, change, check, killed, last_run
from tests.pipeline.documents import http_proxy, url_map
from tests.report.test_machine import schema

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


def test_what_it_needs_and_somebody_deleted_is_named_and_no_option_that_nobody_typed(
    desk: Desk,
) -> None:
    desk.bench.reset()
    desk.bench.write(url_map("spare"), url_map(), http_proxy())
    assert desk.type("apply").code == 0
    desk.bench.write(url_map("spare"), url_map(), http_proxy(urlMap="spare"))
    assert killed(desk, "request.send.before", 1, since=WRITING)
    desk.bench.send("DELETE", f"{CHECKS.rpartition('/')[0]}/urlMaps/spare")
    said = desk.type("apply", "--resume", "latest")
    assert said.code == 5, said
    assert "needs UrlMap/spare, which was there when this was planned, and is gone" in said.told
    assert "--target" not in said.told


def test_what_was_refused_to_a_later_run_is_no_change_of_its(desk: Desk) -> None:
    begin(desk)
    desk.fault("forbidden", "PATCH *", 50)
    assert desk.type("apply").code == 10
    desk.mend()
    said = desk.type("apply", "--resume", journal.runs(desk.bench.store)[1])
    assert said.code == 0, said
    assert desk.type("plan", "--detailed-exitcode").code == 0


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
    first = desk.type("apply", "--json").json
    desk.bench.forget_calls()
    said = desk.type("apply", "--resume", "latest")
    assert (said.code, "has come to its end" in said.out) == (0, True), said
    told = desk.type("apply", "--resume", "latest", "--json").json
    jsonschema.validate(told, schema("outcome"))
    same = ("verb", "environment", "project", "digest", "run", "snapshot", "steps_done")
    assert [told[name] for name in same] == [first[name] for name in same]
    assert told["steps_total"] == told["steps_done"] > 0
    assert "has come to its end" in told["notes"][0]
    assert desk.bench.calls() == []


@pytest.mark.parametrize("name", ["latest", "01ZZZ"])
def test_a_run_that_there_is_not_is_told_as_such(name: str, desk: Desk) -> None:
    said = desk.type("apply", "--resume", name)
    assert said.code == 9, said
    assert "there is no run" in said.told


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


@pytest.mark.parametrize("more", [("--prune",), ("--target", "HealthCheck/*")])
def test_nothing_else_can_be_asked_of_a_run(more: tuple[str, ...], desk: Desk) -> None:
    said = desk.type("apply", "--resume", "latest", *more)
    assert said.code == 64, said


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
