"""The value of a metric at one minute: made of the facts of that minute, and of nothing else.

A load that rises and falls a little stands for the traffic that a sandbox does not have; the same
minute of the same resource always gives the same value. `levels` fix what a scenario says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from gcp_sandbox.monitoring.metrics import (
    CONNECTOR,
    INSTANCE_STATES,
    REVISION,
    SAMPLED,
    Metric,
)
from gcp_sandbox.monitoring.tiers import machine, most_connections
from gcp_sandbox.request import Body, Json

Levels = Mapping[str, float]
"""By a metric's name without its service: `connector/cpu/utilizations`."""
Value = tuple[dict[str, str], Json]
"""The metric's labels, and the value: a number, a bool, or a distribution's numbers."""

_CPU: Final = "connector/cpu/utilizations"
_LOAD: Final = 0.2
_SWING: Final = 0.05
_UNEVEN: Final = 0.1
"""How far a connector's instances are from their mean, at most."""
_BYTES_A_PACKET: Final = 1000
_BYTES_A_SECOND: Final = 125_000
"""A megabit."""
_GIB: Final = 2**30
_INSTANCES: Final = 2
"""Of a service that nobody has said more of."""
_REQUESTS_A_MINUTE: Final = 300
_ANY_MINUTE: Final = 0
"""Of what does not swing."""
_DATABASE: Final = "app"
_ADMIN: Final = ("cloudsqladmin", 2)
"""The database of Google's own agents, and how many of them are connected."""


def values(metric: Metric, key: str, facts: Body, minute: int, levels: Levels) -> Iterator[Value]:
    """Every series' value at the minute that ends there (seconds since the epoch)."""
    if not facts:
        return
    if metric.resource == REVISION:
        yield from _of_revision(metric.name, key, facts, minute, levels)
    elif metric.resource == CONNECTOR:
        yield from _of_connector(metric.name, key, facts, minute, levels)
    else:
        yield from _of_database(metric.name, key, facts, minute, levels)


def _of_connector(name: str, key: str, facts: Body, minute: int, levels: Levels) -> Iterator[Value]:
    if not facts["serving"]:
        return
    load = _level(_CPU, key, minute, levels)
    least, most = facts["instances"]
    count = min(max(int(levels.get("connector/instances", least)), least), most)
    if name == "connector/instances":
        yield {}, count
    elif name == _CPU:
        spread = min(load, 1 - load) * _UNEVEN
        yield {}, [load + spread * (2 * at / max(count - 1, 1) - 1) for at in range(count)]
    else:
        sent = load * facts["mbps"] * _BYTES_A_SECOND * SAMPLED
        carried = int(sent if "sent" in name else 3 * sent)
        amount = carried if "bytes" in name else carried // _BYTES_A_PACKET
        yield {}, int(levels.get(name, amount))


def _of_revision(name: str, key: str, facts: Body, minute: int, levels: Levels) -> Iterator[Value]:
    if name == "container/instance_count":
        count = int(levels.get(name, _INSTANCES))
        yield {"state": "active"}, min(count, facts["most"] or count)
        yield {"state": "idle"}, 0
        return
    asked = _REQUESTS_A_MINUTE * (1 + _swing(f"{key}/{name}", minute)) * facts["share"] / 100
    code = str(facts["answers"])
    yield {"response_code": code, "response_code_class": f"{code[0]}xx"}, int(asked)


def _of_database(name: str, key: str, facts: Body, minute: int, levels: Levels) -> Iterator[Value]:
    state = facts["state"]
    if name == "database/instance_state":
        for word in INSTANCE_STATES:
            yield {"state": word}, word == state
        return
    if state == "PENDING_CREATE":
        return
    if name == "database/up":
        yield {}, int(state == "RUNNING")
    elif name in _SIZES:
        yield {}, _SIZES[name](facts)
    elif name.startswith("database/disk/"):
        used = _level("database/disk/utilization", key, _ANY_MINUTE, levels)
        quota = _SIZES["database/disk/quota"](facts)
        yield {}, used if name.endswith("utilization") else int(used * quota)
    elif state == "RUNNING":
        yield from _of_running(name, key, facts, minute, levels)


def _of_running(name: str, key: str, facts: Body, minute: int, levels: Levels) -> Iterator[Value]:
    if name == "database/cpu/utilization":
        yield {}, _level(name, key, minute, levels)
    elif name.startswith("database/memory/"):
        used = _level("database/memory/utilization", key, minute, levels)
        quota = machine(facts["tier"])[1]
        yield {}, used if name.endswith("utilization") else int(used * quota)
    elif name.endswith("bytes_count"):
        load = _level("database/cpu/utilization", key, minute, levels)
        yield {}, int(levels.get(name, load * 10_000_000))
    else:
        yield from _connections(name, key, facts, minute, levels)


def _connections(name: str, key: str, facts: Body, minute: int, levels: Levels) -> Iterator[Value]:
    """PostgreSQL counts them by database, the other engines all together; neither the other way."""
    postgres = facts["engine"] == "POSTGRES"
    if postgres != (name == "database/postgresql/num_backends"):
        return
    most = most_connections(facts["engine"], facts["tier"], facts["most"])
    share = _LOAD + _swing(f"{key}/connections", minute)
    wanted = int(levels.get(name, share * most))
    if not postgres:
        yield {}, min(wanted, most)
        return
    admin, agents = _ADMIN
    agents = min(agents, most)
    yield {"database": admin}, agents
    yield {"database": _DATABASE}, max(min(wanted, most) - agents, 0)


_SIZES: Final[Mapping[str, Callable[[Body], float]]] = {
    "database/cpu/reserved_cores": lambda facts: machine(facts["tier"])[0],
    "database/memory/quota": lambda facts: machine(facts["tier"])[1],
    "database/disk/quota": lambda facts: int(facts["disk"] * _GIB),
}


def _level(name: str, key: str, minute: int, levels: Levels) -> float:
    """A utilization, 0 to 1."""
    if name in levels:
        return min(max(float(levels[name]), 0.0), 1.0)
    return round(_LOAD + _swing(f"{key}/{name}", minute), 4)


def _swing(of: str, minute: int) -> float:
    """Up to `_SWING` to either side, by the minute."""
    digest = hashlib.sha256(f"{of}/{minute}".encode()).digest()
    return (digest[0] / 127.5 - 1) * _SWING
