"""`remediate hold`: keep something from being applied, until it is released or time is up."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

import click

from remediate.cli.options import Settings, global_options
from remediate.cli.outputs import output_options, write
from remediate.cli.rollback import environment_of
from remediate.cli.session import opened
from remediate.cli.store import store
from remediate.kinds.documents.lifecycle import duration
from remediate.model.chance import Chance
from remediate.model.clock import Clock, SystemClock
from remediate.model.errors import InvalidInput
from remediate.pipeline.holding import held_back
from remediate.report import holds as report
from remediate.stores.holds import Hold, Holds

_WHOLE_OR_WILD = re.compile(r"[/*?\[]")


@click.group("hold")
@global_options
def command(settings: Settings) -> None:
    """Keep resources from being applied, for a while. A rollback is never held."""


@command.command("set")
@global_options
@click.option("--reason", default="held by hand", show_default=True)
@click.option("--until", metavar="2h|DATE", help="Else it lasts until it is released.")
@click.argument("globs", nargs=-1, metavar="[GLOB]...")
def set_(settings: Settings, reason: str, until: str | None, globs: tuple[str, ...]) -> int:
    """Deny every apply that would touch these, or anything if none is named."""
    for glob in globs:
        if not _WHOLE_OR_WILD.search(glob):
            raise InvalidInput(f"{glob} is neither `Kind/name` nor a glob such as `DnsZone/*`")
    with _holds(settings) as (holds, clock):
        end = _moment(until, clock.now()) if until else None
        made = held_back(clock, Chance(), settings.side, globs, reason, end)
        holds.change(clock.now(), lambda before: [*before, made])
    sys.stdout.write(f"{made.id}\n")
    return 0


@command.command("list")
@global_options
@output_options
def list_(settings: Settings) -> int:
    """What is held now, by whom, until when and why."""
    with _holds(settings) as (holds, clock):
        found = holds.active(clock.now())
    write(lambda: report.list_text(found), lambda: report.list_json(found))
    return 0


@command.command("release")
@global_options
@click.argument("word", required=False, metavar="[GLOB|ID]")
def release(settings: Settings, word: str | None) -> int:
    """End a hold, by its id or by what it holds; all of them if none is named."""
    with _holds(settings) as (holds, clock):
        now, released = clock.now(), [0]

        def become(before: list[Hold]) -> list[Hold]:
            kept = [left for hold in before if word and (left := hold.without(word))]
            released[0] = sum(hold not in kept for hold in before)
            return kept

        holds.change(now, become)
    if not released[0] and word:
        raise InvalidInput(f"nothing is held by {word}", hint="`remediate hold list` shows all.")
    sys.stdout.write(f"{report.released_text(released[0])}\n")
    return 0


@contextmanager
def _holds(settings: Settings) -> Iterator[tuple[Holds, Clock]]:
    """Neither the YAML nor Google is needed: both may be what is broken."""
    environment = environment_of(settings)
    if settings.sandbox is None:
        yield Holds(store(settings, environment), environment, settings.side), SystemClock()
        return
    with opened(settings, environment, "any") as session:
        yield Holds(session.store, environment, settings.side), session.google.clock


def _moment(text: str, now: datetime) -> datetime:
    """`2h` from now, the end of a day (UTC) such as `2026-12-24`, or a whole RFC 3339 time."""
    try:
        return now + timedelta(seconds=duration(text))
    except ValueError:
        pass
    try:
        if len(text) <= len("2026-12-24"):
            return datetime.combine(date.fromisoformat(text), time.min, UTC) + timedelta(days=1)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"--until {text} is neither a duration such as 2h nor a date such as 2026-12-24"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
