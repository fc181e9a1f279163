"""A result in the forms that were asked for, and what GitHub Actions is told besides."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from remediate.cli.options import Settings
from remediate.cli.outputs import STDOUT, Outputs, write_file
from remediate.model.chance import Chance
from remediate.model.errors import InvalidInput, RemediateError
from remediate.model.json import Body
from remediate.report.github import annotated, inert, inert_json, outputs
from remediate.report.machine import error_json, json_text
from remediate.report.result import Result, summed
from remediate.report.text import safe
from remediate.stores.desired_files import environment_folder


def content(form: str, result: Result | None, machine: Callable[[], Body]) -> str:
    """One form of it; `json` and `sarif` are ASCII, and every one ends in a line break."""
    if form == "json":
        return json_text(machine())
    assert result is not None, "whatever takes the other options has a result to tell"
    match form:
        case "md":
            from remediate.report.markdown import markdown  # only when asked for

            return markdown(result)
        case "junit":
            from remediate.report.junit import junit  # only when asked for

            return junit(result)
        case _:
            from remediate.report.sarif import sarif  # only when asked for

            return json_text(sarif(result))


def to_files(out: Outputs, machine: Callable[[], Body]) -> None:
    for form, file in out.places:
        if file != STDOUT:
            write_file(Path(file), content(form, out.result, machine))


def on_stdout(out: Outputs, text: Callable[[], str], machine: Callable[[], Body]) -> None:
    form = out.on_stdout
    told = content(form, out.result, machine) if form else text()
    sys.stdout.write(for_ci(told, is_json=form in {"json", "sarif"}))


def failed(out: Outputs, error: RemediateError, verb: str) -> None:
    """The error in every form but text, with the plan that was shown before it, if there was one.

    A file that cannot be written is left out: the error of the command is the one to be told.
    """
    plan = out.result.plan if out.result else None
    settings = out.settings or Settings()
    where = out.result.environment if out.result else _environment(settings)
    out.result = Result(verb, where, plan, error=error, root=root_of(settings.root))
    for form, file in out.places:
        made = content(form, out.result, lambda: error_json(error))
        with suppress(RemediateError):
            if file == STDOUT:
                sys.stdout.write(for_ci(made, is_json=form in {"json", "sarif"}))
            else:
                write_file(Path(file), made)


def ended(out: Outputs, code: int) -> None:
    """Annotations on stderr, the summary of the step and its outputs, where GitHub runs us."""
    if out.result is None:
        return
    if in_github():
        sys.stderr.writelines(f"{line}\n" for line in annotated(out.result))
    if not out.reports:
        return
    _append("GITHUB_STEP_SUMMARY", lambda: content("md", out.result, dict))
    facts = [*summed(out.result), ("exitcode", str(code))]
    _append("GITHUB_OUTPUT", lambda: outputs(facts, f"end-{Chance().token().hex()}"))


def _append(variable: str, made: Callable[[], str]) -> None:
    """To the file that a variable of the runner's names; where that cannot be, it is only said."""
    file = os.environ.get(variable)
    if not file:
        return
    try:
        with Path(file).open("a", encoding="utf-8") as there:
            there.write(made())
    except OSError as error:
        sys.stderr.write(f"warning: ${variable} cannot be written: {error.strerror}\n")


def in_github(environ: Mapping[str, str] = os.environ) -> bool:
    return environ.get("GITHUB_ACTIONS") == "true"


def for_ci(text: str, *, is_json: bool = False) -> str:
    """On GitHub, a text in which the runner finds no command to obey."""
    if not in_github():
        return text
    return inert_json(text) if is_json else inert(text)


def root_of(root: Path) -> str:
    """The way from the repository, where CI names it, to the folder that holds `desired/`."""
    environ = os.environ
    base = environ.get("GITHUB_WORKSPACE") or environ.get("CI_PROJECT_DIR") or str(Path.cwd())
    way = Path(os.path.relpath(root.absolute(), base)).as_posix()
    return "" if way == "." or way.startswith("..") else way


def _environment(settings: Settings) -> str:
    """Which one it would have been about."""
    try:
        return safe(environment_folder(settings.root, settings.env).name)
    except InvalidInput:
        return safe(settings.env or "")
