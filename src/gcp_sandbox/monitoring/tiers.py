"""What a Cloud SQL machine has: cores, memory, and the connections that it takes by default."""

from __future__ import annotations

import re
from typing import Final

_GIB: Final = 2**30
_SMALL: Final = {"db-f1-micro": (0.2, 0.6), "db-g1-small": (0.5, 1.7)}
"""Shared cores, and memory in GB."""
_CUSTOM: Final = re.compile(r"db-custom-(\d{1,3})-(\d{1,7})")
_SIZED: Final = re.compile(r"db-(n1-standard|n1-highmem|perf-optimized-N|c4a-highmem)-(\d{1,3})")
_GIB_A_CORE: Final = {
    "n1-standard": 3.75,
    "n1-highmem": 6.5,
    "perf-optimized-N": 8.0,
    "c4a-highmem": 8.0,
}
_POSTGRES: Final = (
    *((1.0, 25), (3.75, 50), (6.0, 100), (7.5, 200), (15.0, 400), (30.0, 500), (60.0, 600)),
    (120.0, 800),
)
"""Below so many GiB, so many connections (Google's table of the flag `max_connections`)."""
_POSTGRES_MOST: Final = 1000
_MYSQL: Final = {"db-f1-micro": 250, "db-g1-small": 1000}
_OTHERS: Final = 4000


def machine(tier: str) -> tuple[float, int]:
    """Cores and bytes of memory; an unknown tier is taken for one core."""
    if found := _CUSTOM.fullmatch(tier):
        return float(found[1]), int(found[2]) * 2**20
    if found := _SIZED.fullmatch(tier):
        cores = float(found[2])
        return cores, int(cores * _GIB_A_CORE[found[1]] * _GIB)
    cores, gib = _SMALL.get(tier, (1.0, 3.75))
    return cores, int(gib * _GIB)


def most_connections(engine: str, tier: str, flag: str | None) -> int:
    """The flag `max_connections`, or what the machine's memory gives."""
    if flag is not None and flag.isdecimal():
        return int(flag)
    if engine != "POSTGRES":
        return _MYSQL.get(tier, _OTHERS)
    gib = machine(tier)[1] / _GIB
    return next((most for below, most in _POSTGRES if gib < below), _POSTGRES_MOST)
