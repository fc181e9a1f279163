from __future__ import annotations

from collections.abc import Iterator

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.gcp.google import connect_sandbox
from remediate.probes.dial import Dial, dial_for
from tests.gcp.server import Stub
from tests.gcp_sandbox.client import PROJECT, Client, connect


@pytest.fixture
def outside(running_sandbox: Sandbox) -> Iterator[Client]:
    """The healthy environment; how somebody else changes it."""
    client = connect(running_sandbox)
    client.post("/_sandbox/reset", {"scenario": "staging"})
    yield client
    client.close()


@pytest.fixture
def dial(running_sandbox: Sandbox, outside: Client) -> Dial:  # noqa: ARG001 - reset first
    return dial_for(connect_sandbox(running_sandbox.url, PROJECT))


@pytest.fixture
def stub() -> Iterator[Stub]:
    server = Stub()
    yield server
    server.close()


@pytest.fixture
def world() -> Dial:
    """The internet, as far as addresses go; nothing of it is ever reached in a test."""
    return Dial()
