"""Whether a service can be reached now, from the opening rules its catalogue gives. Pure; Finnish time.

Exceptions of a day stand above its usual rules. Where nothing is told of the hours the answer is None, never "closed".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from bot.catalogue.model import Hours, Service


def open_at(rules: Sequence[Hours], moment: datetime) -> bool | None:
    """True or False where the rules tell it for `moment` (any zone-aware time in Finland), None where they do not.

    A rule that closes at or before it opens lasts over midnight.
    """
    day, now = moment.date(), moment.time()
    today, yesterday = _of_day(rules, day), _of_day(rules, day - timedelta(days=1))
    if any(_over_midnight(rule) and now < _clock(rule.closes) for rule in yesterday):
        return True
    if not today:
        # Other days are told, this one is not: closed. Nothing told at all: unknown.
        told = [rule for rule in rules if rule.holds_on(day) and not rule.exceptional and _tells(rule)]
        return False if told else None
    if all(rule.closed for rule in today):
        return False
    return any(rule.always or _within(rule, now) for rule in today if not rule.closed)


def service_open(service: Service, moment: datetime) -> bool | None:
    """True where any way to reach the service is open, False where all that tell their hours are closed."""
    answers = [answer for each in service.channels if (answer := open_at(each.hours, moment)) is not None]
    return any(answers) if answers else None


def _of_day(rules: Iterable[Hours], day: date) -> list[Hours]:
    told = [rule for rule in rules if rule.holds_on(day) and _on_weekday(rule, day.weekday()) and _tells(rule)]
    return [rule for rule in told if rule.exceptional] or told


def _tells(rule: Hours) -> bool:
    return rule.closed or rule.always or bool(rule.opens and rule.closes)


def _on_weekday(rule: Hours, weekday: int) -> bool:
    if rule.first_day is None:
        return True
    last = rule.first_day if rule.last_day is None else rule.last_day
    return (weekday - rule.first_day) % 7 <= (last - rule.first_day) % 7


def _within(rule: Hours, now: time) -> bool:
    opens, closes = _clock(rule.opens), _clock(rule.closes)
    return opens <= now if _over_midnight(rule) else opens <= now < closes


def _over_midnight(rule: Hours) -> bool:
    return bool(not rule.closed and rule.opens and rule.closes and _clock(rule.closes) <= _clock(rule.opens))


def _clock(value: str | None) -> time:
    hours, _sep, minutes = (value or "0:00").partition(":")
    return time(int(hours) % 24, int(minutes[:2] or 0))
