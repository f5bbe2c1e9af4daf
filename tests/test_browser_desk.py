"""A worker's day in a real Chromium: the real desk on a real database, two workers at once, the keyboard, axe."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright, expect

from bot import settings
from bot.requests.service import ContactRequests
from bot.storage.database import Database
from bot.web import assets
from bot.web.keys import DATABASE, SETTINGS
from bot.web.security import security_headers
from bot.web.staff import add_staff
from tests.staff_support import PASSWORD, STORY, opened, request, worker


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened("sqlite", tmp_path) as made:
        yield made


@pytest.fixture
async def desk_url(database: Database) -> AsyncIterator[str]:
    app = web.Application(middlewares=[security_headers])
    app[DATABASE], app[SETTINGS] = database, settings.load({})
    add_staff(app)
    app.add_routes(assets.routes)
    async with TestServer(app) as server:
        yield str(server.make_url("/staff"))


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield made
        await made.close()


async def enter(browser: Browser, url: str, login: str, errors: list[str]) -> Page:
    page = await (await browser.new_context(viewport={"width": 1280, "height": 900})).new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    await page.goto(url)
    await page.locator("input[name=login]").fill(login)
    await page.locator("input[type=password]").fill(PASSWORD)
    await page.locator("form button[type=submit]").first.click()
    await expect(page.get_by_role("heading", name="Pyynnöt", level=1)).to_be_visible()
    return page


async def no_barriers(page: Page) -> None:
    result = await Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


@pytest.mark.browser
async def test_a_worker_s_day(database: Database, desk_url: str, browser: Browser, tmp_path: Path) -> None:
    await worker(database, "maija", "kuusamo", name="Maija Malli")
    await worker(database, "ville", "kuusamo", name="Ville Malli")
    errors: list[str] = []
    maija, ville = await enter(browser, desk_url, "maija", errors), await enter(browser, desk_url, "ville", errors)
    await expect(maija.locator("#live")).to_contain_text("Täällä ei ole nyt pyyntöjä")

    # A family writes: the list grows in front of both, and nobody has reloaded anything.
    receipt = await request(database)
    await expect(maija.locator("#live")).to_contain_text(receipt.reference, timeout=15_000)
    await expect(maija.locator(".tabs")).to_contain_text("Uusi (1)")
    await no_barriers(maija)

    # By the keyboard: what keys there are, then the first request.
    await maija.keyboard.press("?")
    await expect(maija.get_by_role("dialog")).to_be_visible()
    await no_barriers(maija)
    await maija.keyboard.press("Escape")
    await maija.keyboard.press("j")
    await maija.keyboard.press("Enter")
    await expect(maija.locator("blockquote").first).to_have_text(STORY)

    # A colleague opens it too: each sees the other; one takes it, and the other is told.
    await ville.get_by_role("link", name=receipt.reference).click()
    await expect(maija.locator("#reading")).to_contain_text("Ville Malli", timeout=15_000)
    await expect(ville.locator("#reading")).to_contain_text("Maija Malli", timeout=15_000)
    await maija.keyboard.press("t")
    await maija.keyboard.press("Enter")
    await expect(maija.locator(".done")).to_contain_text("Otit pyynnön")
    await expect(ville.locator("#stale")).to_be_visible(timeout=15_000)
    await ville.get_by_role("button", name="Ota", exact=True).click()
    await expect(ville.get_by_role("alert")).to_contain_text("Maija Malli")

    # A call that nobody answers, a ready answer in Arabic with a look at it first, the own worker, a day to come back.
    await maija.get_by_label("Soitin, ei vastattu").check()
    await maija.get_by_role("button", name="Tallenna yhteydenotto").click()
    await expect(maija.locator(".facts")).to_contain_text("Palaamispäivä")
    await maija.get_by_label("Valmis vastaus").select_option("tried")
    await expect(maija.locator("#canned-preview")).to_contain_text("مرحباً")
    await maija.locator("#answer-text").fill("Soitan huomenna kello 9.")
    await no_barriers(maija)
    await maija.screenshot(path=tmp_path / "request.png", full_page=True)
    await maija.get_by_role("button", name="Tallenna vastaus").click()
    await expect(maija.locator(".done")).to_be_visible()
    await maija.get_by_label("Kuka (perhe lukee nimen)").select_option(label="Maija Malli")
    await maija.get_by_role("button", name="Tallenna omatyöntekijä").click()
    status = await ContactRequests(database).status(receipt.reference, receipt.pin)
    ((_at, answer),) = status.answers
    assert answer.startswith("مرحباً")
    assert answer.endswith("Soitan huomenna kello 9.")
    assert status.own_worker == "Maija Malli"

    # Closed by mistake, taken back, closed again; the list is empty for both.
    await maija.reload()
    for _turn in range(2):
        await maija.get_by_label("Miten asia päättyi?").select_option("helped")
        await maija.get_by_role("button", name="Sulje", exact=True).click()
        if _turn == 0:
            await maija.get_by_role("button", name="Peru: Suljettu").click()
            await expect(maija.locator(".done")).to_contain_text("peruttiin")
    await maija.goto(desk_url)
    await expect(maija.locator("#live")).to_contain_text("Täällä ei ole nyt pyyntöjä")
    await maija.set_viewport_size({"width": 360, "height": 740})
    wide = await maija.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    await maija.screenshot(path=tmp_path / "inbox.png", full_page=True)
    # A refused form (409) and the icon that browsers ask for by themselves (404) are no faults of the page.
    assert not [each for each in errors if "status of 4" not in each], errors
