"""One command at work: the environment, Google or a sandbox, the store, and who watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from remediate.cli.options import Settings
from remediate.gcp.connection import Exchange
from remediate.gcp.google import Google, connect_live, connect_sandbox
from remediate.model.plan import Plan
from remediate.model.progress import Watcher
from remediate.model.resource import Desired
from remediate.pipeline.guard import parse_allowances
from remediate.pipeline.load import load
from remediate.pipeline.observe import Observed, observe
from remediate.pipeline.plan import Choices, plan
from remediate.report.progress import Lines, Live
from remediate.stores.folder import Folder
from remediate.stores.ledger import Ledger
from remediate.stores.snapshots import Snapshots
from remediate.stores.store import Store

EMBEDDED = "embedded"


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
        return Ledger(self.store, self.environment)

    def plan(self, desired: Desired, ledger: Ledger, choices: Choices) -> tuple[Plan, Observed]:
        """Read the live side and compare."""
        seen = observe(self.google, desired, ledger.resources, self.watchers)
        return plan(desired, seen, ledger, choices), seen


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
        watcher = stack.enter_context(Live(sys.stderr)) if _is_terminal() else Lines(sys.stderr)
        yield Session(settings, environment, project, google, store(settings), watcher)


def loaded(settings: Settings) -> Desired:
    """The environment as its YAML says; warnings go to stderr."""
    desired = load(settings.root, settings.env, os.environ)
    for warning in desired.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    return desired


def choices(
    settings: Settings, targets: Sequence[str], excludes: Sequence[str], *, prune: bool = False
) -> Choices:
    return Choices(parse_allowances(settings.allow), prune, tuple(targets), tuple(excludes))


def store(settings: Settings) -> Store:
    return Folder(settings.root / ".remediate")


@contextmanager
def embedded_sandbox(settings: Settings) -> Iterator[str]:
    """A sandbox for one command, with its state kept from one to the next; its URL."""
    from gcp_sandbox import Sandbox  # noqa: PLC0415 - a live run never loads it

    state = settings.root / ".remediate" / "sandbox" / "state.json"
    state.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with Sandbox(state=state) as sandbox:
        yield sandbox.url


def _is_terminal() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _tell_exchange(exchange: Exchange) -> None:
    status = exchange.status or "no answer"
    sys.stderr.write(
        f"{exchange.method} {exchange.url} -> {status} ({exchange.milliseconds:.0f} ms)\n"
    )
