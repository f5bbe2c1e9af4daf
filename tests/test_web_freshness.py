"""Whoever runs the bot, and whoever works with it, sees how fresh the services are, and is warned when they are not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from rasa_sdk.executor import ActionExecutor

from bot import clock, settings
from bot.catalogue import sources
from bot.catalogue.model import Service
from bot.catalogue.store import put_catalogue
from bot.conversation.store import Trackers
from bot.storage.database import Database
from bot.web.internal import internal_app
from bot.web.keys import DATABASE, SETTINGS
from bot.web.staff import add_staff
from tests.staff_support import PASSWORD, opened, worker


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Two services of PTV, refreshed three days ago; the last try failed."""
    async with opened("sqlite", tmp_path) as made:
        names = ({"fi": "Neuvola"}, {"fi": "Turvakoti"})
        services = [
            Service(id=f"s{number}", source="ptv", source_id=f"s{number}", names=name, county=True)
            for number, name in enumerate(names)
        ]
        await put_catalogue(made, "ptv", services, None)
        started = clock.now() - timedelta(hours=72)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda: started)
            counts = {"new": 2, "changed": 0, "gone": 0, "aside": 1, "full": True}
            aside = [("abc", "no <b>name</b>")]
            await sources.succeeded(made, "ptv", started=started, full=True, counts=counts, aside=aside)
        await sources.failed(made, "ptv", started=clock.now(), error="Service/list: status 500 (tried 6 times)")
        yield made


async def test_metrics_tell_age_number_and_trouble(database: Database) -> None:
    app = internal_app(ActionExecutor(), "secret", Trackers(database))
    app[DATABASE] = database
    async with TestServer(app) as server, TestClient(server) as client:
        text = await (await client.get("/metrics")).text()
    values = dict(re.findall(r'^bot_catalogue_(\w+)\{source="ptv"\} (\S+)$', text, re.MULTILINE))
    assert values["services"] == "2.0"
    assert float(values["age_seconds"]) == pytest.approx(72 * 3600, abs=60)
    assert (values["stale"], values["last_try_failed"]) == ("1.0", "1.0")


async def test_the_staff_page_warns_and_tells_what_was_set_aside(database: Database) -> None:
    await worker(database, "maija", "kuusamo")
    app = web.Application()
    app[DATABASE], app[SETTINGS] = database, settings.load({})
    add_staff(app)
    async with TestServer(app) as server, TestClient(server, cookie_jar=CookieJar(unsafe=True)) as browser:
        answer = await browser.get("/staff/catalogue", allow_redirects=False)
        assert answer.status == 303  # nobody is logged in
        page = await (await browser.get("/staff/login")).text()
        token = re.search(r'name="csrf" value="([^"]+)"', page)
        assert token
        form = {"login": "maija", "password": PASSWORD, "csrf": token[1]}
        await browser.post("/staff/login", data=form)
        page = await (await browser.get("/staff/catalogue")).text()
    assert "Suomi.fi-palvelutietovaranto" in page
    assert "Palveluja, jotka perheet löytävät: 2" in page
    assert "72 h sitten" in page
    assert page.count('role="alert"') == 2  # stale, and the last try failed
    assert "status 500 (tried 6 times)" in page
    assert "uusia 2, muuttuneita 0, poistuneita 0, sivuun jätettyjä 1" in page
    assert "abc: " in page
    assert "no &lt;b&gt;name&lt;/b&gt;" in page
