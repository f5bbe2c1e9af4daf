"""`make screenshots`: the chat in every language, its states, the widget and the inbox, for README and review.

Starts a pair of its own on free ports with a throw-away database. `python -m tools.screenshots languages` takes only
the overview of languages.
"""

from __future__ import annotations

import asyncio
import base64
import sys
import tempfile
from pathlib import Path

from aiohttp import web
from playwright.async_api import Browser, Page, ViewportSize

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser_support import PASSWORD, chromium, enter, ready, say, to_receipt, to_summary  # type: ignore[import-not-found]  # noqa: E402
from conftest import Stack, free_port, start_stack, stop_stack  # type: ignore[import-not-found]  # noqa: E402

from bot.i18n import languages  # noqa: E402
from tools.demo_host import demo_app  # noqa: E402

OUT = ROOT / "docs" / "screenshots"
PHONE: ViewportSize = {"width": 360, "height": 700}


async def shoot(page: Page, name: str, **options: bool) -> None:
    """A picture without animation."""
    await page.screenshot(path=OUT / f"{name}.png", animations="disabled", **options)  # type: ignore[arg-type]


async def main_path(browser: Browser, stack: Stack, language: str) -> None:
    """The first answer and the receipt."""
    page = await browser.new_page(viewport={"width": 420, "height": 860})

    async def first(page: Page) -> None:
        await shoot(page, f"chat-{language}")

    await to_summary(page, stack, language, first)
    await to_receipt(page, language)
    await shoot(page, f"receipt-{language}")
    await page.close()


async def every_language(browser: Browser, stack: Stack) -> None:
    """The first view in all languages on one picture, light and dark."""
    for scheme in ("light", "dark"):
        shots = []
        for code, language in languages().items():
            page = await browser.new_page(viewport=PHONE, color_scheme=scheme)
            await page.goto(f"{stack.url}/{code}/")
            await ready(page)
            shot = await page.screenshot(animations="disabled")
            shots.append((language.name, shot))
            await page.close()
        await sheet(browser, f"languages-{scheme}", shots)


async def sheet(browser: Browser, name: str, shots: list[tuple[str, bytes]]) -> None:
    """Pictures side by side, half their size."""
    cells = "".join(
        f'<figure><img width=180 src="data:image/png;base64,{base64.b64encode(shot).decode()}">'
        f"<figcaption>{title}</figcaption></figure>"
        for title, shot in shots
    )
    page = await browser.new_page(viewport={"width": 1360, "height": 400})
    style = (
        "body{margin:8px;display:flex;flex-wrap:wrap;gap:8px;font:14px sans-serif}figure{margin:0;text-align:center}"
    )
    await page.set_content(f"<style>{style}</style>{cells}")
    await shoot(page, name, full_page=True)
    await page.close()


async def states(browser: Browser, stack: Stack) -> None:
    """The safety card on a 320 px screen, the menu, a message without connection, and the honest page."""
    page = await browser.new_page(viewport={"width": 320, "height": 640})
    await page.goto(f"{stack.url}/en/")
    await say(page, "my husband hits me")
    await shoot(page, "safety-320")
    await page.set_viewport_size(PHONE)
    await page.locator("#menu summary").click()
    await shoot(page, "menu")
    await page.keyboard.press("Escape")
    await page.route("**/messages", lambda route: route.abort())
    await page.locator("#text").fill("are you there?")
    await page.locator("#text").press("Enter")
    await page.locator(".message.failed").wait_for()
    await shoot(page, "offline")
    await page.goto(f"{stack.url}/ckb/leaving")
    await shoot(page, "leaving-ckb")
    await page.goto(f"{stack.url}/fa/request")
    await shoot(page, "form-fa")
    await page.close()


async def widget(browser: Browser, stack: Stack, port: int) -> None:
    """The button and the chat on another site."""
    runner = web.AppRunner(demo_app(stack.url))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    page = await browser.new_page(viewport={"width": 800, "height": 560})
    await page.goto(f"http://localhost:{port}/")
    await page.locator("pyyda-apua").click()
    await page.wait_for_timeout(1500)
    await shoot(page, "widget")
    await page.close()
    await runner.cleanup()


async def inbox(browser: Browser, stack: Stack) -> None:
    """The inbox and one request."""
    added = stack.bot("staff", "add", "maija", "--centre", "kuusamo", stdin=PASSWORD + "\n")
    assert added.returncode == 0, added.stderr  # noqa: S101
    page = await enter(browser, stack, "maija")
    await shoot(page, "inbox")
    await page.locator("main a[href*='/staff/requests/']").first.click()
    await shoot(page, "request", full_page=True)


async def main(only: str = "") -> None:
    """Takes the pictures."""
    OUT.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        stack = start_stack(Path(folder), BOT_FRAME_ANCESTORS=f"http://localhost:{port}")
        try:
            stack.wait_ready()
            async with chromium() as browser:
                await every_language(browser, stack)
                if only != "languages":
                    for language in ("fi", "ar"):
                        await main_path(browser, stack, language)
                    await states(browser, stack)
                    await widget(browser, stack, port)
                    await inbox(browser, stack)
        finally:
            stop_stack(stack)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:2]))
