"""What a parent and a worker see, in a real Chromium: the Kuusamo parent from the first message to the staff inbox."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from browser_support import PASSWORD, chromium, clean_page, enter, no_barriers, no_overflow, to_receipt, to_summary
from conftest import Stack
from playwright.async_api import Browser, Page, expect
from test_stack_main_job import OPENINGS

from bot.i18n import languages


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with chromium() as made:
        yield made


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A phone's page whose script errors fail the test."""
    async with clean_page(browser) as made:
        yield made


@pytest.mark.parametrize("language", [code for code in languages() if code not in ("fi", "ar")])
async def test_the_kuusamo_parent_in_every_language(stack: Stack, page: Page, language: str) -> None:
    await page.set_viewport_size({"width": 320, "height": 640})
    await to_summary(page, stack, language)
    await no_overflow(page, language)
    await to_receipt(page, language)
    await no_overflow(page, language)


@pytest.mark.parametrize("language", ["fi", "ar"])
async def test_the_kuusamo_parent_and_the_worker(stack: Stack, page: Page, browser: Browser, language: str) -> None:
    await to_summary(page, stack, language)
    assert await page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    await no_overflow(page)
    await no_barriers(page)
    reference = await to_receipt(page, language)
    await page.reload()
    await expect(page.locator(".message.request").last).to_contain_text(reference)

    login = f"worker-{language}"
    added = stack.bot("staff", "add", login, "--centre", "kuusamo", stdin=PASSWORD + "\n")
    assert added.returncode == 0, added.stderr
    other = stack.bot("staff", "add", f"other-{language}", "--centre", "oulu-tuira", stdin=PASSWORD + "\n")
    assert other.returncode == 0, other.stderr
    worker = await enter(browser, stack, login)
    await expect(worker.locator("main")).to_contain_text(reference)
    await no_barriers(worker)
    await worker.get_by_role("link", name=reference).click()
    body = worker.locator("main")
    await expect(body).to_contain_text("Koulu")
    await expect(body).to_contain_text(OPENINGS[language])
    await expect(body).to_contain_text("+358 40 1234567")
    await no_barriers(worker)
    stranger = await enter(browser, stack, f"other-{language}")
    await expect(stranger.locator("main")).not_to_contain_text(reference)
    answer = await stranger.goto(worker.url)
    assert answer is not None
    assert answer.status == 404
