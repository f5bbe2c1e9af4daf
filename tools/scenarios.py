"""Dialogue scenarios: one file a scenario (tests/dialogue/scenarios), said in each language with that language's own
lines (tests/dialogue/lines). The tests run them over HTTP and, as stories, by `rasa test`; `make transcripts` prints
them for a native speaker.

A scenario is `{title, steps}`. A step is one of
    say: LINE          a line of the language; `from: other` takes it from another language
    write: TEXT        the same words in every language
    tap: PAYLOAD       the newest button whose payload begins so; `unless: [fi]` leaves the step out in a language
    lookup: true       reference and PIN of the last receipt
and may hold
    intent, action     what `rasa test` expects (a scenario whose every step has them becomes a story)
    expect             {first: kind, kinds: [...], need, says: [msgid], silent: [msgid], contains: [text], language}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import yaml

from bot.i18n import languages, translate, translate_young

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = ROOT / "tests" / "dialogue" / "scenarios"
LINES = ROOT / "tests" / "dialogue" / "lines"
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


class Speaker(Protocol):
    """A person in a conversation (tests/conftest.py's Family)."""

    last: list[dict[str, Any]]
    language: str

    async def say(self, text: str) -> list[dict[str, Any]]:
        """Types a message."""
        ...

    async def tap(self, payload_start: str) -> list[dict[str, Any]]:
        """Taps a button."""
        ...


@dataclass(frozen=True)
class Turn:
    """What was said and what was answered. `faults`: what was expected and did not come."""

    person: str
    answer: list[dict[str, Any]]
    faults: list[str]


@cache
def lines(language: str) -> dict[str, str]:
    """A language's own lines by id."""
    loaded: dict[str, str] = yaml.safe_load((LINES / f"{language}.yml").read_text(encoding="utf-8"))
    return loaded


@cache
def scenarios() -> dict[str, dict[str, Any]]:
    """All scenarios by name."""
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(SCENARIOS.glob("*.yml"))}


def other(language: str) -> str:
    """A language that is clearly another one."""
    return "fi" if language == "ar" else "ar"


async def play(name: str, language: str, speaker: Speaker) -> list[Turn]:
    """Plays a scenario in a language; the speaker's conversation is open."""
    turns: list[Turn] = []
    receipt: dict[str, Any] = {}
    for step in scenarios()[name]["steps"]:
        if language in step.get("unless", ()):
            continue
        if "tap" in step:
            person = f"[{step['tap']}]"
            found = [b["title"] for m in speaker.last for b in m["buttons"] if b["payload"].startswith(step["tap"])]
            person = f"[{found[-1]}]" if found else person
            answer = await speaker.tap(step["tap"])
        else:
            person = _words(step, language, receipt)
            answer = await speaker.say(person)
        receipt = next((message for message in answer if message.get("pin")), receipt)
        expected = step.get("expect") or {}
        turns.append(Turn(person, answer, list(_faults(expected, answer, speaker.language, language))))
    return turns


def _words(step: dict[str, Any], language: str, receipt: dict[str, Any]) -> str:
    if step.get("lookup"):
        return f"{receipt['reference']} {receipt['pin']}"
    if "write" in step:
        return str(step["write"])
    return lines(other(language) if step.get("from") == "other" else language)[step["say"]]


def _faults(expected: dict[str, Any], answer: list[dict[str, Any]], spoken: str, language: str) -> Iterator[str]:
    said = "\n".join(message["text"] for message in answer)
    kinds = [message["kind"] for message in answer]
    if not answer:
        yield "an empty answer"
    if (first := expected.get("first")) and kinds[:1] != [first]:
        yield f"{first} does not come first: {kinds}"
    for kind in expected.get("kinds", ()):
        if kind not in kinds:
            yield f"no {kind}: {kinds}"
    needs = [message.get("need") for message in answer]
    if (need := expected.get("need")) and need not in needs:
        yield f"not answered as {need}: {needs}"
    wanted = {"own": language, "other": other(language)}.get(expected.get("language", "own"))
    if spoken != wanted:
        yield f"answered in {spoken}, not in {wanted}"
    for msgid in expected.get("says", ()):
        if not says(said, msgid, spoken):
            yield f"does not say: {msgid}"
    for msgid in expected.get("silent", ()):
        if says(said, msgid, spoken):
            yield f"says: {msgid}"
    for text in expected.get("contains", ()):
        if text not in said:
            yield f"does not hold: {text}"


def says(said: str, msgid: str, language: str) -> bool:
    """True where the sentence stands in `said` in the language, whatever fills its placeholders."""
    forms = {translate(msgid, language), translate_young(msgid, language)}
    return any(all(part.strip() in said for part in _PLACEHOLDER.split(form)) for form in forms)


def stories(wanted: list[str] | None = None) -> Iterator[tuple[str, str]]:
    """(file name, text) of Rasa's test stories: every scenario whose steps name intent and action, in each language."""
    for language in wanted or list(languages()):
        told = []
        for name, scenario in scenarios().items():
            steps = scenario["steps"]
            if not all("intent" in step and "action" in step and "say" in step for step in steps):
                continue
            story: list[dict[str, Any]] = []
            for step in steps:
                story.append({"user": lines(language)[step["say"]], "intent": step["intent"]})
                for action in step["action"] if isinstance(step["action"], list) else [step["action"]]:
                    story.append({"action": action})
                    if action == "contact_form":
                        story.append({"active_loop": "contact_form"})
            told.append({"story": f"{name} ({language})", "steps": story})
        yield f"test_{language}.yml", yaml.safe_dump({"version": "3.1", "stories": told}, allow_unicode=True)
