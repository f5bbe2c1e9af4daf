"""Finding the languages that a message names, and the wish for an interpreter.

Pure text, both environments; the words are in `data/wishes.yml`. The names of many languages are nationalities and
countries too ("my Finnish husband"): such a name counts only beside a word of speaking or interpreting. Naming a
language is not the same as writing in it: the language of a message is found elsewhere (`bot.text.language_id`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.text.wordlists import Phrases, Word, split_words

WISHES = Path(__file__).resolve().parents[2] / "data" / "wishes.yml"

_REACH = 2  # words between a language's name or an interpreter and the word that decides about it
_SENTENCE_END = frozenset(".!?;…。！？；؟؛")
_CLAUSE_END = _SENTENCE_END | frozenset(",،，、:")


def find_languages(text: str) -> list[str]:
    """ISO 639 codes of the languages named in `text`, in order of appearance, each once.

    Two letters where there are two; "ckb" for Kurdish as such, "kmr" for Kurmanji, "fse" for sign language.
    """
    words = split_words(text)
    found: list[str] = []
    start, last = 0, -_REACH - 1
    while start < len(words):
        between = words[last:start]
        listed = last > 0 and len(between) <= _REACH and not any(word.folded in _SENTENCE_END for word in between)
        code, size = _wishes().language_at(words, start, listed)
        if code:
            last = start + size
            if code not in found:
                found.append(code)
        start += max(size, 1)
    return found


def wants_interpreter(text: str) -> bool:
    """True where `text` asks for an interpreter or speaks of one without turning it down ("en tarvitse tulkkia")."""
    words = split_words(text)
    return any(not _wishes().turned_down(words, *span) for span in _wishes().interpreters(words))


@dataclass(frozen=True)
class _Naming:
    """That words name the language `code`, in the language `language`; `sure` when they can mean nothing else."""

    code: str
    language: str
    sure: bool


class _Wishes:
    """The word lists of data/wishes.yml, ready for comparing."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._sure: dict[tuple[str, ...], _Naming] = {}
        self._near: dict[tuple[str, ...], list[_Naming]] = {}
        self._open: list[tuple[tuple[str, ...], _Naming]] = []
        for code, namings in data["names"].items():
            for naming, names in namings.items():
                for name in names:
                    self._add(code, name, naming, data["forms"][naming])
        lengths = {len(key) for key in (*self._sure, *self._near, *(key for key, _ in self._open))}
        self._lengths = sorted(lengths, reverse=True)
        self._open_by_first: dict[str, list[tuple[tuple[str, ...], _Naming]]] = {}
        for entry in self._open:
            self._open_by_first.setdefault(entry[0][0][:2], []).append(entry)
        self._beside = {naming: Phrases(words) for naming, words in data["beside"].items()}
        self._interpreter = Phrases(data["interpreter"])
        self._not_needed_before = Phrases(data["not_needed"]["before"])
        self._not_needed_after = Phrases(data["not_needed"]["after"])
        self._not_needed_around = [(Phrases([a]), Phrases([b])) for a, b in data["not_needed"]["around"]]

    def language_at(self, words: Sequence[Word], start: int, listed: bool) -> tuple[str | None, int]:
        """The language whose name begins at `start` and how many words it takes; (None, 0) for none.

        `listed`: another language was named right before ("Arabic and some English").
        """
        for size in self._lengths:
            run = tuple(word.folded for word in words[start : start + size])
            if len(run) < size:
                continue
            for naming in self._namings(run):
                if naming.sure or listed or self._counts(words, start, start + size, naming.language):
                    return naming.code, size
        return None, 0

    def interpreters(self, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
        """Where interpreters are spoken of, as (first word, word after)."""
        for start in range(len(words)):
            size = self._interpreter.after(words, start)
            if size:
                yield start, start + size

    def turned_down(self, words: Sequence[Word], start: int, stop: int) -> bool:
        """True when the interpreter at `start` is not wanted."""
        for back in range(_REACH + 1):
            if start - back <= 0:
                break
            if self._not_needed_before.before(words, start - back):
                return True
            if words[start - back - 1].folded in _CLAUSE_END:
                break
        if any(a.before(words, start) and b.after(words, stop) for a, b in self._not_needed_around):
            return True
        return any(
            self._not_needed_after.after(words, index)
            for index in range(stop, min(stop + 2, len(words)))
            if not any(word.folded in _CLAUSE_END for word in words[stop : index + 1])
        )

    def _add(self, code: str, name: str, language: str, forms: Mapping[str, Sequence[str]]) -> None:
        always = name.startswith("=")
        strong, weak = (name.lstrip("=").split() * 2)[:2] if language == "fi" else (name.lstrip("="), "")
        for kind in ("sure", "near"):
            for form in forms[kind]:
                phrase = form.format(strong, strong=strong, weak=weak)
                self._learn(phrase, _Naming(code, language, kind == "sure"))
        if always:
            self._learn(strong, _Naming(code, language, sure=True))

    def _learn(self, phrase: str, naming: _Naming) -> None:
        key = tuple(word.folded for word in split_words(phrase.rstrip("*")))
        if phrase.endswith("*"):
            self._open.append((key, naming))
        elif naming.sure:
            self._sure.setdefault(key, naming)
        else:
            self._near.setdefault(key, []).append(naming)

    def _namings(self, run: tuple[str, ...]) -> Iterator[_Naming]:
        """What the words may name, the surest first."""
        if run in self._sure:
            yield self._sure[run]
        opens = [
            naming
            for key, naming in self._open_by_first.get(run[0][:2], ())
            if len(key) == len(run) and run[:-1] == key[:-1] and run[-1].startswith(key[-1])
        ]
        yield from sorted(opens, key=lambda naming: not naming.sure)
        yield from self._near.get(run, ())

    def _counts(self, words: Sequence[Word], start: int, stop: int, language: str) -> bool:
        """True when a name that may be a nationality stands alone or beside a word of speaking."""
        if not any(word.folded.isalnum() for word in (*words[:start], *words[stop:])):
            return True
        before = words[max(0, start - _REACH - 1) : start]
        after = words[stop : stop + _REACH + 1]
        return self._beside_in(before[::-1], language) or self._beside_in(after, language)

    def _beside_in(self, nearest_first: Sequence[Word], language: str) -> bool:
        counted = 0
        for index, word in enumerate(nearest_first):
            if word.folded in _CLAUSE_END - {":"} or counted == _REACH:
                return False
            if self._beside[language].after(nearest_first, index):
                return True
            counted += word.folded.isalnum()
        return False


@cache
def _wishes() -> _Wishes:
    return _Wishes(yaml.safe_load(WISHES.read_text(encoding="utf-8")))
