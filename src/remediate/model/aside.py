"""What nothing needs any more, and what is kept for a rollback all the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from remediate.model.clock import rfc3339

DAY = 86_400.0
RETENTION = 7 * DAY  # seconds; `Environment.spec.apply.retention` says otherwise


@dataclass(frozen=True, slots=True)
class Aside:
    """A live resource that was set aside: ours, in use by nothing of ours, and gone with `gc`.

    `born` and `state` say which one it was, and how: another one of its name is not ours.
    """

    name: str  # Google's
    since: str = ""  # RFC 3339; empty until an apply has written it down
    born: str = ""  # Google's own mark of this one and no other; empty where it gives none
    state: str = ""  # the digest of all that a user could have changed in it

    def due(self, retention: float) -> datetime | None:
        """When it may be deleted; None as long as its time has not begun."""
        if not self.since:
            return None
        began = datetime.fromisoformat(self.since).astimezone(UTC)
        return began + timedelta(seconds=retention)

    def when(self, retention: float) -> str:
        """When it may be deleted, in words."""
        due = self.due(retention)
        return f"from {rfc3339(due)}" if due else f"{lasting(retention)} after the next apply"

    def begun(self, now: datetime) -> Aside:
        """The same, its time begun."""
        return self if self.since else replace(self, since=rfc3339(now))


def lasting(seconds: float) -> str:
    """As people say it, in the largest unit that holds it exactly: `7 days`, `36 hours`."""
    units = (("day", 86_400), ("hour", 3_600), ("minute", 60))
    name, size = next((one for one in units if seconds and seconds % one[1] == 0), ("second", 1))
    count = round(seconds / size)
    return f"{count} {name}" if count == 1 else f"{count} {name}s"
