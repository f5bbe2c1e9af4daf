"""The chat page when things happen to it: cuts, reloads, two tabs, the back button, no scripts, the quick exit."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from browser_support import ANSWER, Cable, chromium, clean_page, is_erased, ready, say, tap
from conftest import Stack
from playwright.async_api import Browser, Page, expect

EXIT = "https://www.ilmatieteenlaitos.fi/"


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


async def neutral(page: Page) -> None:
    """The weather page, without the internet."""

    async def answer(route: Any) -> None:
        await route.fulfill(body="<title>weather</title>", content_type="text/html")

    await page.context.route(f"{EXIT}**", answer)


async def stored(page: Page) -> dict[str, Any]:
    """What the tab remembers."""
    kept: dict[str, Any] = json.loads(await page.evaluate("sessionStorage.getItem('conversation')"))
    return kept


async def told(stack: Stack, page: Page, kept: dict[str, Any]) -> list[dict[str, Any]]:
    """The conversation's messages as the server has them."""
    answer = await page.context.request.get(
        f"{stack.url}/api/v1/conversations/{kept['id']}", headers={"Authorization": f"Bearer {kept['token']}"}
    )
    assert answer.status == 200
    messages: list[dict[str, Any]] = (await answer.json())["messages"]
    return messages


async def shown(page: Page) -> list[str]:
    """The words of every message on the page."""
    return [text.strip() for text in await page.locator(".message > p:first-of-type").all_inner_texts()]


async def test_answers_come_by_the_stream_when_the_call_is_cut(stack: Stack, page: Page) -> None:
    """The answer's connection breaks on the way back: the stream still brings it, once, and nothing is left to do."""

    async def swallow(route: Any) -> None:
        await route.fetch()
        await route.abort()

    await page.goto(f"{stack.url}/en/")
    await say(page, "hello")
    await page.route("**/messages", swallow)
    await page.locator("#text").fill("my son has no friends at school")
    await page.locator("#text").press("Enter")
    await expect(page.locator(".card").first).to_be_visible(timeout=ANSWER)
    assert len(await shown(page)) == len(await told(stack, page, await stored(page)))


async def test_what_happens_during_a_cut_is_there_afterwards_once(stack: Stack, page: Page, browser: Browser) -> None:
    """A second page in the same conversation writes while the first one has no network."""
    cable = Cable(stack.url)
    await cable.mend()
    await page.goto(f"{cable.url}/en/")
    await say(page, "hello")
    kept = await stored(page)
    async with clean_page(browser) as other:
        await other.goto(f"{stack.url}/en/")
        await other.evaluate("kept => sessionStorage.setItem('conversation', JSON.stringify(kept))", kept)
        await other.reload()
        await expect(other.locator(".message.person")).to_have_count(1)
        await cable.cut()
        await expect(page.locator("#offline")).not_to_be_empty()
        await say(other, "we are getting divorced")
        await expect(page.locator(".message.person")).to_have_count(1)
        await cable.mend()
        await expect(page.locator("#offline")).to_be_empty(timeout=ANSWER)
        await expect(page.locator(".message.person")).to_have_count(2, timeout=ANSWER)
        await say(page, "thank you")
        await expect(other.locator(".message.person")).to_have_count(3)
        messages = [each["text"] for each in await told(stack, page, kept)]
        assert await shown(page) == messages
        await expect(other.locator(".message")).to_have_count(len(messages))
    await cable.cut()


async def test_a_message_without_connection_can_be_sent_again_even_after_a_reload(stack: Stack, page: Page) -> None:
    await page.goto(f"{stack.url}/en/")
    await say(page, "hello")
    await page.route("**/messages", lambda route: route.abort())
    await page.locator("#text").fill("my son has no friends at school")
    await page.locator("#text").press("Enter")
    await expect(page.locator(".message.failed")).to_be_visible()
    await page.reload()
    await expect(page.locator(".message.failed")).to_contain_text("no friends")
    await page.unroute("**/messages")
    await page.locator(".message.failed button").click()
    await expect(page.locator(".card").first).to_be_visible(timeout=ANSWER)
    assert await page.evaluate("document.activeElement.id") == "text"
    assert await page.locator(".message.person", has_text="no friends").count() == 1
    assert not (await stored(page))["unsent"]


async def test_a_reload_in_the_middle_and_the_back_button_resume(stack: Stack, page: Page) -> None:
    await page.goto(f"{stack.url}/en/")
    await say(page, "my child refuses to go to school")
    await tap(page, "Ask for contact")
    before = await shown(page)
    await page.reload()
    await expect(page.locator(".message")).to_have_count(len(before))
    await page.goto(f"{stack.url}/en/services")
    await page.go_back()
    await expect(page.locator(".message")).to_have_count(len(before))
    await tap(page, "Yes, that is fine")
    await page.goto(f"{stack.url}/fi/")
    await expect(page.locator(".message.person")).to_have_count(3)
    await say(page, "Kuusamossa")
    assert (await stored(page))["language"] == "fi", "the language changes, the conversation stays"


