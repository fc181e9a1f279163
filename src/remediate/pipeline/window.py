"""Whether an environment may be changed at this hour, and when it may be next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo

from remediate.kinds.documents.guarding import zone_named
from remediate.model.change_rules import ChangeWindow, Freeze, Hours

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
_AHEAD = 400  # days; who freezes longer than a year is not told when it ends
_SHOWN = "%a %Y-%m-%d %H:%M"


def closed(window: ChangeWindow, moment: datetime) -> str:
    """Why nothing may be changed at this moment, and when it may be next; empty if it may now."""
    zone = zone_named(window.timezone)
    here = moment.astimezone(zone)
    why = _why(window, here)
    if not why:
        return ""
    opens = next(_openings(window, here), None)
    then = f"; it opens {opens.strftime(_SHOWN)}" if opens else ""
    return f"it is {here.strftime(_SHOWN)} ({window.timezone}), {why}{then}"


def _why(window: ChangeWindow, here: datetime) -> str:
    if (frozen := _frozen(window, here.date())) is not None:
        return f"and changes are frozen until the end of {frozen.last}: {frozen.reason}"
    if window.allow and not any(_covers(hours, here) for hours in window.allow):
        return f"and changes are allowed {' or '.join(hours.text for hours in window.allow)}"
    return ""


def _frozen(window: ChangeWindow, day: date) -> Freeze | None:
    return next((one for one in window.freeze if one.first <= day <= one.last), None)


def _covers(hours: Hours, here: datetime) -> bool:
    """By the clock on the wall; what began yesterday may go on after midnight."""
    now = here.hour * 60 + here.minute
    if hours.start < hours.end:
        return here.weekday() in hours.days and hours.start <= now < hours.end
    began_yesterday = (here.weekday() - 1) % 7 in hours.days and now < hours.end
    return began_yesterday or (here.weekday() in hours.days and now >= hours.start)


def _openings(window: ChangeWindow, here: datetime) -> Iterator[datetime]:
    """Moments at which a closed window opens, the next first: at midnight, or where hours begin."""
    begins = sorted({0, *(hours.start for hours in window.allow)})
    for ahead in range(_AHEAD):
        day = here.date() + ahead * _DAY
        for minutes in begins:
            moment = _at(day, minutes, here.tzinfo)
            if moment > here and not _why(window, moment):
                yield moment


def _at(day: date, minutes: int, zone: tzinfo | None) -> datetime:
    return datetime.combine(day, time.min, zone) + minutes * _MINUTE
