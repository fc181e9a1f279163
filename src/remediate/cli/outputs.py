"""Where results go: text or JSON on stdout, and JSON to a file besides, from one run."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from remediate.model.json import Body

F = TypeVar("F", bound=Callable[..., Any])
NARROWEST = 60


def output_options(function: F) -> F:
    """`--json-out FILE`, and `--json` for stdout alone."""
    function = click.option(
        "--json-out", metavar="FILE", help="Write JSON to a file besides; - is stdout."
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
        Path(target).write_text(content, encoding="utf-8")
    sys.stdout.write(text())


def width() -> int:
    """Columns of the terminal; 80 where there is none."""
    return max(NARROWEST, shutil.get_terminal_size((80, 24)).columns) if is_terminal() else 80


def is_terminal() -> bool:
    return sys.stdout.isatty()


def colour() -> bool:
    """Only on a terminal, and not where NO_COLOR says so (no-color.org)."""
    return is_terminal() and not os.environ.get("NO_COLOR")
