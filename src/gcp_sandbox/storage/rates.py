"""One write a second of the same object name; a few more now and then do no harm.

https://cloud.google.com/storage/quotas#objects
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gcp_sandbox.storage.errors import too_fast

A_SECOND: Final = 1.0
BURST: Final = 5
"""Google names no number: this many more than allowed pass at once."""


@dataclass(slots=True)
class Rates:
    """When each object would have been written last, had it been written at the rate allowed."""

    _due: dict[tuple[str, str], float] = field(default_factory=dict)

    def take(self, bucket: str, name: str, now: float) -> None:
        """Count a write. Raises 429 for one too many."""
        due = max(self._due.get((bucket, name), now), now)
        if due - now > BURST * A_SECOND:
            raise too_fast(bucket, name)
        self._due[bucket, name] = due + A_SECOND

    def clear(self) -> None:
        self._due.clear()
