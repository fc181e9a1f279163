"""The one source of chance: ids, UUIDs and operation names, repeatable when seeded."""

from __future__ import annotations

import random
import uuid


class Chance:
    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - ids, not secrets

    def continue_from(self, run: int) -> None:
        """Go on with other numbers than the runs before this one had."""
        if self._seed is not None:
            self._random.seed(f"{self._seed}/{run}")

    def number(self) -> str:
        """A resource id as Google writes it: a positive int64 in a string."""
        return str(self._random.randrange(10**18, 9 * 10**18))

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def below(self, limit: int) -> int:
        return self._random.randrange(limit)
