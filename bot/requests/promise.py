"""The promise kept: every request is answered in time, and none is dropped without a sound.

Run every few minutes by the server, from as many processes as there are: each mark is set by one update that only one
can win, in the transaction of its event and its notification.

- Half of the promised working days have passed and nobody has answered: the centre is warned, once.
- The time is over: the request is escalated to the centre's coordinators, once; it stays marked late until answered.
- A day to come back to a request has come: its worker is reminded, once a day that was set.
- The family wrote more and nobody has answered for a working day: as if a day to come back had come.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from bot import clock
from bot.requests.desk_base import UNANSWERED
from bot.requests.service import OPEN_STATUSES, event, notify
from bot.requests.workdays import half_time, next_morning
from bot.storage.database import Database
from bot.storage.models import ContactRequestRow

WARNED, LATE, REMINDED = "warned", "late", "reminded"
KINDS = {WARNED: "request.warned", LATE: "request.late", REMINDED: "request.reminded"}
"""Kinds of the outbox rows."""
EVERY = 300
"""Seconds between two looks."""


async def keep(database: Database) -> dict[str, int]:
    """Warns, escalates and reminds where it is time; how many of each."""
    row, now = ContactRequestRow, clock.now()
    waiting = row.status.in_(UNANSWERED)
    marks: list[tuple[str, Any, list[ColumnElement[bool]]]] = [
        (LATE, row.late_at, [waiting, row.due_at < now, row.late_at.is_(None)]),
        (WARNED, row.warned_at, [waiting, row.due_at >= now, row.warned_at.is_(None)]),
        (
            REMINDED,
            row.reminded_at,
            [
                row.status.in_(OPEN_STATUSES),
                or_(row.follow_up_at <= now, row.wrote_at <= now),
            ],
        ),
    ]
    done = dict.fromkeys(KINDS, 0)
    for kind, column, conditions in marks:
        async with database.read() as session:
            found = (
                await session.execute(
                    select(row.id, row.created_at, row.follow_up_at, row.wrote_at, row.reminded_at).where(*conditions)
                )
            ).all()
        for each in found:
            if _time_has_come(kind, each, now):
                done[kind] += await _mark(database, each.id, kind, column, [*conditions, _unchanged(each)], now)
    return done


def _time_has_come(kind: str, row: Any, now: datetime) -> bool:
    if kind == WARNED:
        return half_time(row.created_at) <= now
    if kind == REMINDED:
        # The moment each reason is due; reminded once after the latest of them.
        moments = [row.follow_up_at, next_morning(row.wrote_at) if row.wrote_at else None]
        come = [each for each in moments if each is not None and each <= now]
        return bool(come) and (row.reminded_at is None or row.reminded_at < max(come))
    return True


def _unchanged(found: Any) -> ColumnElement[bool]:
    if found.reminded_at is None:
        return ContactRequestRow.reminded_at.is_(None)
    same: ColumnElement[bool] = ContactRequestRow.reminded_at == found.reminded_at
    return same


async def _mark(
    database: Database, id: str, kind: str, column: Any, conditions: list[ColumnElement[bool]], now: datetime
) -> int:
    async with database.write() as session:
        marking = (
            update(ContactRequestRow)
            .where(ContactRequestRow.id == id, *conditions)
            .values({column: now})
            .returning(ContactRequestRow.id)
            .execution_options(synchronize_session=False)
        )
        if await session.scalar(marking) is None:
            return 0
        row = await session.get_one(ContactRequestRow, id)
        session.add(event(database.box, id, kind))
        await notify(session, row, KINDS[kind])
    return 1
