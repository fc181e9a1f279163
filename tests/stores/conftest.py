from __future__ import annotations

from pathlib import Path

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.gcp.session import sandbox_session
from remediate.stores.actor import Actor
from remediate.stores.folder import Folder
from tests.clocks import FakeClock
from tests.stores.buckets import Cloud

ACTOR = Actor("ada", "desk", 42, "/home/ada")


@pytest.fixture
def store(tmp_path: Path) -> Folder:
    return Folder(tmp_path / ".remediate")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cloud(running_sandbox: Sandbox) -> Cloud:
    """An empty bucket in a world of its own."""
    answer = sandbox_session().post(f"{running_sandbox.url}/_sandbox/reset", json={}, timeout=30)
    answer.raise_for_status()
    return Cloud(running_sandbox.url)
