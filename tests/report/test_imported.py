"""The verb `import`, as people type it: against a sandbox, and from a zone file alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.typed import typed
from tests.workbench import PROJECT, Workbench

ZONE = "$ORIGIN example.com.\nwww 300 IN A 192.0.2.1\ngeo 300 IN HINFO a b\n"
NEW = ("-e", "staging", "--project", PROJECT, "--region", "us-central1")


def test_a_project_is_imported_and_plans_empty(workbench: Workbench, tmp_path: Path) -> None:
    workbench.reset("staging")
    at = ("-C", tmp_path, "--sandbox", workbench.url)
    said = typed("import", *at, *NEW)
    assert said.code == 0, said
    assert said.out.startswith("17 resources of netra-staging, as YAML in desired/staging: ")
    assert typed("plan", *at, "--detailed-exitcode").code == 0


def test_nothing_is_written_over(workbench: Workbench, tmp_path: Path) -> None:
    workbench.reset("staging")
    at = ("-C", tmp_path, "--sandbox", workbench.url)
    assert typed("import", *at, *NEW).code == 0
    again = typed("import", *at)
    assert again.code == 0
    assert "there is nothing to write" in again.out
    assert "17 resources are declared already" in again.out
    (tmp_path / "desired" / "staging" / "dns.yaml").write_text("# mine\n")
    refused = typed("import", *at, "--kind", "DnsZone")
    assert refused.code == 9
    assert "desired/staging/dns.yaml:1:1: the file is there already" in refused.err
    assert typed("import", *at, "--kind", "DnsZone", "--overwrite").code == 0
    assert (tmp_path / "desired" / "staging" / "dns.yaml.old").read_text() == "# mine\n"
    assert typed("plan", *at, "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ((), "no --region: regional resources, such as NetworkEndpointGroup, RunService, Vpc"),
        (("--region", "europe-west1"), "europe-west1: nothing is there"),
    ],
)
def test_what_lies_where_nobody_looked_is_told_with_the_place_to_name(
    workbench: Workbench, tmp_path: Path, region: tuple[str, ...], said: str
) -> None:
    workbench.reset("staging")
    words = ("-C", tmp_path, "--sandbox", workbench.url, "-e", "staging", "--project", PROJECT)
    told = " ".join(typed("import", *words, *region).out.split())
    assert said in told
    assert (
        "NetworkEndpointGroup/staging-backend-neg is in us-central1, which was not looked at: "
        "add `--location us-central1`"
    ) in told
    again = ("--overwrite", "--location", "us-central1")
    assert "was not looked at" not in typed("import", *words, *again).out


def test_chosen_kinds_alone_plan_empty(workbench: Workbench, tmp_path: Path) -> None:
    workbench.reset("staging")
    at = ("-C", tmp_path, "--sandbox", workbench.url)
    said = typed("import", *at, *NEW, "--kind", "TargetHttpsProxy", "--kind", "SslPolicy")
    assert said.out.startswith("2 resources")
    assert typed("plan", *at, "--detailed-exitcode").code == 0


def test_print_shows_the_yaml_and_writes_nothing(workbench: Workbench, tmp_path: Path) -> None:
    workbench.reset("staging")
    said = typed("import", "-C", tmp_path, "--sandbox", workbench.url, *NEW, "--print")
    assert said.code == 0
    assert "kind: UrlMap" in said.out
    assert not (tmp_path / "desired").exists()


def test_a_zone_file_needs_no_network(tmp_path: Path) -> None:
    file = tmp_path / "db.example"
    file.write_text(ZONE)
    said = typed("import", "-C", tmp_path, *NEW, "--from-bind", file)
    assert said.code == 0, said
    assert "1 remark beside them, as comments" in said.out
    assert typed("validate", "-C", tmp_path).out.startswith("staging is valid: 1 resource")
    text = (tmp_path / "desired" / "staging" / "dns.yaml").read_text()
    assert "# geo.example.com. HINFO is left out" in text


def test_what_gcloud_printed_needs_no_network(tmp_path: Path) -> None:
    file = tmp_path / "policies.json"
    link = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/global/sslPolicies/tls"
    body = {"name": "tls", "profile": "MODERN", "minTlsVersion": "TLS_1_2", "selfLink": link}
    file.write_text(json.dumps([body]))
    said = typed("import", "-C", tmp_path, *NEW, "--from", file)
    assert said.code == 0, said
    assert typed("validate", "-C", tmp_path).code == 0
    text = (tmp_path / "desired" / "staging" / "tls.yaml").read_text()
    assert "spec: {minTlsVersion: TLS_1_2, profile: MODERN}" in text


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 9, "there is no environment yet, and no --env and no --project to make one"),
        (("-e", "staging"), 9, "no environment yet, and no --project to make one"),
        (("--project", PROJECT), 9, "no environment yet, and no --env to make one"),
        (("--project", PROJECT), 9, f"`remediate import --env NAME --project {PROJECT}`"),
        (("-e", "staging", "--project", "nope"), 9, "`gcloud projects list`"),
        (("-e", "../up", "--project", PROJECT), 9, "is not a name"),
        (("-e", "staging", "--project", "P"), 9, "a project's id"),
        ((*NEW, "--kind", "UrlMaps"), 9, "did you mean `UrlMap`"),
        ((*NEW, "--from-bind", "no-such-file"), 64, "does not exist"),
    ],
)
def test_a_mistake_is_told_before_anything_is_asked(
    tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    answer = typed("import", "-C", tmp_path, "--sandbox", "http://127.0.0.1:9", *words)
    assert answer.code == code
    assert said in " ".join(answer.err.split())
    assert not (tmp_path / "desired").exists()


def test_an_environment_keeps_its_project(workbench: Workbench, tmp_path: Path) -> None:
    workbench.reset("staging")
    at = ("-C", tmp_path, "--sandbox", workbench.url)
    assert typed("import", *at, *NEW, "--kind", "SslPolicy").code == 0
    said = typed("import", *at, "--project", "another-one")
    assert said.code == 9
    assert "staging is of the project netra-staging, not another-one" in said.err


def test_what_cannot_be_read_is_never_absent(workbench: Workbench, tmp_path: Path) -> None:
    workbench.reset("staging")
    workbench.send("POST", "_sandbox/faults/forbidden", {"match": "GET */urlMaps*", "times": 9})
    said = typed("import", "-C", tmp_path, "--sandbox", workbench.url, *NEW)
    assert said.code != 0
    assert not (tmp_path / "desired").exists()
