"""Small words around an answer: when to call, "I don't want to say", "no, I mean", a name, who writes, what is feared.

Pure text. The words are data (`data/details.yml`), one block a language; a message is read with the block of its own
language and with Finnish and English, since people mix these in. This module decides nothing: the form and the
actions do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from bot.text.wordlists import Phrases, Word, split_words

DETAILS = Path(__file__).resolve().parents[2] / "data" / "details.yml"
ALWAYS = ("fi", "en")
NAME_WORDS = 3
Writer = Literal["young", "relative", "worried", "parent"]
Topic = Literal["permit", "taken", "who", "next", "kept"]
TOPICS: tuple[Topic, ...] = ("permit", "taken", "who", "next", "kept")
_CLAUSE_END = frozenset(".,;:!?،؛؟。，！？；…、")
_YOUNGEST, _OLDEST = 7 * 12, 18 * 12
_AGE_REACH = 4  # words between "I am" and the age


@dataclass(frozen=True)
class Details:
    """What the small words of a message tell.

    `wish`: the clauses about when and how to contact, in the writer's words, or None; `wish_sure`: they name a way of
    contact, not only a time. `name`: a name given as such. `writer`: who writes, None where nothing tells;
    `maybe_young`: the writer speaks of their own parents. `topic`: a worry or question about the service itself.
    """

    wish: str | None = None
    wish_sure: bool = False
    refuses: bool = False
    corrects: bool = False
    name: str | None = None
    writer: Writer | None = None
    maybe_young: bool = False
    topic: Topic | None = None


def read_details(text: str, language: str, ages: Sequence[int] = ()) -> Details:
    """The details of one message; `ages`: the ages found in it, in months."""
    books = [_books()[code] for code in dict.fromkeys((language, *ALWAYS)) if code in _books()]
    words = split_words(text)

    def has(kind: str) -> bool:
        return any(book.has(kind, words) for book in books)

    wish, sure = _wish(text, books)
    writer = _writer(words, books, ages)
    return Details(
        wish=wish,
        wish_sure=sure,
        refuses=has("refuse"),
        corrects=has("correct"),
        name=next((name for book in books if (name := book.name(text, words))), None),
        writer=writer,
        maybe_young=writer is None and has("my_parent"),
        topic=_topic(has),
    )


def split_joined(text: str, language: str) -> list[str]:
    """The parts of a message that punctuation or a joining word ("and", "but") puts side by side."""
    code = language if language in _books() else ALWAYS[-1]
    joins = _books()[code].raw["joins"]
    if language == "zh":
        pattern = "|".join(map(re.escape, joins))
    else:
        pattern = r"\s(?:" + "|".join(map(re.escape, joins)) + r")\s"
        if language == "ar":
            pattern += r"|\sو(?=\w)"  # written together with the word after it
    return [part.strip() for clause in _clauses(text) for part in re.split(pattern, clause, flags=re.I) if part.strip()]


class _Book:
    """One language's lists."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        self.raw = lists
        self._lists = {kind: Phrases(phrases) for kind, phrases in lists.items()}

    def has(self, kind: str, words: Sequence[Word]) -> bool:
        """True where a phrase of the list stands anywhere in the words."""
        return any(self._lists[kind].after(words, start) for start in range(len(words)))

    def name(self, text: str, words: Sequence[Word]) -> str | None:
        """The words after "my name is", to the end of the clause."""
        for start in range(len(words)):
            if size := self._lists["name_is"].after(words, start):
                rest: list[Word] = []
                for word in words[start + size :]:
                    if word.folded in _CLAUSE_END or len(rest) == NAME_WORDS or word.folded.isdigit():
                        break
                    rest.append(word)
                return text[rest[0].start : rest[-1].end] if rest else None
        return None

    def own_age(self, words: Sequence[Word], numbers: set[str]) -> bool:
        """True where "I am" stands a few words before one of the numbers."""
        for start in range(len(words)):
            if size := self._lists["i_am"].after(words, start):
                near = words[start + size : start + size + _AGE_REACH]
                for word in near:
                    if word.folded in _CLAUSE_END:
                        break
                    if any(word.folded == number or word.folded.startswith(number + "-") for number in numbers):
                        return True
        return False


def _writer(words: Sequence[Word], books: Sequence[_Book], ages: Sequence[int]) -> Writer | None:
    def has(kind: str) -> bool:
        return any(book.has(kind, words) for book in books)

    own = {str(age // 12) for age in ages if _YOUNGEST <= age < _OLDEST}
    if own and any(book.own_age(words, own) for book in books):
        return "young"
    if has("relative"):
        return "relative"
    if has("worried"):
        return "worried"
    return "parent" if has("my_child") else None


def _topic(has: Callable[[str], bool]) -> Topic | None:
    if has("permit") and has("affect"):
        return "permit"
    return next((topic for topic in TOPICS[1:] if has(topic)), None)


def _wish(text: str, books: Sequence[_Book]) -> tuple[str | None, bool]:
    kept: list[str] = []
    sure = False
    for clause in _clauses(text):
        words = split_words(clause)
        calls = any(book.has("call", words) for book in books)
        times = any(book.has("when", words) for book in books)
        if calls or times:
            kept.append(clause)
            sure = sure or (calls and len(words) > 1)
    return (", ".join(kept) or None), sure


def _clauses(text: str) -> Iterator[str]:
    for part in re.split(r"[,;!?،؛؟。，！？；\n]+|\.(?=\s|$)", text):
        if part and part.strip():
            yield part.strip()


@cache
def _books() -> dict[str, _Book]:
    raw = yaml.safe_load(DETAILS.read_text(encoding="utf-8"))
    return {code: _Book(lists) for code, lists in raw.items()}
