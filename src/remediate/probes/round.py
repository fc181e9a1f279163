"""Many probes in one event loop, so many of them at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
S = TypeVar("S")
Probe: TypeAlias = Callable[[T, float], Coroutine[Any, Any, S]]


def in_one_round(probe: Probe[T, S], each: Sequence[T], *, deadline: float, limit: int) -> list[S]:
    """What `probe` says of each, in their order; `limit` of them are under way at once.

    A probe is told when the round ends, `deadline` seconds from now, as the loop's clock counts.
    Not from inside an event loop. What a probe raises ends the round.
    """
    return asyncio.run(_round(probe, each, deadline, limit))


async def _round(probe: Probe[T, S], each: Sequence[T], deadline: float, limit: int) -> list[S]:
    end = asyncio.get_running_loop().time() + deadline
    waiting = iter(enumerate(each))
    seen: dict[int, S] = {}

    async def work() -> None:
        for place, one in waiting:
            seen[place] = await probe(one, end)

    await asyncio.gather(*(work() for _ in range(min(limit, len(each)))))
    return [seen[place] for place in range(len(each))]
