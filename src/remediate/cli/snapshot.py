"""`remediate snapshot`: list, show, compare and take snapshots."""

from __future__ import annotations

import sys

import click

from remediate.cli.options import Settings, global_options
from remediate.cli.outputs import colour, output_options, width, write
from remediate.cli.rollback import find
from remediate.cli.session import loaded, opened
from remediate.cli.store import store
from remediate.pipeline.observe import observe
from remediate.pipeline.snapshot import take
from remediate.pipeline.way_back import live_now
from remediate.report import snapshots as report
from remediate.stores.snapshots import Snapshots
from remediate.stores.veil import Veil


@click.group("snapshot")
@global_options
def command(settings: Settings) -> None:
    """What live was before each run, word for word."""


@command.command("list")
@global_options
@output_options
def list_(settings: Settings) -> int:
    """Every snapshot here, the newest first. Exit 1 if any is damaged; they are named on stderr."""
    found, damaged = Snapshots(store(settings)).readable()
    write(lambda: report.list_text(found), lambda: report.list_json(found))
    for each in damaged:
        sys.stderr.write(f"damaged: {each}\n")
    return 1 if damaged else 0


@command.command("show")
@global_options
@click.argument("which", metavar="ID|latest")
@output_options
def show(settings: Settings, which: str) -> int:
    """What a snapshot holds."""
    snapshot = find(settings, which)
    write(
        lambda: report.show_text(snapshot, width=width(), colour=colour(), typed=settings.command),
        lambda: report.show_json(snapshot),
    )
    return 0


@command.command("diff")
@global_options
@click.argument("first", metavar="A")
@click.argument("second", metavar="[B|live]", default="live")
@output_options
def diff(settings: Settings, first: str, second: str) -> int:
    """What differs between two snapshots, or a snapshot and live. Exit 2 if anything does."""
    one = find(settings, first)
    if second == "live":
        with opened(settings, one.environment, one.project) as session:
            other = live_now(one, session.google, Veil(session.store), session.watchers)
    else:
        other = find(settings, second)
    changes = report.differences(one, other)
    write(
        lambda: report.diff_text(changes, width=width(), colour=colour()),
        lambda: report.diff_json(changes),
    )
    return 2 if changes else 0


@command.command("take")
@global_options
@click.option("--reason", default="taken by hand", show_default=True)
def take_(settings: Settings, reason: str) -> int:
    """Keep all that the environment declares, as it is live now."""
    desired = loaded(settings)
    about = desired.environment
    with opened(settings, about.name, about.project) as session:
        seen = observe(session.google, desired, watchers=session.watchers)
        seen.insist()
        snapshots = Snapshots(session.store)
        snapshot = take(desired, seen, session.google, reason, snapshots.newest)
        snapshots.save(snapshot)
    sys.stdout.write(f"{snapshot.id}\n")
    return 0
