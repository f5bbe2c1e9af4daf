"""Words and word lists: the common ground of the modules that look for words of many languages in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.text.folding import ascii_digits, fold

_HAN = r"\u3400-\u9fff"
_MARKS = r"\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
_LETTER = rf"[^\W\d_{_HAN}]"
_TOKEN = re.compile(
    rf"\d+(?:[.,]\d+)?½?|[{_HAN}]|{_LETTER}(?:{_LETTER}|[{_MARKS}]|['’ʼ`´](?={_LETTER}))*|[^\s\u200c\u200d]"
)


@dataclass(frozen=True)
class Word:
    """A word, number, Han character or mark of a text; `folded` is the form to compare."""

    start: int
    end: int
    written: str
    folded: str


def split_words(text: str) -> list[Word]:
    """The words and marks of a text in order; Eastern digits are folded to 0-9."""
    return [Word(match.start(), match.end(), match[0], fold(match[0])) for match in _TOKEN.finditer(ascii_digits(text))]


class Phrases:
    """A list of words and phrases; a final * stands for any ending of the last word."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._exact: set[tuple[str, ...]] = set()
        self._open: set[tuple[str, ...]] = set()
        for phrase in phrases:
            words = tuple(word.folded for word in split_words(phrase.rstrip("*")))
            (self._open if phrase.endswith("*") else self._exact).add(words)
        self._lengths = sorted({len(words) for words in self._exact | self._open}, reverse=True)
        self._prefixes = tuple(words[0] for words in self._open if len(words) == 1)
        self._long_open = tuple(words for words in self._open if len(words) > 1)

    @property
    def first_words(self) -> set[str]:
        """The whole words that phrases begin with."""
        return {words[0] for words in self._exact | set(self._long_open)}

    @property
    def prefixes(self) -> tuple[str, ...]:
        """Beginnings of the single words with open endings."""
        return self._prefixes

    def after(self, words: Sequence[Word], start: int) -> int:
        """How many words from `start` on are one of the phrases (the longest); 0 for none."""
        for size in self._lengths:
            if start + size <= len(words) and self._matches(words, start, size):
                return size
        return 0

    def before(self, words: Sequence[Word], stop: int) -> int:
        """How many words right before `stop` are one of the phrases (the longest); 0 for none."""
        for size in self._lengths:
            if size <= stop and self._matches(words, stop - size, size):
                return size
        return 0

    def holds(self, word: str) -> bool:
        """True when the folded `word` alone is one of the phrases."""
        return (word,) in self._exact or word.startswith(self._prefixes)

    def _matches(self, words: Sequence[Word], start: int, size: int) -> bool:
        if size == 1:
            return self.holds(words[start].folded)
        run = tuple(word.folded for word in words[start : start + size])
        return run in self._exact or any(
            len(phrase) == size and run[:-1] == phrase[:-1] and run[-1].startswith(phrase[-1])
            for phrase in self._long_open
        )
