"""Scenes to be killed in, and how many of the points to try."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import pytest

from gcp_sandbox.sandbox import Sandbox
from tests.crash.killing_proxy import Trap, serve
from tests.crash.scene import Scene
from tests.workbench import Workbench

EVERY_POINT = bool(os.environ.get("REMEDIATE_EVERY_CRASH_POINT"))

Documents: TypeAlias = Sequence[dict[str, Any]]


@pytest.fixture(params=["dns-outage", "empty"])
def scene(
    request: pytest.FixtureRequest, running_sandbox: Sandbox, quick_folder: Path
) -> Iterator[Scene]:
    """`dns-outage` is mended in 5 steps; staging is made from `empty` in 20."""
    with TemporaryDirectory(dir=quick_folder) as folder:
        bench = Workbench(running_sandbox.url, Path(folder))
        yield Scene(running_sandbox, bench, request.param)


@contextmanager
def between(
    sandbox: Sandbox, quick_folder: Path, applied: Documents, wanted: Documents
) -> Iterator[Scene]:
    """One lot of documents was applied, and another is what the YAML says now."""
    with TemporaryDirectory(dir=quick_folder) as folder:
        bench = Workbench(sandbox.url, Path(folder))
        scene = Scene(sandbox, bench, "empty")
        bench.write(*applied)
        bench.apply()
        scene.before = bench.state()
        bench.write(*wanted)
        yield scene


@dataclass(frozen=True)
class Proxy:
    url: str
    set_trap: Callable[[Trap], None]


@pytest.fixture
def proxy(running_sandbox: Sandbox) -> Iterator[Proxy]:
    server, set_trap = serve(running_sandbox.url)
    yield Proxy(f"http://127.0.0.1:{server.server_port}", set_trap)
    server.shutdown()
    server.server_close()


def sample(points: int, wanted: int) -> list[int]:
    """All of them if told so by REMEDIATE_EVERY_CRASH_POINT, else these, spread evenly."""
    if EVERY_POINT or points <= wanted:
        return list(range(points))
    return [round(number * (points - 1) / (wanted - 1)) for number in range(wanted)]
