"""`make transcripts`: every scenario in every language as a page for a native speaker, into results/transcripts.

Each sentence stands as the family sees it, with the English sentence below it, so that a reviewer who reads both can
mark what is wrong. Starts a pair of its own with a throw-away database. LANGUAGE=so prints one language.
"""

from __future__ import annotations

import asyncio
import html
import sys
import tempfile
from pathlib import Path
from typing import Any

import aiohttp

from bot.i18n import languages
from tools import scenarios

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from conftest import Family, start_stack, stop_stack  # type: ignore[import-not-found]  # noqa: E402

OUT = ROOT / "results" / "transcripts"
STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    ".person{margin:1.2rem 0 .4rem;font-weight:600}"
    ".bot{border-inline-start:4px solid #567;padding:.2rem .8rem;margin:.4rem 0;white-space:pre-line}"
    ".safety{border-color:#b00}.quick{color:#345}.english{color:#555;font-size:.9rem}"
)


def _page(title: str, language: str, turns: list[scenarios.Turn], english: list[scenarios.Turn]) -> str:
    direction = languages()[language].dir
    parts = []
    for number, turn in enumerate(turns):
        parts.append(f'<p class="person" dir="auto">{html.escape(turn.person)}</p>')
        parts += [_message(message, direction) for message in turn.answer]
        if len(english) == len(turns) and language != "en":
            said = " / ".join(message["text"].replace("\n", " ") for message in english[number].answer)
            parts.append(f'<p class="english" lang="en" dir="ltr">{html.escape(said)}</p>')
        parts += [f'<p class="bot safety" lang="en" dir="ltr">{html.escape(fault)}</p>' for fault in turn.faults]
    body = "\n".join(parts)
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{STYLE}</style>'
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}">{head}'
        f"<h1>{html.escape(languages()[language].name)}</h1>"
        f'<h2 lang="en" dir="ltr">{html.escape(title)}</h2>{body}</html>\n'
    )


def _message(message: dict[str, Any], direction: str) -> str:
    lines = [html.escape(message["text"])]
    lines += [
        f"{html.escape(line['name'])}: <bdi dir='ltr'>{line['number']}</bdi>" for line in message.get("helplines", [])
    ]
    lines += [f"• {html.escape(service['name'])}" for service in message["services"]]
    if message["buttons"]:
        lines.append(f'<span class="quick">{html.escape(" | ".join(b["title"] for b in message["buttons"]))}</span>')
    return f'<div class="bot {message["kind"]}" dir="{direction}">{chr(10).join(lines)}</div>'


async def write(wanted: list[str]) -> int:
    """Plays everything and writes the pages; returns how many."""
    OUT.mkdir(parents=True, exist_ok=True)
    links: list[str] = []
    stack = start_stack(Path(tempfile.mkdtemp()))
    try:
        stack.wait_ready()
        async with aiohttp.ClientSession() as session:
            for name, scenario in scenarios.scenarios().items():
                english: list[scenarios.Turn] = []
                for language in dict.fromkeys(["en", *wanted]):
                    family = Family(session, stack.url, language)
                    await family.start()
                    turns = await scenarios.play(name, language, family)
                    english = turns if language == "en" else english
                    if language in wanted:
                        page = OUT / f"{name}.{language}.html"
                        page.write_text(_page(scenario["title"], language, turns, english), encoding="utf-8")
                        links.append(f'<li><a href="{page.name}">{language}: {html.escape(scenario["title"])}</a></li>')
    finally:
        stop_stack(stack)
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Transcripts</title>'
    index = f"{head}<ul>{''.join(sorted(links))}</ul></html>\n"
    (OUT / "index.html").write_text(index, encoding="utf-8")
    return len(links)


def main(arguments: list[str]) -> int:
    """`python -m tools.transcripts [language…]`."""
    print(f"{asyncio.run(write(arguments or list(languages())))} transcripts in {OUT.relative_to(ROOT)}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
