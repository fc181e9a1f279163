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
        until = f"until {hold.until}" if hold.until else "until it is released"
        lines.append(f"{hold.id}  {safe(until)}")
        said = f"{safe(hold.reason)} (by {safe(hold.who)} since {safe(hold.since)})"
        lines += wrapped(said, WIDTH, "    ")
        held = ("everything" if glob == EVERYTHING else safe(glob) for glob in hold.globs)
        lines += [f"    {glob}" for glob in held]
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


def released_text(number: int) -> str:
    return f"Released: {counted(number, 'hold')}." if number else "Nothing is held."


def held_text(hold: Hold, release: str, width: int = WIDTH) -> str:
    """What a rollback has held back; `release` is what to type."""
    text = f"What went back is held until {hold.until}; no apply touches it. To end that:"
    return "\n".join([*wrapped(text, width), *command(release, width)]) + "\n"
