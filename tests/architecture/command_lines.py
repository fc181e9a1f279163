"""Command lines that stand somewhere to be typed, read by click and not carried out."""

from __future__ import annotations

import shlex

import click

from remediate.cli.command import _plain, remediate


def why_refused(arguments: str) -> str:
    """What click has against `remediate ARGUMENTS`; empty if it would take it."""
    words = _plain(shlex.split(arguments))
    command: click.Command = remediate
    context = None
    try:
        while isinstance(command, click.Group):
            context = command.make_context(command.name, words, parent=context)
            rest = [*context._protected_args, *context.args]
            _, below, words = command.resolve_command(context, rest)
            assert below is not None
            command = below
        command.make_context(command.name, words, parent=context)
    except click.exceptions.Exit:
        pass  # --help and --version
    except click.ClickException as refused:
        return refused.format_message()
    return ""
