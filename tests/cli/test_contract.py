"""What other programs rely on: verbs, options, streams and exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from remediate.model.errors import CheckFailed, Interrupted, Locked
from remediate.pipeline.load import load
from remediate.stores.lock import lock
from remediate.stores.snapshots import Snapshots
from tests.cli.conftest import Desk
from tests.cli.typed import typed

ESCAPE = "\x1b"
A_RECORD = "DnsZone/netrasystems-staging/staging.netrasystems.ai./A"


def test_validate_needs_no_network_and_says_what_there_is(desk: Desk) -> None:
    said = typed("validate", "-C", desk.bench.root)
    assert (said.code, said.err) == (0, "")
    assert said.out == "staging is valid: 17 resources, 3 record sets\n"
    told = typed("validate", "-C", desk.bench.root, "--json").json
    assert told["valid"] is True
    assert told["record_sets"] == 3


def test_plan_says_results_on_stdout_and_progress_on_stderr(desk: Desk) -> None:
    said = desk.type("plan")
    assert said.code == 0
    assert said.out.startswith("Plan for staging")
    assert said.err == "reading 15 lists of netra-staging\n"
    assert not (desk.bench.root / ".remediate").exists()


def test_plan_exits_with_2_only_when_asked_and_only_with_changes(desk: Desk) -> None:
    assert desk.type("plan").code == 0
    assert desk.type("plan", "--detailed-exitcode").code == 2
    assert desk.type("apply").code == 0
    said = desk.type("plan", "--detailed-exitcode")
    assert said.code == 0
    assert said.out.startswith("Nothing to do")


def test_apply_says_only_its_outcome_on_stdout(desk: Desk) -> None:
    said = desk.type("apply")
    assert said.code == 0
    assert said.out.startswith("Applied: 2 created, 1 certificate rotated")
    assert re.search(r"\n  remediate rollback --snapshot \w{26} ", said.out)
    assert "[6/6]" in said.err
    again = desk.type("apply", "--yes")
    assert again.code == 0
    assert len(Snapshots(desk.bench.store).ids()) == 1


def test_rollback_goes_to_a_snapshot_by_id_by_its_beginning_and_by_latest(desk: Desk) -> None:
    assert desk.type("apply").code == 0
    identifier = Snapshots(desk.bench.store).newest
    assert desk.type("rollback", "--snapshot", identifier).code == 0
    assert desk.bench.state() == desk.before
    there_already = desk.type("rollback", "--snapshot", identifier[:20].lower())
    assert there_already.code in {0, 9}  # both ids may begin alike
    redone = desk.type("rollback", "--snapshot", "latest")
    assert redone.code == 0, redone
    assert desk.type("plan", "--detailed-exitcode").code == 0


def test_an_unknown_snapshot_leaves_with_9_and_names_the_newest(desk: Desk) -> None:
    none = desk.type("rollback", "--snapshot", "latest")
    assert (none.code, none.out) == (9, "")
    assert "there is no snapshot of staging" in none.err
    desk.type("apply")
    wrong = desk.type("rollback", "--snapshot", "01WRONG")
    assert wrong.code == 9
    assert Snapshots(desk.bench.store).newest in wrong.err
    assert desk.type("rollback").code == 64


def test_snapshots_are_taken_listed_shown_and_compared(desk: Desk) -> None:
    taken = desk.type("snapshot", "take", "--reason", "before the storm")
    assert (taken.code, taken.err.count("\n")) == (0, 1), taken
    identifier = taken.out.strip()
    listed = typed("snapshot", "list", "-C", desk.bench.root)
    assert identifier in listed.out
    assert "before the storm" in listed.out
    shown = desk.type("snapshot", "show", "latest", "--json")
    assert "DnsZone/netrasystems-staging" in shown.out
    assert desk.type("snapshot", "diff", identifier).code == 0
    desk.type("apply")
    moved = desk.type("snapshot", "diff", identifier, "live")
    assert moved.code == 2, moved
    assert A_RECORD in moved.out
    newest = Snapshots(desk.bench.store).newest
    assert desk.type("snapshot", "diff", identifier, newest).code in {0, 2}
    back = desk.type("rollback", "--snapshot", identifier)
    assert back.code == 0, back
    assert desk.bench.state() == desk.before


def test_show_reads_back_a_plan_a_snapshot_and_a_run(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    planned = desk.type("plan", "--json-out", str(file))
    assert planned.code == 0
    assert planned.out.startswith("Plan for staging")
    shown = typed("show", file)
    assert shown.code == 0
    assert A_RECORD in shown.out
    assert json.loads(file.read_text()) == typed("show", file, "--json").json
    desk.type("apply")
    snapshot = Snapshots(desk.bench.store).load(Snapshots(desk.bench.store).newest)
    for identifier in (snapshot.id, snapshot.run):
        found = typed("show", identifier, "-C", desk.bench.root)
        assert found.code == 0, found
        assert snapshot.id in found.out
    assert typed("show", "nothing", "-C", desk.bench.root).code == 9
    file.write_text("[]")
    assert typed("show", file).code == 9


def test_schema_is_one_that_the_example_satisfies(desk: Desk) -> None:
    schema = typed("schema").json
    jsonschema.Draft202012Validator.check_schema(schema)
    for file in (desk.bench.root / "desired" / "staging").glob("*.yaml"):
        for one in yaml.load_all(file.read_text(), yaml.BaseLoader):
            assert one["kind"]


@pytest.mark.parametrize("at", ["before", "after", "both"])
def test_global_options_stand_before_or_after_the_verb(at: str, desk: Desk) -> None:
    here, there = ["-C", str(desk.bench.root)], ["--sandbox", desk.bench.url]
    words = {
        "before": [*here, *there, "plan"],
        "after": ["plan", *there, *here],
        "both": [*here, "plan", *there],
    }[at]
    assert typed(*words).code == 0


def test_allowances_before_and_after_the_verb_add_up(desk: Desk) -> None:
    said = typed(
        "--allow", "protected=one", *desk.words("plan", "--allow", "too-many-deletes=two", "--json")
    )
    assert said.code == 0, said


def test_targets_narrow_a_plan_and_what_matches_nothing_is_an_error(desk: Desk) -> None:
    some = desk.type("plan", "--target", "DnsZone/*", "--json")
    assert {one["address"].partition("/")[0] for one in some.json["resource_changes"]} == {
        "DnsZone"
    }
    others = desk.type("plan", "--exclude", "DnsZone/*", "--json")
    assert "DnsZone/netrasystems-staging/staging" not in others.out
    for option in ("--target", "--exclude"):
        nothing = desk.type("plan", option, "Nothing/*")
        assert (nothing.code, nothing.out) == (9, ""), nothing
        assert "Nothing/*" in nothing.err


@pytest.mark.parametrize("word", ["no-such-rule=because", "protected", "protected=", "=reason"])
def test_an_allowance_needs_a_rule_that_there_is_and_a_reason(word: str, desk: Desk) -> None:
    said = desk.type("plan", "--allow", word)
    assert (said.code, said.out) == (9, ""), said


def test_json_is_all_there_is_on_stdout(desk: Desk, tmp_path: Path) -> None:
    for words in (
        ("plan", "--json"),
        ("plan", "--json-out", "-"),
        ("apply", "--json"),
        ("rollback", "--snapshot", "latest", "--json"),
        ("snapshot", "list", "--json"),
        ("snapshot", "show", "latest", "--json"),
        ("snapshot", "diff", "latest", "--json"),
    ):
        said = desk.type(*words)
        assert said.code == (2 if "diff" in words else 0), said
        assert isinstance(said.json, dict), words
    unwritable = desk.type("plan", "--json-out", str(tmp_path / "no" / "such" / "folder.json"))
    assert unwritable.code != 0
    assert unwritable.out == ""
    assert unwritable.err.count("error: ") == 1


def remove_a_record(desk: Desk) -> None:
    file = desk.bench.root / "desired" / "staging" / "dns.yaml"
    zone = yaml.safe_load(file.read_text())
    zone["lifecycle"] = {"onRemove": "delete"}
    file.write_text(yaml.safe_dump(zone))
    assert desk.type("apply").code == 0
    for name in [name for name in zone["spec"]["records"] if "staging" in name]:
        del zone["spec"]["records"][name]
    file.write_text(yaml.safe_dump(zone))
    file.with_name("checks.yaml").unlink()  # it expects them


def test_absence_deletes_only_with_prune_and_a_guard_has_to_agree(desk: Desk) -> None:
    remove_a_record(desk)
    kept = desk.type("plan", "--detailed-exitcode")
    assert kept.code == 0, kept
    denied = desk.type("plan", "--prune")
    assert denied.code == 4, denied
    assert denied.out.startswith("Plan for staging")
    refused = desk.type("apply", "--prune")
    assert (refused.code, refused.out) == (4, ""), refused
    assert "--allow" in refused.err
    told = json.loads(desk.type("plan", "--prune", "--json").out)["remediate"]["guards"]
    allow = [
        word
        for one in told
        if one["level"] == "deny"
        for word in ("--allow", one["allow"].split(" ", 1)[1].replace("REASON", "meant so"))
    ]
    assert desk.type("plan", "--prune", *allow).code == 0
    applied = desk.type("apply", "--prune", *allow)
    assert applied.code == 0, applied
    assert desk.bench.live(A_RECORD) is None
    runs = sorted((desk.bench.root / ".remediate" / "runs").iterdir())
    assert "meant so" in (runs[-1] / "000001.json").read_text()


def test_a_locked_environment_leaves_with_6_and_names_who_has_it(desk: Desk) -> None:
    google = desk.bench.google
    with lock(desk.bench.store, "staging", "01SOMEBODYELSE", google.clock):
        for words in (("apply",), ("rollback", "--snapshot", "latest")):
            if words[0] == "rollback":
                desk.bench.take_snapshot()
            said = desk.type(*words)
            assert (said.code, said.out) == (6, ""), said
            assert "staging is locked: run 01SOMEBODYELSE" in said.err
        assert desk.type("plan").code == 0
    assert desk.type("apply").code == 0


def test_what_is_not_ready_afterwards_leaves_with_3(desk: Desk) -> None:
    desk.bench.send("POST", "_sandbox/reset", {"scenario": "empty"})
    desk.fault("doomed-certificate", "POST *sslCertificates*")
    said = desk.type("apply")
    assert (said.code, said.out) == (CheckFailed.exit_code, "") == (3, ""), said
    assert "SslCertificate/staging-ssl-cert will not become ready" in said.err
    assert re.search(r"([0-9]+) of \1 steps are done", said.err)
    snapshot = Snapshots(desk.bench.store).newest
    assert f"remediate rollback --snapshot {snapshot}" in " ".join(said.err.split())


def test_after_json_an_error_is_json_too(desk: Desk) -> None:
    said = desk.type("plan", "--target", "Nothing/*", "--json")
    assert said.code == 9
    assert "Nothing/*" in json.dumps(said.json)
    assert said.err.startswith("reading")
    assert said.err.count("error: ") == 1


@pytest.mark.parametrize(
    "words", [("frobnicate",), ("plan", "--nope"), ("plan", "--target"), ("sandbox", "frob"), ()]
)
def test_usage_errors_leave_with_64(words: tuple[str, ...]) -> None:
    said = typed(*words)
    assert said.code == 64, said


@pytest.mark.parametrize(
    "words", [("--help",), ("plan", "--help"), ("snapshot", "--help"), ("--version",)]
)
def test_help_is_a_result(words: tuple[str, ...]) -> None:
    said = typed(*words)
    assert said.code == 0
    assert said.out
    assert said.err == ""


def test_v_tells_every_request_on_stderr(desk: Desk) -> None:
    desk.bench.forget_calls()
    said = desk.type("plan", "-v")
    told = [line for line in said.err.splitlines() if " -> 200 (" in line]
    assert len(told) == len(desk.bench.calls()) == 16  # fifteen lists, and permissions
    assert said.out == desk.type("plan").out


def test_nothing_is_coloured_and_nothing_is_wider_than_80_columns_in_a_pipe(desk: Desk) -> None:
    said = desk.type("plan")
    assert ESCAPE not in said.out + said.err
    assert max(len(line) for line in said.out.splitlines()) <= 80


def test_every_exit_code_that_errors_carry_is_a_documented_one() -> None:
    helped = typed("--help").out
    for code in (1, 2, 3, 4, 5, 6, 7, 9, 10, 64):
        assert re.search(rf"\b{code}\b", helped), code
    assert (Locked.exit_code, Interrupted.exit_code) == (6, 130)


def test_plans_are_the_same_digest_wherever_they_are_made(desk: Desk) -> None:
    one, two = (desk.type("plan", "--json").json["remediate"]["digest"] for _ in range(2))
    assert one == two
    assert load(desk.bench.root, None, {}).digest
