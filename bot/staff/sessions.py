"""Staff sessions in the database: who is logged in, until when. The cookie holds a secret, the table its digest."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, not_, or_, select, update

from bot import clock
from bot.settings import Settings
from bot.staff.accounts import worker_of
from bot.staff.rights import Worker
from bot.storage.database import Database
from bot.storage.models import StaffRow, StaffSessionRow

TOUCH_EVERY = timedelta(minutes=1)
"""A session's last use is written at most this often: reading pages must not mean writing at every click."""


@dataclass(frozen=True)
class StaffSession:
    """A session that holds now. `id`: digest of the cookie's secret; `csrf`: what every form must carry."""

    id: str
    worker: Worker
    csrf: str
    seen_at: datetime

    def allows(self, token: str) -> bool:
        """True for the session's own form token; takes the same time whatever the token."""
        return hmac.compare_digest(self.csrf.encode(), token.encode())


@dataclass(frozen=True)
class OpenSession:
    """A session in the list that a worker sees of their own. `here`: the one that asks."""

    id: str
    device: str
    created_at: datetime
    seen_at: datetime
    here: bool


class Sessions:
    """Makes, finds and ends sessions; limits are BOT_SESSION_IDLE_MINUTES and BOT_SESSION_HOURS."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._db = database
        self._idle = timedelta(minutes=settings.session_idle_minutes)
        self._absolute = timedelta(hours=settings.session_hours)

    async def create(self, worker: Worker, device: str = "") -> str:
        """Starts a session; returns the secret for the cookie, which is kept nowhere else.

        `device`: what the worker will know the session by in the list.
        """
        secret, moment = secrets.token_urlsafe(32), clock.now()
        row = StaffSessionRow(
            id=self._id(secret), staff_id=worker.id, created_at=moment, seen_at=moment, device=device[:80]
        )
        async with self._db.write() as session:
            session.add(row)
        return secret

    async def find(self, secret: str | None) -> StaffSession | None:
        """The session of a cookie, with the worker's rights as they are now; None once it is over."""
        if not secret:
            return None
        async with self._db.read() as session:
            found = (
                await session.execute(
                    select(StaffSessionRow, StaffRow)
                    .join(StaffRow, StaffRow.id == StaffSessionRow.staff_id)
                    .where(StaffSessionRow.id == self._id(secret), StaffRow.active)
                )
            ).one_or_none()
            if found is None:
                return None
            row, account = found
            moment = clock.now()
            if row.seen_at + self._idle <= moment or row.created_at + self._absolute <= moment:
                return None
            worker = await worker_of(session, account)
        return StaffSession(row.id, worker, self._db.box.digest("staff-csrf", secret), row.seen_at)

    async def touch(self, found: StaffSession) -> None:
        """Notes that the session was used."""
        moment = clock.now()
        if moment - found.seen_at < min(TOUCH_EVERY, self._idle / 2):
            return
        async with self._db.write() as session:
            await session.execute(update(StaffSessionRow).where(StaffSessionRow.id == found.id).values(seen_at=moment))

    async def end(self, secret: str | None) -> None:
        """Ends a session; it does not matter whether there is one."""
        if secret:
            await self._end(StaffSessionRow.id == self._id(secret))

    async def list(self, current: StaffSession) -> Sequence[OpenSession]:
        """The sessions of the worker of `current` that hold now, the latest used first."""
        async with self._db.read() as session:
            rows = await session.scalars(
                select(StaffSessionRow)
                .where(StaffSessionRow.staff_id == current.worker.id, not_(self._over()))
                .order_by(StaffSessionRow.seen_at.desc(), StaffSessionRow.id)
            )
            return [OpenSession(row.id, row.device, row.created_at, row.seen_at, row.id == current.id) for row in rows]

    async def end_own(self, current: StaffSession, id: str) -> None:
        """Ends one of the worker's own sessions, wherever it is; another's stays."""
        await self._end(StaffSessionRow.id == id, StaffSessionRow.staff_id == current.worker.id)

    async def end_others(self, current: StaffSession) -> None:
        """Ends all of the worker's own sessions but this one."""
        await self._end(StaffSessionRow.staff_id == current.worker.id, StaffSessionRow.id != current.id)

    async def forget_old(self) -> None:
        """Drops sessions that are over."""
        await self._end(self._over())

    def _over(self) -> ColumnElement[bool]:
        moment = clock.now()
        return or_(
            StaffSessionRow.seen_at <= moment - self._idle, StaffSessionRow.created_at <= moment - self._absolute
        )

    async def _end(self, *conditions: ColumnElement[bool]) -> None:
        async with self._db.write() as session:
            await session.execute(delete(StaffSessionRow).where(*conditions))

    def _id(self, secret: str) -> str:
        return self._db.box.digest("staff-session", secret)
