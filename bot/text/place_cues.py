"""What stands around a place's name or a postal code, and tells that it is none: companies, titles, other numbers.

Pure text, used by bot.text.places only; the words are the `cues`, `organisations` and `other_numbers` of
`data/regions/places.yml`, compared folded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from spacy.tokens import Span, Token

from bot.text.folding import fold

SENTENCE_END = frozenset(".!?:;…。！？؟\n")
CLAUSE_END = SENTENCE_END | frozenset(",،，、")
_HAN = r"\u3400-\u9fff"
_LINKS = frozenset((".", ":", "on", "is", "ar", "waa", "la", "-", "—"))  # folded
_AROUND = 40  # characters looked at on each side
# Characters that write foreign names by their sound: a name beside one is part of a longer one (谢维|尔).
_SOUND_AFTER = frozenset("斯尔爾诺諾夫维維兰蘭纳納尼蒂奇萨薩赫洛罗羅鲁魯伊瓦娜莎玛瑪曼")
_SOUND_BEFORE = _SOUND_AFTER - frozenset("兰蘭")  # 芬兰 (Finland) stands before names


class Cues:
    """The cue words of places.yml: `before`, `near`, `joins` and `titles` are folded single words."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        cues = data["cues"]
        self.before, self.near, self.joins, self.titles = (
            frozenset(map(fold, cues[key])) for key in ("before", "near", "joins", "titles")
        )
        self.services = tuple(map(fold, cues["services"]))
        self._phrases: dict[str, list[list[str]]] = {}
        for phrase in data["not_places"]:
            words = fold(phrase).split()
            self._phrases.setdefault(words[0], []).append(words)
        organisations = data["organisations"]
        self._company_after = re.compile(rf"(?:['’]\w{{1,4}})?[\s-]*{_any(organisations['after'])}")
        self._company_after_capital = re.compile(rf"\s*{_any(organisations['after_capital'])}")
        self._company_before = re.compile(rf"(?:^|[^\w{_HAN}]|(?=[{_HAN}])){_any(organisations['before'])}\s*$")
        numbers = data["other_numbers"]
        self._number_before = re.compile(
            rf"(?:^|[^\w{_HAN}]|(?=[{_HAN}])){_any(numbers['before'])}[^\d.!?;,\n]{{0,20}}$"
        )
        self._postal_before = re.compile(_any(numbers["not_after"]))
        self._number_after = re.compile(rf"\s?{_any(numbers['after'])}|\s?{_any(numbers['after_whole'])}(?!\w)")

    def is_company(self, span: Span) -> bool:
        """True where the name is a company's, team's or university's ("Oulun Energia", "AC Oulu", 奥卢大学)."""
        doc, text = span.doc, span.doc.text
        after, before = text[span.end_char : span.end_char + _AROUND], text[: span.start_char][-_AROUND:]
        if self._company_after.match(fold(after)) or self._company_before.search(fold(before)):
            return True
        if after.lstrip()[:1].isupper() and self._company_after_capital.match(fold(after)):
            return True
        for start in range(max(0, span.start - 2), span.end):
            for phrase in self._phrases.get(doc[start].norm_, ()):
                stop = start + len(phrase)
                following = [fold(token.text) for token in doc[start:stop]]
                if stop >= span.end and len(following) == len(phrase) and all(map(str.startswith, following, phrase)):
                    return True
        return False

    def is_surname(self, span: Span, place_words: set[str]) -> bool:
        """True where a title or a capitalised word before makes the name a family's ("Ms Koskela", "Matti Nivala")."""
        if not span.start:
            return False
        before = span.doc[span.start - 1]
        linked = before.norm_ in _LINKS and span.start > 1  # "Dr. Rautio", "sukunimeni on Rautio"
        titled = linked and span.doc[span.start - 2].norm_ in self.titles
        if before.norm_ in self.titles or titled:
            return True
        first_word_of_sentence = before.i == 0 or span.doc[before.i - 1].text in SENTENCE_END
        two_word_message = first_word_of_sentence and len(span.doc) == span.end
        return (
            before.text.istitle()
            and before.norm_ not in self.before
            and before.norm_ not in self.near
            and before.norm_ not in place_words
            and (two_word_message or not first_word_of_sentence)
        )

    def is_postal_code(self, token: Token) -> bool:
        """True for five digits that are no part of a phone or account number and count or label nothing else."""
        doc, after = token.doc, token.i + 1
        before = doc[token.i - 1].text if token.i else ""
        follows = doc[after].text if after < len(doc) else ""
        if before[-1:].isdigit() or before in ("+", "€", "$", "#") or follows[:1].isdigit():
            return False
        decimal = (
            follows in (".", ",", "/") and not doc[after].whitespace_ and doc[after + 1 : after + 2].text[:1].isdigit()
        )
        text = doc.text
        end = token.idx + len(token)
        if decimal or self._number_after.match(fold(text[end : end + _AROUND])):
            return False
        if follows[:1].isupper():  # a town stands after it
            return True
        lead = fold(text[: token.idx][-_AROUND:])
        return bool(self._postal_before.search(lead)) or not self._number_before.search(lead)


def within_longer_name(span: Span) -> bool:
    """True for a name in Han characters that goes on in a longer foreign name."""
    text = span.doc.text
    if not re.match(f"[{_HAN}]", span.text):
        return False
    return text[span.end_char : span.end_char + 1] in _SOUND_AFTER or text[: span.start_char][-1:] in _SOUND_BEFORE


def _any(words: Iterable[str]) -> str:
    """A pattern for words as they begin, the longest first; two Latin letters ("fc", "oy") are whole words."""
    folded: Sequence[str] = sorted(map(fold, words), key=len, reverse=True)
    short = (
        re.escape(word) + (r"(?!\w)" if len(word) <= 2 and word.isascii() and word.isalpha() else "") for word in folded
    )
    return "(?:" + "|".join(short) + ")"
