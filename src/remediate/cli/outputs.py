"""Where results go: text or JSON on stdout, and JSON to a file besides, from one run."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from remediate.model.errors import InvalidInput, RemediateError
from remediate.model.json import Body

F = TypeVar("F", bound=Callable[..., Any])
NARROWEST = 60


def output_options(function: F) -> F:
    """`--json-out FILE`, and `--json` for stdout alone."""
    function = click.option(
        "--json-out",
        metavar="FILE",
        callback=_writable,
        help="Write JSON to a file besides; - is stdout.",
    )(function)
    return click.option("--json", "as_json", is_flag=True, help="JSON on stdout, nothing else.")(
        function
    )


def write(text: Callable[[], str], machine: Callable[[], Body], **out: Any) -> None:  # noqa: ANN401 - as_json and json_out, as click gave them
    """Only what is asked for is made."""
    target = "-" if out.get("as_json") else out.get("json_out")
    if target:
        from remediate.report.machine import json_text  # noqa: PLC0415 - only when it is asked for

        content = json_text(machine())
        if target == "-":
            sys.stdout.write(content)
            return
        _write_file(Path(target), content)
    sys.stdout.write(text())


def _writable(_context: click.Context, _option: click.Parameter, file: str | None) -> str | None:
    """Said before anything is begun, not after it was done."""
    if file in {None, "-"}:
        return file
    path = Path(str(file))
    name = "Name a file in a folder that you may write to, or - for stdout."
    if path.is_dir():
        raise InvalidInput(f"--json-out {file} is a folder", hint=name)
    if not path.parent.is_dir():
        raise InvalidInput(f"--json-out {file}: there is no folder {path.parent}", hint=name)
    as_open_does = os.access in os.supports_effective_ids
    there = path if path.exists() else path.parent
    if not os.access(there, os.W_OK, effective_ids=as_open_does):
        raise InvalidInput(f"--json-out {file} cannot be written: permission denied", hint=name)
    return file


def _write_file(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        failed = RemediateError(f"{path} cannot be written: {error.strerror}")
        failed.hint = "The command has done its work; only this file is missing."
        raise failed from None


def width(stream: TextIO | None = None) -> int:
    """Columns of the terminal that the stream, stdout unless told, is; 80 where it is none."""
    if not (stream or sys.stdout).isatty():
        return 80
    return max(NARROWEST, shutil.get_terminal_size((80, 24)).columns)


def colour(stream: TextIO | None = None) -> bool:
    """Only on a terminal, and not where NO_COLOR (no-color.org) or a dumb terminal says so."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return (stream or sys.stdout).isatty() and not plain
