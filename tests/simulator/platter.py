"""A real folder, and what of it a power cut would leave: only what was synced, and where."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from remediate.model.errors import StoreDamaged
from remediate.stores.folder import Folder
from remediate.stores.store import Stored
from tests.simulator.memory import Disk, Writer


@dataclass
class Platter(Disk):
    """The disk below a folder. `image` is what is durable of it, by path."""

    root: Path = Path()
    image: dict[Path, bytes] = field(default_factory=dict)
    _synced: dict[int, bytes] = field(default_factory=dict)  # by inode

    @contextmanager
    def watched(self) -> Iterator[None]:
        """As long as this lasts, every fsync below the folder is heeded."""
        with mock.patch.object(os, "fsync", self._heeding(os.fsync)):
            yield

    def fill(self, before: Disk) -> None:
        """What another disk has, safe and sound."""
        shutil.rmtree(self.root, ignore_errors=True)
        for key, stored in before.values.items():
            path = self.root / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(stored.data)
            self.image[path] = stored.data
            self.born[key] = before.born[key]
        self.now = before.now

    def durable(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        for path, data in sorted(self.image.items()):
            key = path.relative_to(self.root).as_posix()
            if key.startswith(prefix):
                yield key, data

    def value(self, key: str) -> bytes | None:
        return self.image.get(self.root / key)

    def power_cut(self) -> None:
        """The machine stops: what was not synced is not there when it starts again."""
        for path in [path for path in self.root.rglob("*") if path.is_file()]:
            if path not in self.image:
                path.unlink()
        for path, data in self.image.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def _heeding(self, fsync: Callable[[int], None]) -> Callable[[int], None]:
        def heeded(descriptor: int) -> None:
            fsync(descriptor)
            about = os.fstat(descriptor)
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            if self.root not in {path, *path.parents}:
                return
            if stat.S_ISDIR(about.st_mode):
                self._sync_names(path)
            else:
                self._synced[about.st_ino] = path.read_bytes()

        return heeded

    def _sync_names(self, folder: Path) -> None:
        """From now on these names stay; what is in them does only where that was synced too."""
        for path in [path for path in self.image if path.parent == folder]:
            if not path.exists():
                del self.image[path]
        for path in folder.iterdir():
            if path.name.startswith(".") or not path.is_file():
                continue
            content = self._synced.get(path.stat().st_ino)
            if content is not None:
                self.image[path] = content
            elif path not in self.image:
                self.image[path] = b""


class OnPlatter(Folder):
    """One process's view of it: the product's own store, which may die or find no room."""

    def __init__(self, platter: Platter, writer: Writer) -> None:
        super().__init__(platter.root)
        self._platter = platter
        self._writer = writer

    def create(self, key: str, data: bytes) -> bool:
        self._insist_on_room(key)
        made = super().create(key, data)
        if made:
            self._platter.note(key, data, self._writer)
        return made

    def compare_and_swap(self, key: str, data: bytes, generation: str | None) -> str | None:
        self._insist_on_room(key)
        swapped = super().compare_and_swap(key, data, generation)
        if swapped is not None:
            self._platter.note(key, data, self._writer)
        return swapped

    def get(self, key: str) -> Stored | None:
        self._writer.passing(f"reading {key}")
        return super().get(key)

    def _insist_on_room(self, key: str) -> None:
        self._writer.passing(f"writing {key}")
        if not self._writer.may_write(key):
            raise StoreDamaged(f"{key} cannot be written: No space left on device")
