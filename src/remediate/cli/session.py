"""One command at work: the environment, Google or a sandbox, the store, and who watches."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remediate.cli.options import EMBEDDED, Asked, Settings
from remediate.cli.outputs import colour, width
from remediate.gcp.connection import Exchange
from remediate.gcp.google import Google, connect_live, connect_sandbox
from remediate.model.errors import InvalidInput, StoreDamaged
from remediate.model.plan import Plan
from remediate.model.progress import Watcher
from remediate.model.resource import Desired
from remediate.pipeline.choices import Choices
from remediate.pipeline.choosing import unmatched
from remediate.pipeline.guard import parse_allowances
from remediate.pipeline.load import Judge, load
from remediate.pipeline.observe import Observed, observe
from remediate.pipeline.plan import plan
from remediate.pipeline.preflight import preflight, with_objections
from remediate.report.progress import Lines, Live, fitted
from remediate.stores.folder import Folder
from remediate.stores.ledger import Ledger
from remediate.stores.snapshots import Snapshots
from remediate.stores.store import Store

if TYPE_CHECKING:
    from remediate.pipeline.gc import Sweep

_WHOLE_OR_WILD = re.compile(r"[/*?\[]")


@dataclass(slots=True)
class Session:
    settings: Settings
    environment: str
    project: str
    google: Google
    store: Store
    watcher: Lines | Live

    @property
    def watchers(self) -> list[Watcher]:
        return [self.watcher]

    def new_run(self) -> str:
        """An id that sorts behind all that was done here before."""
        return self.google.chance.ulid(self.google.clock.now(), Snapshots(self.store).newest)

    def ledger(self) -> Ledger:
        return Ledger(self.store, self.environment, self.google.endpoint, self.project)

    def plan(self, desired: Desired, ledger: Ledger, choices: Choices) -> tuple[Plan, Observed]:
        """Read the live side and compare, and ask Google what it would say to the writes."""
        seen = observe(self.google, desired, ledger.resources, self.watchers)
        made = plan(desired, seen, ledger, choices)
        return with_objections(made, preflight(self.google, made)), seen

    def sweep(
        self, desired: Desired, ledger: Ledger, choices: Choices, retention: float | None
    ) -> Sweep:
        """Read what was set aside, and whatever may use it."""
        from remediate.pipeline.gc import gc, look_around  # noqa: PLC0415 - for one verb alone

        seen = look_around(self.google, desired, ledger, self.watchers)
        seconds = desired.environment.retention if retention is None else retention
        return gc(desired, seen, ledger, choices, seconds, self.google.clock.now())


@contextmanager
def opened(settings: Settings, environment: str, project: str) -> Iterator[Session]:
    """A session for one environment; an embedded sandbox ends with it."""
    with ExitStack() as stack:
        url = settings.sandbox
        if url == EMBEDDED:
            url = stack.enter_context(embedded_sandbox(settings))
        on_exchange = _tell_exchange if settings.verbose else None
        if url:
            google = connect_sandbox(url, project, on_exchange=on_exchange)
        else:
            google = connect_live(
                project,
                impersonate=settings.impersonate,
                quota_project=settings.quota_project,
                on_exchange=on_exchange,
            )
        drawn = Live if colour(sys.stderr) else Lines
        watcher = stack.enter_context(drawn(sys.stderr, width(sys.stderr)))
        yield Session(settings, environment, project, google, store(settings), watcher)


def loaded(settings: Settings, judge: Judge | None = None) -> Desired:
    """The environment as its YAML says; warnings go to stderr."""
    desired = load(settings.root, settings.env, os.environ, judge)
    for warning in desired.warnings:
        sys.stderr.write(fitted(f"warning: {warning}", width(sys.stderr)) + "\n")
    return desired


def choices(
    settings: Settings,
    desired: Desired,
    targets: Sequence[str],
    excludes: Sequence[str],
    *,
    prune: bool = False,
    lower_ttl: bool = False,
) -> Choices:
    """What was chosen by hand; raises InvalidInput for a glob that no Ref can ever match."""
    for option, globs in (("--target", targets), ("--exclude", excludes)):
        for glob in globs:
            if not _WHOLE_OR_WILD.search(glob):
                where = f"in {desired.environment.name}"
                raise unmatched(option, glob, desired.resources, where)
    return Choices(allowances(settings), prune, tuple(targets), tuple(excludes), lower_ttl)


def chosen_by(settings: Settings, desired: Desired, asked: Asked) -> Choices:
    """The same for what `plan` and `apply` are asked."""
    return choices(
        settings,
        desired,
        asked.target,
        asked.exclude,
        prune=asked.prune,
        lower_ttl=asked.lower_ttl,
    )


def allowances(settings: Settings) -> dict[str, str]:
    try:
        return parse_allowances(settings.allow)
    except InvalidInput as error:
        error.hint = "A plan shows beside each objection the `--allow` that acknowledges it."
        raise


def store(settings: Settings) -> Store:
    return Folder(settings.root / ".remediate")


@contextmanager
def embedded_sandbox(settings: Settings, anew: str = "") -> Iterator[str]:
    """A sandbox for one command, with its state kept from one to the next; its URL.

    `anew` is the scenario to begin with, whatever there was. Raises StoreDamaged where the state
    cannot be taken up.
    """
    from gcp_sandbox import Sandbox, StateDamaged  # noqa: PLC0415 - a live run never loads it

    state = settings.root / ".remediate" / "sandbox" / "state.json"
    state.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if anew:
        state.unlink(missing_ok=True)
    try:
        sandbox = Sandbox(anew or "empty", state=state)
    except StateDamaged as error:
        hint = f"`{settings.command('sandbox', 'reset', endpoint='google')}` begins anew."
        raise StoreDamaged(str(error), hint=hint) from None
    with sandbox:
        yield sandbox.url


def _tell_exchange(exchange: Exchange) -> None:
    status = exchange.status or "no answer"
    sys.stderr.write(
        f"{exchange.method} {exchange.url} -> {status} ({exchange.milliseconds:.0f} ms)\n"
    )
