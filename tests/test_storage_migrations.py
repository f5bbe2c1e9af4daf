"""The migrations make exactly the tables that the code declares, on both databases."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from cryptography.fernet import Fernet

from bot.storage.crypto import Box
from bot.storage.database import MIGRATIONS, upgrade
from tests.staff_support import opened


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_alembic_would_change_nothing_after_the_last_migration(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as database:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("sqlalchemy.url", database.url)
        await asyncio.to_thread(command.check, config)  # raises where tables and models differ


def test_a_migrated_file_keeps_its_write_ahead_log(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite3"
    upgrade(f"sqlite+aiosqlite:///{path}", Box([Fernet.generate_key()]))
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
