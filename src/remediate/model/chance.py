"""The one source of chance: identifiers, request ids, jitter."""

from __future__ import annotations

import random
import uuid
from datetime import datetime

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 26


class Chance:
    """Real entropy by default; the same history again when seeded."""

    def __init__(self, seed: int | None = None) -> None:
        self._random: random.Random = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311 - a seed is for replaying histories, never for secrets

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def ulid(self, now: datetime, after: str = "") -> str:
        """26 characters that sort by time (ULID): 48 bits of milliseconds, 80 of chance.

        It sorts behind `after`, another one, even if the clock was put back since; no two that
        are drawn behind the same one are equal.
        """
        number = (int(now.timestamp() * 1000) << 80) | self._random.getrandbits(80)
        if number <= (least := _number(after)):
            number = least + 1 + self._random.getrandbits(64)
        return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))

    def bits(self, count: int) -> int:
        """A whole number of so many bits."""
        return self._random.getrandbits(count)

    def jitter(self, upper: float) -> float:
        """A number of seconds between nothing and `upper`."""
        return self._random.uniform(0, upper)

    def token(self) -> bytes:
        """32 bytes for a key."""
        return self._random.getrandbits(256).to_bytes(32, "big")


def _number(ulid: str) -> int:
    """Back from text; what is no ULID sorts before all of them."""
    number = 0
    for character in ulid if len(ulid) == _LENGTH else "":
        number = number << 5 | max(0, _CROCKFORD.find(character))
    return number
