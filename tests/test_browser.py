"""What a parent and a worker see, in a real Chromium: the Kuusamo parent from the first message to the staff inbox."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from conftest import Stack
from playwright.async_api import Browser, Page, async_playwright, expect
from test_stack_main_job import OPENINGS, PLACES

PASSWORD = "a long enough password for tests"
ANSWER = 20_000


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic"],
        )
        yield made
        await made.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page whose script errors fail the test."""
    context = await browser.new_context(viewport={"width": 390, "height": 780})
    made = await context.new_page()
    errors: list[str] = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield made
    await context.close()
    assert not [e for e in errors if "ERR_INTERNET" not in e and "status of 4" not in e], errors


async def say(page: Page, text: str) -> None:
    """Types and sends, then waits for the answer."""
    before = await page.locator(".message.person").count()
    await page.locator("#text").fill(text)
    await page.locator("#text").press("Enter")
    await answered(page, before)


async def tap(page: Page, title: str) -> None:
    """Taps the newest quick reply with this title, then waits for the answer."""
    before = await page.locator(".message.person").count()
    await page.locator(".quick button", has_text=title).last.click()
    await answered(page, before)


async def answered(page: Page, before: int) -> None:
    """Waits until one more message of the person stands there, with an answer below it."""
    await page.wait_for_function(
        """before => document.querySelectorAll('.message.person').length > before &&
            document.getElementById('typing').textContent === '' &&
            document.querySelector('#log > :last-child')?.classList.contains('person') === false""",
        arg=before,
        timeout=ANSWER,
    )


async def no_overflow(page: Page) -> None:
    """Nothing is wider than the screen."""
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{wide} px wider than the screen"


async def no_barriers(page: Page) -> None:
    """axe finds no violation."""
    result = await Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


def words(language: str) -> dict[str, str]:
    """The titles of the form's buttons in a language, from its own catalogue."""
    from bot.i18n import translate

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


@pytest.mark.parametrize("language", ["fi", "ar"])
async def test_the_kuusamo_parent_and_the_worker(stack: Stack, page: Page, browser: Browser, language: str) -> None:
    title = words(language)
    await page.goto(f"{stack.url}/{language}/")
    assert await page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    await say(page, OPENINGS[language])
    await expect(page.locator(".card").first).to_be_visible()
    await tap(page, title["ask"])
    await tap(page, title["consent"])
    await say(page, PLACES[language])
    await tap(page, title["skip"])
    await say(page, "040 123 4567")
    await tap(page, title["any"])
    if language != "fi":
        await tap(page, title["interpreter"])
    await tap(page, title["anonymous"])
    await no_overflow(page)
    await no_barriers(page)
    await tap(page, title["send"])
    receipt = await page.locator(".message.request").last.inner_text()
    reference = re.search(r"PA-[2-9A-Z]{4}-[2-9A-Z]{4}", receipt)
    assert reference
    await page.reload()
    await expect(page.locator(".message.request").last).to_contain_text(reference[0])

    login = f"worker-{language}"
    added = stack.bot("staff", "add", login, "--centre", "kuusamo", stdin=PASSWORD + "\n")
    assert added.returncode == 0, added.stderr
    other = stack.bot("staff", "add", f"other-{language}", "--centre", "oulu-tuira", stdin=PASSWORD + "\n")
    assert other.returncode == 0, other.stderr
    worker = await enter(browser, stack, login)
    await expect(worker.locator("main")).to_contain_text(reference[0])
    await no_barriers(worker)
    await worker.get_by_role("link", name=reference[0]).click()
    body = worker.locator("main")
    await expect(body).to_contain_text("Koulu")
    await expect(body).to_contain_text(OPENINGS[language])
    await expect(body).to_contain_text("+358 40 1234567")
    await no_barriers(worker)
    stranger = await enter(browser, stack, f"other-{language}")
    await expect(stranger.locator("main")).not_to_contain_text(reference[0])
    answer = await stranger.goto(worker.url)
    assert answer is not None
    assert answer.status == 404


