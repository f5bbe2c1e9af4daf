"""Every page in every language: no barrier, no overflow; and the main path by keyboard and by accessibility tree."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from browser_support import ANSWER, SIZES, answered, chromium, clean_page, no_barriers, no_overflow, ready, say, words
from conftest import Stack
from playwright.async_api import Browser, Page, expect

from bot.i18n import languages, translate

PAGES = ("", "widget", "request", "services", "privacy", "leaving", "accessibility", "feedback")


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


@pytest.mark.parametrize("language", list(languages()))
async def test_every_page_fits_and_has_no_barriers(stack: Stack, page: Page, language: str) -> None:
    for path in PAGES:
        where = f"{language}/{path}"
        answer = await page.goto(f"{stack.url}/{where}")
        assert answer is not None
        assert answer.status == 200
        assert await page.locator("html").get_attribute("lang") == language
        assert await page.locator("html").get_attribute("dir") == languages()[language].dir
        for width, height in SIZES:
            await page.set_viewport_size({"width": width, "height": height})
            await no_overflow(page, f"{where} {width}")
        await no_barriers(page, where)


@pytest.mark.parametrize("language", ["fi", "ar"])
async def test_states_of_the_chat_have_no_barriers(stack: Stack, page: Page, language: str) -> None:
    """Menu and languages open, safety card, a failed message, the question before erasing; light and dark."""
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.goto(f"{stack.url}/{language}/")
    await say(page, {"fi": "mies lyö minua", "ar": "زوجي يضربني"}[language])
    await expect(page.locator("#pinned")).to_be_visible()
    await page.route("**/messages", lambda route: route.abort())
    await page.locator("#text").fill("040 1234567 Kuusamo")
    await page.locator("#text").press("Enter")
    await expect(page.locator(".message.failed")).to_be_visible()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for opener in ("#menu summary", "nav summary"):
            await page.locator(opener).click()
            await no_overflow(page, opener)
            await no_barriers(page, f"{scheme} {opener}")
            await page.keyboard.press("Escape")
        await page.locator("#menu summary").click()
        await page.locator("[data-do=erase]").click()
        await no_barriers(page, f"{scheme} dialog")
        await page.keyboard.press("Escape")
    await page.emulate_media(forced_colors="active", reduced_motion="reduce")
    await no_barriers(page, "forced colours")
    animation = await page.locator(".message").first.evaluate("node => getComputedStyle(node).animationName")
    assert animation == "none"


async def test_targets_are_large_and_large_text_fits(stack: Stack, page: Page) -> None:
    await page.set_viewport_size({"width": 320, "height": 256})  # 1280 x 1024 at 400 %
    await page.goto(f"{stack.url}/fi/")
    await say(page, "lapseni ei suostu menemään kouluun")
    small = await page.evaluate(
        """() => [...document.querySelectorAll('a, button, summary, input, textarea')].filter(node => {
             const box = node.getBoundingClientRect();
             return box.width && node.checkVisibility() && !node.classList.contains('skip')
               && (box.width < 24 || box.height < 24); }).map(node => node.outerHTML.slice(0, 90))"""
    )
    assert small == []
    assert await page.locator(".writing").evaluate("node => getComputedStyle(node).position") == "static"
    await page.set_viewport_size({"width": 640, "height": 512})
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    await no_overflow(page, "200 % text")


async def test_keyboard_alone_reaches_a_receipt(stack: Stack, page: Page) -> None:
    """Only Tab, Shift+Tab, Enter and letters; the focus never jumps by itself."""

    async def focus(test: str, back: bool = False) -> None:
        for _press in range(80):
            if await page.evaluate(f"(() => {{ const node = document.activeElement; return {test}; }})()"):
                return
            await page.keyboard.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"no way by keyboard to {test}")

    async def write(text: str) -> None:
        before = await page.locator(".message.person").count()
        await focus("node.id === 'text'")
        await page.keyboard.type(text)
        await page.keyboard.press("Enter")
        await answered(page, before)
        assert await page.evaluate("document.activeElement.id") == "text", "the focus stays where the person writes"

    async def choose(title: str) -> None:
        before = await page.locator(".message.person").count()
        await focus(f"node.textContent === {title!r} && node.closest('.message') === lastAsked()", back=True)
        await page.keyboard.press("Enter")
        await answered(page, before)
        assert await page.evaluate("document.activeElement.textContent") == title, "the focus stays on the choice"

    title = words("en")
    await page.goto(f"{stack.url}/en/")
    await ready(page)
    await page.evaluate(
        "window.lastAsked = () => [...document.querySelectorAll('.message')]"
        ".filter(node => node.querySelector('.quick')).pop()"
    )
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await write("my child refuses to go to school")
    await choose(title["ask"])
    await choose(title["consent"])
    await write("Kuusamo")
    await choose(title["skip"])
    await write("040 123 4567")
    await choose(title["any"])
    await choose(title["interpreter"])
    await choose(title["anonymous"])
    await choose(title["send"])
    await expect(page.locator(".message.request")).to_contain_text("PA-")


async def test_what_a_screen_reader_meets(stack: Stack, page: Page) -> None:
    """The log is one polite live region; every message is put into it once; names and roles are in the tree."""
    await page.goto(f"{stack.url}/en/")
    await ready(page)
    await page.evaluate(
        """() => { window.spoken = [];
            new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(
              node => window.spoken.push(node.textContent))))
              .observe(document.getElementById('log'), { childList: true }); }"""
    )
    await say(page, "my husband hits me")
    spoken: list[str] = await page.evaluate("window.spoken")
    assert len(spoken) == len(set(spoken)) == await page.locator("#log > *").count() - 3, spoken
    assert spoken[0].startswith("You: "), spoken
    assert spoken[1].startswith("Bot: "), spoken
    found = await tree(page)
    log = [node for node in found if node["role"] == "log"]
    assert log == [{"role": "log", "name": "Conversation", "live": "polite"}]
    live = [node["role"] for node in found if node["live"] not in ("", "off")]
    assert sorted(set(live)) == ["log", "status"], live
    names = {(node["role"], node["name"]) for node in found}
    for wanted in (
        ("textbox", "Your message"),
        ("button", "Send"),
        ("link", "112"),
        ("link", translate("Leave this page fast", "en")),
        ("region", "Help now"),
        ("heading", "Chat with Pyydä apua"),
    ):
        assert wanted in names, (wanted, sorted(names))
    assert not [node for node in found if node["role"] in ("button", "link", "textbox") and not node["name"]]
    await page.reload()
    await expect(page.locator(".message.person")).to_have_count(1, timeout=ANSWER)
    assert await page.locator("#log").get_attribute("aria-live") == "off", "what was read is not read again"
    await expect(page.locator("#log")).to_have_attribute("aria-live", "polite")


async def tree(page: Page) -> list[dict[str, Any]]:
    """Chromium's accessibility tree, without what is ignored."""
    session = await page.context.new_cdp_session(page)
    nodes = (await session.send("Accessibility.getFullAXTree"))["nodes"]

    def of(node: dict[str, Any]) -> dict[str, Any]:
        properties = {each["name"]: each["value"].get("value", "") for each in node.get("properties", [])}
        own = properties.get("live", "") if node["role"]["value"] in ("log", "status", "alert") else ""
        return {"role": node["role"]["value"], "name": node.get("name", {}).get("value", ""), "live": own}

    return [of(node) for node in nodes if not node.get("ignored")]


async def test_feedback_can_be_given_without_scripts(stack: Stack, browser: Browser) -> None:
    async with clean_page(browser, java_script_enabled=False) as page:
        await page.goto(f"{stack.url}/fi/feedback")
        await page.locator("main button[type=submit]").click()
        await expect(page.locator("main [role=alert]")).to_be_visible()
        await page.locator("input[name=rating][value='4']").check()
        await page.locator("#words").fill("Ruudunlukija luki kortit hyvin.")
        await page.locator("main button[type=submit]").click()
        await expect(page.locator("main [role=status]")).to_be_visible()
