"""Many probes in one event loop, so many of them at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
S = TypeVar("S")


def in_one_round(
    probe: Callable[[T], Coroutine[Any, Any, S]], each: Sequence[T], limit: int
) -> list[S]:
    """What `probe` says of each, in their order; `limit` of them are under way at once.

    Not from inside an event loop. What a probe raises ends the round.
    """
    return asyncio.run(_round(probe, each, limit))


async def _round(
    probe: Callable[[T], Coroutine[Any, Any, S]], each: Sequence[T], limit: int
) -> list[S]:
    waiting = iter(enumerate(each))
    seen: dict[int, S] = {}

    async def work() -> None:
        for place, one in waiting:
            seen[place] = await probe(one)

    await asyncio.gather(*(work() for _ in range(min(limit, len(each)))))
    return [seen[place] for place in range(len(each))]