async def test_two_tabs_are_two_conversations_and_a_late_visitor_sees_nothing(stack: Stack, browser: Browser) -> None:
    context = await browser.new_context()
    first, second = await context.new_page(), await context.new_page()
    for each in (first, second):
        await each.goto(f"{stack.url}/en/")
    await say(first, "we are getting divorced")
    await say(second, "hello")
    assert "divorced" not in await second.locator("#log").inner_text()
    # The same tab opened again an hour later, as a browser can: nothing of the family is left.
    await first.evaluate(
        """() => { const kept = JSON.parse(sessionStorage.conversation);
                   sessionStorage.conversation = JSON.stringify({ ...kept, used: kept.used - 3600001 }); }"""
    )
    await first.reload()
    await ready(first)
    assert "divorced" not in await first.locator("#log").inner_text()
    assert await first.evaluate("sessionStorage.getItem('conversation')") is None
    await context.close()


async def test_quick_exit_leaves_nothing_behind(stack: Stack, page: Page) -> None:
    await neutral(page)
    await page.goto("about:blank")
    await page.goto(f"{stack.url}/fi/")
    await say(page, "mies lyö minua")
    kept = await stored(page)
    async with page.expect_navigation():
        for _press in range(3):
            await page.keyboard.press("Shift")
    assert page.url == EXIT
    await is_erased(stack, page, kept)
    await page.go_back()
    assert page.url == "about:blank", "the chat's place in the history is the weather page's"
    await page.goto(f"{stack.url}/fi/")
    await ready(page)
    assert "mies lyö" not in await page.content()
    async with page.expect_navigation():
        await page.locator("#exit").click()
    assert page.url == EXIT


async def test_the_menu_keeps_prints_hides_and_erases(stack: Stack, page: Page, tmp_path: Path) -> None:
    await page.goto(f"{stack.url}/en/")
    await say(page, "my child refuses to go to school")
    await page.locator("#menu summary").click()
    async with page.expect_download() as coming:
        await page.locator("[data-do=save]").click()
    file = tmp_path / "kept.txt"
    await (await coming.value).save_as(file)
    assert "refuses to go to school" in file.read_text(encoding="utf-8")
    await page.emulate_media(media="print")
    for part in (".top", ".writing", ".quick"):
        await expect(page.locator(part).first).to_be_hidden()
    await expect(page.locator(".message.person")).to_be_visible()
    await page.emulate_media(media="screen")
    await page.locator("#menu summary").click()
    await page.locator("[data-do=neutral]").click()
    assert "Pyydä" not in await page.title()
    await page.reload()
    await ready(page)
    assert "Pyydä" not in await page.title()
    assert "neutral.svg" in str(await page.locator("link[rel=icon]").get_attribute("href"))
    kept = await stored(page)
    await page.locator("#menu summary").click()
    await page.locator("[data-do=erase]").click()
    await page.locator("#ask button[value=yes]").click()
    await expect(page.locator("#log")).to_contain_text("erased")
    await expect(page.locator("#log")).not_to_contain_text("refuses")
    assert await page.evaluate("sessionStorage.getItem('conversation')") is None
    await is_erased(stack, page, kept)
    await say(page, "hello")


async def test_a_conversation_without_javascript(stack: Stack, browser: Browser) -> None:
    async with clean_page(browser, java_script_enabled=False, viewport={"width": 320, "height": 640}) as page:
        await page.goto(f"{stack.url}/sv/")
        await expect(page.locator("main")).to_contain_text("112")
        await page.locator("#text").fill("mitt barn vägrar gå till skolan")
        await page.locator(".composer button").click()
        await expect(page.locator(".message.person")).to_have_count(1)
        await expect(page.locator(".card").first).to_be_visible()
        await page.locator(".quick button", has_text="Be om kontakt").last.click()
        await expect(page.locator(".message.person")).to_have_count(2)
        await page.locator("#text").fill("min man slår mig")
        await page.locator(".composer button").click()
        await expect(page.locator(".message.safety", has_text="112").first).to_be_visible()


async def test_the_form_works_without_javascript(stack: Stack, browser: Browser) -> None:
    async with clean_page(browser, java_script_enabled=False, viewport={"width": 320, "height": 640}) as page:
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


async def test_what_was_sent_before_the_scripts_came_goes_on_with_them(stack: Stack, browser: Browser) -> None:
    """A slow connection: the first message goes as a form, the page that comes back has its scripts."""
    async with clean_page(browser) as page:
        await page.route("**/static/**", lambda route: route.abort())
        await page.goto(f"{stack.url}/en/")
        await page.locator("#text").fill("my child refuses to go to school")
        await page.unroute("**/static/**")
        await page.locator(".composer button").click()
        await ready(page)
        await expect(page.locator(".message.person")).to_have_count(1)
        await tap(page, "Ask for contact")
        await page.reload()
        await expect(page.locator(".message.person")).to_have_count(2)


async def test_a_long_silence_and_a_burst_keep_their_order(stack: Stack, page: Page) -> None:
    await page.goto(f"{stack.url}/en/")
    await ready(page)
    texts = [f"question {number}: who can help us?" for number in range(4)]
    for text in texts:
        await page.locator("#text").fill(text)
        await page.locator("#text").press("Enter")
    # Each one's echo on the stream marks it as saved.
    await expect(page.locator(".message.person[data-saved]")).to_have_count(4, timeout=ANSWER)
    kept = await stored(page)
    mine = [m["text"] for m in await told(stack, page, kept) if m["from"] == "person"]
    assert mine == texts
