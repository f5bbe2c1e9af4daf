"""Finds words of danger in a message, in any language, before and independent of Rasa.

The lexicons are data (`data/safety/<lang>.yml`, format in `data/safety/README.md`); those of all languages are
on at once, because people in crisis fall back to their own language whatever the page is set to. This module must
not answer, store or log what it reads: a message is looked at and forgotten.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

Category = Literal["danger", "self_harm", "fgm", "exploitation", "violence", "child_protection"]

SEVERITY: tuple[Category, ...] = get_args(Category)
"""The categories, the one to answer first at the front."""

LEXICONS = Path(__file__).resolve().parent.parent.parent / "data" / "safety"

GAP_WORDS = 2  # what one `_` may stand for
TOGETHER_WORDS = 10  # how far apart the two sides of `&` may be
NEAR_WORDS = 6  # how far from a hit, in its sentence, an `unless` phrase still cancels it


@dataclass(frozen=True, slots=True)
class Finding:
    """One hit: its category, where in the message (characters, end excluded), which phrase of which lexicon."""

    category: Category
    start: int
    end: int
    phrase: str
    language: str


def screen(text: str) -> list[Finding]:
    """Every alarming phrase of `text`, in order of place; an empty list when nothing alarms."""
    return _screener().findings(text)


def worst(findings: Iterable[Finding]) -> Finding | None:
    """The finding to answer first: danger and self-harm before all else; None where there is none."""
    return min(findings, key=lambda finding: SEVERITY.index(finding.category), default=None)


# --- words -----------------------------------------------------------------------------------------------------

_CJK = "\u3400-\u4dbf\u4e00-\u9fff"
_MARKS = "\u0300-\u036f\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200c\u200d"
_APOSTROPHES = "'’‘ʼ`´"
# A word: one Chinese character, or letters with their marks. The Persian prefix می/نمی belongs to the verb after
# it however it is written (joined, with a space, with a zero-width non-joiner).
_WORD = re.compile(
    rf"[{_CJK}]|(?:ن?م[يیى][ \u200c])?(?:(?![{_CJK}])(?:[^\W_]|[{_MARKS}]))+"
    rf"(?:[{_APOSTROPHES}](?![{_CJK}])[^\W_]+)*"
)
# "..." is how people pause inside a sentence, so it does not end one.
_SENTENCE_END = re.compile(r"(?<!\.)\.(?!\.)|[!?؟。！？\n]")

_LETTERS = {
    **dict.fromkeys(_APOSTROPHES + " \u0640\u0670\u200c\u200d\u0307", None),
    **dict.fromkeys((chr(code) for code in (*range(0x064B, 0x0660), *range(0x06D6, 0x06EE))), None),
    **dict.fromkeys("أإآٱ", "ا"),
    **dict.fromkeys("یىئێېۍ", "ي"),
    **dict.fromkeys("ةەھۀہۂ", "ه"),
    **dict.fromkeys("ؤۆۊ", "و"),
    "ک": "ك",
    "ڵ": "ل",
    "ڕ": "ر",
    "ё": "е",
}
_FOLD = str.maketrans(_LETTERS)
_BARE = str.maketrans({"ø": "o", "đ": "d", "ı": "i", "ł": "l", "æ": "ae"})


def _normal(word: str) -> str:
    """One spelling for what is the same word: case, letter forms of the Arabic script, apostrophes, vowel signs."""
    return unicodedata.normalize("NFKC", word).casefold().translate(_FOLD)


def _bare(word: str) -> str:
    """A Latin word as typed on a keyboard without its accented letters; other scripts unchanged."""
    if not any("LATIN" in unicodedata.name(letter, "") for letter in word):
        return word
    split = unicodedata.normalize("NFD", word.translate(_BARE))
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def _respellings(word: str) -> Iterator[str]:
    """The word, then what else the writer may have meant: drawn-out letters, Arabic "and" joined in front."""
    yield word
    for kept in (r"\1\1", r"\1"):
        shorter = re.sub(r"(.)\1{2,}", kept, word)
        if shorter != word:
            yield shorter
    if len(word) > 2 and word[0] in "وف":
        yield word[1:]


# --- the lexicon language ----------------------------------------------------------------------------------------

WordRun = tuple[str, ...]  # words that follow each other; "tapp*" is any word that begins so
Segment = tuple[WordRun, ...]  # alternatives for one place
Part = tuple[tuple[int, Segment], ...]  # (words that may come before it, segment)


@dataclass(frozen=True, slots=True)
class _Phrase:
    text: str
    language: str
    category: Category
    parts: tuple[Part, ...]
    unless: bool = False


class _Parser:
    """Reads one lexicon file into phrases."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.language = path.stem
        self.content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        self.words: dict[str, list[str]] = self.content.pop("words", {})

    def phrases(self) -> Iterator[_Phrase]:
        """Every phrase of the file. Raises ValueError that names file and phrase where the format is broken."""
        for category, body in self.content.items():
            if category not in SEVERITY or set(body) - {"phrases", "unless"}:
                raise self._error(category, "unknown category or key")
            for kind in ("phrases", "unless"):
                for text in body.get(kind, ()):
                    if not isinstance(text, str):
                        raise self._error(repr(text), "quote it, YAML does not read it as text")
                    parts = tuple(self._part(side) for side in text.split(" & "))
                    yield _Phrase(text, self.language, category, parts, unless=kind == "unless")

    def _part(self, text: str) -> Part:
        part: list[tuple[int, Segment]] = []
        gap = 0
        run: WordRun = ()
        for piece in text.split():
            segment = self._segment(piece) if piece != "_" else None
            if segment and len(segment) == 1:
                run += segment[0]
                continue
            if run:
                part.append((gap, (run,)))
                gap, run = 0, ()
            if segment:
                part.append((gap, segment))
                gap = 0
            else:
                gap += GAP_WORDS
        if run:
            part.append((gap, (run,)))
        if not part or part[0][0] or (gap and not run):
            raise self._error(text, "empty, or begins or ends with `_`")
        return tuple(part)

    def _segment(self, piece: str) -> Segment:
        choices: list[list[str]] = []
        for choice in piece.split("|"):
            if not choice.startswith("$"):
                choices.append(choice.split("+"))
            elif choice[1:] in self.words:
                choices += [member.split() for member in self.words[choice[1:]]]
            else:
                raise self._error(piece, "no such group under `words`")
        return tuple(tuple(word for raw in choice for word in self._words(raw)) for choice in choices)

    def _words(self, raw: str) -> WordRun:
        strict = "=" if raw.startswith("=") else ""
        found = [_normal(match.group()) for match in _WORD.finditer(raw.strip("=*"))]
        if '"' in raw or not found or (raw.endswith("*") and len(found[-1]) < 2):
            raise self._error(raw, "no word, a quotation mark, or too short before `*`")
        if raw.endswith("*"):
            found[-1] += "*"
        return tuple(strict + word for word in found)

    def _error(self, what: str, why: str) -> ValueError:
        return ValueError(f"[{self.language}] {self.path.name}: {what}: {why}")


