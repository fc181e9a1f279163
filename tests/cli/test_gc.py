"""`remediate gc` as it is typed: what it shows, what it exits with, what it leaves."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import Desk
from tests.cli.typed import Said
from tests.pipeline.documents import address, certificate
from tests.pipeline.test_gc import EDGE, GONE
from tests.report.test_machine import schema
from tests.workbench import Workbench

DELETED = """\
Plan for staging (project netra-staging): to delete what was set aside until now
- delete

-   TargetHttpProxy/plain
      urlMap UrlMap/main
-   UrlMap/main
      defaultUrlRedirect.httpsRedirect true, defaultUrlRedirect.stripQuery false

Changes  2 to delete
Risk     high at most: delete TargetHttpProxy/plain
Undo     exact, for every step
Time     about 1.6 s
"""


@pytest.fixture
def aside(workbench: Workbench) -> Desk:
    """The front is gone, and what stood behind it is set aside."""
    workbench.reset()
    workbench.write(*EDGE)
    workbench.apply()
    desk = Desk(workbench, workbench.state())
    workbench.write(address())
    said = desk.type("apply", "--prune", "--allow", "too-many-deletes=the front moves")
    assert said.code == 0, said
    assert said.out.startswith("Applied: 1 deleted, 2 set aside (3 steps, run ")
    return desk


def test_a_plan_says_what_is_set_aside_and_when_it_goes(workbench: Workbench) -> None:
    workbench.reset()
    workbench.write(*EDGE, apply={"retention": "36h"})
    workbench.apply()
    workbench.write(address(), apply={"retention": "36h"})
    said = Desk(workbench, {}).type("plan", "--prune")
    assert "(-) UrlMap/main\n      deleted by `remediate gc` after 36 hours\n" in said.out
    assert "Changes  1 to delete, 2 to set aside\n" in said.out
    assert "--allow too-many-deletes=REASON" in said.out  # what is set aside is counted too
    assert max(map(len, said.out.splitlines())) <= 80


def test_a_dry_run_shows_what_would_go_and_writes_nothing(aside: Desk) -> None:
    aside.bench.forget_calls()
    said = aside.type("gc", "--dry-run", "--retention", "0s")
    assert said.code == 0, said
    assert said.out.startswith(DELETED)
    assert "\nNext:\n  remediate gc --retention 0s" in said.out
    assert {method for method, _path in aside.bench.calls()} == {"GET"}
    assert aside.type("gc", "--dry-run", "--retention=0s", "--detailed-exitcode").code == 2
    assert aside.type("gc", "--dry-run", "--detailed-exitcode").code == 0


def test_nothing_goes_before_its_time_and_it_says_when(aside: Desk) -> None:
    said = aside.type("gc")
    assert said.code == 0, said
    assert said.out.startswith(
        "Nothing to do: nothing can go of what was set aside 7 days ago or earlier\n(staging).\n"
    )
    assert "UrlMap/main may be deleted from 20" in said.out
    assert "Nothing" not in said.err


def test_what_is_deleted_can_be_had_back(aside: Desk) -> None:
    before = aside.bench.state()
    said = aside.type("gc", "--retention", "0s")
    assert said.code == 0, said
    assert said.out.startswith("Cleared away: 2 deleted (2 steps, run ")
    assert "To take it back:\n  remediate rollback --snapshot " in said.out
    assert said.err.splitlines()[1:5] == DELETED.splitlines()[:4]
    assert aside.bench.live("UrlMap/main") is None
    back = aside.type("rollback", "--snapshot", "latest")
    assert back.code == 0, back
    assert aside.bench.state() == before
    assert aside.type("show", run_of(said)).out.startswith(f"Run {run_of(said)}: gc of staging")


def run_of(said: Said) -> str:
    return said.out.partition("run ")[2].partition(")")[0]


def test_a_guard_that_denies_leaves_with_4(workbench: Workbench) -> None:
    workbench.reset()
    workbench.write(certificate(**GONE), address())
    workbench.apply()
    workbench.write(address())
    workbench.apply(prune=True)
    desk = Desk(workbench, {})
    for words in (("--dry-run",), ()):
        said = desk.type("gc", "--retention", "0s", *words)
        assert said.code == 4, said
        assert "irreversible:SslCertificate/brought=REASON" in said.out + said.err
    assert workbench.live("SslCertificate/brought") is not None
    said = desk.type("gc", "--retention=0s", "--allow", "irreversible=it is in the vault")
    assert said.code == 0, said
    assert workbench.live("SslCertificate/brought") is None


def test_json_is_all_there_is_on_stdout(aside: Desk, tmp_path: Path) -> None:
    shown = aside.type("gc", "--dry-run", "--retention=0s", "--json")
    jsonschema.validate(shown.json, schema("plan"))
    ours = shown.json["remediate"]
    assert (ours["desired_digest"], ours["retention_s"]) == ("gc:0s", 0)
    assert [each["change"]["actions"] for each in shown.json["resource_changes"]] == [
        ["delete"]
    ] * 2
    done = aside.type("gc", "--retention=0s", "--json", "--json-out", str(tmp_path / "x.json"))
    jsonschema.validate(done.json, schema("outcome"))
    assert (done.json["verb"], done.json["summary"]["delete"]) == ("gc", 2)
    nothing = aside.type("gc", "--retention=0s", "--json")
    assert (nothing.json["run"], nothing.json["steps_total"]) == (None, 0)


def test_the_plan_of_a_removal_is_read_by_policies_on_deletions(workbench: Workbench) -> None:
    workbench.reset()
    workbench.write(*EDGE)
    workbench.apply()
    workbench.write(address())
    plan = Desk(workbench, {}).type("plan", "--prune", "--json").json
    jsonschema.validate(plan, schema("plan"))
    assert {json.dumps(one["change"]["actions"]) for one in plan["resource_changes"]} == {
        '["delete"]'
    }
    assert [one["action"] for one in plan["remediate"]["changes"]] == [
        "delete",
        "set-aside",
        "set-aside",
    ]
    assert plan["remediate"]["summary"]["set_aside"] == 2


def test_a_choice_that_matches_nothing_leaves_with_9(aside: Desk) -> None:
    said = aside.type("gc", "--target", "HealthCheck/*")
    assert said.code == 9, said
    assert "--target HealthCheck/* matches nothing that was set aside in staging" in said.err


def test_a_retention_that_is_none_leaves_with_64(aside: Desk) -> None:
    said = aside.type("gc", "--retention", "a week")
    assert said.code == 64, said
    assert "a duration such as 30s, 60m, 1h30m or 7d was expected" in said.err


def test_after_seven_days_of_the_sandboxes_clock_it_goes(aside: Desk) -> None:
    aside.bench.send("POST", "_sandbox/clock:advance", {"seconds": 7 * 86_400})
    said = aside.type("gc", "--yes")
    assert said.code == 0, said
    assert said.out.startswith("Cleared away: 2 deleted")
    assert aside.type("plan", "--prune", "--detailed-exitcode").code == 0
