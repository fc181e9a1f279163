"""A plan's digest is the same for everybody: every machine, language, folder, hour and process."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Desk
from tests.cli.typed import process
from tests.pipeline.documents import health_check, sets, zone
from tests.workbench import NAME, PROJECT, Workbench

# Of the outage and the repository's own `desired/staging`: whoever changes what a digest covers
# makes every reviewed plan worthless once, and says so in the list of changes.
GOLDEN = "sha256:44fe881eb42ad1d0c9feaf525a117b781a2dd3d10c51de29500523d562024588"
ODD = {
    "another hash seed": {"PYTHONHASHSEED": "1"},
    "one more hash seed": {"PYTHONHASHSEED": "4242"},
    "another time zone": {"TZ": "Pacific/Kiritimati"},
    "a language without English letters": {"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"},
    "no language at all": {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"},
    "somebody else": {"USER": "somebody", "LOGNAME": "somebody", "HOME": "/nonexistent"},
    "optimised": {"PYTHONOPTIMIZE": "2", "PYTHONHASHSEED": "7"},
}


def digest_of(desk: Desk) -> str:
    digest: str = desk.type("plan", "--json").json["remediate"]["digest"]
    return digest


@pytest.mark.parametrize("who", ODD)
def test_a_digest_is_the_same_for(desk: Desk, who: str, tmp_path: Path) -> None:
    said = process(*desk.words("plan", "--json"), cwd=tmp_path, **ODD[who])
    assert said.code == 0, str(said)
    assert said.json["remediate"]["digest"] == GOLDEN


def test_a_digest_is_the_same_in_another_folder_and_from_other_files(
    desk: Desk, tmp_path: Path
) -> None:
    shutil.copytree(desk.bench.root / "desired", tmp_path / "elsewhere" / "desired")
    folder = tmp_path / "elsewhere" / "desired" / "staging"
    for number, file in enumerate(sorted(folder.glob("*.yaml"), reverse=True)):
        file.rename(folder / f"{number:02}-{file.name}")
    said = process("plan", "--json", "--sandbox", desk.bench.url, cwd=folder.parent.parent)
    assert said.json["remediate"]["digest"] == GOLDEN


def test_a_digest_is_the_same_later(desk: Desk) -> None:
    desk.bench.advance(86_400.0)
    assert digest_of(desk) == GOLDEN


def test_a_digest_tells_every_choice_apart(desk: Desk) -> None:
    seen = {GOLDEN}
    for words in (
        ["--target", "DnsZone/*"],
        ["--exclude", "DnsZone/*/A"],
        ["--allow", "certificate-unseen=tried"],
    ):
        digest = desk.type("plan", "--json", *words).json["remediate"]["digest"]
        assert digest not in seen, words
        seen.add(digest)


def test_a_warning_that_passes_with_the_hour_is_in_no_digest(workbench: Workbench) -> None:
    """Old answers of before a TTL was lowered last for an hour, and nothing is kept by that."""
    desk = Desk(workbench, {})
    for value, ttl in (("192.0.2.1", 3600), ("192.0.2.1", 60), ("192.0.2.2", 60)):
        workbench.write(zone({"www": sets("A", value, ttl=ttl)}))
        if value == "192.0.2.1":
            assert desk.type("apply").code == 0
    assert "ttl-too-long" in desk.type("plan").out
    before = digest_of(desk)
    workbench.advance(7200)
    assert "ttl-too-long" not in desk.type("plan").out
    assert digest_of(desk) == before


def test_a_digest_can_be_worked_out_by_hand(workbench: Workbench) -> None:
    """By RFC 8785, of what the page on reviews says; with a JSON writer that is not ours."""
    workbench.reset()
    workbench.write(health_check(checkIntervalSec=10))
    workbench.apply()
    workbench.write(health_check(checkIntervalSec=20))
    told = Desk(workbench, {}).type("plan", "--json").json["remediate"]
    step = {
        "ref": "HealthCheck/alive",
        "live": "HealthCheck/alive",
        "verb": "update",
        "method": "patch",
        "changes": [["/checkIntervalSec", 10, 20]],
        "precondition": sha256({"checkIntervalSec": 10}),
    }
    assert told["digest"] == sha256(
        {
            "desired": told["desired_digest"],
            "environment": NAME,
            "project": PROJECT,
            "steps": [step],
            "objections": [],
            "allowances": {},
        }
    )


def sha256(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def test_two_files_of_one_plan_differ_in_their_promise_alone(desk: Desk, tmp_path: Path) -> None:
    plans = []
    for name in ("one", "two"):
        file = tmp_path / name
        assert desk.type("plan", "--out", str(file)).code == 0
        document = json.loads(file.read_bytes())
        plans.append({k: v for k, v in document.items() if k not in {"plan_file", "sha256"}})
    assert plans[0] == plans[1]
