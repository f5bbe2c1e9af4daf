"""The database: one engine, ways in (`read`, `write`; `connect`, `begin` for plain statements), migrations at start.

SQLite runs in WAL mode with synchronous=FULL: a commit that returned has reached the disk. Writers take the
write lock when they begin (BEGIN IMMEDIATE), so that a transaction never fails half way for being second.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine

from bot.storage.crypto import Box

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_PATIENCE = 100  # tenths of a second


class Database:
    """Sessions on the database at `url`, and the box that seals what families write (a session's `info["box"]`)."""

    def __init__(self, url: str, box: Box) -> None:
        self.url = url
        self.box = box
        self.sqlite = url.startswith("sqlite")
        if self.sqlite:
            Path(url.split("///", 1)[1]).parent.mkdir(parents=True, exist_ok=True)
            self._engine = create_async_engine(url, connect_args={"timeout": 15})
            event.listen(self._engine.sync_engine, "connect", _sqlite_connect)
            event.listen(self._engine.sync_engine, "begin", _sqlite_begin)
        else:
            self._engine = create_async_engine(url, pool_pre_ping=True)
        self._writer = self._engine.execution_options(bot_write=True)
        self._read = async_sessionmaker(self._engine, expire_on_commit=False, info={"box": box})
        self._write = async_sessionmaker(self._writer, expire_on_commit=False, info={"box": box})

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session for reading."""
        async with self._read() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction that commits at the end and rolls back on an error."""
        async with self._write() as session, session.begin():
            yield session

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading by plain statements: for what every message passes through."""
        async with self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction that commits at the end and rolls back on an error."""
        async with self._writer.begin() as connection:
            yield connection

    async def migrate(self) -> None:
        """Brings the tables to the newest version; makes them where there are none."""
        await asyncio.to_thread(upgrade, self.url, self.box)

    async def answers(self) -> bool:
        """True when the database answers."""
        try:
            async with asyncio.timeout(2), self.read() as session:
                await session.execute(text("SELECT 1"))
        except Exception:
            return False
        return True

    async def close(self) -> None:
        """Closes every connection."""
        await self._engine.dispose()


def upgrade(url: str, box: Box) -> None:
    """Runs Alembic's upgrade to head on `url` (blocking); a migration finds `box` in its config's attributes."""
    if url.startswith("sqlite"):
        _write_ahead(url.split("///", 1)[1])
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    config.attributes["box"] = box
    command.upgrade(config, "head")


def _write_ahead(path: str) -> None:
    """Turns the file's write-ahead log on, which lasts: two first connections that both want to turn it on would
    not wait for each other, however long their timeout."""
    for attempt in range(_PATIENCE):
        connection = sqlite3.connect(path, timeout=15)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if attempt + 1 == _PATIENCE:
                raise
            time.sleep(0.1)
        finally:
            connection.close()


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in ("busy_timeout=15000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("bot_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
