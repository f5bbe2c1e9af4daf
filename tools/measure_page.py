"""`make measure-page`: bytes of the first view, and the time until it can be used on a slow 3G connection.

Chromium's own throttling (DevTools protocol) on the real page with an empty cache. "Usable" is when the field for
writing stands on the screen; the form sends a message from then on, scripts or not. Writes docs/page-speed.md.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser_support import chromium  # type: ignore[import-not-found]  # noqa: E402
from conftest import Stack, start_stack, stop_stack  # type: ignore[import-not-found]  # noqa: E402

OUT = ROOT / "docs" / "page-speed.md"
RUNS = 5
LIMIT_BYTES = 100_000
LIMIT_SECONDS = 1.0
# Round trip in ms, bytes a second. Chromium's preset "Slow 3G" waits 2 s for every answer, whatever its size.
NETWORKS = {
    "slow 3G (400 ms round trip, 400 kbit/s)": (400, 50_000),
    'Chromium\'s preset "Slow 3G" (2000 ms an answer, 400 kbit/s)': (2000, 50_000),
    "no throttling": (0, -1),
}


@dataclass(frozen=True)
class View:
    """One opening of the page: seconds to usable and to scripts ready, bytes and requests over the network."""

    usable: float
    scripts: float
    size: int
    requests: int
    foreign: int


async def opened(browser: Browser, url: str, latency: int, throughput: int) -> View:
    """Opens the page once, with an empty cache, on a throttled connection."""
    context = await browser.new_context(viewport={"width": 390, "height": 780}, service_workers="block")
    page = await context.new_page()
    await page.add_init_script(
        """new MutationObserver((_changes, observer) => {
             if (!document.querySelector('#composer button')) return;
             observer.disconnect();
             requestAnimationFrame(() => { window.usable = performance.now(); });
           }).observe(document, { childList: true, subtree: true });"""
    )
    session = await context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": latency, "downloadThroughput": throughput, "uploadThroughput": throughput},
    )
    sizes: list[int] = []
    addresses: list[str] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    session.on("Network.requestWillBeSent", lambda event: addresses.append(event["request"]["url"]))
    await page.goto(url)
    await page.locator("#menu").wait_for(state="visible")
    scripts = await page.evaluate("performance.now()")
    usable = await page.evaluate("window.usable")
    await page.wait_for_timeout(300)
    await context.close()
    over = [each for each in addresses if not each.startswith("data:")]
    foreign = [each for each in over if not each.startswith(url.split("/", 3)[0] + "//" + url.split("/")[2])]
    return View(usable / 1000, scripts / 1000, sum(sizes), len(over), len(foreign))


async def measure(stack: Stack) -> dict[str, list[View]]:
    """All networks, several times each."""
    async with chromium() as browser:
        return {
            name: [await opened(browser, f"{stack.url}/fi/", *numbers) for _run in range(RUNS)]
            for name, numbers in NETWORKS.items()
        }


def report(views: dict[str, list[View]]) -> str:
    """The page for docs/."""

    def middle(found: list[View], name: str) -> Any:
        return statistics.median(getattr(view, name) for view in found)

    rows = [
        f"| {name} | {middle(found, 'usable'):.2f} | {max(v.usable for v in found):.2f} "
        f"| {middle(found, 'scripts'):.2f} |"
        for name, found in views.items()
    ]
    every = [view for found in views.values() for view in found]
    return "\n".join(
        [
            "# How fast the chat page is",
            "",
            f"`make measure-page`, {RUNS} openings a network with an empty cache, Finnish page, Debian's Chromium.",
            "",
            f"- transferred for the first view, headers included: {max(v.size for v in every) / 1000:.1f} kB "
            f"in {max(v.requests for v in every)} requests; the limit is {LIMIT_BYTES // 1000} kB",
            f"- requests to other sites: {max(v.foreign for v in every)}",
            "",
            "| network | usable, median s | usable, worst s | scripts ready, median s |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            "Usable: the greeting, 112 and the field for writing are on the screen, and sending works (as a form until",
            "the scripts have come). The style is inside the page, so that this takes one answer of the server.",
            "Chromium's preset holds every answer back for two seconds: no page can be usable in one second there.",
            "",
        ]
    )


def main() -> int:
    """Measures, writes the page; 1 where a limit is broken."""
    with tempfile.TemporaryDirectory() as folder:
        stack = start_stack(Path(folder))
        try:
            stack.wait_ready()
            views = asyncio.run(measure(stack))
        finally:
            stop_stack(stack)
    text = report(views)
    OUT.write_text(text, encoding="utf-8")
    print(text)
    slow = views[next(iter(NETWORKS))]
    broken = [
        max(view.size for view in slow) > LIMIT_BYTES,
        statistics.median(view.usable for view in slow) > LIMIT_SECONDS,
        any(view.foreign for view in slow),
    ]
    return 1 if any(broken) else 0


if __name__ == "__main__":
    sys.exit(main())
