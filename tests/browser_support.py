"""Driving the real pages in a real Chromium: what the browser tests and tools/screenshots.py share."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from axe_playwright_python.async_playwright import Axe
from conftest import Stack, free_port
from playwright.async_api import Browser, Frame, Page, async_playwright, expect
from test_stack_main_job import OPENINGS, PLACES

from bot.i18n import translate

PASSWORD = "a long enough password for tests"
ANSWER = 20_000
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic"]
SIZES = ((320, 640), (1280, 900))


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=SWITCHES)
        yield made
        await made.close()


@asynccontextmanager
async def clean_page(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """A page in a private window of its own, whose script errors fail the test; network cuts are no errors."""
    context = await browser.new_context(**{"viewport": {"width": 390, "height": 780}, **options})
    made = await context.new_page()
    errors: list[str] = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield made
    await context.close()
    assert not [e for e in errors if "net::ERR_" not in e and "status of 4" not in e], errors


class Cable:
    """A connection to the bot that can be cut, open streams included, and mended."""

    def __init__(self, url: str) -> None:
        self._to = int(url.rsplit(":", 1)[1])
        self._port = free_port()
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self.url = f"http://127.0.0.1:{self._port}"

    async def mend(self) -> None:
        """Lets connections through from now on."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)

    async def cut(self) -> None:
        """Ends every connection and refuses new ones."""
        if self._server:
            self._server.close()
        for end in list(self._ends):
            end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._ends |= {writer, back}
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        self._ends -= {writer, back}

    @staticmethod
    async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()


async def ready(page: Page | Frame) -> None:
    """Waits until the scripts have come."""
    await page.locator("#menu").wait_for(state="visible")


async def say(page: Page | Frame, text: str) -> None:
    """Types and sends, then waits for the answer."""
    await ready(page)
    before = await page.locator(".message.person").count()
    await page.locator("#text").fill(text)
    await page.locator("#text").press("Enter")
    await answered(page, before)


async def tap(page: Page | Frame, title: str) -> None:
    """Taps the newest quick reply with this title, then waits for the answer."""
    await ready(page)
    before = await page.locator(".message.person").count()
    await page.locator(".quick button", has_text=title).last.click()
    await answered(page, before)


async def answered(page: Page | Frame, before: int) -> None:
    """Waits until one more message of the person stands there, with an answer below it."""
    await page.wait_for_function(
        """before => document.querySelectorAll('.message.person').length > before &&
            document.getElementById('typing').textContent === '' &&
            document.querySelector('#log > :last-child')?.classList.contains('person') === false""",
        arg=before,
        timeout=ANSWER,
    )


async def is_erased(stack: Stack, page: Page, kept: dict[str, Any]) -> None:
    """The server knows the conversation no more; the last call of a page that is left may take a moment."""
    address = f"{stack.url}/api/v1/conversations/{kept['id']}"
    for _try in range(100):
        answer = await page.context.request.get(address, headers={"Authorization": f"Bearer {kept['token']}"})
        if answer.status == 404:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the conversation is still on the server")


async def no_overflow(page: Page, where: str = "") -> None:
    """Nothing is wider than the screen."""
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{where} {wide} px wider than the screen"


async def no_barriers(page: Page, where: str = "") -> None:
    """axe finds no violation; forced colours are the system's own, whose contrast axe cannot see."""
    forced = await page.evaluate("matchMedia('(forced-colors: active)').matches")
    result = await Axe().run(page, options={"rules": {"color-contrast": {"enabled": not forced}}})
    assert result.violations_count == 0, f"{where} {result.generate_report()}"


def words(language: str) -> dict[str, str]:
    """The titles of the form's buttons in a language, from its own catalogue."""
    titles = {
        "ask": "Ask for contact",
        "consent": "Yes, that is fine",
        "skip": "Skip",
        "any": "Any time",
        "interpreter": "Yes, an interpreter",
        "anonymous": "Stay anonymous",
        "send": "Yes, send it",
    }
    return {name: translate(msgid, language) for name, msgid in titles.items()}


async def to_summary(page: Page, stack: Stack, language: str, first_answer: Any = None) -> None:
    """The Kuusamo parent, from opening the page to the summary; `first_answer(page)` looks at the first answer."""
    title = words(language)
    await page.goto(f"{stack.url}/{language}/")
    await say(page, OPENINGS[language])
    await expect(page.locator(".card").first).to_be_visible()
    if first_answer:
        await first_answer(page)
    await tap(page, title["ask"])
    await tap(page, title["consent"])
    await say(page, PLACES[language])
    await tap(page, title["skip"])
    await say(page, "040 123 4567")
    await tap(page, title["any"])
    if language != "fi":
        await tap(page, title["interpreter"])
    await tap(page, title["anonymous"])


async def to_receipt(page: Page, language: str) -> str:
    """Sends the request from the summary; returns its reference."""
    await tap(page, words(language)["send"])
    receipt = await page.locator(".message.request").last.inner_text()
    reference = re.search(r"PA-[2-9A-Z]{4}-[2-9A-Z]{4}", receipt)
    assert reference, receipt
    return reference[0]


async def enter(browser: Browser, stack: Stack, login: str) -> Page:
    """A worker's page after login."""
    page = await (await browser.new_context(viewport={"width": 1280, "height": 900})).new_page()
    await page.goto(f"{stack.url}/staff/login")
    await page.locator("input[name=login]").fill(login)
    await page.locator("input[type=password]").fill(PASSWORD)
    await page.locator("form button[type=submit]").first.click()
    await page.wait_for_url(f"{stack.url}/staff*")
    return page
