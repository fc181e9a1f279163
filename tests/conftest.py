"""What most tests stand on: one sandbox for the whole session, born again for each test."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from gcp_sandbox.sandbox import Sandbox
from tests.crash.tally import Count
from tests.workbench import Workbench

MEMORY = Path("/dev/shm")
# What tells a command of its terminal, CI job, hour, proxy, or where it is to keep its state.
TOLD = re.compile(
    r"COLUMNS|LINES|NO_COLOR|FORCE_COLOR|TERM|TZ|BUILD_URL|CI|CI_\w+|GITHUB_\w+|GITLAB_\w+|GH_TOKEN"
    r"|(?i:https?_proxy|all_proxy)|REMEDIATE_STORE|REMEDIATE_APPROVED_BY"
)

# A law holds or it does not; how long that takes to find out says nothing, on a shared machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the process that all reports come to
        config.pluginmanager.register(Count(config))


@pytest.fixture(scope="session", autouse=True)
def _nobody_in_particular() -> Iterator[None]:
    """Whoever runs the tests, and in whatever terminal or CI job, is none of their business."""
    with pytest.MonkeyPatch.context() as environ:
        for name in filter(TOLD.fullmatch, [*os.environ]):
            environ.delenv(name)
        # a shell's background jobs ignore it, and so would every command that the tests start
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
        signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """Starting one takes longer than most tests; only a workbench hands it out, reset."""
    with Sandbox("empty", operation_time=0, seed=1) as running:
        yield running


@pytest.fixture(scope="session")
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is one: stores sync every write, which disks are slow at."""
    usable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    with TemporaryDirectory(dir=MEMORY if usable else None) as folder:
        yield Path(folder)


@pytest.fixture
def workbench(running_sandbox: Sandbox, quick_folder: Path) -> Workbench:
    """An empty project, an empty store and no YAML yet."""
    return Workbench(running_sandbox.url, quick_folder / "workbench")
