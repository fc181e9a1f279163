"""A command line as somebody types it, run in this process: what it said, and how it left."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remediate.cli.command import run

REMEDIATE = Path(sys.executable).with_name("remediate")
BUG = "this is a bug in remediate"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def told(self) -> str:
        """Stderr, with the lines that were broken for their width put together again."""
        return re.sub(r"\n +(?=\S)", " ", self.err)

    def __str__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"


def typed(*words: str | Path) -> Said:
    """In this process: quick, and the streams are no terminal."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(word) for word in words])
    said = Said(code, out.getvalue(), err.getvalue())
    assert BUG not in said.err, said
    assert "Traceback" not in said.err, said
    return said


def process(*words: str | Path, cwd: Path | None = None, **environ: str) -> Said:
    """The installed command, where a process matters."""
    done = subprocess.run(
        [str(REMEDIATE), *(str(word) for word in words)],
        cwd=cwd,
        env=os.environ | environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)
