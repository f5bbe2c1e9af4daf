"""The inbox: the requests of a worker's centres in the order they need somebody, counted, narrowed and searched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select

from bot import clock
from bot.requests import access_log
from bot.requests.desk_base import STATUSES, UNANSWERED, DeskBase, Row, columns, reach, row_of
from bot.requests.service import OPEN_STATUSES
from bot.requests.workdays import PROMISE, due, half_time
from bot.staff.rights import Right, Worker
from bot.storage.models import ContactRequestRow, RequestLabelRow, RequestReaderRow, StaffRow

SEARCHED = "haku"
"""The reason that stands in the access log for a request that a search in words has found."""
SEARCH_ROWS = 2000
"""A search opens at most this many requests, those first that the list would show first."""
HITS = 50
READING = timedelta(seconds=20)
"""Somebody counts as reading a request this long after their page last said so."""
SORTS = ("urgency", "due", "new")


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; None and False narrow nothing. `status` None: all that are open.

    `due`: late, soon (half of the time has passed), today, follow_up (the day has come) or wrote (the family wrote
    more). `words`: looked for in what families wrote; every request found so is in the access log. `sort`: of SORTS.
    """

    status: str | None = None
    need: str | None = None
    centre: str | None = None
    mine: bool = False
    free: bool = False
    urgency: int | None = None
    place: str | None = None
    spoken: str | None = None
    label: str | None = None
    due: str | None = None
    words: str = ""
    sort: str = "urgency"


class Inbox(DeskBase):
    """Lists and counts."""

    async def inbox(
        self,
        worker: Worker,
        filters: Filters | None = None,
        *,
        limit: int = 200,
        offset: int = 0,
        language: str = "fi",
        **narrow: Any,
    ) -> list[Row]:
        """The requests of the worker's centres; `narrow`: fields of Filters. Raises Forbidden.

        Those still waiting for an answer come first; among them the most urgent, then what is due first, then the
        newest. Closed ones: the latest first.
        """
        worker.demand(Right.REQUESTS)
        chosen = filters or Filters(**narrow)
        query = _ordered(_narrowed(columns().where(*reach(worker)), worker, chosen), chosen)
        if chosen.words.strip():
            return await self._search(worker, query, chosen, language)
        async with self._db.read() as session:
            found = (await session.execute(query.limit(limit).offset(offset))).all()
            more = await self._around(session, worker, [each.id for each in found])
        moment = clock.now()
        return [row_of(each, worker, moment, language, **more[each.id]) for each in found]

    async def counts(self, worker: Worker) -> dict[str, int]:
        """How many requests of the worker's centres are in each state. Raises Forbidden."""
        worker.demand(Right.REQUESTS)
        query = select(ContactRequestRow.status, func.count()).where(*reach(worker)).group_by(ContactRequestRow.status)
        async with self._db.read() as session:
            found = {each[0]: each[1] for each in await session.execute(query)}
        return {status: found.get(status, 0) for status in STATUSES}

    async def tallies(self, worker: Worker) -> dict[str, int]:
        """How many open requests want attention: late, soon, today, follow_up, wrote, mine, free. Raises Forbidden."""
        worker.demand(Right.REQUESTS)
        marks = {
            **{name: _due(name) for name in ("late", "soon", "today", "follow_up", "wrote")},
            "mine": ContactRequestRow.claimed_by == worker.id,
            "free": ContactRequestRow.claimed_by.is_(None),
        }
        sums = [func.sum(case((mark, 1), else_=0)).label(name) for name, mark in marks.items()]
        query = select(*sums).where(*reach(worker), ContactRequestRow.status.in_(OPEN_STATUSES))
        async with self._db.read() as session:
            found = (await session.execute(query)).one()
        return {name: int(value or 0) for name, value in zip(marks, found, strict=True)}

    async def choices(self, worker: Worker) -> tuple[list[str], list[str]]:
        """Places and languages that the worker's requests have, for the filters. Raises Forbidden."""
        worker.demand(Right.REQUESTS)
        async with self._db.read() as session:
            places = await session.scalars(select(ContactRequestRow.place).where(*reach(worker)).distinct())
            languages = await session.scalars(select(ContactRequestRow.language).where(*reach(worker)).distinct())
            return [each for each in places if each], list(languages)

    async def pulse(self, worker: Worker) -> str:
        """A text that changes whenever something changes in the worker's inbox; read from an index only."""
        worker.demand(Right.REQUESTS)
        query = select(func.count(), func.max(ContactRequestRow.changed_at)).where(*reach(worker))
        async with self._db.read() as session:
            number, last = (await session.execute(query)).one()
        return f"{number}:{last.isoformat() if last else ''}"

    async def _search(
        self, worker: Worker, query: Select[tuple[Any, ...]], chosen: Filters, language: str
    ) -> list[Row]:
        wanted = chosen.words.casefold().split()
        moment = clock.now()
        async with self._db.write() as session:
            ids = [each.id for each in await session.execute(query.limit(SEARCH_ROWS))]
            sealed = await session.execute(
                select(ContactRequestRow.id, ContactRequestRow.sealed_body).where(ContactRequestRow.id.in_(ids))
            )
            bodies: dict[str, bytes] = {each.id: each.sealed_body for each in sealed}
            hits = [id for id in ids if all(word in _words(self._db.box.open(bodies[id])) for word in wanted)][:HITS]
            found = {each.id: each for each in await session.execute(columns().where(ContactRequestRow.id.in_(hits)))}
            more = await self._around(session, worker, hits)
            for id in hits:
                await access_log.append(session, worker, id, "search", SEARCHED)
        return [row_of(found[id], worker, moment, language, **more[id]) for id in hits]

    async def _around(self, session: Any, worker: Worker, ids: list[str]) -> dict[str, dict[str, tuple[str, ...]]]:
        """Labels and readers of some requests."""
        more: dict[str, dict[str, tuple[str, ...]]] = {id: {"labels": (), "readers": ()} for id in ids}
        if not ids:
            return more
        put = select(RequestLabelRow.request_id, RequestLabelRow.label).where(RequestLabelRow.request_id.in_(ids))
        for id, label in await session.execute(put.order_by(RequestLabelRow.label)):
            more[id]["labels"] += (label,)
        reading = (
            select(RequestReaderRow.request_id, StaffRow.name)
            .join(StaffRow, StaffRow.id == RequestReaderRow.staff_id)
            .where(
                RequestReaderRow.request_id.in_(ids),
                RequestReaderRow.seen_at > clock.now() - READING,
                RequestReaderRow.staff_id != worker.id,
            )
            .order_by(StaffRow.name)
        )
        for id, name in await session.execute(reading):
            more[id]["readers"] += (name,)
        return more


