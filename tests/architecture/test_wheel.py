from __future__ import annotations

import os
import site
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT


def run(*command: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with nothing of ours but the wheel; no network is needed.

    What the wheel depends on is lent by the environment that runs the tests: a .pth file shows
    its packages, but does not follow the .pth file that would show our sources.
    """
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (wheel,) = folder.glob("remediate-*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    install = ["install", "-q", "--no-deps", "--no-index", str(wheel)]
    run(sys.executable, "-m", "pip", "--python", python, *install, cwd=folder)
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (packages / "lent.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    return folder / "venv"


def test_the_wheel_is_what_runs(environment: Path, tmp_path: Path) -> None:
    where = "import gcp_sandbox, remediate; print(gcp_sandbox.__file__, remediate.__file__)"
    for file in run(environment / "bin/python", "-c", where, cwd=tmp_path).split():
        assert Path(file).is_relative_to(environment)
    assert run(environment / "bin/remediate", "--version", cwd=tmp_path).startswith("remediate")


def test_the_incident_is_mended_and_taken_back_by_the_wheel(
    environment: Path, tmp_path: Path
) -> None:
    told = run(environment / "bin/python", ROOT / "demo" / "incident.py", cwd=tmp_path)
    assert "All of it was as told" in told


def test_the_wheel_carries_its_types_and_its_worlds(environment: Path) -> None:
    (packages,) = (environment / "lib").glob("python*/site-packages")
    for file in (
        "remediate/py.typed",
        "gcp_sandbox/py.typed",
        "gcp_sandbox/scenarios/staging.json",
    ):
        assert (packages / file).is_file()
