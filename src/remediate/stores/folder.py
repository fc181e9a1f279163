"""A store in a local folder, safe against crashes and against other processes on this machine.

Nothing is ever written in place: a new file appears under its name when it is whole and on disk.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from remediate.model.errors import StoreDamaged
from remediate.model.failpoint import passing
from remediate.stores.store import Stored, safe_key

_FILE, _DIRECTORY = 0o600, 0o700
_SWAPPING = ".swap.lock"


@dataclass(slots=True)
class FolderHold:
    """The kernel drops it when the process ends, however it ends."""

    descriptor: int
    exclusive: bool = True

    def release(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class Folder:
    """Files of mode 0600 below a folder of mode 0700, made when first written to."""

    in_doubt = False

    def __init__(self, root: Path) -> None:
        self.root = root

    def create(self, key: str, data: bytes) -> bool:
        with _told(key):
            passing("store.create.before")
            path = self._place(key)
            with _written(path, data) as temporary:
                try:
                    os.link(temporary, path)  # unlike a rename, it fails if the name is taken
                except FileExistsError:
                    return False
            _sync_directory(path.parent)
            passing("store.create.after")
            return True

    def get(self, key: str) -> Stored | None:
        try:
            data = (self.root / safe_key(key)).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreDamaged(f"{key} cannot be read: {error.strerror}") from None
        return Stored(data, _generation(data))

    def compare_and_swap(self, key: str, data: bytes, generation: str | None) -> str | None:
        with _told(key):
            passing("store.swap.before")
            path = self._place(key)
            with _locked(self.root / _SWAPPING):
                there = self.get(key)
                if (there.generation if there else None) != generation:
                    return None
                with _written(path, data) as temporary:
                    temporary.replace(path)
                _sync_directory(path.parent)
            passing("store.swap.after")
            return _generation(data)

    def list(self, prefix: str) -> list[str]:
        top = self.root / prefix.rpartition("/")[0]
        found = []
        for folder, _, names in os.walk(top):
            at = Path(folder).relative_to(self.root)
            # what begins with a dot is a lock, or was torn by a crash before it had its name
            found += [(at / name).as_posix() for name in names if not name.startswith(".")]
        return sorted(key for key in found if key.startswith(prefix))

    def hold(self, key: str) -> FolderHold | None:
        with _told(key):
            path = _claim(self._place(key))
            while True:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(descriptor)
                    return None
                if _is_at(path, descriptor):
                    return self._settled(FolderHold(descriptor))
                os.close(descriptor)  # it was evicted in between

    def evict(self, key: str) -> None:
        with _told(key):
            _claim(self._place(key)).unlink(missing_ok=True)

    def remove(self, key: str) -> None:
        """No matter if it is not there."""
        with _told(key):
            self._place(key).unlink(missing_ok=True)

    def _settled(self, hold: FolderHold) -> FolderHold:
        """What is there made durable: who held it before may have died just before that."""
        try:
            for folder in sorted(self.root.iterdir()):
                if folder.is_dir():
                    _sync_directory(folder)
        except BaseException:
            hold.release()
            raise
        return hold

    def _place(self, key: str) -> Path:
        """The file of a key, its folders made and on disk."""
        path = self.root / safe_key(key)
        _make_directories(path.parent, self.root)
        return path


def _claim(path: Path) -> Path:
    """The file whose lock is the claim on a key; nobody lists it."""
    return path.with_name(f".{path.name}.hold")


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether the file that is open is the one that others would open by now."""
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


@contextmanager
def _told(key: str) -> Iterator[None]:
    """A full or read-only disk, said in our words."""
    try:
        yield
    except OSError as error:
        damaged = StoreDamaged(f"{key} cannot be written: {error.strerror or error}")
        damaged.hint = "Make room, or mend the permissions of the store's folder, and try again."
        raise damaged from None


@contextmanager
def _written(path: Path, data: bytes) -> Iterator[Path]:
    """The data on disk beside `path` under a name that nobody lists; gone afterwards."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE)
    try:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            passing("store.sync.before")
            os.fsync(descriptor)
            passing("store.sync.after")
        finally:
            os.close(descriptor)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make_directories(folder: Path, root: Path) -> None:
    if folder.is_dir():
        return
    if folder == root:
        folder.parent.mkdir(parents=True, exist_ok=True)
    else:
        _make_directories(folder.parent, root)
    folder.mkdir(mode=_DIRECTORY, exist_ok=True)
    folder.chmod(_DIRECTORY)  # whatever the umask says
    _sync_directory(folder.parent)


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        passing("store.directory.before")
        os.fsync(descriptor)
        passing("store.directory.after")
    finally:
        os.close(descriptor)


def _generation(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
