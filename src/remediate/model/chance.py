"""The one source of chance: identifiers, request ids, jitter."""

from __future__ import annotations

import random
import uuid
from datetime import datetime

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Chance:
    """Real entropy by default; the same history again when seeded."""

    def __init__(self, seed: int | None = None) -> None:
        self._random: random.Random = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311 - a seed is for replaying histories, never for secrets

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def ulid(self, now: datetime) -> str:
        """26 characters that sort by time (ULID): 48 bits of milliseconds, 80 of chance."""
        number = (int(now.timestamp() * 1000) << 80) | self._random.getrandbits(80)
        return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))

    def jitter(self, upper: float) -> float:
        """A number of seconds between nothing and `upper`."""
        return self._random.uniform(0, upper)

    def token(self) -> bytes:
        """32 bytes for a key."""
        return self._random.getrandbits(256).to_bytes(32, "big")
