"""Holds as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from remediate.model.json import Body, Json
from remediate.report.machine import FORMAT_VERSION
from remediate.report.text import WIDTH, command, counted, safe, wrapped
from remediate.stores.holds import EVERYTHING, Hold


def list_text(holds: Sequence[Hold]) -> str:
    """A few lines a hold, in the order in which they were set."""
    if not holds:
        return "Nothing is held.\n"
    lines: list[str] = []
    for hold in holds:
        lines.append(f"{hold.id}  {_until(hold)}")
        said = f"{safe(hold.reason)} (by {safe(hold.who)} since {safe(hold.since)})"
        lines += wrapped(said, WIDTH, "    ")
        lines += [f"    {_named(glob)}" for glob in hold.globs]
    return "\n".join(lines) + "\n"


def list_json(holds: Sequence[Hold]) -> Body:
    listed: list[Json] = [
        {
            "id": hold.id,
            "globs": list(hold.globs),
            "reason": hold.reason,
            "who": hold.who,
            "since": hold.since,
            "until": hold.until or None,
            "rollback_to": hold.to or None,
        }
        for hold in holds
    ]
    return {"format_version": FORMAT_VERSION, "holds": listed}


def set_text(hold: Hold, *, again: bool) -> str:
    """What is held and until when, and whether it was before; for stderr."""
    said = f"{'Held already' if again else 'Held'}, {_until(hold)}: {_what(hold)}"
    return "\n".join(wrapped(said, WIDTH)) + "\n"


def released_text(ended: Sequence[Hold], left: Sequence[Hold]) -> str:
    """What was released, by name; `left` are the holds as they are now."""
    if not ended:
        return "Nothing is held.\n"
    lines = [f"Released: {counted(len(ended), 'hold')}."]
    for hold in ended:
        kept = {glob for one in left if one.id == hold.id for glob in one.globs}
        lines.append(f"{hold.id}  {safe(hold.reason)}")
        lines += [f"    {_named(glob)}" for glob in hold.globs if glob not in kept]
    return "\n".join(lines) + "\n"


def _what(hold: Hold) -> str:
    return ", ".join(_named(glob) for glob in hold.globs)


def _named(glob: str) -> str:
    return "everything" if glob == EVERYTHING else safe(glob)


def _until(hold: Hold) -> str:
    return f"until {safe(hold.until)}" if hold.until else "until it is released"


def held_text(hold: Hold, release: str, width: int = WIDTH) -> str:
    """What a rollback has held back; `release` is what to type."""
    text = f"What went back is held until {hold.until}; no apply touches it. To end that:"
    return "\n".join([*wrapped(text, width), *command(release, width)]) + "\n"
