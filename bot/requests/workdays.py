"""Finnish working days: Pohde promises an answer within three of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

HELSINKI = ZoneInfo("Europe/Helsinki")
PROMISE = 3
"""Working days within which a contact request is answered (pohde.fi, FACTS)."""


@cache
def _calendar() -> holidays.HolidayBase:
    return holidays.country_holidays("FI")


def is_workday(day: date) -> bool:
    """True on Monday to Friday that is no public holiday. Midsummer's and Christmas Eve are days off too."""
    eve = (day.month, day.day) == (12, 24) or (day.month == 6 and 19 <= day.day <= 25 and day.weekday() == 4)
    return day.weekday() < 5 and not eve and day not in _calendar()


def due(sent: datetime, days: int = PROMISE) -> datetime:
    """The end (Finnish midnight) of the `days`-th working day after the day of `sent` (aware); in UTC."""
    return _at(_workday_after(sent, days), time(23, 59, 59))


def half_time(sent: datetime, days: int = PROMISE) -> datetime:
    """When half of the promised working days after the day of `sent` have passed; in UTC.

    A half day ends at noon: of three working days the half is noon of the second.
    """
    if days % 2 == 0:
        return due(sent, days // 2)
    return _at(_workday_after(sent, days // 2 + 1), time(12))


def next_morning(moment: datetime) -> datetime:
    """Eight o'clock of the next working day; in UTC. When a call that nobody answered is tried again."""
    return _at(_workday_after(moment, 1), time(8))


def morning_of(day: date) -> datetime:
    """Eight o'clock of a day; in UTC."""
    return _at(day, time(8))


def local_day(moment: datetime) -> date:
    """The day in Finland."""
    return moment.astimezone(HELSINKI).date()


def _workday_after(sent: datetime, days: int) -> date:
    day = local_day(sent)
    left = days
    while left:
        day += timedelta(days=1)
        left -= is_workday(day)
    return day


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, HELSINKI).astimezone(UTC)
