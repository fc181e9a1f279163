"""`remediate show`: a plan file, a snapshot or a run, to read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from remediate.cli.options import EMBEDDED, Settings, global_options
from remediate.cli.outputs import output_options, width, write
from remediate.cli.store import store
from remediate.model.clock import SystemClock


@click.command("show")
@global_options
@click.argument("what", metavar="FILE|ID")
@click.option("--verify", is_flag=True, help="Hold a run's journal against itself.")
@output_options
def command(settings: Settings, what: str, *, verify: bool) -> int:
    """Show a JSON plan from a file, or a snapshot or run by its id.

    With --verify: who ran it, from where, which plan and which operations, and whether any record
    was altered or is missing. Exit 1 if one is.
    """
    if verify:
        return _verified(settings, what)
    from remediate.report.stored import find

    now = _now(settings) if Path(what).is_file() else SystemClock().now()
    found = find(store(settings), what, settings.command, width(), now, settings.side)
    write(found.text, found.json)
    return 0


def _now(settings: Settings) -> datetime:
    """By the clock that plans of that side expire by."""
    if not settings.sandbox:
        return SystemClock().now()
    from remediate.cli.embedded import running  # for a sandbox alone
    from remediate.gcp.google import connect_sandbox  # for a sandbox alone

    url = running(settings) if settings.sandbox == EMBEDDED else settings.sandbox
    return connect_sandbox(url, "any").clock.now()


def _verified(settings: Settings, run: str) -> int:
    from remediate.report.audits import audit_json, audit_text
    from remediate.stores.audit import audit, called

    kept = store(settings)
    found = audit(kept, called(kept, run))
    write(lambda: audit_text(found, width()), lambda: audit_json(found))
    return 1 if found.faults else 0
