"""DNS as people type it: the TTL lowered first, a zone made again, zones of others brought in."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.typed import Said, typed
from tests.workbench import PROJECT, Workbench, document

OCTODNS = Path(__file__).parent.parent / "pipeline" / "example.com.yaml"
RECORD = "DnsZone/example/www.example.com./A"


def zone(value: str, **spec: Any) -> dict[str, Any]:
    records = {"www": {"A": {"ttl": 3600, "values": [value]}}}
    body = {"dnsName": "example.com.", "visibility": "public", "records": records, **spec}
    return document("DnsZone", "example", body)


@pytest.fixture
def bench(workbench: Workbench) -> Workbench:
    workbench.reset()
    workbench.write(zone("192.0.2.1"))
    workbench.apply()
    return workbench


def type_at(bench: Workbench, *words: str) -> Said:
    return typed("-C", bench.root, "--sandbox", bench.url, *words)


def test_the_ttl_is_lowered_by_one_apply_and_the_answer_changed_by_the_next(
    bench: Workbench,
) -> None:
    bench.write(zone("192.0.2.2"))
    assert "--lower-ttl lowers that to 300 s first" in " ".join(type_at(bench, "plan").out.split())
    planned = type_at(bench, "plan", "--lower-ttl")
    assert planned.code == 0, planned
    assert "/ttl: 3600 -> 300" in planned.out
    assert "/rrdatas" not in planned.out
    assert "--lower-ttl" in planned.out.split("Next:")[1]
    said = type_at(bench, "apply", "--lower-ttl", "--yes")
    assert said.code == 0, said
    assert "Wait 3600 s (60 min), then apply again for the change itself." in said.out
    assert (
        type_at(bench, "plan", "--lower-ttl", "--json").json["remediate"]["summary"]["then_wait_s"]
        == 0
    )
    assert type_at(bench, "apply", "--yes").code == 0
    found: Any = bench.live(RECORD)
    assert (found["ttl"], found["rrdatas"]) == (3600, ["192.0.2.2"])


def test_a_zone_is_made_again_only_on_the_word_that_the_plan_gives(bench: Workbench) -> None:
    bench.write(zone("192.0.2.1", visibility="private"))
    refused = type_at(bench, "apply", "--yes")
    assert refused.code == 4
    words = "--allow zone-replace:DnsZone/example="
    assert words in refused.err
    said = type_at(bench, "apply", "--yes", *f"{words}meant".split())
    assert said.code == 0, said
    found: Any = bench.live("DnsZone/example")
    assert found["visibility"] == "private"
    assert type_at(bench, "plan", "--detailed-exitcode").code == 0


def test_a_zone_of_octodns_is_brought_in(tmp_path: Path) -> None:
    shutil.copy(OCTODNS, tmp_path)
    words = ("-C", tmp_path, "import", "--env", "staging", "--project", PROJECT)
    said = typed(*words, "--from-octodns", tmp_path / OCTODNS.name)
    assert said.code == 0, said
    assert typed("-C", tmp_path, "validate").code == 0
    (tmp_path / "broken.example.yaml").write_text("www: {type: A, value: 1.2.3}\n")
    said = typed(*words, "--print", "--from-octodns", tmp_path / "broken.example.yaml")
    assert said.code == 9
    assert "broken.example.yaml:1:23: '1.2.3' is no A value" in said.err
