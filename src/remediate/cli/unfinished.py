"""A run that has not come to its end, said to whoever looks before they choose."""

from __future__ import annotations

from remediate.cli.options import Settings
from remediate.gcp.google import Google
from remediate.model.clock import SystemClock
from remediate.pipeline.half_done import HalfDone
from remediate.pipeline.left_over import unfinished, way_on
from remediate.report.text import counted
from remediate.stores.actor import this_actor
from remediate.stores.journal import Kind
from remediate.stores.standing import Looks, standing
from remediate.stores.store import Store


def unfinished_note(settings: Settings, environment: str, google: Google, store: Store) -> str:
    """How far the newest run came, and both ways from there to type; empty if it has ended."""
    half = unfinished(store, environment, google.endpoint)
    if half is None:
        return ""
    verb, far = half.story.begun.get("verb"), _so_far(half)
    if _is_at_work(store, environment):
        return f"RUN UNDER WAY: {verb} {half.run} goes on, {far}; what is live moves under this"
    back = settings.command("rollback", "--snapshot", half.snapshot)
    words = way_on(half)
    on = f"`{settings.command(*words)}` goes on with it, " if words else ""
    return f"UNFINISHED RUN: {verb} {half.run} stopped {far}. {on}`{back}` takes it back"


def _so_far(half: HalfDone) -> str:
    anew = any(record.kind == Kind.RUN_RESUMED for record in half.story.records)
    if anew:  # ids were given twice, so their number says nothing
        return f"with {counted(len(half.done), 'step')} done"
    return f"with {len(half.done)} of {counted(half.steps, 'step')} done"


def _is_at_work(store: Store, environment: str) -> bool:
    found = standing(store, environment, this_actor(), SystemClock().now())
    return found.looks is Looks.ALIVE
