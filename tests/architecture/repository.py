"""The repository as the tests of this folder read it; git is not needed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REMEDIATE = Path(sys.executable).with_name("remediate")
_NOT_OURS = {"__pycache__", "build", "dist", "node_modules"}
_HIDDEN_BUT_OURS = {".ci", ".gitignore"}


def files(*suffixes: str, below: Path = ROOT) -> Iterator[Path]:
    """Every file of ours, those with one of `suffixes` only if some are given."""
    for path in sorted(below.iterdir()):
        name = path.name
        if name in _NOT_OURS or (name.startswith(".") and name not in _HIDDEN_BUT_OURS):
            continue
        if path.is_dir():
            yield from files(*suffixes, below=path)
        elif not suffixes or path.suffix in suffixes:
            yield path


def pages() -> list[Path]:
    """What people read: README, docs, runbooks and their like."""
    return list(files(".md"))
