"""`rollback --write-desired`: the patch after which nothing is left to apply."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.cli.conftest import Desk
from tests.cli.typed import Said
from tests.pipeline.documents import address, health_check, sets, url_map, zone
from tests.workbench import Workbench

BACK = ("rollback", "--snapshot", "latest", "--write-desired")


def apply_patch(root: Path, patch: str) -> None:
    done = subprocess.run(
        ["git", "apply", "-"], cwd=root, input=patch, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def insist_on_agreement(desk: Desk, said: Said) -> None:
    """The patch applies, and then neither a plan nor an apply finds anything."""
    assert said.code == 0, said
    before = desk.bench.state()
    apply_patch(desk.bench.root, said.out)
    assert desk.type("hold", "release", "--all").code == 0
    for words in (("plan", "--prune", "--detailed-exitcode"), ("apply", "--prune")):
        left = desk.type(*words)
        assert left.code == 0, left
    assert desk.bench.state() == before


def test_the_incident_is_taken_back_and_the_yaml_with_it(desk: Desk) -> None:
    assert desk.type("apply").code == 0
    said = desk.type(*BACK)
    assert said.out.startswith("--- a/desired/staging/dns.yaml\n")
    assert "Rolled back: 1 updated, 3 deleted" in said.err
    dns = (desk.bench.root / "desired" / "staging" / "dns.yaml").read_text().splitlines()
    insist_on_agreement(desk, said)
    after = (desk.bench.root / "desired" / "staging" / "dns.yaml").read_text().splitlines()
    assert [line for line in dns if "staging-lb" not in line] == after


def edge(workbench: Workbench, *documents: dict[str, Any]) -> Desk:
    """Something is applied, then something else."""
    workbench.reset()
    workbench.write(address(), *documents)
    workbench.apply()
    return Desk(workbench, workbench.state())


def test_a_field_is_as_it_was_and_its_neighbours_stay(workbench: Workbench) -> None:
    desk = edge(workbench, health_check(checkIntervalSec=10))
    workbench.write(address(), health_check(checkIntervalSec=30, description="slower"))
    workbench.apply()
    said = desk.type(*BACK)
    changed = [line for line in said.out.splitlines() if line[:1] in "+-" and line[1:2] == "{"]
    assert len(changed) == 2
    insist_on_agreement(desk, said)


def test_what_has_left_the_yaml_and_is_back_has_a_document_again(workbench: Workbench) -> None:
    gone = {"onRemove": "delete"}
    desk = edge(workbench, url_map(), health_check(lifecycle=gone))
    workbench.write(address(), url_map())
    workbench.apply(prune=True)
    said = desk.type(*BACK)
    assert "+kind: HealthCheck" in said.out
    insist_on_agreement(desk, said)


def test_record_sets_that_are_back_are_written_again(workbench: Workbench) -> None:
    names = {f"n{number}": sets("A", "192.0.2.1") for number in range(9)}
    desk = edge(workbench, zone({**names, "www": sets("A", "192.0.2.2", ttl=60)}))
    workbench.write(address(), zone({**names, "new": sets("A", "192.0.2.3")}))
    workbench.apply(prune=True, allow=["dns-last-address=tried"])
    insist_on_agreement(desk, desk.type(*BACK))


def test_once_more_prints_the_same_patch(desk: Desk) -> None:
    assert desk.type("apply").code == 0
    (taken,) = [w for w in desk.type("snapshot", "list").out.split() if w.startswith("01")][:1]
    words = ("rollback", "--snapshot", taken, "--write-desired")
    first = desk.type(*words)
    again = desk.type(*words)
    assert first.out
    assert again.out == first.out
    assert "Nothing to do" in again.err


def test_stdout_is_for_the_patch_alone(desk: Desk, tmp_path: Path) -> None:
    assert desk.type("apply").code == 0
    before = desk.bench.state()
    assert desk.type(*BACK, "--json").code == 64
    assert desk.bench.state() == before
    said = desk.type(*BACK, "--json-out", str(tmp_path / "outcome.json"))
    assert said.out.startswith("--- a/desired/")
    assert (tmp_path / "outcome.json").exists()


def test_yaml_that_cannot_be_read_is_told_before_anything_is_done(desk: Desk) -> None:
    assert desk.type("apply").code == 0
    before = desk.bench.state()
    (desk.bench.root / "desired" / "staging" / "dns.yaml").write_text("kind: [")
    assert desk.type(*BACK).code == 9
    assert desk.bench.state() == before
    assert desk.type("rollback", "--snapshot", "latest").code == 0
