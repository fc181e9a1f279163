"""`remediate lock`: who holds an environment, and how to take it away from them."""

from __future__ import annotations

import sys

import click

from remediate.cli.options import NO_QUESTION, Settings, global_options
from remediate.cli.outputs import output_options, width, write
from remediate.cli.rollback import environment_of
from remediate.cli.showing import ask, say
from remediate.cli.store import store
from remediate.model.clock import SystemClock
from remediate.model.errors import Locked
from remediate.report.locks import standing_json, standing_text
from remediate.stores.actor import this_actor
from remediate.stores.lock_break import break_lock
from remediate.stores.standing import Looks, standing


@click.group("lock")
@global_options
def command(settings: Settings) -> None:
    """One run at a time has an environment. Plans and reads need no lock."""


@command.command("status")
@global_options
@output_options
def status(settings: Settings) -> int:
    """Who holds it, from where, since when, and whether they look alive. Exit 6 if it is held."""
    name = environment_of(settings)
    found = standing(store(settings, name), name, this_actor(), SystemClock().now())
    write(lambda: standing_text(found, width(), settings.command), lambda: standing_json(found))
    return 0 if found.looks is Looks.FREE else Locked.exit_code


@command.command("break")
@global_options
@click.option("--reason", default="broken by hand", show_default=True, help="For the journal.")
@click.option("-y", "--yes", is_flag=True, help=NO_QUESTION)
def break_(settings: Settings, reason: str, *, yes: bool) -> int:
    """Take it away from whoever holds it: their run can write, and so change, no more.

    What they have sent already may still take effect; the next apply reads first what is live.
    """
    name, clock, actor = environment_of(settings), SystemClock(), this_actor()
    kept = store(settings, name)
    found = standing(kept, name, actor, clock.now())
    if found.looks is not Looks.FREE and not yes and sys.stdin.isatty():
        say(standing_text(found, width(sys.stderr), settings.command).rstrip())
        ask("Take it away?", "it is held as before")
    broken = break_lock(kept, name, clock, actor, reason)
    click.echo(f"{name} was taken away from {broken}" if broken else f"nobody holds {name}")
    return 0