def _narrowed(query: Select[tuple[Any, ...]], worker: Worker, chosen: Filters) -> Select[tuple[Any, ...]]:
    row = ContactRequestRow
    query = query.where(row.status == chosen.status if chosen.status else row.status.in_(OPEN_STATUSES))
    for column, value in (
        (row.need, chosen.need),
        (row.centre, chosen.centre),
        (row.urgency, chosen.urgency),
        (row.place, chosen.place),
        (row.language, chosen.spoken),
    ):
        if value:
            query = query.where(column == value)
    if chosen.mine:
        query = query.where(row.claimed_by == worker.id)
    if chosen.free:
        query = query.where(row.claimed_by.is_(None))
    if chosen.label:
        query = query.where(row.id.in_(select(RequestLabelRow.request_id).where(RequestLabelRow.label == chosen.label)))
    return query.where(_due(chosen.due)) if chosen.due else query


def _due(name: str) -> ColumnElement[bool]:
    row, now = ContactRequestRow, clock.now()
    waiting = row.status.in_(UNANSWERED)
    match name:
        case "late":
            return and_(waiting, row.due_at < now)
        case "soon":
            return and_(waiting, row.due_at >= now, row.created_at <= _sent_before_half(now))
        case "today":
            return and_(waiting, row.due_at >= now, row.due_at <= due(now - timedelta(days=1), 1))
        case "follow_up":
            return and_(row.status.in_(OPEN_STATUSES), row.follow_up_at <= now)
        case _:
            return row.wrote_at.is_not(None)


def _sent_before_half(now: Any) -> Any:
    """The latest moment of sending whose half time has come, to the hour: half_time never falls as sending goes on."""
    low, high = now - timedelta(days=30), now
    for _turn in range(12):
        middle = low + (high - low) / 2
        low, high = (middle, high) if half_time(middle, PROMISE) <= now else (low, middle)
    return low


def _ordered(query: Select[tuple[Any, ...]], chosen: Filters) -> Select[tuple[Any, ...]]:
    row = ContactRequestRow
    if chosen.status in ("closed", "withdrawn"):
        return query.order_by(row.closed_at.desc(), row.id)
    waiting = case((row.status.in_(UNANSWERED), 0), else_=1)
    match chosen.sort:
        case "due":
            return query.order_by(waiting, row.due_at, row.urgency, row.created_at.desc(), row.id)
        case "new":
            return query.order_by(row.created_at.desc(), row.id)
        case _:
            return query.order_by(waiting, row.urgency, row.due_at, row.created_at.desc(), row.id)


def _words(body: dict[str, Any]) -> str:
    return " ".join(str(body.get(name) or "") for name in ("story", "name", "contact", "safe")).casefold()
