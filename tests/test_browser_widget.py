"""The button on another site: reached by keyboard, out of the site's reach, the conversation kept over its pages."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web
from browser_support import ANSWER, chromium, clean_page, is_erased, ready, say
from conftest import Stack, free_port, start_stack, stop_stack
from playwright.async_api import Browser, Frame, Page, expect

from tools.demo_host import demo_app


@dataclass
class Host:
    """A bot that allows two sites: one of its own domain, as a browser sees it, and a foreign one."""

    stack: Stack
    url: str
    foreign: str
    port: int


@pytest.fixture(scope="module")
def allowing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A pair whose frame may stand on the demo site."""
    port = free_port()
    url, foreign = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
    made = start_stack(
        tmp_path_factory.mktemp("widget"),
        BOT_FRAME_ANCESTORS=f"{url},{foreign}",
        BOT_WIDGET_LABEL="advice",
        BOT_CONTROLLER="Esimerkkikunta",
        BOT_ACCESSIBILITY_CONTACT="saavutettavuus@example.fi",
    )
    try:
        made.wait_ready()
        yield Host(made, url, foreign, port)
    finally:
        stop_stack(made)


@pytest.fixture
async def host(allowing: Host) -> AsyncIterator[Host]:
    """The demo site, served."""
    runner = web.AppRunner(demo_app(allowing.stack.url))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", allowing.port).start()
    yield allowing
    await runner.cleanup()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with chromium() as made:
        yield made


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page whose script errors fail the test."""
    async with clean_page(browser, viewport={"width": 1000, "height": 800}) as made:
        yield made


async def chat_in(page: Page) -> Frame:
    """The chat's frame, with its scripts."""
    for _try in range(200):
        for frame in page.frames:
            if "/widget" in frame.url:
                await ready(frame)
                return frame
        await page.wait_for_timeout(50)
    raise AssertionError("no frame")


async def tree(page: Page) -> list[dict[str, str]]:
    """Chromium's accessibility tree: what a screen reader meets."""
    session = await page.context.new_cdp_session(page)
    nodes = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    return [
        {"role": node["role"]["value"], "name": node.get("name", {}).get("value", "")}
        for node in nodes
        if not node.get("ignored")
    ]


async def test_by_keyboard_over_two_pages_of_the_site(host: Host, page: Page) -> None:
    await page.goto(f"{host.url}/")
    await expect(page.locator("pyyda-apua")).to_be_attached()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.localName") == "pyyda-apua"
    assert {"role": "button", "name": "Pyydä neuvoa"} in await tree(page)
    await page.keyboard.press("Enter")
    frame = await chat_in(page)
    await expect(frame.locator(".quick button", has_text="Kuusamo")).to_be_visible()
    await say(frame, "lapseni ei suostu menemään kouluun")
    await expect(frame.locator(".card").first).to_be_visible()

    await page.goto(f"{host.url}/second.html")
    frame = await chat_in(page)
    await expect(frame.locator(".message.person")).to_have_count(1, timeout=ANSWER)
    await frame.locator("#text").press("Escape")
    assert {"role": "button", "name": "Pyydä neuvoa"} in await tree(page)

    # Something arrives while the chat is closed (as a worker's answer will): the button says so.
    await frame.evaluate(
        """async () => {
            const kept = JSON.parse(sessionStorage.getItem('conversation'));
            await fetch(`/api/v1/conversations/${kept.id}/messages`, { method: 'POST',
              headers: { Authorization: `Bearer ${kept.token}`, 'Content-Type': 'application/json' },
              body: JSON.stringify({ id: 'another-tab-1', text: 'kiitos' }) });
        }"""
    )
    await expect(frame.locator(".message.person")).to_have_count(2)
    for _try in range(50):
        names = [node["name"] for node in await tree(page) if node["role"] == "button"]
        if any("uutta" in name for name in names):
            break
        await page.wait_for_timeout(100)
    assert any("uutta" in name for name in names), names


