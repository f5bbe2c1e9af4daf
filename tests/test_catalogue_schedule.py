"""The catalogue stays fresh by itself: daily what changed, weekly all, one runner; after a failure an hour passes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import clock
from bot.catalogue import sources
from bot.catalogue.schedule import due, keep_fresh, refresh_if_due
from bot.catalogue.sources import SourceStatus
from bot.storage.database import Database
from tests import ptv_server
from tests.ptv_server import Ptv, playing, ptv_service
from tests.staff_support import opened

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
FRESH = SourceStatus("ptv", 5, tried_at=NOW, succeeded_at=NOW, full_at=NOW, changes_from=NOW)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened("sqlite", tmp_path) as made:
        yield made


@pytest.fixture
async def ptv() -> AsyncIterator[Ptv]:
    made = Ptv(page_size=100)
    made.put(ptv_service(1, "Perheneuvola"), ptv_service(2, "Turvakoti"))
    async with playing(made) as served:
        yield served


@pytest.mark.parametrize(
    ("status", "after", "wanted"),
    [
        (SourceStatus("ptv", 0), timedelta(0), "full"),
        (FRESH, timedelta(hours=23), None),
        (FRESH, timedelta(hours=25), "changes"),
        (FRESH, timedelta(days=8), "full"),
        (replace(FRESH, succeeded_at=NOW + timedelta(days=7)), timedelta(days=7, hours=1), "full"),
        (replace(FRESH, tried_at=NOW + 25 * HOUR, error="500"), 25.5 * HOUR, None),
        (replace(FRESH, tried_at=NOW + 25 * HOUR, error="500"), 26.5 * HOUR, "changes"),
    ],
)
def test_what_is_due_when(status: SourceStatus, after: timedelta, wanted: str | None) -> None:
    assert due(status, NOW + after) == wanted


async def test_it_reads_all_then_changes_then_all_again(
    database: Database, ptv: Ptv, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = clock.now()
    first = await refresh_if_due(database, ptv.url, "19")
    assert first is not None
    assert first.full
    assert await refresh_if_due(database, ptv.url, "19") is None
    monkeypatch.setattr(clock, "now", lambda: start + 25 * HOUR)
    daily = await refresh_if_due(database, ptv.url, "19")
    assert daily is not None
    assert not daily.full
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=8))
    weekly = await refresh_if_due(database, ptv.url, "19")
    assert weekly is not None
    assert weekly.full


async def test_many_processes_read_once(database: Database, ptv: Ptv) -> None:
    others = [Database(database.url, database.box) for _ in range(3)]
    try:
        done = await asyncio.gather(*(refresh_if_due(each, ptv.url, "19") for each in (database, *others)))
        # One that comes right after the first has finished finds nothing due any more.
        done += [await refresh_if_due(others[0], ptv.url, "19")]
    finally:
        for each in others:
            await each.close()
    assert len([summary for summary in done if summary]) == 1
    assert len(ptv.pages_asked()) == 1


async def test_a_failure_waits_an_hour_and_never_ends_the_scheduler(
    database: Database, ptv: Ptv, monkeypatch: pytest.MonkeyPatch
) -> None:
    ptv.times(1, ptv_server.says({"errorMessage": "Ei nyt."}, 403))
    begun = asyncio.Event()

    async def asked(_request: object) -> None:
        begun.set()

    ptv.trouble.insert(0, asked)
    task = asyncio.create_task(keep_fresh(database, ptv.url, "19", sleep=lambda: 0.05))
    try:
        await asyncio.wait_for(begun.wait(), 10)
        await asyncio.sleep(0.5)
        assert len(ptv.pages_asked()) == 1
        assert "Ei nyt." in ((await sources.status(database, "ptv")).error or "")
        later = clock.now() + 1.1 * HOUR
        monkeypatch.setattr(clock, "now", lambda: later)
        for _ in range(200):
            if (await sources.status(database, "ptv")).succeeded_at:
                break
            await asyncio.sleep(0.05)
        known = await sources.status(database, "ptv")
        assert (known.services, known.error) == (2, None)
        assert not task.done()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_stop_in_the_middle_frees_the_catalogue(database: Database, ptv: Ptv) -> None:
    begun = asyncio.Event()

    async def hang(_request: object) -> None:
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(30)

    ptv.times(1, hang)
    task = asyncio.create_task(keep_fresh(database, ptv.url, "19"))
    await asyncio.wait_for(begun.wait(), 10)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert await refresh_if_due(database, ptv.url, "19") is not None  # the lease is free at once


@pytest.mark.parametrize(
    ("status", "stale"),
    [
        (SourceStatus("embedded", 242), False),
        (FRESH, False),
        (replace(FRESH, succeeded_at=NOW - 61 * HOUR), True),
        (SourceStatus("ptv", 0, tried_at=NOW, error="500"), True),
    ],
)
def test_a_catalogue_is_stale_after_two_missed_nights(status: SourceStatus, stale: bool) -> None:
    assert status.stale(NOW) is stale
