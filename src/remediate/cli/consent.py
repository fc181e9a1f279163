"""Who approves, why now, and whom to ask: said of a plan beside what it is to be about."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import click

from remediate.model.consent import APPROVED_BY, Consent
from remediate.model.errors import InvalidInput

_SAID = "remediate.cli.consent"  # in what the contexts of one command line share


def consent_options(function: Callable[..., int]) -> Callable[..., int]:
    """`--approved-by`, `--incident` and `--policy-cmd`; `consent` gathers them."""
    for name, word, many, what in (
        ("--policy-cmd", "CMD", True, "A program that gets the plan's JSON, and may object."),
        ("--incident", "TEXT", False, "Why this passes a closed change window."),
        ("--approved-by", "WHO", True, f"Who approves, as you assert; also {APPROVED_BY}."),
    ):
        function = click.option(
            name,
            metavar=word,
            multiple=many,
            expose_value=False,
            callback=_note,
            help=f"{what} Repeatable." if many else what,
        )(function)
    return function


def consent(context: click.Context) -> Consent:
    """What was said, and by the process's environment."""
    said = context.meta.get(_SAID, {})
    by_ci = os.environ.get(APPROVED_BY, "").split(",") if "approved_by" in said else ()
    return Consent(
        _distinct([*said.get("approved_by", ()), *by_ci]),
        said.get("incident") or "",
        tuple(said.get("policy_cmd", ())),
    )


def words(context: click.Context) -> list[str]:
    """The same as it was typed, to be typed again."""
    found: list[str] = []
    for name, value in context.meta.get(_SAID, {}).items():
        for each in value if isinstance(value, tuple) else filter(None, [value]):
            found += [f"--{name.replace('_', '-')}", each]
    return found


def _note(context: click.Context, option: click.Parameter, value: Any) -> None:  # noqa: ANN401 - as click gives it
    given = value if isinstance(value, tuple) else [] if value is None else [value]
    if not all(each.strip() for each in given):
        what = "name a program" if option.name == "policy_cmd" else "say it in a word at least"
        raise click.BadParameter(what)
    if any(each.strip() == option.metavar for each in given):
        said = f"--{str(option.name).replace('_', '-')} {given[0]}"
        hint = "Put your own words in the place of the capitals."
        raise InvalidInput(f"{said} is what the help says, and tells nobody anything", hint=hint)
    context.meta.setdefault(_SAID, {})[str(option.name)] = value


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    """One name counts once, however it is written."""
    found: dict[str, str] = {}
    for name in names:
        if name.strip():
            found.setdefault(name.strip().casefold(), name.strip())
    return tuple(found.values())
