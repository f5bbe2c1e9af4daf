"""Counting attempts in the database, so that limits hold over restarts and many processes."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from bot import clock
from bot.storage.database import Database
from bot.storage.models import ThrottleRow


class Throttle:
    """At most `limit` counted attempts a key within `window`; what is counted is stored as a digest."""

    def __init__(self, database: Database, purpose: str, limit: int, window: timedelta) -> None:
        self._db = database
        self._purpose = purpose
        self._limit = limit
        self._window = window

    async def blocked(self, key: str) -> int:
        """Seconds until the key may try again; 0 where it may now."""
        async with self._db.read() as session:
            row = await session.get(ThrottleRow, self._digest(key))
        if row is None or row.count < self._limit or row.until <= clock.now():
            return 0
        return max(1, int((row.until - clock.now()).total_seconds()))

    async def count(self, key: str) -> int:
        """Counts one attempt; returns the attempts within the window so far."""
        moment = clock.now()
        insert = sqlite.insert if self._db.sqlite else postgresql.insert
        first = insert(ThrottleRow).values(key=self._digest(key), count=0, until=moment + self._window)
        async with self._db.write() as session:
            # Two first attempts at once: both find the row that one of them made.
            await session.execute(first.on_conflict_do_nothing())
            row = await session.get_one(ThrottleRow, self._digest(key), with_for_update=True)
            if row.until <= moment:
                row.count, row.until = 1, moment + self._window
            else:
                row.count += 1
                if row.count >= self._limit:
                    row.until = moment + self._window
            return row.count

    async def clear(self, key: str) -> None:
        """Forgets the key's attempts."""
        async with self._db.write() as session:
            await session.execute(delete(ThrottleRow).where(ThrottleRow.key == self._digest(key)))

    def _digest(self, key: str) -> str:
        return self._db.box.digest(f"throttle:{self._purpose}", key)


async def forget_old(database: Database) -> None:
    """Drops all counters whose window is over."""
    async with database.write() as session:
        await session.execute(delete(ThrottleRow).where(ThrottleRow.until < clock.now()))
