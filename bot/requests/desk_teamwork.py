"""Working together on a request: giving it to a colleague, labels, days to come back to it, doubles, taking back what
was just done, and who has it open now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import clock
from bot.i18n import _
from bot.requests import access_log
from bot.requests.desk_base import (
    HANDLING,
    BadInput,
    DeskBase,
    Double,
    NotFound,
    WrongTransition,
    clean_text,
    reach,
    restore,
)
from bot.requests.desk_inbox import READING
from bot.requests.labels import labels
from bot.requests.service import OPEN_STATUSES, event
from bot.requests.summary import need_label
from bot.requests.workdays import local_day, morning_of
from bot.staff.rights import ROLES, Right, Worker
from bot.storage.models import (
    ContactRequestRow,
    RequestEventRow,
    RequestLabelRow,
    RequestReaderRow,
    StaffCentreRow,
    StaffRow,
)

UNDO_TIME = timedelta(minutes=15)
"""How long the last act can be taken back."""
FAR = timedelta(days=366)
_BESIDE = ("undone", "warned", "late", "reminded", "shared", "unshared")
"""What happens by itself, or is itself an undo: it does not stand in an undo's way."""
_READERS = sorted(role for role, rights in ROLES.items() if Right.REQUESTS in rights)


class Teamwork(DeskBase):
    """Acts that concern more than one worker or more than one request."""

    async def assign(self, worker: Worker, id: str, to: str, reason: str = "") -> None:
        """Gives a request to a colleague of its centre (`to`: the colleague's id); one that a third worker has only a
        coordinator can give on, with a reason.

        Raises Forbidden, NotFound, Taken, WrongTransition (not open), BadInput (not a colleague there, no reason).
        """
        async with self._acting(worker, id, "assign") as act:
            row = act.row
            if row.status not in OPEN_STATUSES:
                raise WrongTransition("assign", row.status)
            taken = row.claimed_by not in (None, worker.id)
            if taken and not worker.may(Right.ASSIGN):
                await self._refuse_others(act.session, worker, row)
            if to not in dict(await colleagues_of(act.session, row.centre)) or to == row.claimed_by:
                raise BadInput("to", _("Choose a colleague who works at this family centre."))
            text = clean_text("reason", reason, needed=taken)
            row.claimed_by = to
            row.status = "claimed" if row.status == "new" else row.status
            name = str(await act.session.scalar(select(StaffRow.name).where(StaffRow.id == to)))
            act.record("assigned", {"to": name, "text": text})

    async def set_own_worker(self, worker: Worker, id: str, to: str) -> None:
        """Names the family's own worker, whom the family is told; an empty `to` names nobody any more.

        Raises Forbidden, NotFound, Taken, WrongTransition, BadInput.
        """
        async with self._acting(worker, id, "own_worker") as act:
            if act.row.status not in OPEN_STATUSES:
                raise WrongTransition("own_worker", act.row.status)
            await self._refuse_others(act.session, worker, act.row)
            names = dict(await colleagues_of(act.session, act.row.centre))
            if (to and to not in names) or (to or None) == act.row.own_worker:
                raise BadInput("to", _("Choose a colleague who works at this family centre."))
            act.row.own_worker = to or None
            act.record("own_worker", {"to": names.get(to, "")})

    async def label(self, worker: Worker, id: str, chosen: Iterable[str]) -> None:
        """Puts these labels on the request and no others. Raises Forbidden, NotFound, WrongTransition, BadInput."""
        wanted = set(chosen)
        async with self._acting(worker, id, "label") as act:
            if act.row.status == "withdrawn":
                raise WrongTransition("label", act.row.status)
            if wanted - set(labels()):
                raise BadInput("labels", _("Choose labels from the list."))
            before = await _labels(act.session, id)
            if wanted == set(before):
                raise BadInput("labels", _("The labels are like this already."))
            await _put_labels(act.session, id, wanted)
            act.before = {**act.before, "labels": before}
            act.record("labelled", {"labels": sorted(wanted)})

    async def follow_up(self, worker: Worker, id: str, day: date | None) -> None:
        """Sets the day to come back to the request; None: no such day. Raises Forbidden, NotFound, Taken,
        WrongTransition (not open), BadInput (a day that has passed or is more than a year away)."""
        async with self._acting(worker, id, "follow_up") as act:
            if act.row.status not in OPEN_STATUSES:
                raise WrongTransition("follow_up", act.row.status)
            await self._refuse_others(act.session, worker, act.row)
            act.row.follow_up_at = None if day is None else morning_of(coming("day", day))
            act.record("follow_up", {"day": day.isoformat() if day else ""})

    async def merge(self, worker: Worker, id: str, into: str) -> None:
        """Joins a double with the request `into`: it is closed, its words stand with the other's. Only requests with
        the same contact or from the same conversation are joined, so that no family's words come to another's.

        Raises Forbidden, NotFound, Taken, WrongTransition (not open), BadInput (not a double of it).
        """
        async with self._acting(worker, id, "merge") as act:
            if act.row.status not in OPEN_STATUSES:
                raise WrongTransition("merge", act.row.status)
            await self._refuse_others(act.session, worker, act.row)
            if into not in {each.id for each in await self._doubles(act.session, worker, act.row)}:
                raise BadInput("into", _("Choose a request that has the same contact."))
            other = await self._visible(act.session, worker, into)
            await self._refuse_others(act.session, worker, other)
            act.row.status, act.row.outcome, act.row.closed_at = "closed", "duplicate", clock.now()
            act.row.merged_into = into
            act.record("merged", {"into": other.reference})
            act.session.add(event(self._db.box, into, "joined", {"from": act.row.reference}, worker.id))
            other.changed_at = clock.now()

    async def undo(self, worker: Worker, id: str) -> str:
        """Takes back the worker's last act within UNDO_TIME, unless somebody has acted since or the family has read
        the answer; returns its kind. A request that was just passed on comes back as long as nobody has taken it.

        Raises Forbidden, NotFound, WrongTransition (nothing to take back).
        """
        worker.demand(Right.REQUESTS)
        async with self._db.write() as session:
            row = await session.scalar(select(ContactRequestRow).where(ContactRequestRow.id == id).with_for_update())
            if row is None:
                raise NotFound(id)
            last = await self._undoable(session, worker, row)
            before = self._db.box.open(last.sealed_detail)["before"] if last else {}
            passed_on = last is not None and last.kind == "transferred" and before["centre"] in worker.centres
            if row.centre not in worker.centres and not passed_on:
                raise NotFound(id)
            if last is None:
                raise WrongTransition("undo", row.status)
            restore(row, before)
            if "labels" in before:
                await _put_labels(session, id, set(before["labels"]))
            # What was taken back keeps its place in the history, and loses its words.
            last.sealed_detail = self._db.box.seal({"undone": True})
            if last.kind == "merged":
                await self._unjoin(session, row.reference, worker.id)
            session.add(event(self._db.box, id, "undone", {"of": last.kind}, worker.id))
            row.changed_at = clock.now()
            await access_log.append(session, worker, id, "undo", HANDLING)
            return last.kind

    async def read_by(self, worker: Worker, id: str) -> tuple[list[str], str]:
        """Notes that the worker has the request open, and tells which colleagues have too, and when it last changed.

        It is not a look of its own: whoever has the page open is in the log since it was opened. Raises Forbidden,
        NotFound.
        """
        worker.demand(Right.REQUESTS)
        moment = clock.now()
        async with self._db.write() as session:
            row = await self._visible(session, worker, id)
            mine = await session.get(RequestReaderRow, (id, worker.id))
            if mine is None:
                session.add(RequestReaderRow(request_id=id, staff_id=worker.id, seen_at=moment))
            else:
                mine.seen_at = moment
            names = await session.scalars(
                select(StaffRow.name)
                .join(RequestReaderRow, RequestReaderRow.staff_id == StaffRow.id)
                .where(
                    RequestReaderRow.request_id == id,
                    RequestReaderRow.staff_id != worker.id,
                    RequestReaderRow.seen_at > moment - READING,
                )
                .order_by(StaffRow.name)
            )
            return list(names), row.changed_at.isoformat() if row.changed_at else ""

    async def leave(self, worker: Worker, id: str) -> None:
        """Notes that the worker has closed the page."""
        worker.demand(Right.REQUESTS)
        async with self._db.write() as session:
            await self._visible(session, worker, id)
            await session.execute(
                delete(RequestReaderRow).where(
                    RequestReaderRow.request_id == id, RequestReaderRow.staff_id == worker.id
                )
            )

    async def _undoable(self, session: AsyncSession, worker: Worker, row: ContactRequestRow) -> RequestEventRow | None:
        """The last act, where this worker can take it back now."""
        if row.status == "withdrawn":
            return None
        rows = await session.scalars(
            select(RequestEventRow)
            .where(RequestEventRow.request_id == row.id, RequestEventRow.kind.not_in(_BESIDE))
            .order_by(RequestEventRow.at.desc(), RequestEventRow.id.desc())
        )
        for each in rows:
            detail = self._db.box.open(each.sealed_detail)
            if detail.get("undone"):
                continue
            fresh = clock.now() - each.at < UNDO_TIME
            return each if fresh and each.actor == worker.id and "before" in detail else None
        return None

    async def _unjoin(self, session: AsyncSession, reference: str, actor: str) -> None:
        rows = await session.scalars(
            select(RequestEventRow).where(RequestEventRow.kind == "joined", RequestEventRow.actor == actor)
        )
        for each in rows:
            if self._db.box.open(each.sealed_detail).get("from") == reference:
                each.sealed_detail = self._db.box.seal({"undone": True})

    async def _doubles(self, session: AsyncSession, worker: Worker, row: ContactRequestRow) -> list[Double]:
        """Open requests of the worker's centres with the same contact or from the same conversation."""
        same = [
            column == value
            for column, value in (
                (ContactRequestRow.contact_digest, row.contact_digest),
                (ContactRequestRow.conversation_id, row.conversation_id),
            )
            if value
        ]
        if not same or row.status not in OPEN_STATUSES:
            return []
        wanted = (or_(*same), ContactRequestRow.id != row.id, ContactRequestRow.status.in_(OPEN_STATUSES))
        return await _short(session, *wanted, *reach(worker))

    async def _joined(self, session: AsyncSession, id: str) -> list[Double]:
        """Requests that were joined with this one."""
        return await _short(session, ContactRequestRow.merged_into == id)


