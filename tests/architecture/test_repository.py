"""What a stranger clones: nothing in it may need, or tell of, the place where it was written."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from remediate.version import __version__
from tests.architecture.repository import ROOT, files

# Written in pieces, so that this file does not name what it forbids.
REGISTRY = "|".join(
    ["py" + r"pi\.org", "python" + r"hosted\.org", "index" + "-url", "find" + "-links"]
)
ELSEWHERE = "|".join([r"(?<![\w./-])/" + "work/", r"(?<![\w./-])/" + "root/", r"\.\./" + "shared"])
# The gate finds its recordings beside the repository, where there are some.
MAY_LOOK_BESIDE = {".ci/run"}
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))


def told(pattern: str, *, spared: frozenset[str] | set[str] = frozenset()) -> list[str]:
    found = []
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        if name in spared:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{name}: {match[0]}" for match in re.finditer(pattern, text)]
    return found


def test_no_registry_is_named() -> None:
    # `make pin` tells the resolver to leave registries out, by the names of its options.
    assert told(REGISTRY, spared={"Makefile"}) == []


def test_no_path_of_one_machine_is_named() -> None:
    assert told(ELSEWHERE, spared=MAY_LOOK_BESIDE) == []


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_everything_installed_is_pinned_with_hashes(path: Path) -> None:
    lines = path.read_text().splitlines()
    pinned = [line for line in lines if line and not line.startswith(("#", " "))]
    assert pinned
    for number, line in enumerate(lines):
        if line in pinned:
            assert re.match(r"[a-z0-9-]+==[^ ]+ .*\\$", line), line
            assert lines[number + 1].strip().startswith("--hash=sha256:")


def pins(path: Path) -> dict[str, str]:
    """Versions by name."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", path.read_text(), re.MULTILINE))


def test_what_runs_is_pinned_alike_everywhere() -> None:
    pinned = [pins(path) for path in REQUIREMENTS]
    for name in {name for each in pinned for name in each}:
        versions = {each[name] for each in pinned if name in each}
        assert len(versions) == 1, f"{name} is pinned as {versions}"


def test_what_the_project_asks_for_is_what_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {re.split(r"[><=\[]", each)[0].lower() for each in project["dependencies"]}
    assert asked <= pins(ROOT / "requirements" / "run.txt").keys()


def test_the_licence_is_there_whole() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_change_log_knows_this_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_make_help_names_every_target_that_people_call() -> None:
    ended = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("demo", "test", "bench", "fmt", "help"):
        assert f"make {target} " in ended.stdout
