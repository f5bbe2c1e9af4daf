"""What the tests of the staff desk share: real databases, workers, and families' requests."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from cryptography.fernet import Fernet

from bot.requests.draft import RequestDraft
from bot.requests.service import ContactRequests, Receipt
from bot.staff.accounts import Accounts, Worker
from bot.storage.crypto import Box
from bot.storage.database import Database

POSTGRESQL = os.environ.get("TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432")
PASSWORD = "kevätaurinko paistaa"
STORY = "ابني لا يريد الذهاب إلى المدرسة ولم أعد أحتمل"


@asynccontextmanager
async def opened(kind: str, folder: Path) -> AsyncIterator[Database]:
    """A migrated database of its own, SQLite or PostgreSQL; skips the test where no PostgreSQL answers."""
    box = Box([Fernet.generate_key()])
    if kind == "sqlite":
        database = Database(f"sqlite+aiosqlite:///{folder / 'bot.sqlite3'}", box)
        await database.migrate()
        yield database
        await database.close()
        return
    try:
        server = await asyncpg.connect(f"{POSTGRESQL}/postgres", timeout=3)
    except (OSError, asyncio.TimeoutError, asyncpg.PostgresError):
        if os.environ.get("CI"):
            raise  # .ci/run starts it; nothing is skipped there
        pytest.skip("no PostgreSQL answers")
    name = f"bot_test_{uuid.uuid4().hex}"
    try:
        await server.execute(f'CREATE DATABASE "{name}"')
        database = Database(f"{POSTGRESQL.replace('postgresql:', 'postgresql+asyncpg:')}/{name}", box)
        try:
            await database.migrate()
            yield database
        finally:
            await database.close()
            await server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await server.close()


async def worker(
    database: Database, login: str, *centres: str, role: str = "worker", name: str | None = None
) -> Worker:
    """A worker with an account."""
    return await Accounts(database).add(login, PASSWORD, role=role, centres=centres, name=name)


async def request(database: Database, **answers: Any) -> Receipt:
    """A family's request; unless told otherwise an Arabic-speaking mother's in Kuusamo, about school."""
    draft = RequestDraft(
        **{
            "language": "ar",
            "story": STORY,
            "need": "need_school",
            "place": "Kuusamo",
            "child_ages": [9 * 12],
            "name": "Amina Testinen",
            "contact": "040 123 4567",
            "interpreter": True,
            "writer": "parent",
            "consent": True,
            **answers,
        }
    )
    return await ContactRequests(database).submit(draft, str(uuid.uuid4()))
