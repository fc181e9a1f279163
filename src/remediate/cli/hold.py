"""`remediate hold`: keep something from being applied, until it is released or time is up."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import click

from remediate.cli.options import Settings, global_options
from remediate.cli.outputs import output_options, write
from remediate.cli.rollback import environment_of
from remediate.cli.session import opened
from remediate.cli.store import store
from remediate.kinds.documents.lifecycle import duration
from remediate.model.chance import Chance
from remediate.model.clock import Clock, SystemClock, rfc3339
from remediate.model.errors import InvalidInput
from remediate.pipeline.choosing import unmatched
from remediate.pipeline.holding import held_back
from remediate.pipeline.load import load
from remediate.report import holds as report
from remediate.stores.holds import Hold, Holds
from remediate.stores.ledger import Ledger

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
    """Deny every apply that would touch these, or anything if none is named.

    The id of the hold is on stdout. What is held for the same reason is held until then, and no
    second hold is made of it.
    """
    if not reason.strip():
        raise InvalidInput("--reason is empty; say why, in a word at least")
    with _holds(settings) as (holds, clock):
        end = _moment(until, clock.now()) if until is not None else None
        _insist_on_names(settings, holds, globs)
        made = held_back(clock, Chance(), settings.side, globs, reason, end)
        then = [made]
        known = False

        def become(before: list[Hold]) -> list[Hold]:
            nonlocal known
            then[0], known = made, False
            for place, hold in enumerate(before):
                if hold.is_for_the_same(made):
                    then[0], known = replace(hold, until=made.until), True
                    return [*before[:place], then[0], *before[place + 1 :]]
            return [*before, made]

        holds.change(clock.now(), become)
    sys.stderr.write(report.set_text(then[0], again=known))
    sys.stdout.write(f"{then[0].id}\n")
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
@click.option("--all", "all_", is_flag=True, help="All that is held.")
@click.argument("word", required=False, metavar="[GLOB|ID]")
def release(settings: Settings, word: str | None, *, all_: bool) -> int:
    """End a hold, by its id or by what it holds; or all of them, with --all."""
    if bool(word) == all_:
        raise InvalidInput(
            "say which hold ends: its ID, a GLOB over what is held, or --all",
            hint="`remediate hold list` shows all.",
        )
    with _holds(settings) as (holds, clock):
        now, ended, left = clock.now(), list[Hold](), list[Hold]()

        def become(before: list[Hold]) -> list[Hold]:
            left[:] = [one for hold in before if word and (one := hold.without(word))]
            ended[:] = [hold for hold in before if hold not in left]
            return left

        holds.change(now, become)
    if not ended and word:
        raise InvalidInput(f"nothing is held by {word}", hint="`remediate hold list` shows all.")
    sys.stdout.write(report.released_text(ended, left))
    return 0


def _insist_on_names(settings: Settings, holds: Holds, globs: tuple[str, ...]) -> None:
    """Each matches something in the YAML or in what was applied; the YAML may be what is broken."""
    for glob in globs:
        if not _WHOLE_OR_WILD.search(glob):
            raise InvalidInput(f"{glob} is neither `Kind/name` nor a glob such as `DnsZone/*`")
    if not globs:
        return
    name = holds.environment
    known = {*Ledger(holds.store, name, settings.side).refs}
    is_whole = True
    try:
        known |= load(settings.root, name, os.environ).resources.keys()
    except InvalidInput:
        is_whole = False
    for glob in globs:
        if not any(ref.matches(glob) for ref in known):
            found = unmatched("the hold", glob, known, f"in {name}")
            if is_whole:
                raise found
            sys.stderr.write(f"note: {found}, as far as is known while the YAML cannot be read\n")


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
    end = _read(text, now)
    if end <= now:
        raise InvalidInput(f"--until {text} is over already; it is {rfc3339(now)} now")
    return end


def _read(text: str, now: datetime) -> datetime:
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
