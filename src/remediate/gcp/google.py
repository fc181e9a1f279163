"""What the pipeline is given of Google: one project, its APIs, a clock and a source of chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import requests

from remediate.gcp.api import Api, Resources
from remediate.gcp.compute import Compute
from remediate.gcp.connection import OnExchange, Wire
from remediate.gcp.dns import Dns
from remediate.gcp.longrunning import CERTIFICATE_MANAGER, RUN, VPC_ACCESS, LongRunning
from remediate.gcp.monitoring import Monitoring
from remediate.gcp.operations import TIMEOUT, Operation, Waiter
from remediate.gcp.reading import Reader
from remediate.gcp.resource_manager import ResourceManager
from remediate.gcp.retry import Patience
from remediate.gcp.run import Run
from remediate.gcp.sandbox import Sandbox
from remediate.gcp.secret_manager import SecretManager
from remediate.gcp.service_networking import ServiceNetworking
from remediate.gcp.session import POOL, live_session, sandbox_session
from remediate.gcp.sql import Sql
from remediate.model.chance import Chance
from remediate.model.clock import Clock, SystemClock
from remediate.model.errors import NotAuthorised
from remediate.model.json import Body

T = TypeVar("T")
# Seconds for an operation where that is more: Terraform's provider gives upgrades as much.
LONGER: dict[str, float] = {Api.SQL: 5400.0}


class Google:
    """One project over one session. `sandbox` is None when it is really Google."""

    def __init__(
        self,
        wire: Wire,
        project: str,
        chance: Chance,
        *,
        base_url: str | None = None,
        sandbox: Sandbox | None = None,
    ) -> None:
        self.project = project
        self.clock = wire.clock
        self.chance = chance
        self.sandbox = sandbox
        self._wire, self._base_url = wire, base_url
        at = {"base_url": base_url} if base_url else {}
        self.compute = Compute(wire, project, **at)
        self.dns = Dns(wire, project, **at)
        self.resource_manager = ResourceManager(wire, project, **at)
        self.run = Run(RUN, wire, project, **at)
        self.monitoring = Monitoring(wire, project, **at)
        self.secrets = SecretManager(wire, project, **at)
        self.service_networking = ServiceNetworking(wire, **at)
        self._apis: dict[Api, Resources] = {
            Api.CERTIFICATE_MANAGER: LongRunning(CERTIFICATE_MANAGER, wire, project, **at),
            Api.COMPUTE: self.compute,
            Api.DNS: self.dns,
            Api.RUN: self.run,
            Api.SQL: Sql(wire, project, **at),
            Api.VPC_ACCESS: LongRunning(VPC_ACCESS, wire, project, **at),
        }
        self._waiter = Waiter({api: each.look for api, each in self._apis.items()}, wire.clock)

    @property
    def endpoint(self) -> str:
        """`google` or `sandbox`: what was done to the one says nothing of the other."""
        return "sandbox" if self.sandbox else "google"

    def api(self, api: Api) -> Resources:
        return self._apis[api]

    def reader(self) -> Reader:
        """The same project to those who only look: whatever is no GET is not sent."""
        wire = replace(self._wire, reads_only=True)
        return Reader(Google(wire, self.project, self.chance, base_url=self._base_url))

    def writing_while(self, may_write: Callable[[], None]) -> Google:
        """The same, but for what is asked before each attempt to send what writes."""
        wire = replace(self._wire, may_write=may_write)
        return Google(
            wire, self.project, self.chance, base_url=self._base_url, sandbox=self.sandbox
        )

    def record_sets(self, zone: str) -> Iterator[list[Body]]:
        return self.dns.record_sets(zone)

    def wait(self, operation: Operation, timeout: float | None = None) -> Body:
        """The finished operation's body; see `Waiter.wait`."""
        return self._waiter.wait(operation, timeout or LONGER.get(operation.dialect, TIMEOUT))

    def request_id(self) -> str:
        """A new id for a mutation, to be journalled before it is sent."""
        return self.chance.uuid()

    def read_all(self, reads: Sequence[Callable[[], T]]) -> list[T]:
        """Their results in order, read 32 at a time. See `read_all`."""
        return read_all(reads)


def connect_live(
    project: str,
    *,
    session: requests.Session | None = None,
    impersonate: str | None = None,
    quota_project: str | None = None,
    on_exchange: OnExchange | None = None,
    clock: Clock | None = None,
    chance: Chance | None = None,
) -> Google:
    """Google itself, over a session, else as the user's default credentials or `impersonate`.

    Raises NotAuthorised when there are none.
    """
    clock, chance = clock or SystemClock(), chance or Chance()
    session = session or live_session(impersonate=impersonate, quota_project=quota_project)
    wire = Wire(session, clock, Patience(clock, chance), on_exchange)
    return Google(wire, project, chance)


def connect_sandbox(
    url: str,
    project: str,
    *,
    on_exchange: OnExchange | None = None,
    chance: Chance | None = None,
) -> Google:
    """A sandbox on this machine, on its own clock. Raises InvalidInput for any other host."""
    session, chance = sandbox_session(), chance or Chance()
    sandbox = Sandbox(session, url)
    clock = sandbox.clock()
    wire = Wire(session, clock, Patience(clock, chance), on_exchange)
    return Google(wire, project, chance, base_url=sandbox.url, sandbox=sandbox)


def read_all(reads: Sequence[Callable[[], T]]) -> list[T]:
    """Every result in order; all are finished before the first error, in order, is raised.

    If permissions are missing, all of them are named in one NotAuthorised.
    """
    if len(reads) == 1:
        return [reads[0]()]
    from concurrent.futures import ThreadPoolExecutor  # not for a single read

    pool = ThreadPoolExecutor(max_workers=min(POOL, len(reads) or 1))
    try:
        futures = [pool.submit(read) for read in reads]
        errors = [error for future in futures if (error := future.exception())]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    if errors:
        raise _first(errors)
    return [future.result() for future in futures]


def _first(errors: list[BaseException]) -> BaseException:
    missing = [error for error in errors if isinstance(error, NotAuthorised)]
    if len(missing) < 2:  # noqa: PLR2004 - one error speaks for itself
        return missing[0] if missing else errors[0]
    lines = dict.fromkeys(str(error) for error in missing)
    listed = NotAuthorised("\n".join(lines), status=missing[0].status, reason=missing[0].reason)
    listed.hint = missing[0].hint
    return listed
