"""The healthy environment in the sandbox, looked at over its sockets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import requests

from gcp_sandbox.sandbox import Sandbox
from remediate.diagnosis.diagnose import diagnose
from remediate.diagnosis.node import Diagnosis
from remediate.diagnosis.signs import Signs
from remediate.gcp.google import Google, connect_sandbox
from remediate.model.resource import Desired
from remediate.pipeline.load import load
from remediate.pipeline.survey import survey
from tests.workbench import NAME, PROJECT, REPOSITORY


@dataclass
class Edge:
    """The example environment, healthy until something is done to it."""

    url: str
    google: Google
    desired: Desired

    def reset(self) -> None:
        assert self.ask("POST", "/_sandbox/scenario/staging").ok

    def inject(self, identity: str) -> bool:
        """Whether it could be: another fault may have taken away what this one needs."""
        answer = self.ask("POST", f"/_sandbox/faults/{identity}")
        assert answer.status_code in {200, 409}, answer.text
        return answer.ok

    def forget(self) -> None:
        """Empty every resolver's cache."""
        assert self.ask("PATCH", "/_sandbox/internet", {"caches": None}).ok

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        return requests.request(method, self.url + path, json=body, timeout=30)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """A plain call of one of Google's APIs, as anybody could make it."""
        answer = self.ask(method, path.replace("PROJECT", PROJECT), body)
        assert answer.ok, answer.text
        return answer.json()

    def patch(self, path: str, **fields: Any) -> Any:
        """Merge fields into a resource of Compute Engine, over its fingerprint."""
        body = self.call("GET", f"/compute/v1/projects/PROJECT/{path}")
        sent = {**fields, "fingerprint": body["fingerprint"]} if "fingerprint" in body else fields
        return self.call("PATCH", f"/compute/v1/projects/PROJECT/{path}", sent)

    def again(self) -> Edge:
        """The same, by the sandbox's clock as it stands now."""
        return replace(self, google=connect_sandbox(self.url, PROJECT))

    def look(self) -> Signs:
        return survey(self.google, self.desired)

    def diagnose(self) -> Diagnosis:
        return diagnose(self.look())


@pytest.fixture(scope="session")
def _edge() -> Iterator[Edge]:
    with Sandbox("staging", operation_time=0, seed=1) as running:
        google = connect_sandbox(running.url, PROJECT)
        yield Edge(running.url, google, load(REPOSITORY, NAME, {}))


@pytest.fixture
def edge(_edge: Edge) -> Edge:
    """Asked anew what time it is there: others have moved the clock, and no reset moves it back."""
    _edge.reset()
    return _edge.again()
