"""The sandbox's Cloud Storage, and buckets in it as several processes see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gcp_sandbox.sandbox import Sandbox
from gcp_sandbox.storage.section import Storage
from gcp_sandbox.storage.uploads import Upload
from remediate.gcp.connection import Wire
from remediate.gcp.retry import Patience
from remediate.gcp.session import sandbox_session
from remediate.gcp.storage import Objects
from remediate.model.chance import Chance
from remediate.model.clock import Clock
from remediate.stores.bucket import Bucket
from tests.clocks import FakeClock

NAME = "netra-state"
WRITES = "POST /upload/*"
READS = "GET /storage/*"


def fill(running: Sandbox, objects: Mapping[str, bytes]) -> None:
    """Objects of the bucket, made from inside, which is quicker."""
    section = running.world.sections["storage"]
    assert isinstance(section, Storage)
    for name, content in objects.items():
        section.write(NAME, Upload({"name": name}, content, {}))


class Cloud:
    """One bucket behind real sockets. Whoever waits for its pace does so on `clock`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock = FakeClock()
        self._session = sandbox_session()
        self.objects().make("netra-staging")

    def objects(self, clock: Clock | None = None, each: float = 60.0) -> Objects:
        clock = clock or self.clock
        wire = Wire(sandbox_session(), clock, Patience(clock, Chance(3), each=each))
        return Objects(wire, NAME, self.url)

    def bucket(self, prefix: str = "team/", clock: Clock | None = None) -> Bucket:
        """As a process of its own has it."""
        return Bucket(self.objects(clock), prefix, clock or self.clock)

    def fault(self, kind: str, match: str = "*", times: int = 1) -> None:
        self.ask(
            "POST",
            f"faults/{kind}-{match.split(maxsplit=1)[0]}",
            {"kind": kind, "match": match, "times": times},
        )

    def mend(self) -> None:
        self.ask("DELETE", "faults")

    def calls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", "calls")["calls"]
        return found

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._session.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()
