"""`remediate verify`: whether everything is as a visitor must find it."""

from __future__ import annotations

from functools import partial

import click

from remediate.cli.options import Settings, global_options
from remediate.cli.outputs import report_options
from remediate.cli.session import loaded, opened
from remediate.cli.signals import first_signal_stops
from remediate.cli.verifying import (
    COMMANDS,
    Patience,
    choice_options,
    patience_options,
    report,
)
from remediate.pipeline.vantage import vantage
from remediate.pipeline.verify import Choice, until_pass, verify
from remediate.stores.ledger import Ledger
from remediate.stores.read_only import ReadOnly


@click.command("verify")
@global_options
@choice_options
@patience_options
@COMMANDS
@click.option("--quiet", is_flag=True, help="One line and no more, for monitors.")
@report_options
def command(
    settings: Settings, chosen: Choice, patience: Patience, *, allow_commands: bool, quiet: bool
) -> int:
    """Run the Checks from outside; exit 3 unless every one of them passes.

    Whatever is unknown is no pass; a check with `severity: warn` keeps nothing from passing. Reads
    only: nothing is written, neither to Google nor to the store. Check commands are programs of
    yours, run only with --allow-commands: without, they are unknown.
    """
    desired = loaded(settings)
    about = desired.environment
    chosen.of(desired.checks)  # before anything is sent
    with opened(settings, about.name, about.project) as session:
        google, kept = session.google, ReadOnly(session.store)
        ledger = Ledger(kept, about.name, google.endpoint, about.project)
        at = vantage(google, desired, ledger, settings.root, commands=allow_commands)
        look = partial(verify, desired, chosen, at)
        watchers = [] if quiet else session.watchers
        with first_signal_stops("the checks that run are waited for") as stopping:
            found = until_pass(look, patience.seconds, google.clock, watchers, stopping)
    report(found, settings, quiet=quiet)
    return 0 if found.passes else 3
