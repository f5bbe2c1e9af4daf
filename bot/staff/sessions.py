"""Staff sessions in the database: who is logged in, until when. The cookie holds a secret, the table its digest."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update

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


class Sessions:
    """Makes, finds and ends sessions; limits are BOT_SESSION_IDLE_MINUTES and BOT_SESSION_HOURS."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._db = database
        self._idle = timedelta(minutes=settings.session_idle_minutes)
        self._absolute = timedelta(hours=settings.session_hours)

    async def create(self, worker: Worker) -> str:
        """Starts a session; returns the secret for the cookie, which is kept nowhere else."""
        secret, moment = secrets.token_urlsafe(32), clock.now()
        async with self._db.write() as session:
            session.add(StaffSessionRow(id=self._id(secret), staff_id=worker.id, created_at=moment, seen_at=moment))
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
            async with self._db.write() as session:
                await session.execute(delete(StaffSessionRow).where(StaffSessionRow.id == self._id(secret)))

    async def forget_old(self) -> None:
        """Drops sessions that are over."""
        moment = clock.now()
        over = or_(
            StaffSessionRow.seen_at <= moment - self._idle, StaffSessionRow.created_at <= moment - self._absolute
        )
        async with self._db.write() as session:
            await session.execute(delete(StaffSessionRow).where(over))

    def _id(self, secret: str) -> str:
        return self._db.box.digest("staff-session", secret)
