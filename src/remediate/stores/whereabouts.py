"""Where the state of each environment is kept: as its YAML says, and as it was last seen to say."""

from __future__ import annotations

import json
from pathlib import Path

from remediate.model.document import read
from remediate.model.errors import Fault, StoreDamaged
from remediate.model.json import Body
from remediate.stores.desired_files import desired_files
from remediate.stores.folder import Folder
from remediate.stores.store import FORMAT_VERSION, sealed, unsealed

HOME = ".remediate"  # below the root: what is always local, and the default store
_KEY = "store.json"
_MARK = b"Environment"


def said(root: Path, environment: str) -> str | None:
    """What the YAML says, whatever else is wrong with it; None without an Environment in it."""
    folder = root / "desired" / environment
    faults: list[Fault] = []
    for file in desired_files(folder, root, faults) if folder.is_dir() else ():
        if _MARK not in file.data:
            continue
        for document in read(file.data, file.name).documents:
            spec = document.body.get("spec")
            if document.body.get("kind") == "Environment" and isinstance(spec, dict):
                return str(spec.get("store") or HOME)
    return None


def remembered(root: Path) -> dict[str, str]:
    """By environment, where its state was when last heard of; nothing where nothing is known."""
    stored = Folder(root / HOME).get(_KEY)
    if stored is None:
        return {}
    found = unsealed(_KEY, stored.data).get("stores")
    if not isinstance(found, dict):
        raise StoreDamaged(f"{HOME}/{_KEY} does not say where state is kept")
    return {name: str(where) for name, where in found.items()}


def remember(root: Path, environment: str, location: str) -> None:
    """Keep it for the day when the YAML cannot be read. Nothing is written for the default."""
    home = Folder(root / HOME)
    stored = home.get(_KEY)
    try:
        known = remembered(root)
    except StoreDamaged:
        if stored is None or _is_newer(stored.data):
            raise
        known = {}
    if known.get(environment, HOME) == location:
        return
    content: Body = {
        "format_version": FORMAT_VERSION,
        "stores": {**known, environment: location},
    }
    home.compare_and_swap(_KEY, sealed(content), stored.generation if stored else None)


def _is_newer(data: bytes) -> bool:
    try:
        return bool(json.loads(data)["format_version"] > FORMAT_VERSION)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
