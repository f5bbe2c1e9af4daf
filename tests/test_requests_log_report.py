"""What a family that asks is told: who has handled its request, when, what was done and why, in its own language."""

from __future__ import annotations

import argparse
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

from bot import cli_staff, clock, i18n, settings
from bot.requests import access_log, log_report
from bot.requests.desk import Desk
from bot.requests.log_report import UnknownReference
from bot.requests.service import ContactRequests, Receipt
from bot.staff.accounts import Accounts
from bot.staff.rights import Forbidden, Worker
from bot.staff.sessions import Sessions
from bot.storage.database import Database
from bot.storage.models import AccessLogRow, ErasedReferenceRow
from bot.web.keys import DATABASE, SETTINGS
from bot.web.security import security_headers
from bot.web.staff import add_staff
from tests.staff_support import STORY, opened, request, worker


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened("sqlite", tmp_path) as made:
        yield made


async def handled(database: Database) -> tuple[Worker, Receipt]:
    """An Arabic-speaking mother's request that Maija has worked with, and one of another family's; the auditor."""
    receipt, other = await request(database), await request(database, language="fi")
    maija = await worker(database, "maija", "kuusamo", name="Maija Malli")
    desk = Desk(database)
    await desk.open(maija, receipt.request_id, "perhe soitti")
    await desk.claim(maija, receipt.request_id)
    await desk.open(maija, other.request_id)
    return await worker(database, "tarkastaja", role="auditor", name="Taru Tarkastaja"), receipt


async def test_the_family_reads_it_in_its_own_language_and_of_its_own_request_only(database: Database) -> None:
    auditor, receipt = await handled(database)
    report = await log_report.make(database, auditor, f" {receipt.reference.lower()} ")
    assert (report.reference, report.language) == (receipt.reference, "ar")
    assert [(each.who, each.what, each.why, each.own_words) for each in report.rows] == [
        ("Maija Malli", i18n.translate("Opened", "ar"), "perhe soitti", True),
        ("Maija Malli", i18n.translate("Taken", "ar"), i18n.translate("Handling the request", "ar"), False),
    ]
    assert report.rows[0].what != "Opened"
    finnish = await log_report.make(database, auditor, receipt.reference, "fi")
    assert [each.what for each in finnish.rows] == ["Avattu", "Otettu", "Selvitys tehty"]


async def test_a_report_is_itself_in_the_log(database: Database) -> None:
    auditor, receipt = await handled(database)
    await log_report.make(database, auditor, receipt.reference)
    async with database.read() as session:
        last = (await session.scalars(select(AccessLogRow).order_by(AccessLogRow.number.desc()))).first()
    assert last
    assert (last.staff_id, last.request_id, last.action) == (auditor.id, receipt.request_id, "report")
    assert (await access_log.verify(database)).ok


async def test_it_is_made_after_the_request_was_erased_too(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    auditor, receipt = await handled(database)
    requests = ContactRequests(database)
    await requests.withdraw(receipt.reference, receipt.pin)
    later = clock.now() + timedelta(days=400)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert await requests.erase_old(365) == 1
    async with database.read() as session:
        kept = (await session.scalars(select(ErasedReferenceRow.reference))).all()
    assert len(kept) == 1
    assert receipt.reference not in kept[0]
    report = await log_report.make(database, auditor, receipt.reference, "fi")
    assert [each.what for each in report.rows] == ["Avattu", "Otettu"]


async def test_an_unknown_reference_and_other_roles_get_nothing(database: Database) -> None:
    auditor, receipt = await handled(database)
    with pytest.raises(UnknownReference):
        await log_report.make(database, auditor, "PA-2222-2222")
    before = await access_log.end(database)
    for role in ("worker", "coordinator", "admin", "superuser"):
        with pytest.raises(Forbidden):
            await log_report.make(database, Worker("x", "x", "X", role, frozenset({"kuusamo"})), receipt.reference)
    assert await access_log.end(database) == before


async def test_a_request_that_nobody_opened(database: Database) -> None:
    receipt = await request(database)
    auditor = await worker(database, "tarkastaja", role="auditor")
    lines = log_report.as_text(await log_report.make(database, auditor, receipt.reference, "en"))
    assert lines[-1] == "Nobody has opened the request yet."


async def test_the_page_reads_from_right_to_left_for_an_arabic_family(database: Database) -> None:
    auditor, receipt = await handled(database)
    app = web.Application(middlewares=[security_headers])
    app[DATABASE], app[SETTINGS] = database, settings.load({})
    add_staff(app)
    cookie = {"Cookie": f"staff_session={await Sessions(database, app[SETTINGS]).create(auditor)}"}
    async with TestClient(TestServer(app), headers=cookie) as client:
        form = await (await client.get(f"/staff/log?reference={receipt.reference}")).text()
        assert 'action="/staff/log/report"' in form
        page = await client.get(f"/staff/log/report?reference={receipt.reference}&language=")
        body = await page.text()
        assert page.status == 200
        assert '<html lang="ar" dir="rtl">' in body
        assert "Maija Malli" in body
        assert i18n.translate(log_report.TITLE, "ar") in body
        assert STORY not in body
        assert (await client.get("/staff/log/report?reference=PA-2222-2222")).status == 404
        swedish = await client.get(f"/staff/log/report?reference={receipt.reference}&language=sv")
        assert '<html lang="sv"' in await swedish.text()


async def test_the_command_writes_it_as_text(tmp_path: Path) -> None:
    chosen = settings.load(
        {"BOT_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'c.sqlite3'}", "BOT_KEY_FILE": str(tmp_path / "key")}
    )
    from bot.storage.crypto import load_box

    database = Database(chosen.database_url, load_box("", tmp_path / "key"))
    await database.migrate()
    _auditor, receipt = await handled(database)

    async def run(*words: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        cli_staff.add_parser(parser.add_subparsers(dest="command", required=True))
        out = io.StringIO()
        return await cli_staff.run(parser.parse_args(words), chosen, out=out), out.getvalue()

    status, said = await run("audit", "report", receipt.reference, "--by", "Tarkastaja", "--language", "en")
    assert status == 0
    assert f"Reference: {receipt.reference}" in said
    assert "Maija Malli | Opened | perhe soitti" in said
    for words in ((receipt.reference, "maija"), (receipt.reference, "kukaan"), ("PA-2222-2222", "tarkastaja")):
        assert (await run("audit", "report", words[0], "--by", words[1]))[0] == 1
    await Accounts(database).disable("tarkastaja")
    assert (await run("audit", "report", receipt.reference, "--by", "tarkastaja"))[0] == 1
    status, said = await run("audit", "verify")
    end = said.split("end ")[1].strip()
    assert (status, await run("audit", "verify", "--known", end)) == (0, (0, said))
    number = end.partition(":")[0]
    assert (await run("audit", "verify", "--known", f"{number}:{'0' * 64}"))[0] == 1
    await database.close()
