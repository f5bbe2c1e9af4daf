"""How fresh each catalogue is, and that only one process refreshes it at a time.

A lease in the database, renewed while the work goes on, makes one runner of many processes; one that dies frees it
when the lease ends. Knows nothing of catalogues' shapes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot import clock
from bot.storage.database import Database
from bot.storage.models import CatalogueSourceRow, ServiceRow

LEASE = timedelta(minutes=3)
STALE = timedelta(hours=60)
"""After this long without a successful refresh (two missed nights) a catalogue counts as stale."""
RESUME = timedelta(hours=24)
"""A full reading that broke off may go on for so long; after that its pages are too old."""
ASIDE_KEPT = 200
_log = logging.getLogger(__name__)


class Busy(Exception):
    """Another process refreshes this catalogue now."""


@dataclass(frozen=True)
class SourceStatus:
    """A catalogue's freshness. `services`: how many of its services families can find now."""

    source: str
    services: int
    tried_at: datetime | None = None
    succeeded_at: datetime | None = None
    full_at: datetime | None = None
    changes_from: datetime | None = None
    error: str | None = None
    counts: Mapping[str, Any] = field(default_factory=dict)
    aside: Sequence[Sequence[str]] = ()

    def age(self, now: datetime) -> timedelta | None:
        """Time since the last success."""
        return now - self.succeeded_at if self.succeeded_at else None

    def stale(self, now: datetime) -> bool:
        """True where the catalogue was to be refreshed and has not been for too long, or never."""
        if self.tried_at is None:
            return False
        return self.succeeded_at is None or now - self.succeeded_at > STALE


async def statuses(db: Database) -> list[SourceStatus]:
    """Every catalogue that is in the database or was ever asked."""
    async with db.read() as session:
        counted = await session.execute(
            select(ServiceRow.source, func.count()).where(ServiceRow.state == "active").group_by(ServiceRow.source)
        )
        counts = {source: number for source, number in counted}  # noqa: C416
        rows = {row.source: row for row in await session.scalars(select(CatalogueSourceRow))}
    return [_status(source, counts.get(source, 0), rows.get(source)) for source in sorted({*counts, *rows})]


async def status(db: Database, source: str) -> SourceStatus:
    """One catalogue's freshness; a catalogue nobody knows yet has none."""
    found = {each.source: each for each in await statuses(db)}
    return found.get(source) or SourceStatus(source, 0)


def _status(source: str, services: int, row: CatalogueSourceRow | None) -> SourceStatus:
    if row is None:
        return SourceStatus(source, services)
    return SourceStatus(
        source,
        services,
        row.tried_at,
        row.succeeded_at,
        row.full_at,
        row.changes_from,
        row.error,
        row.counts,
        tuple(row.aside),
    )


@asynccontextmanager
async def lease(db: Database, source: str) -> AsyncIterator[None]:
    """Holds the catalogue for one refresh; raises Busy where another process has it.

    Renews itself until the end. A runner that lost its lease all the same (the machine slept) is cancelled.
    """
    owner = uuid.uuid4().hex
    if not await _take(db, source, owner):
        raise Busy(source)
    task = asyncio.current_task()
    keeper = asyncio.create_task(_keep(db, source, owner, task))
    try:
        yield
    finally:
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper
        async with db.write() as session:
            await session.execute(
                update(CatalogueSourceRow)
                .where(CatalogueSourceRow.source == source, CatalogueSourceRow.lease_owner == owner)
                .values(lease_owner=None, lease_until=None)
            )


async def _take(db: Database, source: str, owner: str) -> bool:
    now = clock.now()
    insert = sqlite.insert if db.sqlite else postgresql.insert
    first = insert(CatalogueSourceRow).values(source=source, counts={}, aside=[])
    async with db.write() as session:
        await session.execute(first.on_conflict_do_nothing())
        taken = await session.execute(
            update(CatalogueSourceRow)
            .where(
                CatalogueSourceRow.source == source,
                or_(
                    CatalogueSourceRow.lease_until.is_(None),
                    CatalogueSourceRow.lease_until < now,
                    CatalogueSourceRow.lease_owner == owner,
                ),
            )
            .values(lease_owner=owner, lease_until=now + LEASE)
        )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


async def _keep(db: Database, source: str, owner: str, task: asyncio.Task[Any] | None) -> None:
    while True:
        await asyncio.sleep(LEASE.total_seconds() / 3)
        try:
            if await _take(db, source, owner):
                continue
        except Exception:
            _log.exception("the lease of %s could not be renewed; it is tried again", source)
            continue
        _log.error("another process took %s over", source)
        if task is not None:
            task.cancel()
        return


async def succeeded(
    db: Database,
    source: str,
    *,
    started: datetime,
    full: bool,
    counts: Mapping[str, Any],
    aside: Sequence[tuple[str, str]],
    changes_from: datetime | None = None,
) -> None:
    """Writes down a refresh that went well."""
    values: dict[str, Any] = {
        "tried_at": started,
        "succeeded_at": clock.now(),
        "error": None,
        "counts": dict(counts),
        "aside": [list(each) for each in aside[:ASIDE_KEPT]],
        "changes_from": changes_from,
    }
    if full:
        values |= {"full_at": clock.now(), "run": None, "run_at": None}
    await _write(db, source, values)


async def failed(db: Database, source: str, *, started: datetime, error: str, again: bool = False) -> None:
    """Writes down a refresh that failed; what families see stays as it was. `again`: the next starts from nothing."""
    values: dict[str, Any] = {"tried_at": started, "error": error[:400]}
    if again:
        values |= {"run": None, "run_at": None}
    await _write(db, source, values)


async def current_run(db: Database, source: str) -> str | None:
    """The full reading that broke off and may go on, if there is one."""
    async with db.read() as session:
        row = await session.get(CatalogueSourceRow, source)
    return row.run if row else None


async def run_of(db: Database, source: str, *, anew: bool = False) -> tuple[str, bool]:
    """(name of the full reading to go on with, True where one that broke off goes on)."""
    now = clock.now()
    async with db.write() as session:
        row = await session.get_one(CatalogueSourceRow, source)
        if row.run and not anew and row.run_at and now - row.run_at < RESUME:
            return row.run, True
        row.run, row.run_at = uuid.uuid4().hex, now
        return row.run, False


async def _write(db: Database, source: str, values: Mapping[str, Any]) -> None:
    insert = sqlite.insert if db.sqlite else postgresql.insert
    first = insert(CatalogueSourceRow).values(source=source, counts={}, aside=[])
    async with db.write() as session:
        await session.execute(first.on_conflict_do_nothing())
        await session.execute(update(CatalogueSourceRow).where(CatalogueSourceRow.source == source).values(**values))
