"""Can it be reached now? Weekdays, exceptions, nights over midnight, and silence where nothing is told."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from bot.catalogue.model import Channel, Hours, Service
from bot.catalogue.opening import open_at, service_open

WEEK = (Hours(first_day=0, last_day=3, opens="08:00", closes="16:00"),)
NIGHT = (Hours(first_day=4, last_day=5, opens="20:00", closes="02:00"),)
CHRISTMAS = Hours(closed=True, exceptional=True, valid_from=date(2026, 12, 24), valid_to=date(2026, 12, 26))


def at(day: int, clock: str, month: int = 11) -> datetime:
    """A moment of 2026 in Finland; 23 November is a Monday."""
    return datetime.fromisoformat(f"2026-{month:02}-{day:02}T{clock}:00+02:00")


@pytest.mark.parametrize(
    ("rules", "moment", "expected"),
    [
        (WEEK, at(23, "07:59"), False),
        (WEEK, at(23, "08:00"), True),
        (WEEK, at(26, "15:59"), True),
        (WEEK, at(26, "16:00"), False),
        (WEEK, at(27, "12:00"), False),
        (NIGHT, at(27, "23:30"), True),
        (NIGHT, at(29, "01:30"), True),
        (NIGHT, at(29, "02:00"), False),
        (NIGHT, at(30, "01:30"), False),
        ((*WEEK, CHRISTMAS), at(24, "12:00", 12), False),
        ((*WEEK, CHRISTMAS), at(28, "12:00", 12), True),
        ((Hours(always=True),), at(29, "03:00"), True),
        ((Hours(first_day=5, last_day=0, opens="10:00", closes="12:00"),), at(29, "11:00"), True),
        ((Hours(first_day=5, last_day=0, opens="10:00", closes="12:00"),), at(24, "11:00"), False),
        ((), at(23, "12:00"), None),
        ((Hours(by_appointment=True),), at(23, "12:00"), None),
    ],
)
def test_open_or_not(rules: tuple[Hours, ...], moment: datetime, expected: bool | None) -> None:
    assert open_at(rules, moment) is expected


def test_a_service_is_open_when_one_of_its_ways_is() -> None:
    def service(*hours: tuple[Hours, ...]) -> Service:
        channels = tuple(Channel("phone", hours=each) for each in hours)
        return Service(id="1", source="t", source_id="1", names={"fi": "Nimi"}, channels=channels)

    evening = at(23, "20:00")
    assert service_open(service(WEEK, (Hours(always=True),)), evening) is True
    assert service_open(service(WEEK, ()), evening) is False
    assert service_open(service((), ()), evening) is None
