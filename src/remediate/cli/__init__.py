"""Words typed by people."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn, TextIO


def main() -> NoReturn:
    """The `remediate` command.

    One command is one process: collecting garbage on the way costs more than it frees, and
    tearing the interpreter down costs more than leaving.
    """
    import gc

    gc.disable()
    sys.stdout, sys.stderr = (stream or _nowhere() for stream in (sys.stdout, sys.stderr))
    from remediate.cli.command import run  # after the collector is off

    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            code = code or 1
    os._exit(code)


def _nowhere() -> TextIO:
    """For whoever closed the stream before we were started (`>&-`)."""
    return Path(os.devnull).open("w", encoding="utf-8")
