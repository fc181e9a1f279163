"""`verify`: every check passes, or it exits with 3; unknown is no pass, and there are no scores."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import parse

import pytest
from jsonschema import Draft202012Validator

from tests.cli.conftest import Desk
from tests.report.test_machine import schema
from tests.workbench import Workbench

EDGE = ("--check", "https", "--check", "redirect", "--check", "tls", "--check", "websocket")
CHECKS = "desired/staging/checks.yaml"
COMPUTE = "compute/v1/projects/netra-staging"


@pytest.fixture
def healthy(workbench: Workbench) -> Desk:
    """Staging as it should be."""
    workbench.reset("staging")
    workbench.copy_staging()
    return Desk(workbench, workbench.state())


def write_checks(desk: Desk, **checks: Mapping[str, Any]) -> None:
    """These alone, beside the resources of staging."""
    body = {"apiVersion": "remediate/v1", "kind": "Checks", "metadata": {"name": "staging"}}
    (desk.bench.root / CHECKS).write_text(json.dumps({**body, "spec": checks}))


def program(text: str, **more: Any) -> dict[str, Any]:
    return {"command": {"argv": [sys.executable, "-c", text]}, **more}


def found(desk: Desk, *words: str, code: int) -> Any:
    """The document, once it is as its schema says."""
    said = desk.type("verify", *words, "--json")
    assert said.code == code, said
    assert [e.message for e in Draft202012Validator(schema("verify")).iter_errors(said.json)] == []
    return said.json


def verdicts(document: Any) -> dict[str, str | None]:
    return {row["row"]: row["verdict"] for row in document["table"]}


def test_staging_as_it_should_be_passes_at_its_edge(healthy: Desk) -> None:
    document = found(healthy, *EDGE, "--check", "infrastructure", code=0)
    assert document["passes"] is True
    assert verdicts(document) == {
        "DNS": None,
        "HTTP": "pass",
        "WebSocket": "pass",
        "certificate": "pass",
        "infrastructure": "pass",
        "golden path": None,
    }


def test_nothing_is_written_by_a_look(healthy: Desk) -> None:
    before = healthy.bench.state()
    healthy.bench.forget_calls()
    healthy.type("verify", *EDGE)
    assert {method for method, _ in healthy.bench.calls()} == {"GET"}
    assert healthy.bench.state() == before
    assert not (healthy.bench.root / ".remediate").exists()


def test_an_expired_certificate_fails_http_too_though_the_backend_answers(desk: Desk) -> None:
    document = found(desk, *EDGE, code=3)
    assert verdicts(document)["certificate"] == "fail"
    assert verdicts(document)["HTTP"] == "fail"
    https = [one for one in document["findings"] if one["check"] == "https"]
    assert [one["facts"]["status"] for one in https] == [200, 200]


def test_the_table_is_shown_and_each_failing_finding_below_it_in_80_columns(desk: Desk) -> None:
    said = desk.type("verify", *EDGE)
    assert said.code == 3
    lines = said.out.splitlines()
    assert [line[:16].strip() for line in lines[2:] if line.startswith("  ")][:6] == [
        "DNS",
        "HTTP",
        "WebSocket",
        "certificate",
        "infrastructure",
        "golden path",
    ]
    assert "FAILS   https, tls, websocket: 203.0.113.10 shows a certificate that " in said.out
    assert said.out.count("shows a certificate") == 2  # of two hosts, one of which it is not for
    assert "\n        https://api-staging.netrasystems.ai/health at 203.0.113.10\n" in said.out
    assert "Left out, as was asked: dns, stream, golden-path" in said.out
    assert max(map(len, lines)) <= 80


def test_a_command_that_was_not_allowed_is_unknown_and_so_no_pass(healthy: Desk) -> None:
    write_checks(healthy, ours=program("print('fine')", tags=["slow"]))
    document = found(healthy, "--check", "ours", code=3)
    (one,) = document["findings"]
    assert one["verdict"] == "unknown"
    assert "was not run: commands run only with --allow-commands" in one["message"]
    assert found(healthy, "--check", "ours", "--allow-commands", code=0)["passes"]
    assert found(healthy, "--skip-tag", "slow", code=0)["left_out"] == ["ours"]


def test_a_command_finds_the_sandbox_in_its_environment_and_its_words_are_kept(
    healthy: Desk,
) -> None:
    look = (
        "import json, os, ssl, sys\n"
        "dial = json.loads(os.environ['REMEDIATE_DIAL'])\n"
        "ssl.create_default_context(cafile=os.environ['SSL_CERT_FILE'])\n"
        "print(dial['203.0.113.10:443'])\n"
        "print(os.getcwd())\n"
        "sys.exit(7)"
    )
    write_checks(healthy, ours=program(look, expect={"exit": 7}), wrong=program(look))
    document = found(healthy, "--check", "*s", "--check", "wrong", "--allow-commands", code=3)
    one, other = document["findings"]
    assert (one["verdict"], other["verdict"]) == ("pass", "fail")
    socket, folder = one["facts"]["output"].splitlines()
    assert socket.startswith("127.0.0.1:")
    assert Path(folder) == healthy.bench.root
    text = healthy.type("verify", "--check", "wrong", "--allow-commands").out
    assert "What wrong has said:" in text
    assert str(healthy.bench.root) in text


def test_a_warning_is_told_and_keeps_nothing_from_passing(healthy: Desk) -> None:
    https = {"urls": ["https://staging.netrasystems.ai/health"], "connectTo": "203.0.113.10"}
    write_checks(
        healthy,
        good={"http": https},
        gone={"http": https, "expect": {"status": [418]}, "severity": "warn"},
    )
    said = healthy.type("verify", "--check", "g*")
    assert said.code == 0, said
    assert "Warnings, which keep nothing from passing:" in said.out
    assert "HTTP            ok" in said.out  # as the critical one says
    alone = healthy.type("verify", "--check", "gone")
    assert (alone.code, "HTTP            warns        0 of 1" in alone.out) == (0, True)
    assert "answers 200, not 418" in " ".join(said.out.split())


def test_what_google_does_not_tell_is_unknown(healthy: Desk) -> None:
    healthy.bench.send("DELETE", f"{COMPUTE}/global/forwardingRules/staging-https")
    healthy.bench.send("DELETE", f"{COMPUTE}/global/forwardingRules/staging-http")
    healthy.bench.send("DELETE", f"{COMPUTE}/global/addresses/staging-lb")
    document = found(healthy, "--check", "https", code=3)
    (one,) = document["findings"]
    assert (one["verdict"], one["message"]) == ("unknown", "Address/staging-lb is not there")


@pytest.mark.parametrize("words", ["--tag slow --skip-tag slow", "--check b --tag slow"])
def test_a_choice_that_leaves_nothing_is_refused_with_all_that_there_is(
    healthy: Desk, words: str
) -> None:
    write_checks(healthy, a=program("", tags=["slow", "ours"]), b=program(""))
    said = healthy.type("verify", *words.split())
    assert said.code == 9, said
    told = " ".join(said.err.split())
    assert "nothing would be checked: no check of this environment has all that" in told
    assert "There are, with their tags: a (slow, ours), b, infrastructure." in told


def test_without_checks_there_is_the_infrastructure_alone(healthy: Desk) -> None:
    (healthy.bench.root / CHECKS).unlink()
    said = healthy.type("verify")
    assert said.code == 0, said
    assert "infrastructure  ok" in said.out
    head = "What Google tells holds, and no checks look from outside"
    assert said.out.startswith(f"{head}:")
    assert "No checks are written" in said.out
    assert healthy.type("verify", "--quiet").out == f"staging: {head[0].lower()}{head[1:]}\n"
    tagged = healthy.type("verify", "--tag", "slow")
    assert (tagged.code, "No check here has a tag." in tagged.err) == (9, True)


def test_what_may_not_be_read_is_one_paragraph_and_is_not_waited_for(healthy: Desk) -> None:
    assert healthy.type("sandbox", "inject", "obs-api-denied").code == 0
    said = healthy.type("verify", "--skip-tag", "slow", "--until-pass")
    assert said.code == 3, said
    assert said.out.startswith("Does not pass, and waiting changes nothing: 30 unknown of 30")
    assert len(said.out.splitlines()) <= 30
    text = " ".join(said.out.split())
    assert text.count("unknown dns, https, redirect, tls, websocket, stream, infrastructure: ") == 1
    assert "hangs on (30 findings) missing: compute.globalAddresses.get, " in text
    assert "Google names no permission for SqlInstance/staging-shared-postgres" in text
    assert "remediate iam --for plan" in text
    document = found(healthy, "--check", "dns", code=3)
    (one,) = document["findings"]
    assert one["settled"] is True
    assert one["facts"]["permissions"] == ["compute.globalAddresses.get"]
    assert one["message"].startswith("Address/staging-lb cannot be read: permission ")


def test_a_command_that_nobody_allowed_is_not_waited_for_once_it_alone_is_left(
    healthy: Desk,
) -> None:
    write_checks(healthy, ours=program(""), https={"http": {"urls": ["https://192.0.2.9/"]}})
    document = found(healthy, "--check", "ours", "--until-pass", code=3)
    assert (document["in_vain"], document["looks"], document["within_s"]) == (True, 1, None)
    both = ("--check", "ours", "--check", "https", "--until-pass", "--within", "1m")
    document = found(healthy, *both, code=3)  # the other one may mend yet
    assert (document["in_vain"], document["within_s"]) == (False, 60)
    said = healthy.type("verify", "--check", "ours", "--until-pass")
    assert "Commands run on this machine, once that is allowed:" in said.out
    assert "remediate verify --allow-commands --check ours --until-pass" in said.out


def test_of_what_a_command_has_said_the_first_line_and_the_last_ones_are_shown(
    healthy: Desk,
) -> None:
    line = "print('\\x1b[31mline', n, '\\x1b[0m', flush=True)"
    talks = f"for n in range(40): {line}\nraise SystemExit('why')"
    write_checks(healthy, ours=program(talks))
    said = healthy.type("verify", "--check", "ours", "--allow-commands")
    lines = said.out.splitlines()
    at = lines.index("What ours has said:")
    assert lines[at + 1 : at + 4] == ["  line 0", "  ... (31 lines between)", "  line 32"]
    assert lines[at + 11] == "  why"
    assert "not 0: why" in " ".join(said.out.split())


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--check", "htps"], 9, "did you mean `https`?"),
        (["--tag", "slwo"], 9, "did you mean `slow`?"),
        (["--within", "5m"], 64, "--within says for how long --until-pass looks again"),
        (["--until-pass", "--within", "soon"], 64, "a duration such as 30s"),
    ],
)
def test_a_choice_of_nothing_is_refused(
    healthy: Desk, words: Sequence[str], code: int, told: str
) -> None:
    healthy.bench.forget_calls()
    said = healthy.type("verify", *words)
    assert said.code == code, said
    assert told in " ".join(said.err.split())
    assert healthy.bench.calls() == []


def test_until_pass_waits_on_the_sandboxs_clock_and_then_gives_up(desk: Desk) -> None:
    began = desk.bench.google.clock.now()
    document = found(desk, "--check", "tls", "--until-pass", "--within", "10m", code=3)
    assert document["within_s"] == 600
    assert 600 <= document["waited_s"] < 660
    assert document["looks"] > 10
    assert (desk.bench.google.sandbox.time() - began).total_seconds() >= 600  # type: ignore[union-attr]  # it is one


def test_until_pass_ends_as_soon_as_it_passes(healthy: Desk, tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    count = (
        "import pathlib, sys\n"
        f"file = pathlib.Path({str(tries)!r})\n"
        "done = len(file.read_text()) if file.exists() else 0\n"
        "file.write_text('x' * (done + 1))\n"
        "sys.exit(done < 2)"
    )
    write_checks(healthy, ours=program(count))
    document = found(healthy, "--check", "ours", "--allow-commands", "--until-pass", code=0)
    assert document["looks"] == 3


def test_quiet_is_one_line_for_a_monitor(desk: Desk) -> None:
    said = desk.type("verify", "--check", "tls", "--quiet")
    assert (said.code, said.err) == (3, "")
    assert said.out == "staging: does not pass: 2 failing of 2 findings (tls)\n"


def test_junit_has_a_case_for_each_target_by_the_same_name_whatever_comes_of_it(
    desk: Desk, healthy: Desk, tmp_path: Path
) -> None:
    def names(desk: Desk, file: Path) -> tuple[set[str], int]:
        desk.type("verify", "--check", "tls", "--junit-out", str(file))
        root = parse(file).getroot()
        return {str(case.get("name")) for case in root.iter("testcase")}, len(
            [*root.iter("failure")]
        )

    good, none = names(healthy, tmp_path / "good.xml")
    healthy.bench.reset("dns-outage")
    bad, two = names(desk, tmp_path / "bad.xml")
    assert good == bad
    assert (none, two) == (0, 2)


def test_in_a_pull_request_the_table_comes_first_and_then_each_cause_once(desk: Desk) -> None:
    said = desk.type("verify", *EDGE, "--check", "dns", "--md-out", "-")
    assert said.code == 3, said
    lines = said.out.splitlines()
    assert lines[0] == "<!-- remediate:staging:verify -->"
    assert "| HTTP | FAILS | 1 of 3 |" in lines
    assert "| infrastructure | not checked |  |" in lines
    told = [line for line in lines if line.startswith("- ")]
    assert sum(line.startswith("- `https, tls, websocket`: ") for line in told) == 1
    assert said.out.count("shows a certificate") == 2  # of two hosts, one of which it is not for
    assert "remediate diagnose" in lines[-2]
    desk.bench.reset("staging")
    well = desk.type("verify", *EDGE, "--md-out", "-").out
    assert "| HTTP | ok | 3 of 3 |" in well
    assert "diagnose" not in well
