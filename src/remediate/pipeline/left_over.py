"""What a run that died leaves to the run that takes its environment over."""

from __future__ import annotations

from remediate.gcp.google import Google
from remediate.model.errors import NotAuthorised, StoreDamaged
from remediate.model.ref import Ref
from remediate.pipeline.half_done import HalfDone, told
from remediate.pipeline.looking import await_quiet
from remediate.stores import journal
from remediate.stores.store import Store


def unfinished(store: Store, environment: str, endpoint: str) -> HalfDone | None:
    """The newest run of it there, unless it came to its end or has begun nothing; else None."""
    for run in reversed(journal.runs(store)):
        try:
            story = journal.glimpse(store, run)
            begun = story.begun
            if (begun.get("environment"), begun.get("endpoint")) != (environment, endpoint):
                continue
            half = told(story if story.outcome == "done" else journal.read(store, run))
        except StoreDamaged:
            return None
        return None if half.is_over or not half.taken else half
    return None


def under_way(half: HalfDone) -> set[Ref]:
    """What it has begun, by live name, and nobody knows how that ended."""
    return {live for live, one in half.last().items() if not one.done and one.unsure}


def await_end(google: Google, refs: set[Ref]) -> bool:
    """Until nothing is under way there; False where nobody here may look."""
    try:
        await_quiet(google, refs)
    except NotAuthorised:
        return False
    return True


def way_on(half: HalfDone) -> tuple[str, ...]:
    """The words that go on with it or, of a rollback, go back to the same; none for others."""
    if to := half.story.begun.get("to"):
        return ("rollback", "--snapshot", str(to))
    if "choices" not in half.story.begun:
        return ()
    commands = ("--allow-commands",) if half.story.begun.get("allow_commands") else ()
    return ("apply", "--resume", half.run, *commands)
