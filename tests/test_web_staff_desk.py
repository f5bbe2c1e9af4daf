"""The desk's forms beyond one worker and its live streams, over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

from bot import settings
from bot.requests.desk import Desk
from bot.staff.rights import Worker
from bot.staff.sessions import Sessions
from bot.storage.database import Database
from bot.storage.models import StaffSessionRow
from bot.web.keys import DATABASE, SETTINGS
from bot.web.security import security_headers
from bot.web.staff import add_staff
from tests.staff_support import opened, request, worker


@dataclass
class House:
    """A desk on a real database, with sessions for its people."""

    database: Database
    client: TestClient[web.Request, web.Application]
    sessions: Sessions

    async def cookie(self, who: Worker) -> tuple[dict[str, str], str]:
        """The header of a new session, and its form token."""
        secret = await self.sessions.create(who)
        session = await self.sessions.find(secret)
        assert session
        return {"Cookie": f"staff_session={secret}"}, session.csrf


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened("sqlite", tmp_path) as database:
        app = web.Application(middlewares=[security_headers])
        app[DATABASE], app[SETTINGS] = database, settings.load({})
        add_staff(app)
        async with TestClient(TestServer(app)) as client:
            yield House(database, client, Sessions(database, settings.load({})))


async def told(stream: ClientResponse, event: str) -> object:
    """Waits for an event of a stream; its data."""
    async with asyncio.timeout(30):
        while True:
            line = (await stream.content.readline()).decode()
            assert line, "the stream ended"
            if line == f"event: {event}\n":
                return json.loads((await stream.content.readline()).decode().removeprefix("data: "))


async def test_the_inbox_is_told_of_its_own_changes_and_a_sign_out_ends_the_stream(house: House) -> None:
    maija = await worker(house.database, "maija", "kuusamo")
    headers, _csrf = await house.cookie(maija)
    async with house.client.get("/staff/events", headers=headers) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        receipt = await request(house.database)
        await told(stream, "changed")
        await Desk(house.database).claim(maija, receipt.request_id)
        await told(stream, "changed")
        await house.sessions.end(headers["Cookie"].partition("=")[2])
        async with asyncio.timeout(30):
            rest = await stream.content.read()
        assert b"changed" not in rest


async def test_another_centre_s_changes_are_not_told(house: House) -> None:
    desk = Desk(house.database)
    maija, ii = await worker(house.database, "maija", "kuusamo"), await worker(house.database, "ii", "ii")
    before = await desk.pulse(ii)
    receipt = await request(house.database)
    await desk.note(maija, receipt.request_id, "muistiinpano")
    assert await desk.pulse(ii) == before
    await desk.transfer(maija, receipt.request_id, "ii", "perhe muutti")
    assert await desk.pulse(ii) != before


async def test_a_page_that_stands_open_keeps_no_session_alive(house: House) -> None:
    maija = await worker(house.database, "maija", "kuusamo")
    headers, _csrf = await house.cookie(maija)
    id = (await request(house.database)).request_id

    async def seen() -> object:
        async with house.database.read() as session:
            return await session.scalar(select(StaffSessionRow.seen_at))

    async with house.database.write() as session:
        row = (await session.scalars(select(StaffSessionRow))).one()
        row.seen_at -= timedelta(minutes=10)
    before = await seen()
    async with house.client.get(f"/staff/requests/{id}/events", headers=headers) as stream:
        assert await told(stream, "readers") == []
    async with house.client.get("/staff", headers={**headers, "X-Live": "1"}) as page:
        assert page.status == 200
    assert await seen() == before
    async with house.client.get("/staff", headers=headers) as page:
        assert page.status == 200
    assert await seen() != before


async def test_forms_of_teamwork(house: House) -> None:
    maija = await worker(house.database, "maija", "kuusamo", name="Maija Malli")
    ville = await worker(house.database, "ville", "kuusamo", name="Ville Malli")
    first, second = await request(house.database), await request(house.database)
    headers, csrf = await house.cookie(maija)
    path = f"/staff/requests/{second.request_id}"

    async def post(action: str, at: str = path, **fields: str) -> tuple[int, str]:
        async with house.client.post(f"{at}/{action}", data={"csrf": csrf, **fields}, headers=headers) as page:
            return page.status, await page.text()

    assert (await post("label", **{"label-joint_meeting": "1"}))[0] == 200
    status, page = await post("follow_up", day="31.12.2026")
    assert (status, "vuoden sisältä" in page) == (400, True)
    assert (await post("assign", to=ville.id))[0] == 200
    status, page = await post("claim")
    assert (status, "Ville Malli" in page) == (409, True)
    assert (await post("undo"))[0] == 200
    assert (await post("claim"))[0] == 200
    assert (await post("own_worker", to=maija.id))[0] == 200
    status, page = await post("contacted", how="no_answer", next_try="2000-01-01")
    assert status == 400
    assert (await post("answer", canned="how"))[0] == 200
    status, page = await post("merge", into=first.request_id)
    assert (status, first.reference in page) == (200, True)
    there = f"/staff/requests/{first.request_id}"
    status, page = await post("transfer", there, centre="ii", reason="perhe muutti")
    assert (status, f"{there}/undo" in page) == (200, True)
    status, page = await post("undo", there)
    assert (status, "peruttiin" in page) == (200, True)
    async with house.client.post("/staff/search", data={"csrf": csrf, "words": "المدرسة"}, headers=headers) as found:
        assert first.reference in await found.text()
    async with house.client.post("/staff/search", data={"words": "المدرسة"}, headers=headers) as found:
        assert found.status == 403
    for query in (
        "due=late",
        "urgency=9",
        "spoken=xx",
        "place=%00",
        "sort=x",
        "undo=javascript",
        "label=joint_meeting",
    ):
        async with house.client.get(f"/staff?{query}", headers=headers) as listed:
            assert listed.status == 200
