"""A running sandbox: every API, DNS and the admin paths, on loopback sockets of one process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from gcp_sandbox import batch, locations, longrunning, resourcemanager, scenarios
from gcp_sandbox.admin import Admin
from gcp_sandbox.authority import Authority
from gcp_sandbox.backends.postgresql import Databases
from gcp_sandbox.certificatemanager import api as certificatemanager
from gcp_sandbox.chance import Chance
from gcp_sandbox.clock import Clock
from gcp_sandbox.compute import api as compute
from gcp_sandbox.dns import api as dns
from gcp_sandbox.dns.section import DnsSection
from gcp_sandbox.front.balancer import Balancer
from gcp_sandbox.front.listeners import Front
from gcp_sandbox.front.selection import Selection
from gcp_sandbox.internet.listeners import DnsListeners
from gcp_sandbox.internet.name_servers import NameServers
from gcp_sandbox.internet.registrar import Registrar
from gcp_sandbox.internet.resolver import Resolvers
from gcp_sandbox.internet.section import NAME as INTERNET
from gcp_sandbox.internet.section import Internet, internet_of
from gcp_sandbox.internet.walk import Walk
from gcp_sandbox.internet.wire import fits
from gcp_sandbox.monitoring import api as monitoring
from gcp_sandbox.run import api as run
from gcp_sandbox.secretmanager import section as secretmanager
from gcp_sandbox.server import start_server
from gcp_sandbox.service import Service
from gcp_sandbox.servicenetworking import section as servicenetworking
from gcp_sandbox.sql import api as sql
from gcp_sandbox.storage import api as storage
from gcp_sandbox.troubles import api as troubles
from gcp_sandbox.vpcaccess import api as vpcaccess
from gcp_sandbox.world import Options, World

Result = TypeVar("Result")
_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Outside:
    """What listens beside the APIs: DNS, and the load balancers' front end."""

    names: DnsListeners
    front: Front

    def dial(self) -> dict[str, str]:
        return self.names.dial() | self.front.dial()

    def close(self) -> None:
        self.names.close()
        self.front.close()


def build(options: Options, *, seed: int | None = None) -> tuple[Service, dict[str, int], Outside]:
    """Put the world and its APIs together; the ports are filled in by whoever listens."""
    world = World(Clock(), Chance(seed), options)
    authority = Authority(world)
    world.register("authority", authority)
    world.register(INTERNET, Internet(world))
    service = Service(world)
    zones = dns.register(world, service.router)
    edge = compute.register(world, service.router, authority)
    operations = longrunning.register(world, service.router)
    places = locations.register(service.router)
    connectors = vpcaccess.register(world, service.router, operations, places)
    services = run.register(world, service.router, operations, places, connectors)
    certificates = certificatemanager.register(world, service.router, operations, places, edge)
    databases = sql.register(world, service.router, authority)
    monitoring.register(world, service.router, connectors, databases, services)
    service.gates.append(resourcemanager.register(world, service.router).refusal)
    storage.register(world, service.router)
    servicenetworking.register(world, service.router)
    secretmanager.register(world, service.router)
    batch.register(service)
    ports: dict[str, int] = {}
    Admin(service, authority, ports).register()
    troubles.register(service, authority)
    chosen = Selection(edge, certificates)
    front = Front(chosen, Balancer(chosen), Databases(world))
    world.settlers.append(front.balancer.cut_what_is_due)
    outside = Outside(_names(world, zones), front)
    world.dials.append(outside.dial)
    return service, ports, outside


def _names(world: World, zones: DnsSection) -> DnsListeners:
    """The DNS of this world, which Google asks too."""
    internet = internet_of(world)
    servers = NameServers(internet, zones, Registrar(internet))
    resolvers = Resolvers(internet, Walk(servers, fits))
    world.lookup = resolvers.lookup
    return DnsListeners(internet, servers, resolvers)


class Sandbox:
    """A sandbox in a thread of this process; use it as a context, or `close` it.

    `scenario` is loaded unless the `state` file is there already. Raises OSError where `port` is
    taken, and GoogleError where there is no such scenario.
    """

    def __init__(
        self,
        scenario: str = "empty",
        *,
        port: int = 0,
        state: Path | str | None = None,
        latency: float = 0.0,
        operation_time: float = 0.01,
        seed: int | None = None,
    ) -> None:
        wanted = scenarios.read(scenario)
        options = Options(
            project=wanted.get("project", Options().project),
            latency=latency,
            operation_time=operation_time,
            state=Path(state) if state is not None else None,
        )
        self.service, self.ports, self._outside = build(options, seed=seed)
        self.world = self.service.world
        if not self.world.load():
            self.world.populate(wanted)
        self.world.save(force=True)  # what cannot be kept is told before anything is answered
        self._asked_port = port
        self._failed: BaseException | None = None
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="gcp_sandbox", daemon=True)
        self._thread.start()
        self._ready.wait(_START_SECONDS)
        if self._failed is not None:
            raise self._failed

    @property
    def port(self) -> int:
        return self.ports["http"]

    @property
    def dns_port(self) -> int:
        return self.ports["dns"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, action: Callable[[World], Result]) -> Result:
        """Do something to the world on the thread that owns it."""
        assert self._loop is not None

        async def act() -> Result:
            return action(self.world)

        return asyncio.run_coroutine_threadsafe(act(), self._loop).result()

    def wait(self) -> None:
        """Block until closed; an interrupt gets through."""
        while self._thread.is_alive():
            self._thread.join(0.5)

    def close(self) -> None:
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failed:  # noqa: BLE001 - told to the thread that waits for us
            self._failed = failed
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        http = await start_server(self.service.answer, self._asked_port)
        self.ports["http"] = http.port
        self.ports |= self._outside.names.listen_for_everything()
        self._ready.set()
        await self._stop.wait()
        self._outside.close()
        await http.close()
        self.world.save()


serve = Sandbox
"""Starting one is all there is to it."""
