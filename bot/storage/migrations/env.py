"""Alembic's entry: runs the migrations on the address that bot.storage.database passes in."""

from __future__ import annotations

import asyncio

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from bot.storage.models import Base


def _ours(_object: object, name: str | None, type_: str, _reflected: bool, _compare_to: object) -> bool:
    """Leaves full text out of autogenerate: its tables and columns are made by hand in migration 0002."""
    by_hand = {("table", "service_fts"), ("column", "search"), ("index", "ix_service_text_search")}
    return not ((type_, name) in by_hand or (type_ == "table" and (name or "").startswith("service_fts_")))


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, include_object=_ours)
    with context.begin_transaction():
        context.run_migrations()


async def _main() -> None:
    engine = create_async_engine(context.config.get_main_option("sqlalchemy.url") or "")
    async with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            # Two bots may start at once: the second waits for the first one's migration.
            await connection.exec_driver_sql("SELECT pg_advisory_lock(5060708)")
            await connection.commit()
        await connection.run_sync(_run)
        await connection.commit()
    await engine.dispose()


asyncio.run(_main())