def _forms(word: str) -> set[str]:
    """The keys a lexicon word itself stands for: as written, and without accents unless marked `=`."""
    if word.startswith("="):
        return {word[1:]}
    return {word, _bare(word)}


# --- matching ----------------------------------------------------------------------------------------------------

Place = tuple[int, int]  # first word, end (excluded)
Spans = dict[int, set[int]]  # first word -> ends (excluded)


@dataclass(slots=True)
class _Words:
    """A message cut into words: places in the text, sentence of each, lexicon key of each ("·" for none)."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    sentences: list[int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


class _Screener:
    """All lexicons, compiled.

    A message's word is first replaced by the longest lexicon entry it fits (its key), so that spaCy's PhraseMatcher,
    which knows only whole words, finds stems too, and its vocabulary never grows with what people write.
    """

    def __init__(self, phrases: list[_Phrase]) -> None:
        segments = dict.fromkeys(segment for phrase in phrases for part in phrase.parts for _, segment in part)
        self._exact: set[str] = set()
        self._stems: set[str] = set()
        lexicon_words = {word for segment in segments for choice in segment for word in choice}
        for form in (form for word in lexicon_words for form in _forms(word)):
            (self._stems if form.endswith("*") else self._exact).add(form)
        self._keys = sorted(self._exact | self._stems)
        covers = {word: self._covers(word) for word in lexicon_words}
        self._longest = max(map(len, self._stems))
        self._vocab = Vocab()
        self._matcher = PhraseMatcher(self._vocab)
        self._segment_of: dict[int, Segment] = {}
        for number, segment in enumerate(segments):
            docs = [
                Doc(self._vocab, words=list(keys))
                for choice in segment
                for keys in product(*(covers[word] for word in choice))
            ]
            self._matcher.add(str(number), docs)
            self._segment_of[self._vocab.strings[str(number)]] = segment
        self._by_first: dict[Segment, list[_Phrase]] = defaultdict(list)
        self._excuses: dict[tuple[str, str], list[_Phrase]] = defaultdict(list)
        for phrase in phrases:
            if phrase.unless:
                self._excuses[phrase.language, phrase.category].append(phrase)
            else:
                self._by_first[phrase.parts[0][0][1]].append(phrase)

    def findings(self, text: str) -> list[Finding]:
        """See `screen`."""
        words = self._read(text)
        matches = self._match(words)
        excuses = {
            key: {place for phrase in phrases for place in _places(phrase, matches, words.sentences)}
            for key, phrases in self._excuses.items()
        }
        hits: dict[Category, list[tuple[int, int, _Phrase]]] = defaultdict(list)
        for segment in matches:
            for phrase in self._by_first.get(segment, ()):
                near = excuses.get((phrase.language, phrase.category), ())
                for hit in _places(phrase, matches, words.sentences):
                    if not any(_cancels(excuse, hit, words.sentences) for excuse in near):
                        hits[phrase.category].append((*hit, phrase))
        found = [
            Finding(category, words.starts[start], words.ends[end - 1], phrase.text, phrase.language)
            for category, places in hits.items()
            for start, end, phrase in _outermost(places)
        ]
        return sorted(found, key=lambda finding: (finding.start, SEVERITY.index(finding.category)))

    def _covers(self, word: str) -> set[str]:
        """Every key a message's word may carry where the lexicon says `word`."""
        if not word.endswith("*"):
            return _forms(word)
        covered: set[str] = set()
        for form in _forms(word):
            stem = form[:-1]
            first = bisect_left(self._keys, stem)
            covered.update(self._keys[first : bisect_left(self._keys, stem + chr(sys.maxunicode), lo=first)])
        return covered

    def _key(self, word: str) -> str:
        spellings = tuple(_respellings(word))
        for spelling in spellings:
            if spelling in self._exact:
                return spelling
        for spelling in spellings:
            for length in range(min(len(spelling), self._longest), 1, -1):
                if (stem := spelling[:length] + "*") in self._stems:
                    return stem
        return "·"

    def _read(self, text: str) -> _Words:
        words = _Words()
        sentence, last = 0, 0
        for match in _WORD.finditer(text):
            sentence += bool(_SENTENCE_END.search(text, last, match.start()))
            last = match.end()
            words.starts.append(match.start())
            words.ends.append(match.end())
            words.sentences.append(sentence)
            words.keys.append(self._key(_normal(match.group())))
        return words

    def _match(self, words: _Words) -> dict[Segment, Spans]:
        matches: dict[Segment, Spans] = defaultdict(lambda: defaultdict(set))
        for number, start, end in self._matcher(Doc(self._vocab, words=words.keys)):
            matches[self._segment_of[number]][start].add(end)
        return matches


