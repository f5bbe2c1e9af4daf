"""The access log proves who saw what: nothing in it can be changed, dropped or slipped in unnoticed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bot.requests import access_log
from bot.requests.desk import Desk
from bot.staff.rights import Forbidden, Worker
from bot.storage.database import MIGRATIONS, Database
from bot.storage.models import AccessLogRow, MetaRow
from tests.staff_support import opened, request, worker

MAIJA = Worker("11111111-1111-1111-1111-111111111111", "maija", "Maija", "worker", frozenset({"kuusamo"}))
REQUEST = "22222222-2222-2222-2222-222222222222"


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(request.param, tmp_path) as made:
        yield made


async def write(database: Database, reason: str = "käsittely") -> None:
    async with database.write() as session:
        await access_log.append(session, MAIJA, REQUEST, "open", reason)


async def unguard(database: Database) -> None:
    """What somebody with all rights on the database would do before changing the log."""
    async with database.write() as session:
        if database.sqlite:
            for name in ("update", "delete", "replace"):
                await session.execute(text(f"DROP TRIGGER access_log_no_{name}"))
        else:
            await session.execute(text("DROP TRIGGER access_log_append_only ON access_log"))


async def change(database: Database, statement: str) -> None:
    async with database.write() as session:
        await session.execute(text(statement))


async def test_rows_are_chained_from_the_first_on(database: Database) -> None:
    for number in range(3):
        await write(database, f"syy {number}")
    async with database.read() as session:
        rows = (await session.scalars(select(AccessLogRow).order_by(AccessLogRow.number))).all()
    assert [row.number for row in rows] == [1, 2, 3]
    assert [row.previous for row in rows] == [access_log.FIRST, rows[0].hash, rows[1].hash]
    found = await access_log.verify(database)
    assert (found.ok, found.rows, found.head) == (True, 3, rows[2].hash)


async def test_an_empty_log_is_whole(database: Database) -> None:
    assert (await access_log.verify(database)).ok


async def test_many_at_once_get_numbers_without_gaps_or_doubles(database: Database) -> None:
    await asyncio.gather(*(write(database, f"syy {number}") for number in range(20)))
    found = await access_log.verify(database)
    assert (found.ok, found.rows) == (True, 20)


async def test_what_is_rolled_back_was_never_logged(database: Database) -> None:
    await write(database)

    async def fail() -> None:
        async with database.write() as session:
            await access_log.append(session, MAIJA, REQUEST, "open", "käsittely")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    await write(database)
    found = await access_log.verify(database)
    assert (found.ok, found.rows) == (True, 2)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_log SET reason = 'muu' WHERE number = 1",
        "DELETE FROM access_log WHERE number = 1",
        "DELETE FROM access_log",
    ],
)
async def test_the_database_refuses_to_change_the_log(database: Database, statement: str) -> None:
    await write(database)
    with pytest.raises(DBAPIError, match="append-only"):
        await change(database, statement)
    assert (await access_log.verify(database)).rows == 1


async def test_the_database_refuses_the_back_doors(database: Database) -> None:
    await write(database)
    copy = "SELECT number, at, staff_id, request_id, action, 'muu', previous, hash FROM access_log"
    back_door = f"INSERT OR REPLACE INTO access_log {copy}" if database.sqlite else "TRUNCATE access_log"
    with pytest.raises(DBAPIError, match="append-only"):
        await change(database, back_door)


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE access_log SET reason = 'muu' WHERE number = 2", 2),
        ("UPDATE access_log SET staff_id = 'joku muu' WHERE number = 2", 2),
        ("UPDATE access_log SET action = 'note' WHERE number = 2", 2),
        ("DELETE FROM access_log WHERE number = 2", 3),
        ("DELETE FROM access_log WHERE number = 1", 2),
        ("UPDATE access_log SET number = 9 WHERE number = 3", 9),
    ],
)
async def test_a_change_past_the_guard_is_found(database: Database, statement: str, broken_at: int) -> None:
    for number in range(3):
        await write(database, f"syy {number}")
    await unguard(database)
    await change(database, statement)
    found = await access_log.verify(database)
    assert (found.ok, found.broken_at) == (False, broken_at)


async def test_rows_that_changed_places_are_found(database: Database) -> None:
    for number in range(3):
        await write(database, f"syy {number}")
    await unguard(database)
    await change(database, "UPDATE access_log SET number = 9 WHERE number = 1")
    await change(database, "UPDATE access_log SET number = 1 WHERE number = 2")
    await change(database, "UPDATE access_log SET number = 2 WHERE number = 9")
    assert (await access_log.verify(database)).broken_at == 1


async def test_a_cut_tail_is_found_and_does_not_heal(database: Database) -> None:
    for number in range(3):
        await write(database, f"syy {number}")
    await unguard(database)
    await change(database, "DELETE FROM access_log WHERE number = 3")
    assert (await access_log.verify(database)).broken_at == 3
    await write(database, "jotain muuta")
    found = await access_log.verify(database)
    assert (found.ok, found.rows, found.broken_at) == (False, 2, 4)


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM meta WHERE key = 'access-log-end'", "UPDATE meta SET value = '1:x:y' WHERE key = 'access-log-end'"],
)
async def test_a_log_without_its_seal_is_broken_and_stays_so(database: Database, statement: str) -> None:
    for number in range(2):
        await write(database, f"syy {number}")
    await change(database, statement)
    assert not (await access_log.verify(database)).ok
    await write(database, "jotain muuta")
    assert (await access_log.verify(database)).broken_at == 3


async def test_an_emptied_log_is_broken(database: Database) -> None:
    await write(database)
    await unguard(database)
    await change(database, "DELETE FROM access_log")
    assert (await access_log.verify(database)).broken_at == 1


async def test_a_chain_made_anew_does_not_fit_the_seal(database: Database) -> None:
    for number in range(2):
        await write(database, f"syy {number}")
    await unguard(database)
    before = access_log.FIRST
    async with database.write() as session:  # all that somebody without the key can do
        for row in await session.scalars(select(AccessLogRow).order_by(AccessLogRow.number)):
            row.reason, row.previous = "muu", before
            row.hash = before = access_log._hash(row)
    assert not (await access_log.verify(database)).ok


async def test_an_older_state_put_back_is_found_with_an_end_kept_elsewhere(database: Database) -> None:
    await write(database)
    async with database.read() as session:
        older = (await session.get_one(MetaRow, "access-log-end")).value
    await write(database)
    number, _colon, head = (await access_log.end(database)).partition(":")
    await unguard(database)
    await change(database, "DELETE FROM access_log WHERE number = 2")
    async with database.write() as session:
        (await session.get_one(MetaRow, "access-log-end")).value = older
    assert (await access_log.verify(database)).ok  # by itself the older state fits
    assert (await access_log.verify(database, known=(int(number), head))).broken_at == 2
    await write(database, "jotain muuta")
    assert (await access_log.verify(database, known=(int(number), head))).broken_at == 2


async def test_a_log_from_before_the_seal_is_sealed_by_the_migration(database: Database) -> None:
    for number in range(2):
        await write(database, f"syy {number}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", database.url)
    await asyncio.to_thread(command.downgrade, config, "0003")
    await database.migrate()
    found = await access_log.verify(database)
    assert (found.ok, found.rows) == (True, 2)


async def test_a_long_log_is_read_in_batches(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "_BATCH", 2)
    for _ in range(4):
        await write(database)
    found = await access_log.verify(database)
    assert (found.ok, found.rows) == (True, 4)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
async def test_a_reason_is_needed_and_short(database: Database, reason: str) -> None:
    with pytest.raises(ValueError, match="reason"):
        await write(database, reason)


async def test_an_auditor_reads_who_did_what_and_nobody_else_does(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo", name="Maija Malli")
    auditor = await worker(database, "tarkastaja", role="auditor")
    first, second = await request(database), await request(database, language="fi")
    desk = Desk(database)
    await desk.open(maija, first.request_id, "perhe soitti")
    await desk.claim(maija, second.request_id)
    seen = [
        (each.number, each.name, each.reference, each.action, each.reason)
        for each in await access_log.entries(database, auditor)
    ]
    assert seen == [
        (2, "Maija Malli", second.reference, "claim", "käsittely"),
        (1, "Maija Malli", first.reference, "open", "perhe soitti"),
    ]
    assert [e.number for e in await access_log.entries(database, auditor, reference=first.reference)] == [1]
    assert [e.number for e in await access_log.entries(database, auditor, before=2)] == [1]
    assert await access_log.entries(database, auditor, login="joku") == []
    for role in ("worker", "coordinator", "admin"):
        with pytest.raises(Forbidden):
            await access_log.entries(database, Worker("x", "x", "X", role, frozenset({"kuusamo"})))
