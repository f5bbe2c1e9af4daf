"""A family looks through the services without chat and script, in its own language; staff see the gaps."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot import clock, settings
from bot.catalogue.gaps import find_gaps
from bot.catalogue.model import Channel, Hours, Service
from bot.catalogue.search import Catalogue
from bot.catalogue.store import put_catalogue
from bot.i18n import languages, translate
from bot.routing.needs import needs
from bot.storage.database import Database
from bot.web import browse, chat
from bot.web.keys import CATALOGUE, DATABASE, SETTINGS
from bot.web.problems import problems
from bot.web.security import security_headers
from tests.staff_support import opened

Browser = TestClient[Any, Any]
SHELTER = Service(
    id="shelter",
    source="test",
    source_id="shelter",
    names={"fi": "Turvakoti", "en": "Shelter", "ar": "دار الإيواء"},
    summaries={"fi": "Turvallinen paikka.", "ar": "مكان آمن."},
    descriptions={"fi": "Ensimmäinen kappale.\nToinen <b>kappale</b>."},
    instructions={"fi": "Soita."},
    needs=("need_violence",),
    age_groups=("under_school", "school_age"),
    whole_country=True,
    charge="free",
    languages=("fi",),
    organisation="THL",
    channels=(
        Channel("phone", number="040 123 4567", tel="+358401234567", hours=(Hours(always=True),)),
        Channel("location", address={"fi": "Katu 1, Oulu"}, lat=65.01236, lon=25.46816),
        Channel("web", urls={"fi": "https://example.org/"}),
    ),
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened("sqlite", tmp_path) as made:
        clubs = [
            Service(
                id=f"club-{number:02}",
                source="test",
                source_id=f"club-{number:02}",
                names={"fi": f"Kerho {number:02}"},
                needs=("need_leisure",),
                municipalities=frozenset({"305"}),
                age_groups=("school_age",),
                delivery=("on_site",),
            )
            for number in range(25)
        ]
        await put_catalogue(
            made, "test", [SHELTER, *clubs, Service("firms", "t", "firms", {"fi": "Yritykset"}, audience="other")], "1"
        )
        yield made


@pytest.fixture
async def browser(database: Database) -> AsyncIterator[Browser]:
    app = web.Application(middlewares=[security_headers, problems])
    app[CATALOGUE], app[DATABASE], app[SETTINGS] = Catalogue(database), database, settings.load({})
    app.add_routes(browse.routes)
    app.add_routes(chat.routes)
    async with TestServer(app) as server:
        client: Browser = TestClient(server)
        async with client:
            yield client


async def text(browser: Browser, path: str, status: int = 200) -> str:
    async with browser.get(path) as answer:
        assert answer.status == status, path
        return await answer.text()


@pytest.mark.parametrize("language", list(languages()))
async def test_the_way_in_leads_by_age_topic_and_municipality(browser: Browser, language: str) -> None:
    page = await text(browser, f"/{language}/services")
    assert f'href="/{language}/services?age=expecting"' in page
    assert f'href="/{language}/services?need=need_violence"' in page
    assert f'href="/{language}/services?municipality=305"' in page
    assert translate("Age and life situation", language) in page
    assert 'class="card"' not in page


async def test_only_what_was_chosen_is_listed(browser: Browser) -> None:
    page = await text(browser, "/en/services?need=need_violence")
    assert re.findall(r'/en/services/([\w-]+)"', page) == ["shelter"]
    assert "Free of charge" in page
    page = await text(browser, "/en/services?age=expecting")
    assert translate("I found no service for this. The family centre can still help you.", "en") in page
    assert 'href="/en/request"' in page
    # What serves the whole country is there in every municipality; what is given elsewhere is not.
    assert re.findall(r'/fi/services/([\w-]+)"', await text(browser, "/fi/services?municipality=244")) == ["shelter"]


async def test_long_lists_have_pages_without_gaps_or_repeats(browser: Browser) -> None:
    first = await text(browser, "/fi/services?need=need_leisure&municipality=kuusamo")
    later = re.search(r'rel="next" href="([^"]+)"', first)
    assert later
    second = await text(browser, later[1].replace("&amp;", "&"))
    seen = re.findall(r'/fi/services/([\w-]+)"', first) + re.findall(r'/fi/services/([\w-]+)"', second)
    assert sorted(seen) == [f"club-{number:02}" for number in range(25)]
    assert 'rel="prev"' in second
    await text(browser, "/fi/services?need=need_leisure&from=99999999999")
    await text(browser, "/fi/services?need=x&age=x&municipality=x&delivery=x&speaks=x&from=-1&open=x")


async def test_a_service_has_a_page_that_leads_on(browser: Browser) -> None:
    page = await text(browser, "/ar/services/shelter")
    assert 'dir="rtl"' in page
    assert "دار الإيواء" in page
    assert "Turvakoti" in page  # the name to say at the door
    assert 'href="tel:+358401234567"' in page
    assert "https://www.openstreetmap.org/?mlat=65.01236" in page
    assert translate("Open now", "ar") in page
    assert translate("Open day and night", "ar") in page
    assert '<div lang="fi" dir="ltr"><p>Ensimmäinen kappale.</p><p>Toinen &lt;b&gt;kappale&lt;/b&gt;.</p></div>' in page
    assert translate("You can ask for an interpreter.", "ar") in page
    assert 'href="/ar/?about=shelter"' in page
    finnish = await text(browser, "/fi/services/shelter")
    assert translate("You can ask for an interpreter.", "fi") not in finnish


async def test_the_question_about_a_service_is_begun_in_the_chat_and_not_sent(browser: Browser) -> None:
    page = await text(browser, "/en/?about=shelter")
    assert ">I have a question about this service: Shelter. </textarea>" in page
    assert "></textarea>" in await text(browser, "/en/?about=no-such")


async def test_no_page_for_what_is_not_there_or_not_for_families(browser: Browser) -> None:
    await text(browser, "/fi/services/no-such", 404)
    await text(browser, "/fi/services/firms", 404)
    await text(browser, "/xx/services", 404)


def test_gaps_are_counted() -> None:
    now = clock.now()
    old = Service("old", "t", "old", {"fi": "Vanha"}, needs=("need_school",), modified=now - timedelta(days=400))
    found = find_gaps([SHELTER, old], needs(), ["305", "564"], ["fi", "ar"], now)
    assert (found.total, found.needs["need_school"], found.needs["need_violence"]) == (2, 1, 1)
    assert found.needs["need_grief"] == 0
    assert (found.texts["fi"].names, found.texts["ar"].names, found.texts["ar"].descriptions) == (0, 1, 2)
    assert [each.id for each in found.old] == ["old"]
    assert [each.id for each in found.unreachable] == ["old"]
    assert found.municipalities == {"305": 0, "564": 0}
