"""Scenes to be killed in, and who counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import pytest

from gcp_sandbox.sandbox import Sandbox
from tests.crash.killing_proxy import Trap, serve
from tests.crash.scene import Scene
from tests.crash.tally import SOAK, Tally
from tests.workbench import Workbench

# A factor on how long operations take at Google: one is under way when its answer arrives, and
# over before long.
UNDER_WAY = 0.002

Documents: TypeAlias = Sequence[dict[str, Any]]


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """What a test counts here goes with its report, whichever process it ran in."""
    counted = Tally()
    yield counted
    request.node.user_properties += counted.properties()


@pytest.fixture(params=["dns-outage", "empty"])
def scene(
    request: pytest.FixtureRequest, running_sandbox: Sandbox, quick_folder: Path
) -> Iterator[Scene]:
    """`dns-outage` is mended in 5 steps; staging is made from `empty` in 20."""
    with TemporaryDirectory(dir=quick_folder) as folder:
        bench = Workbench(running_sandbox.url, Path(folder))
        yield Scene(running_sandbox, bench, request.param)


@pytest.fixture
def taking_a_moment(running_sandbox: Sandbox) -> Iterator[Sandbox]:
    """What is written takes a while, however short."""
    world = running_sandbox.world
    at_once = world.options
    world.options = replace(at_once, operation_time=UNDER_WAY)
    yield running_sandbox
    world.options = at_once


@pytest.fixture
def empty_scene(taking_a_moment: Sandbox, quick_folder: Path) -> Iterator[Scene]:
    """Nothing is there yet."""
    with TemporaryDirectory(dir=quick_folder) as folder:
        yield Scene(taking_a_moment, Workbench(taking_a_moment.url, Path(folder)), "empty")


@pytest.fixture
def empty_scene_in_a_bucket(taking_a_moment: Sandbox, quick_folder: Path) -> Iterator[Scene]:
    """Nothing is there yet, and what comes is remembered in a bucket."""
    with TemporaryDirectory(dir=quick_folder) as folder:
        bench = Workbench(taking_a_moment.url, Path(folder))
        yield Scene(taking_a_moment, bench, "empty", bucket="state")


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


def sample(points: int, wanted: int, soaking: int = 0) -> list[int]:
    """So many of them, spread evenly; in a soak more."""
    wanted = (soaking or 3 * wanted) if SOAK else wanted
    if points <= wanted:
        return list(range(points))
    return [round(number * (points - 1) / (wanted - 1)) for number in range(wanted)]
