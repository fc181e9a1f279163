"""What is told to be typed next can be typed as it stands, and does what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from remediate.model.clock import SystemClock
from remediate.stores.lock import lock
from remediate.stores.snapshots import Snapshots
from tests.cli.conftest import Desk
from tests.cli.half_way import WRITING, begin, intervals, killed, last_run
from tests.cli.typed import Said, typed
from tests.workbench import document

ALWAYS = 1_000_000
TARGETS = ("--target", "DnsZone/*", "--lower-ttl")
REASON = ("--allow", "dns-apex=a test, with words")


def to_type(text: str) -> list[str]:
    """Every command of ours in a text, whole: in backticks, or on lines of its own.

    But for `iam`, which is no way on or back: it says what to grant.
    """
    whole = text.replace(" \\\n", " ")
    own = re.findall(r"^ +(remediate .*)$", whole, re.MULTILINE)
    return re.findall(r"`(remediate (?!iam)[^`]*)`", whole) + [
        " ".join(each.split()) for each in own
    ]


def type_again(line: str) -> Said:
    """As a shell would take it: the line as it was printed."""
    words = shlex.split(line)
    assert words[0] == "remediate"
    return typed(*words[1:])


def test_the_way_back_of_an_apply_can_be_typed_as_it_stands(desk: Desk) -> None:
    (back,) = to_type(desk.type("apply").out)
    assert type_again(back).code == 0
    assert desk.bench.state() == desk.before


def test_the_way_on_from_a_plan_carries_every_option_of_it(desk: Desk) -> None:
    said = desk.type("plan", "-e", "staging", *TARGETS, *REASON)
    (following,) = to_type(said.out)
    folder, sandbox = desk.words()[:2], desk.words()[2:]
    for words in (TARGETS, REASON, ("-e", "staging"), folder, sandbox):
        assert shlex.join(words) in following
    assert type_again(following).code == 0


def test_both_ways_from_a_failure_can_be_typed_as_they_stand(desk: Desk) -> None:
    desk.fault("forbidden", "PATCH *", ALWAYS)
    said = desk.type("apply", "--exclude", "SslPolicy/*")
    assert said.code == 7, said
    show, on, back = to_type(said.err.partition("what to do: ")[2])
    assert " --resume " in on  # the run knows what it was asked
    assert "--exclude" not in on + back
    desk.mend()
    assert "was refused" in " ".join(type_again(show).out.split())
    assert type_again(on).code == 0
    assert type_again(back).code == 0
    assert desk.bench.state() == desk.before
    over = type_again(on)
    assert over.code == 0, over  # it came to its end; what was taken back is not applied just so
    assert desk.bench.state() == desk.before


def test_an_apply_after_one_that_died_says_how_to_go_on_with_it_and_goes_on(desk: Desk) -> None:
    begin(desk, after=True)
    run = last_run(desk).run
    said = desk.type("apply")
    assert said.code == 0, said
    told = " ".join(said.err.split())
    assert f"run {run} ended without releasing staging; took over" in told
    (on,) = [line for line in to_type(told) if "--resume" in line]
    assert f"run {run} was cut short: `{on}` goes on with it; this apply plans anew" in told
    assert intervals(desk) == [9, 9]
    assert "cut short" not in desk.type("apply").err


@pytest.mark.parametrize("way", ["resumed", "broken"])
def test_that_is_said_unless_it_is_what_was_typed(way: str, desk: Desk) -> None:
    begin(desk)
    if way == "broken":
        assert desk.type("lock", "break").code == 0
    said = desk.type("apply", *(("--resume", "latest") if way == "resumed" else ()))
    assert said.code == 0, said
    assert ("was cut short" in said.err) is (way != "resumed")


def test_a_rollback_that_died_is_gone_on_with_by_the_same_words(desk: Desk) -> None:
    assert desk.type("apply").code == 0
    (snapshot,) = Snapshots(desk.bench.store).ids()
    back = ("rollback", "--snapshot", "latest")
    assert killed(desk, "request.send.before", 2, *back, since=WRITING)
    said = desk.type("apply")
    assert f"remediate rollback --snapshot {snapshot}" in " ".join(said.err.split())


def test_the_way_back_of_a_half_done_run_ends_the_way_on(desk: Desk) -> None:
    desk.fault("forbidden", "PATCH *", ALWAYS)
    said = desk.type("apply", "--exclude", "SslPolicy/*")
    _show, on, back = to_type(said.err.partition("what to do: ")[2])
    desk.mend()
    assert type_again(back).code == 0
    refused = type_again(on)
    assert refused.code == 5, refused
    assert "(rollback) has written to" in refused.told
    assert desk.bench.state() == desk.before


def test_a_failure_before_the_first_write_says_that_nothing_was_changed(desk: Desk) -> None:
    """The names do not resolve yet, and the records that would mend that are left out."""
    said = desk.type("apply", "--target", "SslCertificate/*", "--target", "TargetHttpsProxy/*")
    assert said.code == 3, said
    assert "\nNothing was changed.\n" in said.err
    assert "takes back" not in said.err
    assert "should lead to the load balancer's 203.0.113.10 alone" in said.told
    (again,) = to_type(said.err)
    assert again.startswith("remediate apply --target 'SslCertificate/*' --target ")
    assert desk.bench.state() == desk.before


def test_what_google_refuses_is_told_once_and_where_to_read_more(desk: Desk) -> None:
    check = document("HealthCheck", "one", {"type": "HTTP", "httpHealthCheck": {"port": 80}})
    desk.bench.write(check)
    desk.fault("forbidden", "POST *healthChecks*", ALWAYS)
    said = desk.type("apply")
    assert said.code == 10, said
    assert said.told.count("was refused") == 1
    assert "\nNothing was changed.\n" in said.err
    show, *_ = to_type(said.err)
    run = type_again(show)
    assert run.code == 0
    assert "FAILED: " in run.out


def test_every_line_but_a_command_or_a_name_fits_eighty_columns(desk: Desk) -> None:
    desk.fault("forbidden", "PATCH *", ALWAYS)
    said = desk.type("apply")
    long = [line for line in said.err.splitlines() if len(line) > 80 and "`remediate" not in line]
    assert not long


def test_a_run_tells_what_each_step_of_one_resource_was_for(desk: Desk) -> None:
    assert desk.type("apply").code == 0
    run = desk.type("show", Snapshots(desk.bench.store).latest("staging").run).out
    told = " ".join(run.split())
    for note in ("attach beside the old", "put the new first", "detach the old"):
        assert f"update TargetHttpsProxy/staging-https-proxy ({note}" in told
    (back,) = to_type(run)
    assert type_again(back).code == 0


def test_snapshots_tell_a_sandboxs_from_googles_and_latest_means_the_same_everywhere(
    desk: Desk,
) -> None:
    folder = ("-C", desk.bench.root)
    assert desk.type("apply").code == 0
    newest = Snapshots(desk.bench.store).newest
    listed = typed("snapshot", "list", *folder)
    assert f"{newest}  " in listed.out
    assert "  sandbox  " in listed.out
    assert typed("snapshot", "list", *folder, "--json").json["snapshots"][0]["endpoint"] == (
        "sandbox"
    )
    shown = typed("snapshot", "show", newest, *folder).out
    assert "a sandbox)" in " ".join(shown.split())
    for words in (("snapshot", "show", "latest"), ("rollback", "--snapshot", "latest")):
        said = typed(*words, *folder)
        assert said.code == 9, said
        assert "no snapshot of staging on Google" in said.told
    assert desk.type("snapshot", "show", "latest").code == 0


def test_a_snapshot_of_the_other_side_says_how_to_go_on(desk: Desk) -> None:
    assert desk.type("apply").code == 0
    newest = Snapshots(desk.bench.store).newest
    said = typed("rollback", "--snapshot", newest, "-C", desk.bench.root)
    assert said.code == 9
    assert "what to do: Say --sandbox" in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plam",), "Did you mean plan?"),
        (("plan", "--sandbox", "ftp://x"), "ftp://x is no http URL"),
        (("gc", "--retention", "7"), "such as 30s, 60m, 1h30m or 7d"),
    ],
)
def test_a_slip_of_the_hand_is_met_with_what_was_meant(words: tuple[str, ...], told: str) -> None:
    said = typed(*words)
    assert said.code == 64
    assert told in said.told


def test_a_value_that_only_says_there_is_none_is_never_offered(tmp_path: Path) -> None:
    folder = tmp_path / "desired" / "x"
    folder.mkdir(parents=True)
    (folder / "all.yaml").write_text(
        "apiVersion: remediate/v1\nkind: Environment\nmetadata: {name: x}\n"
        "spec: {project: p-project, region: us-central1}\n---\n"
        "apiVersion: remediate/v1\nkind: HealthCheck\nmetadata: {name: y}\nspec: {type: INVALI}\n"
    )
    said = typed("validate", "-C", tmp_path)
    assert said.code == 9
    assert "HTTPS" in said.err
    assert " INVALID" not in said.err


@pytest.mark.parametrize("verb", ["plan", "drift"])
def test_who_looks_after_a_run_that_died_is_told_both_ways_from_there(
    verb: str, desk: Desk
) -> None:
    begin(desk, after=True)
    run = last_run(desk)
    assert desk.type("lock", "break").code == 0
    said = desk.type(verb)
    told = " ".join((said.out + said.err).split())
    assert f"UNFINISHED RUN: apply {run.run} stopped with 1 of 2 steps done" in told
    on, back = [line for line in to_type(told) if "--resume" in line or "rollback" in line][:2]
    assert f"--resume {run.run}" in on
    assert f"--snapshot {run.begun['snapshot']}" in back
    assert type_again(on).code == 0
    assert "UNFINISHED" not in desk.type(verb).told


def test_who_looks_while_a_run_is_under_way_is_told_that_and_not_to_go_on_with_it(
    desk: Desk,
) -> None:
    begin(desk, after=True)
    assert desk.type("lock", "break").code == 0
    with lock(desk.bench.store, "staging", last_run(desk).run, SystemClock()):
        said = desk.type("plan")
    assert "RUN UNDER WAY" in said.out
    assert "--resume" not in said.out


def test_the_newest_run_is_shown_by_latest(desk: Desk) -> None:
    assert desk.type("show", "latest").code == 9
    assert desk.type("apply").code == 0
    said = desk.type("show", "latest")
    assert said.code == 0, said
    assert said.out.startswith("Run 01")
