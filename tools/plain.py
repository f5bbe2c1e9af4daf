"""Plain language (selkokieli), where a machine can check it: sentence length, banned words, office words explained.

The guide with examples is docs/plain-language.md; the lists are data/plain.yml. Only what a family reads is checked.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
PLAIN = ROOT / "data" / "plain.yml"
_SENTENCE = re.compile(r"(?<=[.!?؟。！？])\s*(?=\S)|\n")
_HAN = re.compile(r"[\u3400-\u9fff]")
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


@cache
def rules() -> dict[str, Any]:
    """data/plain.yml."""
    loaded: dict[str, Any] = yaml.safe_load(PLAIN.read_text(encoding="utf-8"))
    return loaded


@cache
def button_titles() -> frozenset[str]:
    """The msgids that stand on a button: they must fit a phone's width."""
    found: set[str] = set()
    for folder in ("actions", "bot/conversation"):
        for path in (ROOT / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "button" and node.args:
                    found.update(_marked(node.args[0]))
    domain = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
    for variants in domain["responses"].values():
        found.update(button["title"] for variant in variants for button in variant.get("buttons") or [])
    return frozenset(found)


def _marked(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and getattr(each.func, "id", "") == "_" and each.args:
            text = each.args[0]
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value


def faults(language: str, msgid: str, text: str) -> Iterator[str]:
    """What is not plain in one sentence or button of a language."""
    limits = rules()["limits"]
    if msgid in button_titles() and len(text) > limits["button"]:
        yield f"a button of {len(text)} characters (at most {limits['button']}): {text}"
    if len(text) > limits["message"]:
        yield f"a message of {len(text)} characters (at most {limits['message']}): {text[:60]}…"
    most = limits.get(f"words_{language}", limits["words"])
    for sentence in _SENTENCE.split(text):
        if (words := length(sentence)) > most:
            yield f"a sentence of {words} words (at most {most}): {sentence}"
    plain = _PLACEHOLDER.sub(" ", text).casefold()
    for banned, better in (rules()["banned"].get(language) or {}).items():
        if re.search(rf"(?<!\w){re.escape(banned)}", plain):
            yield f"{banned!r}: write {better!r}: {text}"
    for word, explained in rules()["explained"].items():
        told = [each.casefold() for each in explained.get(language, ())]
        if word in plain and not any(each in plain for each in told):
            yield f"{word!r} is not explained ({', '.join(told) or 'no explanation known'}): {text}"


def length(sentence: str) -> int:
    """Words; Chinese is counted two characters a word."""
    han = len(_HAN.findall(sentence))
    return han // 2 if han else len(sentence.split())
