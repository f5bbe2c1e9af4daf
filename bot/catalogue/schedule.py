"""Keeps the Service Catalogue fresh from inside the bot: what changed once a day, everything once a week.

Every process looks; the lease of bot.catalogue.sources lets one work. When it is due stands in the database, so that
a restart neither forgets a refresh nor repeats one, and a failure is tried again in an hour by whoever comes first.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Literal

from bot import clock
from bot.catalogue import sources
from bot.catalogue.http import Fetcher, SourceError
from bot.catalogue.ptv_api import PtvApi
from bot.catalogue.records import Records
from bot.catalogue.refresh import Summary, refresh
from bot.catalogue.sources import Busy, SourceStatus
from bot.storage.database import Database

DAILY = timedelta(hours=24)
WEEKLY = timedelta(days=7)
RETRY = timedelta(hours=1)
LOOK = 300.0
"""Seconds between looks whether something is due."""
_log = logging.getLogger(__name__)


def due(status: SourceStatus, now: datetime) -> Literal["full", "changes"] | None:
    """What a catalogue needs now."""
    if status.error and status.tried_at and now - status.tried_at < RETRY:
        return None
    if status.full_at is None or now - status.full_at >= WEEKLY:
        return "full"
    if status.succeeded_at is None or now - status.succeeded_at >= DAILY:
        return "changes"
    return None


@asynccontextmanager
async def ptv(db: Database, url: str, area: str) -> AsyncIterator[PtvApi]:
    """The Service Catalogue at `url`, ready to be read."""
    async with Fetcher(url) as fetcher:
        yield PtvApi(fetcher, Records(db, PtvApi.source), area)


async def refresh_if_due(db: Database, url: str, area: str) -> Summary | None:
    """Refreshes the Service Catalogue where it is due and no other process is at it; None where nothing was done."""
    wanted = due(await sources.status(db, PtvApi.source), clock.now())
    if wanted is None:
        return None

    def still(status: SourceStatus) -> bool:
        return due(status, clock.now()) == wanted

    try:
        async with ptv(db, url, area) as api:
            # A task of its own: where the lease is lost it is cancelled, and the scheduler goes on.
            work = asyncio.create_task(refresh(db, api, full=wanted == "full", still=still))
            try:
                await asyncio.wait({work})
            finally:
                work.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await work
            return None if work.cancelled() else work.result()
    except Busy:
        return None
    except SourceError:
        return None  # written down and warned of by refresh


async def keep_fresh(db: Database, url: str, area: str, sleep: Callable[[], float] = lambda: LOOK) -> None:
    """Looks for ever; a failure of any kind is logged and never ends it."""
    while True:
        try:
            summary = await refresh_if_due(db, url, area)
            if summary:
                _log.info("catalogue: %s", summary)
        except Exception:
            _log.exception("the catalogue was not refreshed")
        await asyncio.sleep(sleep())
