from __future__ import annotations

import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import grimp
import pytest

from tests.architecture.repository import ROOT

CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
    "importlinter"
]["contracts"]
LAYERS: list[str] = next(each["layers"] for each in CONTRACTS if each["type"] == "layers")
FLOORS = [layer.split(" | ") for layer in LAYERS]
"""From the top; rooms on one floor know nothing of each other."""
ROOMS = [room for floor in FLOORS for room in floor]


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        "remediate", "gcp_sandbox", include_external_packages=True, cache_dir=None
    )


def test_every_contract_is_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    ended = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for contract in CONTRACTS:
        assert f"{contract['name']} KEPT" in ended.stdout


def test_every_room_is_a_floor() -> None:
    package = ROOT / "src" / "remediate"
    rooms = {f"remediate.{path.parent.name}" for path in package.glob("*/__init__.py")}
    assert rooms == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_floors_below_it(room: str) -> None:
    at = next(number for number, floor in enumerate(FLOORS) if room in floor)
    closed = {f"{each}." for floor in FLOORS[: at + 1] for each in floor} - {f"{room}."}
    wrong = [
        f"{module} imports {imported}"
        for module in sorted(graph().find_descendants(room) | {room})
        for imported in graph().find_modules_directly_imported_by(module)
        if imported.startswith(tuple(closed))
    ]
    assert wrong == []


def test_the_sandbox_knows_nothing_of_remediate() -> None:
    modules = graph().find_descendants("gcp_sandbox") | {"gcp_sandbox"}
    imported = {
        name for each in modules for name in graph().find_modules_directly_imported_by(each)
    }
    assert [name for name in imported if name.split(".")[0] == "remediate"] == []


def test_the_core_is_pure() -> None:
    """The nouns need no network, no YAML of others, no terminal."""
    modules = graph().find_descendants("remediate.model")
    imported = {
        name for each in modules for name in graph().find_modules_directly_imported_by(each)
    }
    assert imported.isdisjoint({"requests", "google", "rich", "click", "pydantic", "tenacity"})


@pytest.mark.parametrize("forbidden", ["utils", "util", "helpers", "common", "manager", "handler"])
def test_no_room_is_named_after_nothing(forbidden: str) -> None:
    parts = {part for name in graph().modules for part in name.split(".")}
    ours = {part for part in parts if part in {forbidden, f"{forbidden}s"}}
    assert ours == set()
