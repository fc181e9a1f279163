"""Change windows: by the clock on the wall where the environment is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.kinds.documents.guarding import change_rules, days_of, zone_named
from remediate.model.change_rules import ChangeWindow
from remediate.pipeline.window import closed

BERLIN = zone_named("Europe/Berlin")


def window(timezone: str = "Europe/Berlin", **said: list[dict[str, str]]) -> ChangeWindow:
    return change_rules({"change-window": {"timezone": timezone, **said}}).window


OFFICE = window(allow=[{"days": "mon-thu", "hours": "09:00-16:00"}])
NIGHT = window(allow=[{"days": "fri", "hours": "22:00-04:00"}])
FROZEN = window(
    allow=[{"days": "mon-thu", "hours": "09:00-16:00"}],
    freeze=[{"first": "2026-12-18", "last": "2027-01-03", "reason": "nobody is there"}],
)
MOMENTS: dict[str, tuple[ChangeWindow, str, str]] = {
    "a Monday at nine": (OFFICE, "2026-11-23T09:00", ""),
    "a minute before nine": (
        OFFICE,
        "2026-11-23T08:59",
        "it opens Mon 2026-11-23 09:00",
    ),
    "four in the afternoon": (OFFICE, "2026-11-23T16:00", "it opens Tue 2026-11-24 09:00"),
    "Thursday evening": (OFFICE, "2026-11-26T18:00", "it opens Mon 2026-11-30 09:00"),
    "a Friday at noon": (OFFICE, "2026-11-27T12:00", "changes are allowed mon-thu 09:00-16:00"),
    "Friday night": (NIGHT, "2026-11-27T23:30", ""),
    "the Saturday after it": (NIGHT, "2026-11-28T03:59", ""),
    "Saturday at four": (NIGHT, "2026-11-28T04:00", "it opens Fri 2026-12-04 22:00"),
    "the night before it": (NIGHT, "2026-11-27T03:00", "it opens Fri 2026-11-27 22:00"),
    "the first day of a freeze": (FROZEN, "2026-12-18T10:00", "it opens Mon 2027-01-04 09:00"),
    "the last day of a freeze": (FROZEN, "2027-01-03T23:59", "nobody is there"),
    "the day after a freeze": (FROZEN, "2027-01-04T09:00", ""),
    "a window without limits": (window(), "2026-12-24T20:00", ""),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_window_is_open_or_says_when_it_opens(moment: str) -> None:
    when, text, expected = MOMENTS[moment]
    why = closed(when, datetime.fromisoformat(text).replace(tzinfo=BERLIN))
    assert bool(why) == bool(expected)
    assert expected in why


def test_the_hours_are_of_the_zone_and_not_of_whoever_types() -> None:
    assert not closed(OFFICE, datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    assert closed(OFFICE, datetime(2026, 7, 20, 6, 59, tzinfo=UTC))
    assert not closed(OFFICE, datetime(2026, 7, 20, 7, 0, tzinfo=UTC))  # summer time


def test_days_are_a_range_or_a_list_and_may_go_around_the_weekend() -> None:
    assert days_of("mon-thu") == frozenset(range(4))
    assert days_of("fri-mon") == {4, 5, 6, 0}
    assert days_of("Mon, wed") == {0, 2}
    assert not days_of("monday")
    assert not days_of("mon-")


hours = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda at: f"{at[0]:02}:{at[1]:02}")
spans = st.tuples(hours, hours).filter(lambda at: at[0] != at[1]).map("-".join)
days = st.sampled_from(["mon-fri", "sat,sun", "wed", "fri-mon"])
allowed = st.lists(st.fixed_dictionaries({"days": days, "hours": spans}), min_size=1, max_size=3)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31))  # noqa: DTZ001 - a zone is given below


@given(allowed, moments)
def test_a_closed_window_opens_exactly_when_it_says(
    allow: list[dict[str, str]], moment: datetime
) -> None:
    here = moment.replace(second=0, microsecond=0, tzinfo=UTC)
    when = window("UTC", allow=allow)
    why = closed(when, here)
    if not why:
        return
    _, _, told = why.partition("it opens ")
    opens = datetime.strptime(told, "%a %Y-%m-%d %H:%M").replace(tzinfo=UTC)
    assert here < opens
    assert not closed(when, opens)
    assert closed(when, opens - timedelta(minutes=1))


@given(moments, st.integers(0, 40))
def test_nothing_is_open_within_a_freeze(moment: datetime, length: int) -> None:
    first = moment.date()
    last = first + timedelta(days=length)
    when = window("UTC", freeze=[{"first": str(first), "last": str(last), "reason": "closed"}])
    assert "closed" in closed(when, moment.replace(tzinfo=UTC))
    after = datetime.combine(last + timedelta(days=1), moment.time(), UTC)
    assert not closed(when, after)
    assert isinstance(when.freeze[0].first, date)
