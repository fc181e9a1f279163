"""What `verify` is asked, and how what it found is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import click

from remediate.cli.options import Settings
from remediate.cli.outputs import colour, tell, width, write
from remediate.kinds.documents.lifecycle import duration
from remediate.pipeline.verify import Choice, Verification

F = TypeVar("F", bound=Callable[..., Any])
_WITHIN = 600.0  # seconds
COMMANDS = click.option(
    "--allow-commands", is_flag=True, help="Run the commands of checks too, on this machine."
)


@dataclass(frozen=True, slots=True)
class Patience:
    """For how many seconds to look again; 0 is once."""

    seconds: float


def choice_options(function: F) -> F:
    """`--check`, `--tag` and `--skip-tag`, as `chosen`."""

    @wraps(function)
    def gathered(*args: Any, **words: Any) -> Any:  # noqa: ANN401 - click's calling convention
        said = Choice(*(words.pop(name) for name in ("check", "tag", "skip_tag")))
        return function(*args, chosen=said, **words)

    for name, word, what in (
        ("--skip-tag", "TAG", "All but the checks that have this tag"),
        ("--tag", "TAG", "Only the checks that have this tag"),
        ("--check", "NAME", "Only this check, or a glob"),
    ):
        gathered = click.option(name, multiple=True, metavar=word, help=f"{what}; repeatable.")(
            gathered
        )
    return gathered  # type: ignore[return-value]  # the same function with more options


def patience_options(function: F) -> F:
    """`--until-pass` and `--within`, as `patience`."""

    @wraps(function)
    def gathered(*args: Any, **words: Any) -> Any:  # noqa: ANN401 - click's calling convention
        until_pass, within = words.pop("until_pass"), words.pop("within")
        if within is not None and not until_pass:
            raise click.UsageError("--within says for how long --until-pass looks again; add that.")
        seconds = _WITHIN if within is None else within
        return function(*args, patience=Patience(seconds if until_pass else 0.0), **words)

    options: tuple[tuple[str, dict[str, Any]], ...] = (
        ("--within", {"metavar": "10m", "callback": _seconds, "help": "For how long, at most."}),
        ("--until-pass", {"is_flag": True, "help": "Look again until all of it passes."}),
    )
    for name, words in options:
        gathered = click.option(name, **words)(gathered)
    return gathered  # type: ignore[return-value]  # as above


def _seconds(_context: click.Context, _option: click.Parameter, said: str | None) -> float | None:
    try:
        return None if said is None else duration(said)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def report(found: Verification, settings: Settings, *, quiet: bool) -> None:
    """In every form that was asked for."""
    from remediate.report.verification import (
        has_root,
        verification_brief,
        verification_cases,
        verification_json,
        verification_line,
        verification_remarks,
        verification_table,
        verification_text,
    )

    line = verification_line(found)
    tell(
        environment=found.environment,
        headline=line,
        said=verification_remarks(found),
        passed=verification_cases(found),
        table=verification_table(found),
        brief=verification_brief(found),
        following=settings.command("diagnose") if has_root(found) else "",
        facts={"passes": str(found.passes).lower()},
    )
    write(
        lambda: (
            f"{line}\n"
            if quiet
            else verification_text(found, width=width(), colour=colour(), typed=settings.command)
        ),
        lambda: verification_json(found),
    )