def _places(phrase: _Phrase, matches: dict[Segment, Spans], sentences: list[int]) -> set[Place]:
    """Where the phrase stands. A part stays inside one sentence; `&` may join two."""
    joined: set[tuple[int, int, int, int]] = set()  # first start, last end, first end, last start
    for number, part in enumerate(phrase.parts):
        spans = sorted((start, end) for start, end in _chains(part, matches) if sentences[start] == sentences[end - 1])
        if number == 0:
            joined = {(start, end, end, start) for start, end in spans}
        else:
            joined = {
                (min(first, start), max(last, end), min(inner, end), max(outer, start))
                for first, last, inner, outer in joined
                for start, end in _nearest(spans, first)
                if max(outer, start) - min(inner, end) <= TOGETHER_WORDS
            }
        if not joined:
            break
    return {(first, last) for first, last, _, _ in joined}


def _nearest(spans: list[Place], start: int) -> list[Place]:
    """The spans just before and just after a word. More would find nothing new, and a message of one word said two
    hundred times would cost seconds."""
    at = bisect_left(spans, (start, 0))
    return spans[max(at - 1, 0) : at + 1]


def _cancels(excuse: Place, hit: Place, sentences: list[int]) -> bool:
    """True where an `unless` phrase stands near enough to the hit, in its sentence."""
    return (
        excuse[0] <= hit[1] + NEAR_WORDS
        and excuse[1] >= hit[0] - NEAR_WORDS
        and bool({sentences[excuse[0]], sentences[excuse[1] - 1]} & {sentences[hit[0]], sentences[hit[1] - 1]})
    )


def _chains(part: Part, matches: dict[Segment, Spans]) -> Iterator[Place]:
    (_, head), *rest = part
    for start, heads in matches.get(head, {}).items():
        ends = heads
        for gap, segment in rest:
            spans = matches.get(segment, {})
            ends = {far for end in ends for skip in range(gap + 1) for far in spans.get(end + skip, ())}
        if ends:
            yield start, min(ends)


def _outermost(places: list[tuple[int, int, _Phrase]]) -> Iterator[tuple[int, int, _Phrase]]:
    """The places of one category without those that lie inside another."""
    reach = -1
    for start, end, phrase in sorted(places, key=lambda place: (place[0], -place[1])):
        if end > reach:
            reach = end
            yield start, end, phrase


@cache
def _screener() -> _Screener:
    return _Screener([phrase for path in sorted(LEXICONS.glob("*.yml")) for phrase in _Parser(path).phrases()])
