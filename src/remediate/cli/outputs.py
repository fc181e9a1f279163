"""Where results go: text, or one other form, on stdout, and each form to files in the same run."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from remediate.model.errors import InvalidInput, RemediateError
from remediate.model.json import Body

if TYPE_CHECKING:
    from remediate.cli.options import Settings
    from remediate.model.plan import Plan
    from remediate.pipeline.apply import Outcome
    from remediate.report.result import Result

NARROWEST = 60
STDOUT = "-"
_ASKED = "remediate.cli.outputs"  # in what the contexts of one command line share
_FORMS = {"json": "JSON", "md": "Markdown", "junit": "JUnit XML", "sarif": "SARIF"}


@dataclass(slots=True)
class Outputs:
    """What was asked for, and what there is to say once the command ends: with a result or not.

    `places` are a form each and where it goes: a path, or `-` for stdout.
    """

    places: list[tuple[str, str]] = field(default_factory=list)
    reports: bool = False  # whether there is a plan, or the YAML, to report on
    settings: Settings | None = None
    result: Result | None = None

    @property
    def on_stdout(self) -> str:
        """The form that stdout is for; empty for text."""
        return next((form for form, file in self.places if file == STDOUT), "")

    def insist_on_writable(self) -> None:
        """Said before anything is begun, not after it was done."""
        named = [file for _, file in self.places]
        if twice := next((file for file in named if named.count(file) > 1), ""):
            where = "stdout" if twice == STDOUT else twice
            raise click.UsageError(f"{where} is for one output alone; name a file for the others.")
        for form, file in self.places:
            if file != STDOUT:
                _insist_on_writable(f"--{form}-out {file}", Path(file))


def output_options(function: Callable[..., int]) -> Callable[..., int]:
    """`--json-out FILE`; and `--json`, which is `--json-out -`, beside a file or not."""
    return _with_options(function, ("json",))


def report_options(function: Callable[..., int]) -> Callable[..., int]:
    """The same, with Markdown, JUnit and SARIF: for what makes a plan or judges the YAML."""
    return _with_options(function, tuple(_FORMS))


def _with_options(function: Callable[..., int], forms: tuple[str, ...]) -> Callable[..., int]:
    @wraps(function)
    def asked(*args: object, **words: Any) -> int:
        named = [(form, words.pop(f"{form}_out")) for form in forms]
        places = [(form, file) for form, file in named if file is not None]
        if words.pop("as_json") and ("json", STDOUT) not in places:
            places.append(("json", STDOUT))
        context = click.get_current_context()
        out = context.meta[_ASKED] = Outputs(places, len(forms) > 1, context.obj)
        out.insist_on_writable()
        return function(*args, **words)

    for form in reversed(forms):
        what = f"Write {_FORMS[form]} to a file besides; - is stdout."
        asked = click.option(f"--{form}-out", metavar="FILE", help=what)(asked)
    flag = click.option("--json", "as_json", is_flag=True, help="JSON on stdout, nothing else.")
    return flag(asked)


def asked_for(context: click.Context) -> Outputs:
    """What the command at work was asked for; nothing, where it has no such options."""
    out = context.meta.get(_ASKED)
    return out if isinstance(out, Outputs) else Outputs()


def planned(plan: Plan, outcome: Outcome | None = None, following: str = "") -> None:
    """What the command at work has to report on, whatever it may end with.

    `following` is what to type next: after an outcome, what takes it back.
    """
    tell(environment=plan.environment, plan=plan, outcome=outcome, following=following)


def tell(**result: Any) -> None:
    """The result of the command at work, as far as it is known."""
    from remediate.cli.forms import root_of
    from remediate.report.result import Result

    context = click.get_current_context()
    asked_for(context).result = Result(
        str(context.info_name), root=root_of(context.obj.root), **result
    )


def write(text: Callable[[], str], machine: Callable[[], Body]) -> None:
    """Make what the command at work was asked for; Markdown and its kin are made of its result."""
    from remediate.cli.forms import on_stdout, to_files

    out = asked_for(click.get_current_context())
    if out.reports and out.result is None:  # neither a plan nor a verdict: what it says, then
        tell(environment=(out.settings and out.settings.env) or "", headline=text().strip())
    to_files(out, machine)
    on_stdout(out, text, machine)


def _insist_on_writable(said: str, path: Path) -> None:
    name = "Name a file in a folder that you may write to, or - for stdout."
    if path.is_dir():
        raise InvalidInput(f"{said} is a folder", hint=name)
    if not path.parent.is_dir():
        raise InvalidInput(f"{said}: there is no folder {path.parent}", hint=name)
    as_open_does = os.access in os.supports_effective_ids
    there = path if path.exists() else path.parent
    if not os.access(there, os.W_OK, effective_ids=as_open_does):
        raise InvalidInput(f"{said} cannot be written: permission denied", hint=name)


def write_file(path: Path, content: str) -> None:
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
