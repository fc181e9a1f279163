"""The gates of an apply: its checks have to hold between its waves, and before success is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click

from remediate.cli.options import ALLOWS_COMMANDS
from remediate.model.resource import Desired
from remediate.pipeline.apply import Order
from remediate.pipeline.undertaking import Prepare, Prepared
from remediate.stores.ledger import Ledger

F = TypeVar("F", bound=Callable[..., Any])


def gate_options(function: F) -> F:
    """`--allow-commands`; `gated` asks for it."""

    def note(context: click.Context, _option: click.Parameter, value: object) -> None:
        context.meta[ALLOWS_COMMANDS] = value

    return click.option(
        "--allow-commands",
        is_flag=True,
        expose_value=False,
        callback=note,
        help="Let commands of checks be gates too.",
    )(function)


def gated(prepare: Prepare, desired: Desired) -> Prepare:
    """The same, held back by the environment's checks; commands only where they are allowed."""
    if not any(each.gates for each in desired.checks):
        return prepare
    from remediate.pipeline.gates import Gates

    context = click.get_current_context()
    gates = Gates(desired, context.obj.root, commands=bool(context.meta.get(ALLOWS_COMMANDS)))

    def prepared(ledger: Ledger) -> Prepared:
        made = prepare(ledger)

        def order() -> Order:
            return replace(made.order(), gates=gates)

        return replace(made, order=order)

    return prepared