async def enter(browser: Browser, stack: Stack, login: str) -> Page:
    """A worker's page after login."""
    page = await (await browser.new_context(viewport={"width": 1280, "height": 900})).new_page()
    await page.goto(f"{stack.url}/staff/login")
    await page.locator("input[name=login]").fill(login)
    await page.locator("input[type=password]").fill(PASSWORD)
    await page.locator("form button[type=submit]").first.click()
    await page.wait_for_url(f"{stack.url}/staff*")
    return page


@pytest.mark.parametrize("language", ["fi", "sv", "en", "ar"])
@pytest.mark.parametrize("path", ["", "request", "services", "privacy", "accessibility"])
async def test_pages_fit_a_small_screen_and_have_no_barriers(
    stack: Stack, page: Page, language: str, path: str
) -> None:
    await page.set_viewport_size({"width": 320, "height": 640})
    answer = await page.goto(f"{stack.url}/{language}/{path}")
    assert answer is not None
    assert answer.status == 200
    await no_overflow(page)
    await no_barriers(page)


async def test_keyboard_alone_reaches_help(stack: Stack, page: Page) -> None:
    await page.goto(f"{stack.url}/en/")
    await expect(page.locator("#composer")).to_be_visible()
    for _press in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id") == "text":
            break
    await page.keyboard.type("my baby does not sleep at night")
    await page.keyboard.press("Enter")
    await answered(page, 0)
    await expect(page.locator(".card").first).to_be_visible()
    assert await page.evaluate("document.activeElement.id") == "text", "the focus stays where the person writes"


async def test_the_form_works_without_javascript(stack: Stack, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640})
    page = await context.new_page()
    await page.goto(f"{stack.url}/sv/")
    await expect(page.locator("main")).to_contain_text("112")
    await page.goto(f"{stack.url}/sv/request")
    await page.locator("#story").fill("Vi orkar inte mer.")
    await page.locator("form.sheet button[type=submit]").click()
    await expect(page.locator("#place-error")).to_be_visible()
    assert await page.locator("#story").input_value() == "Vi orkar inte mer.", "nothing typed is lost"
    await page.locator("#place").fill("Brahestad")
    await page.locator("#consent").check()
    await page.locator("form.sheet button[type=submit]").click()
    await expect(page.locator(".receipt")).to_contain_text("PA-")
    await expect(page.locator("main")).to_contain_text("Raahe")
    await context.close()


async def test_quick_exit_leaves_nothing_behind(stack: Stack, page: Page) -> None:
    async def neutral(route: Any) -> None:
        await route.fulfill(body="<title>weather</title>", content_type="text/html")

    await page.route("https://www.ilmatieteenlaitos.fi/**", neutral)
    await page.goto(f"{stack.url}/fi/")
    await say(page, "mies lyö minua")
    stored = await page.evaluate("JSON.parse(sessionStorage.getItem('conversation'))")
    async with page.expect_navigation():
        for _press in range(3):
            await page.keyboard.press("Shift")
    assert page.url.startswith("https://www.ilmatieteenlaitos.fi")
    answer = await page.context.request.get(
        f"{stack.url}/api/v1/conversations/{stored['id']}", headers={"Authorization": f"Bearer {stored['token']}"}
    )
    assert answer.status == 404, "erased on the server too"
    await page.go_back()
    assert "mies lyö" not in await page.content()


async def test_a_message_without_connection_can_be_sent_again(stack: Stack, page: Page) -> None:
    await page.goto(f"{stack.url}/en/")
    await say(page, "hello")
    await page.context.set_offline(True)
    await page.locator("#text").fill("my son has no friends at school")
    await page.locator("#text").press("Enter")
    await expect(page.locator(".message.failed")).to_be_visible()
    await page.context.set_offline(False)
    await page.locator(".message.failed button").click()
    await expect(page.locator(".card").first).to_be_visible(timeout=ANSWER)
    assert await page.locator(".message.person", has_text="no friends").count() == 1


async def test_two_tabs_are_two_conversations(stack: Stack, browser: Browser) -> None:
    context = await browser.new_context()
    first, second = await context.new_page(), await context.new_page()
    for each in (first, second):
        await each.goto(f"{stack.url}/en/")
    await say(first, "we are getting divorced")
    await say(second, "hello")
    assert "divorced" not in await second.locator("#log").inner_text()
    await context.close()
