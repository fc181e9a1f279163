"""The sandbox that a command brings with it, one for all that the command does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from remediate.cli.options import Settings
from remediate.model.errors import StoreDamaged

_RUNNING = "remediate.embedded"


@contextmanager
def embedded_sandbox(settings: Settings, anew: str = "") -> Iterator[str]:
    """A sandbox for one command, with its state kept from one to the next; its URL.

    `anew` is the scenario to begin with, whatever there was. Raises StoreDamaged where the state
    cannot be taken up.
    """
    from gcp_sandbox import Sandbox, StateDamaged  # a live run never loads it

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


def running(settings: Settings) -> str:
    """The URL of the one of this command, which ends with it."""
    root = click.get_current_context().find_root()
    if _RUNNING not in root.meta:
        root.meta[_RUNNING] = root.with_resource(embedded_sandbox(settings))
    return str(root.meta[_RUNNING])


def kept(name: str) -> dict[str, Any]:
    """What is to be made once for a command; each time anew where there is none."""
    context = click.get_current_context(silent=True)
    return {} if context is None else context.find_root().meta.setdefault(name, {})
