"""Clients that were not written for the sandbox: Google's own libraries and its command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gcp_sandbox.gcloud import exports
from gcp_sandbox.sandbox import Sandbox

PROJECT = "netra-staging"


@pytest.fixture(scope="session")
def endpoint() -> Iterator[Sandbox]:
    """One sandbox for all; `sandbox` empties it and `staging` fills it."""
    with Sandbox(seed=7, operation_time=0.001) as running:
        yield running


@pytest.fixture
def sandbox(endpoint: Sandbox) -> Sandbox:
    for path in ("reset", "calls:reset"):
        requests.post(f"{endpoint.url}/_sandbox/{path}", timeout=10).raise_for_status()
    return endpoint


@pytest.fixture
def staging(endpoint: Sandbox) -> Sandbox:
    url = f"{endpoint.url}/_sandbox/scenario/staging"
    requests.post(url, timeout=10).raise_for_status()
    return endpoint


class Gcloud:
    """`gcloud` in a folder of its own, seeing nothing but the sandbox."""

    def __init__(self, program: str, sandbox: Sandbox, folder: Path) -> None:
        self.program = program
        self.folder = folder
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("CLOUDSDK_")
        } | exports(sandbox.url, PROJECT, folder / "config")

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *command.split()],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def __call__(self, command: str) -> str:
        """Run what must succeed; what it printed."""
        ended = self.run(command)
        assert ended.returncode == 0, f"gcloud {command}\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    def json(self, command: str) -> Any:
        return json.loads(self(f"{command} --format=json"))

    def refused(self, command: str) -> str:
        """Run what must fail; its complaint."""
        ended = self.run(command)
        assert ended.returncode != 0, f"gcloud {command} did not fail\n{ended.stdout}"
        assert "crashed" not in ended.stderr
        return ended.stderr


@pytest.fixture
def gcloud(endpoint: Sandbox, tmp_path: Path) -> Gcloud:
    program = shutil.which("gcloud")
    if program is None:
        if os.environ.get("REQUIRE_GCLOUD") == "1":
            pytest.fail("REQUIRE_GCLOUD=1, but there is no gcloud on the PATH")
        pytest.skip("gcloud is not installed")
    return Gcloud(program, endpoint, tmp_path)
