"""Every form of a result from one run, on stdout or in files, and what GitHub is told besides."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import jsonschema
import pytest
import yaml

from tests.cli.conftest import Desk
from tests.cli.typed import Said, process, typed
from tests.report.test_machine import schema
from tests.report.test_sarif import STANDARD

FORMS = ("json", "md", "junit", "sarif")


def into(folder: Path) -> tuple[list[str], dict[str, Path]]:
    """The options that write every form into a folder, and where each one goes."""
    files = {form: folder / f"out.{form}" for form in FORMS}
    words = [word for form in FORMS for word in (f"--{form}-out", str(files[form]))]
    return words, files


def insist_on_forms(files: dict[str, Path], of: str) -> Any:
    """All are there, and valid by what there is to hold them against; the JSON."""
    document = json.loads(files["json"].read_text())
    jsonschema.validate(document, schema(of))
    STANDARD.validate(json.loads(files["sarif"].read_text()))
    assert fromstring(files["junit"].read_text()).tag == "testsuites"
    assert files["md"].read_text().startswith("<!-- remediate:staging:")
    return document


def protect(desk: Desk) -> str:
    """A plan of the environment is denied by a guard, at a line of its YAML."""
    file = desk.bench.root / "desired" / "staging" / "dns.yaml"
    zone = yaml.safe_load(file.read_text())
    zone["lifecycle"] = {"protect": True}
    zone["spec"]["visibility"] = "private"
    file.write_text(yaml.safe_dump(zone))
    return "desired/staging/dns.yaml"


def test_a_plan_is_written_in_every_form_by_one_run(desk: Desk, tmp_path: Path) -> None:
    words, files = into(tmp_path)
    desk.bench.forget_calls()
    said = desk.type("plan", *words)
    calls = len(desk.bench.calls())
    assert (said.code, said.out.splitlines()[0][:16]) == (0, "Plan for staging"), said
    document = insist_on_forms(files, "plan")
    assert document["remediate"]["digest"] in files["md"].read_text()
    desk.bench.forget_calls()
    assert desk.type("plan").code == 0
    assert len(desk.bench.calls()) == calls


@pytest.mark.parametrize("form", FORMS)
def test_each_form_can_have_stdout_to_itself(form: str, desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "beside"
    assert desk.type("plan", f"--{form}-out", str(file)).code == 0
    alone = desk.type("plan", f"--{form}-out", "-")
    assert alone.out == file.read_text()


def test_apply_and_rollback_and_gc_have_every_form_too(desk: Desk, tmp_path: Path) -> None:
    words, files = into(tmp_path)
    for typed_words in (("apply", "--yes"), ("rollback", "--snapshot", "latest", "--yes"), ("gc",)):
        said = desk.type(*typed_words, *words)
        assert said.code == 0, said
        document = insist_on_forms(files, "outcome")
        assert document["verb"] == typed_words[0]
        if document["run"]:
            assert (
                f"remediate rollback --snapshot {document['snapshot']}" in files["md"].read_text()
            )


def test_faults_of_the_yaml_are_in_every_form_at_their_line(desk: Desk, tmp_path: Path) -> None:
    file = desk.bench.root / "desired" / "staging" / "dns.yaml"
    file.write_text(file.read_text().replace("ttl: 300", "ttl: soon"))
    words, files = into(tmp_path)
    said = desk.type("validate", *words)
    assert (said.code, said.out) == (9, ""), said
    document = insist_on_forms(files, "error")
    faults = document["error"]["faults"]
    results = json.loads(files["sarif"].read_text())["runs"][0]["results"]
    for fault, result in zip(faults, results, strict=True):
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"].endswith(fault["file"])
        assert place["region"]["startLine"] == fault["line"]
    assert len(fromstring(files["junit"].read_text()).findall(".//failure")) == len(faults)
    assert f"`{faults[0]['file']}:{faults[0]['line']}:" in files["md"].read_text()


def test_what_is_valid_is_told_in_every_form(desk: Desk, tmp_path: Path) -> None:
    words, files = into(tmp_path)
    assert desk.type("validate", *words).code == 0
    jsonschema.validate(json.loads(files["json"].read_text()), schema("validate"))
    STANDARD.validate(json.loads(files["sarif"].read_text()))
    assert "### staging is valid: 17 resources" in files["md"].read_text()


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_a_guard_that_denies_is_told_at_its_line_with_the_plan(
    verb: str, desk: Desk, tmp_path: Path
) -> None:
    place = protect(desk)
    words, files = into(tmp_path)
    said = desk.type(verb, *words)
    assert said.code == 4, said
    insist_on_forms(files, "plan" if verb == "plan" else "error")
    results = json.loads(files["sarif"].read_text())["runs"][0]["results"]
    at = {
        each["ruleId"]: each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for each in results
        if each["locations"] and "physicalLocation" in each["locations"][0]
    }
    assert at["protected"].endswith(place)
    drawn = files["md"].read_text()
    assert "zone-replace" in drawn
    assert "**Goes:" in drawn


def test_what_somebody_moved_is_in_every_form(desk: Desk, tmp_path: Path) -> None:
    assert desk.type("apply", "--yes").code == 0
    at = "dns/v1/projects/netra-staging/managedZones/netrasystems-staging/rrsets"
    name = "staging.netrasystems.ai."
    desk.bench.send("PATCH", f"{at}/{name}/A", {"name": name, "type": "A", "ttl": 30})
    words, files = into(tmp_path)
    assert desk.type("drift", *words).code == 2
    record = "DnsZone/netrasystems-staging/staging.netrasystems.ai./A"
    [found] = json.loads(files["sarif"].read_text())["runs"][0]["results"]
    assert (found["ruleId"], found["level"]) == ("drift", "warning")
    assert found["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == record
    drawn = files["md"].read_text()
    assert drawn.startswith("<!-- remediate:staging:drift -->")
    assert f"`{record}`" in drawn
    assert "was applied as 300 and is 30" in drawn.replace("`", "")
    assert len(fromstring(files["junit"].read_text()).findall(".//system-out")) == 1


def test_what_is_written_back_has_every_form_too(desk: Desk, tmp_path: Path) -> None:
    assert desk.type("apply", "--yes").code == 0
    words, files = into(tmp_path)
    record = "DnsZone/netrasystems-staging/staging.netrasystems.ai./A"
    said = desk.type("drift", "--accept", record, *words)
    assert said.code in {0, 9}, said
    assert files["md"].read_text().startswith("<!-- remediate:")


def test_two_outputs_at_one_place_are_a_mistake_of_usage(desk: Desk, tmp_path: Path) -> None:
    same = str(tmp_path / "same")
    for words in (
        ("--json", "--md-out", "-"),
        ("--sarif-out", "-", "--junit-out", "-"),
        ("--md-out", same, "--json-out", same),
        ("--json", "--json-out", same, "--sarif-out", same),
    ):
        said = desk.type("plan", *words)
        assert (said.code, said.out) == (64, ""), said


def test_json_goes_to_stdout_and_a_file_in_one_run(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    for words in (("--json",), ("--json", "--json-out", "-"), ("--json", "--json-out", str(file))):
        said = desk.type("plan", *words)
        assert said.code == 0, said
        jsonschema.validate(said.json, schema("plan"))
    assert file.read_text() == said.out


@pytest.mark.parametrize("form", FORMS)
def test_what_cannot_be_written_is_said_before_anything_begins(
    form: str, desk: Desk, tmp_path: Path
) -> None:
    desk.bench.forget_calls()
    for place in (tmp_path, tmp_path / "no" / "folder"):
        said = desk.type("apply", "--yes", f"--{form}-out", str(place))
        assert (said.code, said.out) == (9, ""), said
        assert f"--{form}-out {place}" in said.told
    assert not desk.bench.calls()


def github(tmp_path: Path) -> dict[str, str]:
    """As the runner starts a step."""
    files = {"GITHUB_STEP_SUMMARY": "summary", "GITHUB_OUTPUT": "output"}
    for name in files.values():
        (tmp_path / name).write_text("before\n")
    return {"GITHUB_ACTIONS": "true"} | {k: str(tmp_path / v) for k, v in files.items()}


def told(tmp_path: Path) -> dict[str, str]:
    """`$GITHUB_OUTPUT` as the runner reads it."""
    text = (tmp_path / "output").read_text().removeprefix("before\n")
    return {
        name: value for name, _, value in re.findall(r"(\w+)<<(\S+)\n(.*?)\n\2\n", text, re.DOTALL)
    }


def on_github(desk: Desk, tmp_path: Path, *words: str) -> Said:
    environ = github(tmp_path) | {"GITHUB_WORKSPACE": str(desk.bench.root.parent)}
    return process(*desk.words(*words), **environ)


def test_on_github_a_plan_leaves_a_summary_and_outputs(desk: Desk, tmp_path: Path) -> None:
    said = on_github(desk, tmp_path, "plan", "--detailed-exitcode", "--json")
    assert said.code == 2, said
    digest = said.json["remediate"]["digest"]
    assert told(tmp_path) == {
        "environment": "staging",
        "digest": digest,
        "changes": "4",
        "has_changes": "true",
        "deletions": "0",
        "denied": "false",
        "exitcode": "2",
    }
    summary = (tmp_path / "summary").read_text()
    assert summary.startswith("before\n<!-- remediate:staging:plan -->")
    assert digest in summary


def test_on_github_guards_and_faults_are_annotations_on_stderr(desk: Desk, tmp_path: Path) -> None:
    place = protect(desk)
    denied = on_github(desk, tmp_path, "plan", "--json")
    name = desk.bench.root.name
    assert denied.code == 4
    assert isinstance(denied.json, dict)
    assert f"::error file={name}/{place},line=" in denied.err
    assert (told(tmp_path)["denied"], told(tmp_path)["exitcode"]) == ("true", "4")
    (desk.bench.root / place).write_text("kind: Nothing\n")
    invalid = on_github(desk, tmp_path, "validate")
    assert invalid.code == 9
    assert f"::error file={name}/{place},line=1" in invalid.err
    assert told(tmp_path)["error"] == "InvalidInput"


def test_on_github_an_apply_tells_run_and_snapshot(desk: Desk, tmp_path: Path) -> None:
    said = on_github(desk, tmp_path, "apply", "--json")
    assert said.code == 0, said
    assert told(tmp_path)["run"] == said.json["run"]
    assert told(tmp_path)["snapshot"] == said.json["snapshot"]


def test_on_github_no_value_of_others_is_a_command(desk: Desk, tmp_path: Path) -> None:
    file = desk.bench.root / "desired" / "staging" / "dns.yaml"
    zone = yaml.safe_load(file.read_text())
    evil = " ".join(["::add-mask::staging", "##[set-env name=PATH]x"] * 9)
    zone["spec"]["records"]["evil"] = {"TXT": {"ttl": 300, "values": [evil]}}
    file.write_text(yaml.safe_dump(zone))
    for words in (("plan",), ("plan", "--json"), ("plan", "--md-out", "-"), ("apply",)):
        said = on_github(desk, tmp_path, *words)
        assert said.code == 0, said
        for line in (said.out + said.err).splitlines():
            assert not line.lstrip().startswith("::"), line
            assert "##[" not in line, line


def test_outside_of_github_nothing_is_told_to_it(desk: Desk, tmp_path: Path) -> None:
    protect(desk)
    said = desk.type("plan")
    assert "::error" not in said.err + said.out
    assert not [*tmp_path.iterdir()]


def test_a_summary_that_cannot_be_written_fails_nothing(desk: Desk, tmp_path: Path) -> None:
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "where")}
    said = process(*desk.words("plan"), **environ)
    assert said.code == 0
    assert "warning: $GITHUB_STEP_SUMMARY cannot be written" in said.err


def test_a_verb_without_a_report_says_its_errors_as_json(desk: Desk) -> None:
    said = typed("show", "nothing", "-C", desk.bench.root, "--json-out", "-")
    assert said.code == 9
    jsonschema.validate(said.json, schema("error"))
