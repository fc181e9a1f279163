"""A store that outlives the processes that write to it, and what a crash does to what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from remediate.model.errors import StoreDamaged
from remediate.stores.store import Stored, safe_key


class Writer(Protocol):
    """The process behind a view; it may die, or find the disk full, at any of its calls."""

    def passing(self, place: str) -> None: ...

    def may_write(self, key: str) -> bool:
        """False while the disk is full."""

    def tears(self) -> bool:
        """Whether it dies in the middle of what it is about to write."""

    def kept(self, key: str, data: bytes) -> None:
        """What it has written is durable now."""


@dataclass
class Disk:
    """Whole values by key, durable as soon as they are there; `now` counts what was written.

    `exclusive`: holds end with their process, as a folder's do; in a bucket nothing tells.
    """

    exclusive: bool = True
    values: dict[str, Stored] = field(default_factory=dict)
    born: dict[str, int] = field(default_factory=dict)
    holds: dict[str, MemoryHold] = field(default_factory=dict)
    now: int = 0  # how often it was written to
    writers: dict[str, Writer] = field(default_factory=dict)
    takeovers: list[tuple[int, Writer]] = field(default_factory=list)

    def copy(self) -> Disk:
        """What is on it, and nobody who uses it."""
        return Disk(self.exclusive, dict(self.values), dict(self.born), now=self.now)

    def put(self, key: str, data: bytes, writer: Writer) -> str:
        self.values[key] = Stored(data, str(self.now + 1))
        self.note(key, data, writer)
        return str(self.now)

    def note(self, key: str, data: bytes, writer: Writer) -> None:
        """Who wrote what, and when."""
        self.now += 1
        self.born.setdefault(key, self.now)
        self.writers.setdefault(key, writer)
        if key.startswith("locks/") and b'"released"' not in data and writer is not self.holder:
            self.takeovers.append((self.now, writer))
        writer.kept(key, data)

    def value(self, key: str) -> bytes | None:
        """What is durable of a key."""
        stored = self.values.get(key)
        return stored.data if stored else None

    def durable(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        """What would be there after a power cut, in the order of its keys."""
        for key in sorted(self.values):
            if key.startswith(prefix):
                yield key, self.values[key].data

    @property
    def holder(self) -> Writer | None:
        """Who took the lock last."""
        return self.takeovers[-1][1] if self.takeovers else None

    def abandoned(self, writer: Writer) -> None:
        """A process is no more: the kernel drops what it held."""
        for key in [key for key, hold in self.holds.items() if hold.writer is writer]:
            del self.holds[key]


@dataclass
class MemoryHold:
    disk: Disk
    key: str
    writer: Writer
    exclusive: bool = True

    def release(self) -> None:
        if self.disk.holds.get(self.key) is self:
            del self.disk.holds[self.key]


class Memory:
    """One process's view of a disk."""

    in_doubt = False

    def __init__(self, disk: Disk, writer: Writer) -> None:
        self._disk = disk
        self._writer = writer

    def create(self, key: str, data: bytes) -> bool:
        self._begin(key)
        if key in self._disk.values:
            return False
        if key.startswith("runs/") and self._writer.tears():
            self._disk.put(key, data[: len(data) // 2], self._writer)
        else:
            self._disk.put(key, data, self._writer)
        self._writer.passing(f"created {key}")
        return True

    def get(self, key: str) -> Stored | None:
        return self._disk.values.get(safe_key(key))

    def compare_and_swap(self, key: str, data: bytes, generation: str | None) -> str | None:
        self._begin(key)
        there = self._disk.values.get(key)
        if (there.generation if there else None) != generation:
            return None
        swapped = self._disk.put(key, data, self._writer)
        self._writer.passing(f"swapped {key}")
        return swapped

    def list(self, prefix: str) -> list[str]:
        return sorted(key for key in self._disk.values if key.startswith(prefix))

    def hold(self, key: str) -> MemoryHold | None:
        self._writer.passing(f"holding {key}")
        if not self._disk.exclusive:
            return MemoryHold(self._disk, key, self._writer, exclusive=False)
        if key in self._disk.holds:
            return None
        return self._disk.holds.setdefault(key, MemoryHold(self._disk, key, self._writer))

    def evict(self, key: str) -> None:
        self._disk.holds.pop(key, None)

    def remove(self, key: str) -> None:
        self._writer.passing(f"removing {key}")
        self._disk.values.pop(key, None)

    def _begin(self, key: str) -> None:
        self._writer.passing(f"writing {safe_key(key)}")
        if not self._writer.may_write(key):
            raise StoreDamaged(f"{key} cannot be written: No space left on device")
