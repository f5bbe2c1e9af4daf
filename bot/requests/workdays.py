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
    day = sent.astimezone(HELSINKI).date()
    left = days
    while left:
        day += timedelta(days=1)
        left -= is_workday(day)
    return datetime.combine(day, time(23, 59, 59), HELSINKI).astimezone(UTC)
