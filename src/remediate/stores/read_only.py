"""A store that is looked at and never written to."""

from __future__ import annotations

from dataclasses import dataclass

from remediate.stores.store import Hold, Store, Stored


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """Whatever would write does nothing, and says that it was not done."""

    store: Store
    in_doubt: bool = False

    def create(self, key: str, data: bytes) -> bool:
        return False

    def get(self, key: str) -> Stored | None:
        return self.store.get(key)

    def compare_and_swap(self, key: str, data: bytes, generation: str | None) -> str | None:
        return None

    def list(self, prefix: str) -> list[str]:
        return self.store.list(prefix)

    def hold(self, key: str) -> Hold | None:
        return None

    def evict(self, key: str) -> None:
        """Nobody's claim is touched."""