def coming(field: str, day: date) -> date:
    """A day from today to a year ahead; raises BadInput."""
    if not local_day(clock.now()) <= day <= local_day(clock.now() + FAR):
        raise BadInput(field, _("Choose a day from today on, within a year."))
    return day


async def _short(session: AsyncSession, *wanted: Any) -> list[Double]:
    row = ContactRequestRow
    found = await session.execute(
        select(row.id, row.reference, row.need, row.created_at).where(*wanted).order_by(row.created_at, row.id)
    )
    return [Double(id, reference, need_label(need, "fi"), at) for id, reference, need, at in found]


async def colleagues_of(session: AsyncSession, centre: str) -> list[tuple[str, str]]:
    """Ids and names of who works with the requests of a centre."""
    found = await session.execute(
        select(StaffRow.id, StaffRow.name)
        .join(StaffCentreRow, StaffCentreRow.staff_id == StaffRow.id)
        .where(StaffCentreRow.centre == centre, StaffRow.active, StaffRow.role.in_(_READERS))
        .order_by(StaffRow.name, StaffRow.id)
    )
    return [(id, name) for id, name in found]


async def _labels(session: AsyncSession, id: str) -> list[str]:
    return list(await session.scalars(select(RequestLabelRow.label).where(RequestLabelRow.request_id == id)))


async def _put_labels(session: AsyncSession, id: str, wanted: set[str]) -> None:
    await session.execute(delete(RequestLabelRow).where(RequestLabelRow.request_id == id))
    session.add_all(RequestLabelRow(request_id=id, label=each) for each in sorted(wanted))
