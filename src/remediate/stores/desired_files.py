"""The files of an environment: `desired/<env>/*.yaml`, as bytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from remediate.model.document import MOST_BYTES
from remediate.model.errors import Fault, InvalidInput, Place, Stale
from remediate.model.nearest import did_you_mean

_HOLDER = "-C DIR names the folder that holds `desired/`; without it, that is where you are."
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class DesiredFile:
    """A file by its path from the root, with `/`; what could not be read has no data."""

    name: str
    data: bytes


def environment_folder(root: Path, env: str | None) -> Path:
    """`desired/<env>`, or the only one there is; raises InvalidInput where that is not clear."""
    desired = root / "desired"
    try:
        found = sorted(entry.name for entry in desired.iterdir() if _is_environment(entry))
    except OSError as error:
        where = _printable(str(desired.absolute()))
        raise _unclear(f"{where} cannot be read: {error.strerror}", _HOLDER) from None
    if env in found:
        return desired / env
    if env is not None:
        message = f"there is no environment {env!r} in {_shown(desired)}"
        raise _unclear(message, did_you_mean(env, map(_printable, found)) or "-e takes its name.")
    if not found:
        raise _unclear(
            f"{_shown(desired)} holds no environment",
            "An environment is a folder in it, such as `desired/staging/`.",
        )
    if len(found) > 1:
        names = ", ".join(map(_printable, found))
        raise _unclear(f"there are several environments: {names}", "Name one with -e.")
    return desired / found[0]


def _unclear(message: str, hint: str = "") -> InvalidInput:
    return InvalidInput(message, hint=hint)


def desired_files(folder: Path, root: Path, faults: list[Fault]) -> list[DesiredFile]:
    """Every YAML file of the folder, by name; one that cannot be read is a fault."""
    try:
        names = sorted(entry.name for entry in folder.iterdir() if _is_yaml(entry.name))
    except OSError as error:
        faults.append(Fault(None, f"{_shown(folder)} cannot be read: {error.strerror}"))
        return []
    if not names:
        faults.append(Fault(None, f"{_shown(folder)} holds no *.yaml: absence never deletes"))
    found = []
    for name in names:
        shown = _printable(f"desired/{folder.name}/{name}")
        try:
            found.append(DesiredFile(shown, _bytes(folder / name, root)))
        except OSError as error:
            faults.append(Fault(Place(shown, 1, 1), f"cannot be read: {error.strerror}"))
    return found


def rewrite(root: Path, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
    """Put new content in place of old, by name: every file whole, and none unless all can be.

    Raises Stale where a file is no longer what it was when it was read.
    """
    paths = {name: (root / name).resolve() for name in after}
    for name, path in paths.items():
        now = path.read_bytes() if path.exists() else b""
        if now != before.get(name, b""):
            raise Stale(f"{name} was changed while it was being edited; nothing was written")
    fresh: dict[Path, Path] = {}
    try:
        for name, path in paths.items():
            fresh[path] = path.with_name(f".{path.name}.new")
            with fresh[path].open("wb") as file:
                file.write(after[name])
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                fresh[path].chmod(stat.S_IMODE(path.stat().st_mode))
    except OSError:
        for temporary in fresh.values():
            temporary.unlink(missing_ok=True)
        raise
    for path, temporary in fresh.items():
        temporary.replace(path)


def _bytes(path: Path, root: Path) -> bytes:
    """What is in a regular file below the root; a byte more than allowed shows that it is large."""
    if not path.resolve().is_relative_to(root.resolve()):
        raise OSError(0, "the link leads out of the root")
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(0, "it is not a file")
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _is_environment(entry: Path) -> bool:
    return entry.is_dir() and not entry.name.startswith(".")


def _is_yaml(name: str) -> bool:
    return name.endswith(_SUFFIXES) and not name.startswith(".")


def _shown(path: Path) -> str:
    return _printable(f"{path.parent.name}/{path.name}" if path.name != "desired" else "desired")


def _printable(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")
