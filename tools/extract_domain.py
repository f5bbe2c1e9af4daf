"""Babel extraction from YAML: responses and buttons of domain.yml, the needs' titles of data/routing.yml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any

import yaml

Found = tuple[int, None, str, list[str]]


def extract(stream: IO[bytes], _keywords: Any, _tags: Sequence[str], options: Any) -> Iterator[Found]:
    """Messages of a Rasa domain, with the response's name as comment."""
    text = stream.read().decode("utf-8")
    lines = text.splitlines()
    for name, variants in (yaml.safe_load(text).get("responses") or {}).items():
        for variant in variants:
            sentences = [variant.get("text"), *(button["title"] for button in variant.get("buttons") or [])]
            for sentence in filter(None, sentences):
                yield _line(lines, sentence), None, sentence, [name]


def extract_routing(stream: IO[bytes], _keywords: Any, _tags: Sequence[str], options: Any) -> Iterator[Found]:
    """The needs' titles."""
    text = stream.read().decode("utf-8")
    lines = text.splitlines()
    for id_, need in yaml.safe_load(text)["needs"].items():
        yield _line(lines, need["title"]), None, need["title"], [id_]


def _line(lines: list[str], sentence: str) -> int:
    return next((number for number, line in enumerate(lines, 1) if sentence in line), 1)
