from __future__ import annotations

from collections.abc import Iterator

import pytest

from gcp_sandbox.sandbox import Sandbox
from tests.gcp_sandbox.client import Client, connect


@pytest.fixture(scope="session")
def core() -> Iterator[Sandbox]:
    """One sandbox for every test that leaves nothing behind which `client` does not clear."""
    with Sandbox(seed=1, operation_time=0) as running:
        yield running


@pytest.fixture
def client(core: Sandbox) -> Iterator[Client]:
    """A client of an empty sandbox whose operations are done at once."""
    connected = connect(core)
    connected.post("/_sandbox/reset")
    yield connected
    connected.close()


@pytest.fixture
def staging(client: Client) -> Client:
    client.post("/_sandbox/scenario/staging")
    return client
