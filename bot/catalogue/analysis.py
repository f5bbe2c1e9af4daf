"""Words for full text: the same analysis for what is stored and what is asked, on both databases.

A word gives up to three forms: itself, its stem, and for Finnish and Swedish the parts of a compound
("lastenneuvola" is found by "neuvola", "skolkurator" by "kurator"). Where no stemmer knows the language the first
letters stand for the stem; Chinese is cut into pairs of characters. All forms are folded (bot.text.folding), so that
"äiti" and "aiti" meet. Pure; knows no database.
"""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any

import snowballstemmer

from bot.text.folding import fold

STEMMERS = {
    "fi": "finnish",
    "sv": "swedish",
    "en": "english",
    "ru": "russian",
    "et": "estonian",
    "ar": "arabic",
    "fa": "persian",
    "tr": "turkish",
}
BEGINNINGS = {"uk": 5, "so": 5, "ckb": 5}
"""Languages whose words are cut to so many letters, because no stemmer knows them."""
QUERY_TERMS = 48
"""A query of 1000 characters has more words than help: the first distinct forms are enough."""

_WORD = re.compile(r"\w+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
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
# Parts that Swedish names of services for families are built of.
_PARTS_SV = _WORD.findall(
    "adoption alkohol amning baby barn behandling bidrag bostad brott dagvård familj familje flykting fritid "
    "funktionsnedsättning föräldra förlossning graviditet grupp habilitering handikapp hem hälsa hjälp kris kurator "
    "kvinno läkare medling missbruk mottagning mödra omsorg psykolog rådgivning rådgivnings samtal service skilsmässa "
    "skola skol social sorg språk stöd tal tandvård terapi tolk tolkning ungdom ungdoms underhåll utbildning utredning "
    "verksamhet vård våld"
)
_SPLIT = {"fi": _PARTS, "sv": _PARTS_SV}
_local = threading.local()


_STOP_LISTS = ("fi", "sv", "en", "ru", "uk", "et", "ar", "fa", "tr", "vi", "zh")


def document_terms(text: str, language: str) -> list[str]:
    """All forms of the words of `text`, in its order, stop words left out."""
    return [form for word in _words(text) for form in _document_forms(word, language)]


def query_terms(text: str, language: str) -> list[str]:
    """Distinct forms to look for, at most QUERY_TERMS.

    Finnish forms are always among them: people use the Finnish names of services in every language.
    """
    codes = list(dict.fromkeys((language, "fi")))
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
    found: list[str] = []
    for word in _WORD.findall(text.casefold()):
        if not _HAN.search(word):
            found.append(word)
            continue
        for run in _HAN.findall(word):
            found += [run[start : start + 2] for start in range(max(1, len(run) - 1))]
        found += _WORD.findall(_HAN.sub(" ", word))
    return found


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
    if language in BEGINNINGS:
        yield word[: BEGINNINGS[language]]
    if language not in STEMMERS:
        return
    yield _stem(word, language)
    for part in _parts(word, _SPLIT.get(language, ())):
        yield part
        yield _stem(part, language)


def _parts(word: str, known: Iterable[str]) -> Iterator[str]:
    if len(word) < _SHORTEST_COMPOUND:
        return
    for part in known:
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
