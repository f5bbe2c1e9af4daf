"""Words for full text: the same analysis for what is stored and what is asked, on both databases.

A word gives up to three forms: itself, its stem, and for Finnish the parts of a compound ("lastenneuvola" is found
by "neuvola"). All forms are folded (bot.text.folding), so that "äiti" and "aiti" meet. Pure; knows no database.
"""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import snowballstemmer

from bot.text.folding import fold

STEMMERS = {"fi": "finnish", "sv": "swedish", "en": "english"}
QUERY_TERMS = 48
"""A query of 1000 characters has more words than help: the first distinct forms are enough."""

_WORD = re.compile(r"\w+")
_SHORTEST_COMPOUND = 8
# Parts that Finnish names of services for families are built of.
_PARTS = _WORD.findall(
    "aamu adoptio ahdistus asumis avioero ero eroauttamis erityis etä huolto huume huumeet ilta imetys "
    "kasvatus kehitys kerho koti kotipalvelu koulu koululais kriisi kuntoutus kuraattori lapsi lapsiperhe lasten "
    "lastenvalvoja leikki liikunta lääkäri maahanmuuttaja mielenterveys nepsy neuvola neuvonta neuvoja nuoriso "
    "nuorten ohjaaja ohjaus omaishoito opetus oppilas oppimis pakolais palvelu palvelut parisuhde peli perhe perheiden "
    "perhetyö psykologi puhe puhelin päihde päivä päiväkoti raha raskaus ruoka ryhmä sairaala sosiaali sovittelu "
    "suru synnytys tapaamis terapeutti terapia terapeutit terveydenhoitaja toimeentulo toiminta tuki tukihenkilö "
    "tulkki turvakoti tutkimus työ työntekijä uni uskonto vammais vanhempain vanhempi varhais vauva velka vertais "
    "vertaistuki viha väkivalta yksin yksinhuoltaja äitiys yhteydenotto"
)
_local = threading.local()


_STOP_LISTS = ("fi", "sv", "en", "ru", "uk", "et", "ar", "fa", "tr", "vi", "zh")


def document_terms(text: str, language: str) -> list[str]:
    """All forms of the words of `text`, in its order, stop words left out."""
    return [form for word in _words(text) for form in _document_forms(word, language)]


def query_terms(text: str, language: str) -> list[str]:
    """Distinct forms to look for, at most QUERY_TERMS.

    Finnish forms are always among them: people use the Finnish names of services in every language.
    """
    codes = [code for code in dict.fromkeys((language, "fi")) if code in STEMMERS]
    found: dict[str, None] = {}
    for word in _words(text):
        if any(_stop(word, code) for code in (language, "fi", "en")):
            continue
        for code in codes:
            found.update(dict.fromkeys(_forms(word, code)))
        if len(found) >= QUERY_TERMS:
            break
    return list(found)[:QUERY_TERMS]


@lru_cache(maxsize=1 << 16)
def _document_forms(word: str, language: str) -> tuple[str, ...]:
    # A catalogue uses the same words over and over. What people ask is never kept like this.
    return () if _stop(word, language) else tuple(_forms(word, language))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _stop(word: str, language: str) -> bool:
    return word in _stop_words().get(language, frozenset())


@cache
def _stop_words() -> dict[str, frozenset[str]]:
    # Every language that spaCy has a list for: translated names are searched too, and "не" is in many of them.
    lists = {code: importlib.import_module(f"spacy.lang.{code}.stop_words").STOP_WORDS for code in _STOP_LISTS}
    return {code: frozenset(word.casefold() for word in words) for code, words in lists.items()}


def _forms(word: str, language: str) -> Iterator[str]:
    seen = set()
    for form in _raw_forms(word, language):
        # Folding may leave marks that are no letters; the databases must see the same single word.
        for piece in _WORD.findall(fold(form)):
            if piece not in seen:
                seen.add(piece)
                yield piece


def _raw_forms(word: str, language: str) -> Iterator[str]:
    yield word
    if language not in STEMMERS:
        return
    yield _stem(word, language)
    if language == "fi":
        for part in _parts(word):
            yield part
            yield _stem(part, language)


def _parts(word: str) -> Iterator[str]:
    if len(word) < _SHORTEST_COMPOUND:
        return
    for part in _PARTS:
        if word.startswith(part) and len(word) - len(part) >= 3:
            yield part
            yield word[len(part) :]
        start = word.find(part, 3)
        if start > 0 and len(part) >= 4:
            yield word[start:]


def _stem(word: str, language: str) -> str:
    stemmers: dict[str, Any] = _local.__dict__  # a stemmer keeps its word in itself: one for each thread
    if language not in stemmers:
        stemmers[language] = snowballstemmer.stemmer(STEMMERS[language])
    return str(stemmers[language].stemWord(word))
