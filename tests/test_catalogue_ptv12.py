"""PTV v12 is provisional: what it is assumed to give is read, and whatever else it gives hurts nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from bot.catalogue import sources
from bot.catalogue.http import Fetcher, Patience, Refused, SourceError
from bot.catalogue.model import Service
from bot.catalogue.ptv12_api import Ptv12Api, key_header
from bot.catalogue.records import Records
from bot.catalogue.refresh import refresh
from bot.storage.database import Database
from bot.storage.models import ServiceRow
from tests.ptv_server import guid, page, ptv_channel, ptv_service
from tests.staff_support import opened


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened("sqlite", tmp_path) as made:
        yield made


@pytest.fixture
async def lists() -> AsyncIterator[tuple[str, dict[str, list[Any]]]]:
    """(address, what each call lists) of a server that wants the key "right"."""
    held: dict[str, list[Any]] = {"service": [], "service-channel": [], "connection": []}

    async def search(request: web.Request) -> web.Response:
        if request.headers.get("x-api-key") != "right":
            return web.json_response({"message": "Forbidden"}, status=403)
        number = int(request.query.get("page", "1"))
        return web.json_response(page(held[request.match_info["what"]], number, 2))

    app = web.Application()
    app.router.add_get("/api/v12/{what}/search", search)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("/api/v12")), held
    await server.close()


async def bring(database: Database, url: str, key: str = "right") -> Any:
    async with Fetcher(url, Patience(tries=2, backoff=0.01), key_header(key)) as fetcher:
        return await refresh(database, Ptv12Api(fetcher, Records(database, "ptv12")), full=True)


async def test_services_are_joined_to_their_channels_and_other_counties_left_out(
    database: Database, lists: tuple[str, dict[str, list[Any]]]
) -> None:
    url, held = lists
    ours = {key: value for key, value in ptv_service(1, "Perheneuvola").items() if key != "serviceChannels"}
    elsewhere = [{"type": "Municipality", "municipalities": [{"code": "091"}]}]
    held["service"] = [ours, ptv_service(2, "Helsingin neuvola", areas=elsewhere), {"name": "of another shape"}]
    held["service-channel"] = [ptv_channel(1, "401234567")]
    held["connection"] = [{"serviceId": guid(1), "serviceChannelId": guid(1, 2)}, {"odd": True}]
    summary = await bring(database, url)
    assert summary.loaded.new == (guid(1),)
    assert ("service/search", "no id") in summary.loaded.aside
    async with database.read() as session:
        service = Service.from_json(await session.scalar(select(ServiceRow.data)) or {})
    assert [channel.tel for channel in service.channels] == ["+358401234567"]


async def test_a_wrong_key_and_an_unknown_page_fail_with_a_sentence(
    database: Database, lists: tuple[str, dict[str, list[Any]]]
) -> None:
    url, held = lists
    with pytest.raises(Refused, match="Forbidden"):
        await bring(database, url, key="wrong")
    held["connection"] = "not a list"  # type: ignore[assignment]
    with pytest.raises(SourceError, match="not a page"):
        await bring(database, url)
    assert "not a page" in ((await sources.status(database, "ptv12")).error or "")