async def test_the_site_can_neither_break_nor_read_it(host: Host, page: Page) -> None:
    await page.goto(f"{host.url}/")
    widget = page.locator("pyyda-apua")
    await expect(widget).to_be_visible()
    box = await widget.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] > 900, "it stands in its corner whatever the site's styles say"
    assert await page.evaluate("document.querySelector('pyyda-apua').shadowRoot") is None
    await widget.click()
    await chat_in(page)
    assert await page.evaluate("window.frames.length") == 0, "its frame is not among the site's frames"


async def test_where_a_foreign_frame_may_remember_nothing_it_still_works(host: Host, browser: Browser) -> None:
    """Debian's Chromium refuses storage to frames of other domains: the conversation lasts as long as the page."""
    async with clean_page(browser) as page:
        await page.goto(f"{host.foreign}/")
        await page.locator("pyyda-apua").click()
        frame = await chat_in(page)
        await say(frame, "lapseni ei suostu menemään kouluun")
        assert await frame.locator(".message.bot").count() > 3, "the greeting, and an answer"


async def test_leaving_fast_leaves_the_site_too(host: Host, page: Page) -> None:
    async def answer(route: object) -> None:
        await route.fulfill(body="<title>weather</title>", content_type="text/html")  # type: ignore[attr-defined]

    await page.context.route("https://www.ilmatieteenlaitos.fi/**", answer)
    for where in ("frame", "site"):
        await page.goto(f"{host.url}/second.html")
        await page.locator("pyyda-apua").click()
        frame = await chat_in(page)
        await say(frame, "mies lyö minua")
        kept = await frame.evaluate("JSON.parse(sessionStorage.getItem('conversation'))")
        if where == "frame":
            await frame.locator("#exit").click()
        else:
            await page.locator("h1").click()
            for _press in range(3):
                await page.keyboard.press("Shift")
        await page.wait_for_url("https://www.ilmatieteenlaitos.fi/")
        await is_erased(host.stack, page, kept)


async def test_a_site_that_is_not_allowed_gets_no_frame(host: Host, browser: Browser) -> None:
    page = await browser.new_page()
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{host.stack.url}/fi/widget") as answer:
            assert f"frame-ancestors 'self' {host.url} {host.foreign}" in answer.headers["Content-Security-Policy"]
            assert "X-Frame-Options" not in answer.headers
        async with session.get(f"{host.stack.url}/fi/") as answer:
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Frame-Options"] == "DENY"
    other = web.AppRunner(demo_app(host.stack.url))
    await other.setup()
    port = free_port()
    await web.TCPSite(other, "127.0.0.1", port).start()
    await page.goto(f"http://127.0.0.1:{port}/")
    await page.locator("pyyda-apua").click()
    await page.wait_for_timeout(1000)
    texts = [await frame.locator("body").inner_text() for frame in page.frames if frame != page.main_frame]
    assert not any("Pyydä" in text or "112" in text for text in texts), texts
    await other.cleanup()


async def test_the_pages_say_what_is_configured(host: Host, page: Page) -> None:
    await page.goto(f"{host.stack.url}/fi/privacy")
    await expect(page.locator("main")).to_contain_text(host.url)
    await expect(page.locator("main")).to_contain_text("Esimerkkikunta")
    await expect(page.locator("main")).to_contain_text("7 päivän")
    await page.goto(f"{host.stack.url}/fi/accessibility")
    await expect(page.locator("main")).to_contain_text("saavutettavuus@example.fi")


async def test_with_the_engine_stopped_the_frame_still_gives_numbers_and_the_form(host: Host, page: Page) -> None:
    await page.goto(f"{host.url}/")
    await page.locator("pyyda-apua").click()
    frame = await chat_in(page)
    pid = host.stack.engine_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        await say(frame, "lapseni ei suostu menemään kouluun")
        await expect(frame.locator(".message.safety .helplines")).to_contain_text("112")
        await expect(frame.locator(".message.safety a[href='/fi/request'][target=_blank]")).to_be_visible()
        await expect(frame.locator("#pinned")).to_be_visible()
    finally:
        os.kill(pid, signal.SIGCONT)
