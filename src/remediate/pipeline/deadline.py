"""Many reads under one deadline: what has not answered by then is unreadable, and nobody waits."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

from remediate.gcp.session import POOL
from remediate.model.clock import Clock, SystemClock
from remediate.model.errors import NotAuthorised, RemediateError
from remediate.model.observation import Unreadable

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Deadline:
    """Seconds on the wall that all of it may take; `late` names what took longer."""

    def __init__(self, seconds: float, clock: Clock | None = None) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._clock = clock or SystemClock()
        self._seconds = seconds
        self._ends = self._clock.monotonic() + seconds
        self._pool = ThreadPoolExecutor(max_workers=POOL)
        self.late: list[str] = []

    @property
    def left(self) -> float:
        """Seconds that are left of it."""
        return max(0.0, self._ends - self._clock.monotonic())

    def read(self, reads: Mapping[K, Callable[[], T]]) -> dict[K, T | Unreadable]:
        """Each read's result; an error of ours, and what is late, as `Unreadable`."""
        from concurrent.futures import wait

        futures = {key: self._pool.submit(read) for key, read in reads.items()}
        wait(futures.values(), timeout=self.left)
        found: dict[K, T | Unreadable] = {}
        for key, future in futures.items():
            if not future.done():
                future.cancel()
                self.late.append(" ".join(key) if isinstance(key, tuple) else str(key))
                found[key] = Unreadable(f"had not answered after {self._seconds:g} s")
                continue
            try:
                found[key] = future.result()
            except RemediateError as error:
                found[key] = unreadable(error)
        return found

    def close(self) -> None:
        """Nobody is waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def unreadable(error: RemediateError) -> Unreadable:
    if isinstance(error, NotAuthorised):
        return Unreadable(str(error), denied=True, permission=error.permission)
    return Unreadable(str(error))
