"""Finding the ages that a message tells, in months.

Pure text, both environments. The words of each language are in `data/ages.yml`. An age decides which services fit, so
only what speaks of age counts: a unit that means age ("2-vuotias", "7 yo", "3岁"), a span of time beside a person or
beside "old" ("vauva 3 viikkoa", "six months old"), or a bare number after a person ("he is 7"). Years, times of day,
money, phone numbers and how long something has lasted are no ages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from bot.text.folding import fold
from bot.text.wordlists import Phrases, Word, split_words

AGES = Path(__file__).resolve().parents[2] / "data" / "ages.yml"

Sureness = Literal["sure", "likely", "time"]
_Number = tuple[int, int, float]  # first word, word after, value
_MONTHS = {"years": 12.0, "months": 1.0, "weeks": 12 / 52, "days": 12 / 365}
_OLDEST, _OLDEST_IN_TIME, _OLDEST_BARE = 110 * 12, 30 * 12, 18 * 12
_NOUN = 5  # letters
_HYPHENS = frozenset("-‐‑–—")
_BETWEEN = frozenset(",:(،") | _HYPHENS  # may stand between a person and the age
_CLOSING = frozenset(".,;:!?)،؛؟。，！？；…")


@dataclass(frozen=True)
class AgeMatch:
    """An age found in a text: `text[start:end]`, offsets in characters, `months` rounded down."""

    start: int
    end: int
    text: str
    months: int


@dataclass(frozen=True)
class _Amount:
    """A number with its unit: months, how surely it is an age, and the index after it."""

    months: float
    sureness: Sureness
    stop: int


def find_ages(text: str, language: str | None = None, asked: bool = False) -> list[AgeMatch]:
    """The ages in `text`, in order of appearance, none overlapping.

    `language`: ISO code of the text if known; it decides where two languages read the same words differently.
    `asked`: the person was just asked for an age, so a message that is only a number means years.
    """
    words = _words(text)
    found: list[tuple[int, int, int, AgeMatch]] = []
    for rank, (code, grammar) in enumerate(_grammars().items()):
        for first, stop, months in grammar.find(words, asked):
            start, end = words[first].start, words[stop - 1].end
            match = AgeMatch(start, end, text[start:end], int(months + 1e-6))
            found.append((start - end, -1 if code == language else rank, start, match))
    taken: list[AgeMatch] = []
    for _, _, _, match in sorted(found, key=lambda entry: entry[:3]):  # longest first, then the language of the text
        if all(match.end <= other.start or other.end <= match.start for other in taken):
            taken.append(match)
    return sorted(taken, key=lambda match: match.start)


class _Grammar:
    """How one language tells ages. Shape of `data`: see data/ages.yml."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._numbers: dict[tuple[str, ...], float] = {
            tuple(word.folded for word in _words(name)): float(value) for name, value in data["numbers"].items()
        }
        self._number_lengths = sorted({len(words) for words in self._numbers}, reverse=True)
        self._joined = sorted(
            ((fold(stem), float(n)) for stem, n in data["joined"].items()), key=lambda pair: -len(pair[0])
        )
        self._units: list[tuple[Sureness, float, Phrases]] = []
        self._whole: list[tuple[Sureness, float, Phrases]] = []
        for sureness in ("sure", "likely", "time"):
            for unit, phrases in data[sureness].items():
                self._units.append((sureness, _MONTHS[unit], Phrases(phrases)))
            for phrase, months in data["whole"].get(sureness, {}).items():
                self._whole.append((sureness, float(months), Phrases([phrase])))
        self._half, self._people, self._verbs = (Phrases(data[key]) for key in ("half", "people", "verbs"))
        self._links, self._age_words, self._direct = (Phrases(data[key]) for key in ("links", "age_words", "direct"))
        self._old, self._many = Phrases(data["old"]), Phrases(data.get("many", []))
        self._with_and = tuple(map(fold, data.get("with_and", [])))
        self._next_clause = Phrases(data.get("next_clause", []))
        self._lasting = Phrases(data.get("lasting", []))
        self._counted = Phrases(data.get("counted", []))
        self._and, self._not_age = Phrases(data["and"]), Phrases(data["not_age"])
        # What an age can begin with: lets all other words pass at once.
        opening = [phrases for _, _, phrases in self._whole]
        self._first_words = {words[0] for words in self._numbers}.union(*(phrases.first_words for phrases in opening))
        self._first_letters = tuple(stem for stem, _ in self._joined) + sum((p.prefixes for p in opening), ())

    def find(self, words: Sequence[Word], asked: bool) -> Iterator[tuple[int, int, float]]:
        """Ages as (first word, word after the last, months)."""
        start = 0
        while start < len(words):
            opens = self._may_open(words[start].folded) and not _glued(words, start)
            found = list(self._at(words, start, asked)) if opens else []
            yield from found
            start = max((stop for _, stop, _ in found), default=start + 1)

    def _may_open(self, word: str) -> bool:
        return word[:1].isdigit() or word in self._first_words or word.startswith(self._first_letters)

    def _at(self, words: Sequence[Word], start: int, asked: bool) -> Iterator[tuple[int, int, float]]:
        whole = self._whole_amount(words, start) or self._joined_amount(words, start)
        if whole:
            if self._is_age(words, start, whole):
                yield start, whole.stop, whole.months
            return
        numbers = list(self._number_list(words, start))
        if not numbers:
            return
        if len(numbers) == 2 and words[numbers[0][1]].folded in ",،，":  # "ilaa 12, 6 sano": no list of ages
            numbers = numbers[:1]
        first, after, value = numbers[-1]
        amount = self._amount(words, first, after, value)
        if amount is None:
            yield from ((one, stop, count * 12) for one, stop, count in self._bare(words, numbers, asked))
            return
        if self._is_age(words, start, amount):
            scale = amount.months / value if value else 0
            yield from ((one, stop, count * scale) for one, stop, count in numbers[:-1])
            yield first, amount.stop, amount.months

    def _number(self, words: Sequence[Word], start: int) -> tuple[int, float] | None:
        """A number at `start`: the index after it and its value, halves included."""
        if start >= len(words):
            return None
        value: float | None = None
        stop = start + 1
        digits = re.fullmatch(r"(\d{1,3})(?:[.,](5|0))?(½)?", words[start].folded)
        if digits:
            value = int(digits[1]) + (0.5 if digits[2] == "5" or digits[3] else 0)
        else:
            for size in self._number_lengths:
                key = tuple(word.folded for word in words[start : start + size])
                if len(key) == size and key in self._numbers:
                    stop, value = start + size, self._numbers[key]
                    break
        if value is None:
            return None
        half = self._half.after(words, stop)
        return (stop + half, value + 0.5) if half and value == int(value) else (stop, value)

    def _number_list(self, words: Sequence[Word], start: int) -> Iterator[_Number]:
        """Numbers that share a unit ("3- ja 5-vuotiaat", "3, 5 ja 7"): (first word, word after, value) each."""
        while True:
            number = self._number(words, start)
            if number is None:
                return
            yield start, *number
            start = number[0]
            if start < len(words) and words[start].folded in _BETWEEN - {":", "("} | {"/", "&"}:
                start += 1
            start += self._and.after(words, start)
            if start == number[0]:
                return

    def _unit(self, words: Sequence[Word], start: int) -> tuple[Sureness, float, int] | None:
        best: tuple[Sureness, float, int] | None = None
        for sureness, months, phrases in self._units:
            size = phrases.after(words, start)
            if size and (best is None or size > best[2]):
                best = (sureness, months, size)
        return best

    def _amount(self, words: Sequence[Word], start: int, after: int, value: float) -> _Amount | None:
        unit = self._unit(words, after)
        if unit is None:
            return None
        sureness, months, size = unit
        stop = after + size
        total = value * months
        half = self._half.after(words, stop)
        if half and value == int(value):
            return _Amount(total + months / 2, sureness, stop + half)
        return (
            self._with_months(words, _Amount(total, sureness, stop), listed=self._listed(words, start))
            if months == _MONTHS["years"]
            else _Amount(total, sureness, stop)
        )

    def _listed(self, words: Sequence[Word], start: int) -> bool:
        """True for an amount that goes on a list of others with units ("2 v, 4 v ja 7 kk")."""
        return start > 1 and words[start - 1].folded in ",،，、" and self._unit(words, start - 2) is not None

    def _with_months(self, words: Sequence[Word], years: _Amount, listed: bool = False) -> _Amount:
        """An amount of years and the months told with it ("2 years 3 months")."""
        if listed and self._and.after(words, years.stop):
            return years
        more = self._number(words, years.stop + self._and.after(words, years.stop)) or self._joined_number(
            words, years.stop
        )
        rest = self._unit(words, more[0]) if more else None
        if more is None or rest is None or rest[1] != _MONTHS["months"]:
            return years
        surest = years.sureness if years.sureness == "sure" else rest[0]
        return _Amount(years.months + more[1], surest, more[0] + rest[2])

    def _joined_number(self, words: Sequence[Word], start: int) -> tuple[int, float] | None:
        """A number written in one with the "and" before it (Arabic "وثلاثة")."""
        if start >= len(words) or not self._with_and or not words[start].folded.startswith(self._with_and):
            return None
        value = self._numbers.get((words[start].folded[1:],))
        return None if value is None else (start + 1, value)

    def _whole_amount(self, words: Sequence[Word], start: int) -> _Amount | None:
        best: _Amount | None = None
        for sureness, months, phrases in self._whole:
            size = phrases.after(words, start)
            if size and (best is None or start + size > best.stop):
                best = _Amount(months, sureness, start + size)
        if best is None:
            return None
        if half := self._half.after(words, best.stop):  # "سنتين ونص"
            unit = _MONTHS["years"] if best.months % _MONTHS["years"] == 0 else _MONTHS["months"]
            return _Amount(best.months + unit / 2, best.sureness, best.stop + half)
        return self._with_months(words, best) if best.months and best.months % _MONTHS["years"] == 0 else best

    def _joined_amount(self, words: Sequence[Word], start: int) -> _Amount | None:
        """A number and its unit in one word ("kaksivuotias", "пятилетний")."""
        word = words[start].folded
        for stem, value in self._joined:
            if word.startswith(stem) and len(word) > len(stem):
                for sureness, months, phrases in self._units:
                    if sureness == "sure" and phrases.holds(word[len(stem) :]):
                        return _Amount(value * months, "sure", start + 1)
        return None

    def _is_age(self, words: Sequence[Word], start: int, amount: _Amount) -> bool:
        if amount.sureness == "sure":
            lasts = amount.stop < len(words) and self._lasting.after(words, amount.stop)
            return amount.months <= _OLDEST and (not lasts or self._person_before(words, start))
        if self._old.after(words, amount.stop):
            return amount.months <= _OLDEST
        oldest = _OLDEST_IN_TIME if amount.sureness == "time" else _OLDEST
        if amount.months > oldest or self._speaks_of_duration(words, start, amount.stop):
            return False
        if amount.sureness == "likely" or self._stands_apart(words, start, amount):
            return True
        # "…with a child, one day I": a few days after a comma are no age.
        return self._person_before(words, start, over_comma=amount.months >= _MONTHS["weeks"])

    def _stands_apart(self, words: Sequence[Word], start: int, amount: _Amount) -> bool:
        """True for a whole message ("3 vuotta") and for years or months set off by marks ("18 months, not walking")."""
        if all(word.folded in _CLOSING for word in words[amount.stop :]):
            return start == 0 or (words[start - 1].folded in ",،，" and amount.months >= _MONTHS["years"])
        return start == 0 and amount.months >= 1 and words[amount.stop].folded in _CLOSING

    def _speaks_of_duration(self, words: Sequence[Word], start: int, stop: int) -> bool:
        """True where a word near says how long something lasted ("3 vuotta sitten"), inside the same clause."""
        for index in range(start - 1, max(-1, start - 4), -1):
            if words[index].folded in _CLOSING:
                break
            if self._not_age.after(words, index):
                return True
        for index in range(stop, min(len(words), stop + 2)):
            if words[index].folded in _CLOSING:
                break
            if self._not_age.after(words, index):
                return True
        return False

    def _person_before(self, words: Sequence[Word], stop: int, over_comma: bool = True) -> bool:
        """True where a person or "age" comes before, with nothing but linking words between."""
        for _ in range(6):
            if self._people.before(words, stop) or self._age_words.before(words, stop):
                return True
            step = self._links.before(words, stop) or int(stop > 0 and words[stop - 1].folded in _BETWEEN)
            if not step or (not over_comma and words[stop - 1].folded in ",،，"):
                return False
            stop -= step
        return False

    def _bare(self, words: Sequence[Word], numbers: list[_Number], asked: bool) -> list[_Number]:
        """Those numbers without a unit that are ages ("he is 7", "ikä: 7", "lapset 3 ja 5")."""
        for some in (numbers, numbers[:1]):
            start, stop = some[0][0], some[-1][1]
            if any(value * 12 > _OLDEST_BARE for _, _, value in some):
                continue
            if asked and start == 0 and all(word.folded in _CLOSING for word in words[stop:]):
                return some
            in_words = any(value == 1 and not words[first].folded[0].isdigit() for first, _, value in some)
            if in_words and (not self._after_age_word(words, start) or self._counted.after(words, stop)):
                continue  # "one of them"
            if self._after_age_word(words, start) and not self._is_counted(words, stop):
                return some
            if not self._clause_ends(words, stop):
                if some == numbers and self._beside_person(words, start, stop, len(some)):
                    return some
                continue
            if self._person_and_verb_before(words, start) or (
                some == numbers and self._after_direct(words, start, len(some))
            ):
                return some
        return []

    def _after_age_word(self, words: Sequence[Word], stop: int) -> bool:
        return bool(self._age_words.before(words, stop - (stop > 0 and words[stop - 1].folded in _BETWEEN)))

    def _is_counted(self, words: Sequence[Word], stop: int) -> bool:
        """True for a number that goes on ("8:30", "5 %")."""
        return stop < len(words) and (words[stop].folded in "%‰€$" or not self._clause_ends(words, stop, anything=True))

    def _beside_person(self, words: Sequence[Word], start: int, stop: int, count: int) -> bool:
        """True for numbers right after a person where the clause goes on ("lapset 4 ja 6 kuulee", "poika 8 pelkää")."""
        if self._counted.after(words, stop) or self._unit(words, stop) or words[stop].folded in "%‰€$":
            return False
        direct = self._direct.before(words, start)
        if not direct or words[stop].folded[:1].isdigit() or words[stop].folded in _CLOSING:
            return False
        person = start - direct
        joined = person - self._and.before(words, person)
        coordinated = 0 < joined < person and words[joined - 1].folded.isdigit()
        # One number alone: digits after a noun, not after "I am" ("olen 3 lapsen äiti") or a pronoun, which are short.
        noun = self._people.before(words, start) and len(words[start - 1].folded) >= _NOUN
        return count > 1 or coordinated or bool(noun and words[start].folded.isdigit() and int(words[start].folded) > 3)

    def _after_direct(self, words: Sequence[Word], stop: int, count: int) -> bool:
        stop -= stop > 0 and words[stop - 1].folded in _BETWEEN
        many = count > 1 and self._many.before(words, stop)
        beyond = stop - self._links.before(words, stop)  # "дочке скоро пять"
        return bool(many or self._direct.before(words, stop) or self._direct.before(words, beyond))

    def _person_and_verb_before(self, words: Sequence[Word], stop: int) -> bool:
        verb_seen = False
        while stop > 0:
            verb = self._verbs.before(words, stop)
            verb_seen = verb_seen or bool(verb)  # "he's" is person and verb in one
            if verb_seen and self._people.before(words, stop):
                return True
            step = verb or self._links.before(words, stop) or int(words[stop - 1].folded in _BETWEEN - {","})
            if not step:
                return self._age_words.before(words, stop) > 0
            stop -= step
        return False

    def _clause_ends(self, words: Sequence[Word], stop: int, anything: bool = False) -> bool:
        """True where a clause ends at `stop`, not inside "8:30" or "3. luokka"; with `anything`, before any word."""
        if stop == len(words) or self._and.after(words, stop) or self._next_clause.after(words, stop):
            return True
        mark = words[stop]
        if mark.folded not in _CLOSING:
            return anything
        following = words[stop + 1] if stop + 1 < len(words) else None
        if mark.folded in ".:" and following is not None:
            return not (following.written[0].islower() or following.start == mark.end)
        return True


def _glued(words: Sequence[Word], index: int) -> bool:
    """True for a digit inside a word in Latin letters (Arabic "yr7mo")."""
    before = words[index - 1] if index else None
    return (
        before is not None
        and before.end == words[index].start
        and before.written[-1:].isascii()
        and before.written[-1:].isalpha()
    )


@cache
def _grammars() -> dict[str, _Grammar]:
    data = yaml.safe_load(AGES.read_text(encoding="utf-8"))
    return {code: _Grammar(row) for code, row in data.items()}


def _words(text: str) -> list[Word]:
    """The words and marks of a text; a hyphen that ties a number to its unit ("5-vuotias", "3- ja") is left out."""
    found = split_words(text)
    kept: list[Word] = []
    for index, word in enumerate(found):
        following = found[index + 1] if index + 1 < len(found) else None
        tied = bool(kept) and kept[-1].end == word.start and (following is None or not following.folded[0].isdigit())
        if word.folded in _HYPHENS and tied:
            continue
        kept.append(word)
    return kept
