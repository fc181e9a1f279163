from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.gcp.connection import Exchange, Wire
from remediate.gcp.google import Google, connect_sandbox
from remediate.gcp.retry import Patience
from remediate.gcp.session import sandbox_session
from remediate.model.chance import Chance
from tests.clocks import FakeClock
from tests.gcp.server import Stub

PROJECT = "netra-staging"


@pytest.fixture
def stub() -> Iterator[Stub]:
    server = Stub()
    yield server
    server.close()


@dataclass
class Wired:
    """A Google whose APIs are the stub, on a clock that only moves when somebody waits."""

    google: Google
    clock: FakeClock
    exchanges: list[Exchange] = field(default_factory=list)


def wired(url: str, seed: int = 7) -> Wired:
    clock, chance = FakeClock(), Chance(seed)
    exchanges: list[Exchange] = []
    wire = Wire(sandbox_session(), clock, Patience(clock, chance), exchanges.append)
    return Wired(Google(wire, PROJECT, chance, base_url=url), clock, exchanges)


@pytest.fixture
def wire(stub: Stub) -> Wired:
    return wired(stub.url)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("empty", operation_time=0, seed=1) as running:
        yield running


@pytest.fixture
def google(sandbox: Sandbox) -> Google:
    return connect_sandbox(sandbox.url, PROJECT, chance=Chance(7))
