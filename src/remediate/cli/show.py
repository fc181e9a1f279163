"""`remediate show`: a plan file, a snapshot or a run, to read."""

from __future__ import annotations

import click

from remediate.cli.options import Settings, global_options
from remediate.cli.outputs import output_options, width, write
from remediate.cli.store import store
from remediate.model.clock import SystemClock


@click.command("show")
@global_options
@click.argument("what", metavar="FILE|ID")
@output_options
def command(settings: Settings, what: str) -> int:
    """Show a JSON plan from a file, or a snapshot or run by its id."""
    from remediate.report.stored import find  # noqa: PLC0415 - late, for start-up

    found = find(store(settings), what, settings.command, width(), SystemClock().now())
    write(found.text, found.json)
    return 0
