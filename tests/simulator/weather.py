"""What the network and the machines do in one history: drawn from its seed, whatever the order."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.simulator.wire import AFTER, LOST, OF_OPERATIONS, REFUSED, STALE

ON_READS = (*REFUSED, *LOST, "broken", "half", STALE)
ON_WRITES = (*REFUSED, *LOST, *AFTER, *OF_OPERATIONS)
_RATES = (0.0, 0.0, 0.02, 0.06, 0.2)
_STEPS = (-7200.0, -90.0, 45.0, 3600.0)  # seconds by which a wall clock is set
PAUSES = (20.0, 150.0, 900.0)  # seconds; a lease lives two minutes


@dataclass(frozen=True)
class Weather:
    """Kinds of faults and how often each request meets one of them."""

    seed: int
    reads: Sequence[str] = ()
    writes: Sequence[str] = ()
    rate: float = 0.0

    def fault(self, request: str, writes: bool) -> str:  # noqa: FBT001 - one of two kinds
        kinds = self.writes if writes else self.reads
        drawn = number(self.seed, request) / 2**64
        if not kinds or drawn >= self.rate:
            return ""
        return kinds[int(drawn / self.rate * len(kinds))]


@dataclass(frozen=True)
class Happening:
    """What comes in at a point: `kill tear hand second pause step full`, and how much of it."""

    what: str
    much: float = 0.0

    def __str__(self) -> str:
        return f"{self.what} {self.much:g}"


@dataclass
class Script:
    """What happens to one process, by the number of the point that it passes."""

    at: Mapping[int, Sequence[Happening]] = field(default_factory=dict)


def number(seed: int, *about: object) -> int:
    """64 bits that depend on the seed and on what they are about, and on nothing else."""
    text = f"{seed}/{'/'.join(map(str, about))}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def weather(seed: int, *, fragile: bool = False) -> Weather:
    drawn = random.Random(f"weather {seed}")
    rate = drawn.choice(_RATES)
    reads = drawn.sample(ON_READS, drawn.randint(1, 3))
    writes = drawn.sample(ON_WRITES, drawn.randint(1, 4))
    if fragile:
        writes = [one for one in writes if one != "failed-operation"]
    return Weather(seed, reads, writes, rate)


def script(seed: int, name: str, points: int, *, alone: bool = False) -> Script:
    """`points` are how many a command passes when nothing happens; `alone`: nobody comes in."""
    drawn = random.Random(f"script {seed} {name}")
    chances = {
        "kill": 0.45,
        "tear": 0.06,
        "hand": 0.3,
        "second": 0.0 if alone else 0.12,
        "pause": 0.1,
        "step": 0.1,
        "full": 0.08,
    }
    amounts: Mapping[str, Sequence[float]] = {
        "kill": (0, 1),  # alone, or with its machine
        "hand": range(100),
        "pause": PAUSES,
        "step": _STEPS,
        "full": (1, 1, 3, 1000),
        "second": (0, 0, 150),  # seconds that the first one is paused before
    }
    at: dict[int, list[Happening]] = {}
    for what, chance in chances.items():
        while drawn.random() < chance:
            point = drawn.randint(1, points + points // 10)
            much = drawn.choice(amounts.get(what, (0,)))
            at.setdefault(point, []).append(Happening(what, much))
            chance /= 3  # noqa: PLW2901 - a second one is rarer
    return Script(at)
