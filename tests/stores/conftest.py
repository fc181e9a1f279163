from __future__ import annotations

from pathlib import Path

import pytest

from remediate.stores.actor import Actor
from remediate.stores.folder import Folder
from tests.clocks import FakeClock

ACTOR = Actor("ada", "desk", 42, "/home/ada")


@pytest.fixture
def store(tmp_path: Path) -> Folder:
    return Folder(tmp_path / ".remediate")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
