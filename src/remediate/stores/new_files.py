"""Files that people are to own: written whole, and never over what is there unless told to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from remediate.model.errors import Fault, InvalidInput, Place

KEPT = ".old"


def write_new(folder: Path, texts: Mapping[str, str], *, overwrite: bool) -> list[Path]:
    """Write every file, or none: raises InvalidInput, naming them, where some are there already.

    With `overwrite` what was there is kept beside it, as `NAME.old`, which nothing reads.
    """
    paths = {folder / name: text for name, text in texts.items()}
    there = [path for path in paths if os.path.lexists(path)]
    if there and not overwrite:
        hint = "move it away, or say --overwrite: it is then kept as " + there[0].name + KEPT
        shown = [Place(f"desired/{folder.name}/{path.name}", 1, 1) for path in there]
        raise InvalidInput(faults=[Fault(at, "the file is there already", hint) for at in shown])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in paths.items():
            whole = path.with_name(f".{path.name}.new")
            whole.write_text(text, encoding="utf-8")
            if os.path.lexists(path):
                path.replace(path.with_name(path.name + KEPT))
            whole.replace(path)
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be written to: {error.strerror}") from None
    return [*paths]
