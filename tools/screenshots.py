"""`make screenshots`: pictures of the chat in Finnish and Arabic, a small screen, and the inbox, for README and review.

Starts a pair of its own on free ports with a throw-away database.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from conftest import Stack, start_stack, stop_stack  # type: ignore[import-not-found]  # noqa: E402
from test_browser import enter, say, tap, words  # type: ignore[import-not-found]  # noqa: E402
from test_stack_main_job import OPENINGS, PLACES  # type: ignore[import-not-found]  # noqa: E402

OUT = ROOT / "docs" / "screenshots"


async def chat(page: Page, stack: Stack, language: str) -> None:
    """The main path, with a picture of the first answer and of the summary."""
    title = words(language)
    await page.goto(f"{stack.url}/{language}/")
    await say(page, OPENINGS[language])
    await page.screenshot(path=OUT / f"chat-{language}.png")
    await tap(page, title["ask"])
    await tap(page, title["consent"])
    await say(page, PLACES[language])
    await tap(page, title["skip"])
    await say(page, "040 123 4567")
    await tap(page, title["any"])
    if language != "fi":
        await tap(page, title["interpreter"])
    await tap(page, title["anonymous"])
    await tap(page, title["send"])
    await page.screenshot(path=OUT / f"receipt-{language}.png")


async def safety(page: Page, stack: Stack) -> None:
    """The safety card on a 320 px screen."""
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.goto(f"{stack.url}/en/")
    await say(page, "my husband hits me")
    await page.screenshot(path=OUT / "safety-320.png")


async def inbox(browser: Browser, stack: Stack) -> None:
    """The inbox and one request."""
    added = stack.bot("staff", "add", "maija", "--centre", "kuusamo", stdin="a long enough password for tests\n")
    assert added.returncode == 0, added.stderr  # noqa: S101
    page = await enter(browser, stack, "maija")
    await page.screenshot(path=OUT / "inbox.png")
    await page.locator("main a[href*='/staff/requests/']").first.click()
    await page.screenshot(path=OUT / "request.png", full_page=True)


async def main() -> None:
    """Takes all pictures."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        stack = start_stack(Path(folder))
        try:
            stack.wait_ready()
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
                )
                for language in ("fi", "ar"):
                    page = await browser.new_page(viewport={"width": 420, "height": 860})
                    await chat(page, stack, language)
                await safety(await browser.new_page(), stack)
                await inbox(browser, stack)
                await browser.close()
        finally:
            stop_stack(stack)


if __name__ == "__main__":
    asyncio.run(main())
