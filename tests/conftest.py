"""What most tests stand on: one sandbox for the whole session, born again for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gcp_sandbox.sandbox import Sandbox
from tests.workbench import Workbench


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """Starting one takes longer than most tests; only `workbench` hands it out, reset."""
    with Sandbox("empty", operation_time=0, seed=1) as running:
        yield running


@pytest.fixture
def workbench(running_sandbox: Sandbox, tmp_path: Path) -> Workbench:
    """An empty project, an empty store and no YAML yet."""
    return Workbench(running_sandbox.url, tmp_path)
