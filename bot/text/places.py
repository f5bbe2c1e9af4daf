"""Finding the places that a message names: municipalities, former municipalities, districts, postal codes.

Pure text: this module says which place stands where in the text, in any of the languages and scripts of
`data/regions/places.yml`; which family centre the place leads to is `bot.routing.places`. It runs in the Rasa engine
(Python 3.10) and in the app. A wrong place sends a family to the wrong centre, so an everyday word that is also a
place ("kello", "Ii") counts only where the message speaks of living there, and company names never count.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import spacy
import yaml
from spacy.matcher import PhraseMatcher
from spacy.matcher.levenshtein import levenshtein  # type: ignore[import-not-found]
from spacy.tokenizer import Tokenizer  # type: ignore[import-not-found]
from spacy.tokens import Doc, Span, Token
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex, filter_spans

from bot.text.folding import ascii_digits, fold
from bot.text.place_cues import CLAUSE_END, SENTENCE_END, Cues, within_longer_name

Kind = Literal["municipality", "former", "district", "postal_code"]
REGIONS = Path(__file__).resolve().parents[2] / "data" / "regions"

# A word: letters, digits and the marks that sit on them (Arabic vowel signs, combining accents, Persian joiners).
_WORD = r"\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u200c\u200d"
_PUNCTUATION = rf"[^\s{_WORD}]"
_HAN = r"\u3400-\u9fff"
_NET = re.compile(r"(?:\S+@\S+\.\S+|(?:https?://|www\.)\S+|[\w.-]+\.(?:fi|com|net|org|eu)(?:/\S*)?)$")
_PIECES = re.compile(rf"[{_HAN}]|[^\W{_HAN}]+|[^\w\s]")
_ARABIC_CHAR = re.compile(r"[\u0600-\u06ff]")

_CLITICS = ("kinko", "kohan", "kaan", "kin", "kos", "han", "nsa", "mme", "nne", "ko", "pa", "ni", "si")
_ARABIC_PREFIXES = ("وب", "ول", "فب", "ب", "ل", "و", "ف", "له")  # and, in, to; Sorani "from"
_SORANI_SUFFIXES = ("هوه", "وه", "دا", "م")  # in, from, I am
# The same in letters that only Sorani writes: is, are; our, their, your, my (Arabic "أولوية" is another word).
_SORANI_LETTERS = frozenset("ەێۆڕڵڤ")
_MORE_SORANI_SUFFIXES = ("دايه", "داين", "ين", "يه", "ه", "ن", "مان", "يان", "تان", "ت", "ش", "يش")
_ATTACHED_PREPOSITIONS = frozenset(("وب", "ول", "فب", "ب", "ل", "له"))
_ESTONIAN = ("s", "sse", "st", "l", "le", "lt", "ga", "ks")
_TURKISH = (
    "da",
    "de",
    "ta",
    "te",
    "dan",
    "den",
    "tan",
    "ten",
    "ya",
    "ye",
    "yi",
    "yu",
    "nun",
    "nin",
    "daki",
    "deki",
    "luyum",
    "liyim",
)
_SOUNDS = {"ю": "иуы", "я": "а", "є": "е"}
_DEMONYM = ("lainen", "laisen", "laiset", "laisia", "laisten", "laisena", "laisille", "laisella")
_I_NAMES = ("joki", "järvi", "koski", "lahti", "mäki", "niemi", "salmi")
_I_DEMONYM = ("nen", "sen", "set", "sia", "sten", "sena", "sille", "sella")
# The shortest names in which a one-letter slip is still obvious; tried against 200 000 words of eleven languages.
_LATIN_TYPO, _OTHER_TYPO, _DISTRICT_TYPO = 6, 8, 11
_HOME_REACH = 3


@dataclass(frozen=True)
class Place:
    """A place that people name. `id` is a slug ("yli-ii") or the five digits of a postal code; codes are official."""

    id: str
    kind: Kind
    name: str
    municipality_code: str


@dataclass(frozen=True)
class PlaceMatch:
    """A place found in a text: `text[start:end]` as the person wrote it, offsets in characters.

    `from_home`: how many words away the clause speaks of living (1 = "asumme Iissä"), None if not within three.
    """

    start: int
    end: int
    text: str
    place_id: str
    kind: Kind
    municipality_code: str
    from_home: int | None = None


@dataclass(frozen=True)
class _Named:
    """A place with everything that is needed to recognise it; all words folded."""

    place: Place
    forms: frozenset[str]
    nominatives: frozenset[str]
    slips: frozenset[str]  # forms that a one-letter typo may stand for
    everyday: frozenset[str] | None = frozenset()  # None: every form is an everyday word
    needs_municipality: bool = False
    surname: bool = False
    loose: bool = True
    ordinary_in: Mapping[str, frozenset[str]] = field(default_factory=dict)


class PlaceFinder:
    """Finds places in text. Build once (`place_finder()`), use from any thread."""

    def __init__(self, directory: Path = REGIONS) -> None:
        """Reads the files of `data/regions`; ValueError when two places there share a written form."""
        self._nlp = spacy.blank("xx")
        self._nlp.tokenizer = _tokenizer(self._nlp.vocab)
        self._lock = Lock()
        data: dict[str, Any] = yaml.safe_load((directory / "places.yml").read_text(encoding="utf-8"))
        self._han: dict[str, str] = data["han_variants"]
        self._cues = Cues(data)
        self._not_typos = tuple(map(fold, data["not_typos"]))
        self._named = {entry.place.id: entry for entry in _with_spellings(list(_named_places(directory, data)))}
        self._postal = {
            row["postal_code"]: Place(row["postal_code"], "postal_code", row["place_fi"], row["municipality_code"])
            for row in _rows(directory / "postal_codes.csv")
        }
        self._matcher = PhraseMatcher(self._nlp.vocab, attr="NORM")
        self._words: set[str] = set()
        self._teach()
        self._typos = _typo_index(self._named.values())

    @property
    def places(self) -> dict[str, Place]:
        """Every place by id: municipalities, former municipalities, districts, then postal codes."""
        return {**{key: entry.place for key, entry in self._named.items()}, **self._postal}

    def find(self, text: str, language: str | None = None, within: str | None = None) -> list[PlaceMatch]:
        """The places named in `text`, in order, none overlapping.

        A district, former municipality or postal code hides the bare name of its municipality ("Tuira, Oulu" gives
        Tuira). `language`: ISO code of the text if known. `within`: a municipality code that the talk is already
        about, so that a short answer like "keskusta" or "Kello" counts as its district.
        """
        # Words of people must not stay in spaCy's vocabulary: the zone forgets them. It cannot be shared by threads.
        with self._lock, self._nlp.memory_zone():
            doc = self._nlp.make_doc(text)
            for token in doc:
                token.norm_ = self._norm(token.text)
            spans = self._candidates(doc)
            kept = filter_spans([span for span in spans if self._counts(span, spans, language, within)])
            matches = [self._match(span) for span in kept]
        specific = {match.municipality_code for match in matches if match.kind != "municipality"}
        return [match for match in matches if match.kind != "municipality" or match.municipality_code not in specific]

    def _teach(self) -> None:
        owners: dict[str, str] = {}
        for place_id, entry in self._named.items():
            docs = []
            for form in entry.forms:
                if owners.setdefault(form, place_id) != place_id:
                    raise ValueError(f"places.yml: {form!r} is a form of both {owners[form]} and {place_id}")
                pieces = form.split(" ")
                self._words.update(pieces)
                docs.append(Doc(self._nlp.vocab, words=pieces))
            self._matcher.add(place_id, docs)

    def _norm(self, word: str) -> str:
        folded = fold(word)
        if len(folded) == 1:
            return self._han.get(folded, folded)
        if folded in self._words:
            return folded
        if _ARABIC_CHAR.match(folded):
            known = self._without_arabic_affixes(folded, sorani=not _SORANI_LETTERS.isdisjoint(word))
        else:
            stems = (folded[: -len(clitic)] for clitic in _CLITICS if folded.endswith(clitic))
            known = next((stem for stem in stems if len(stem) > 2 and stem in self._words), None)
        return known or self._without_typo(folded) or folded

    def _without_arabic_affixes(self, folded: str, sorani: bool) -> str | None:
        suffixes = ("", *_SORANI_SUFFIXES, *(_MORE_SORANI_SUFFIXES if sorani else ()))
        for prefix in ("", *_ARABIC_PREFIXES):
            if not folded.startswith(prefix):
                continue
            rest = folded[len(prefix) :]
            for suffix in suffixes:
                if rest.endswith(suffix):
                    stem = rest[: len(rest) - len(suffix)]
                    if len(stem) > 3 and stem in self._words:
                        return stem
        return None

    def _without_typo(self, folded: str) -> str | None:
        length = len(folded)
        if not _long_enough(folded) or folded.startswith(self._not_typos):
            return None
        for size in (length, length + 1, length - 1):
            head = size // 2
            tail = size - head
            for key in ((size, "head", folded[:head]), (size, "tail", folded[length - tail :])):
                for form in self._typos.get(key, ()):
                    if levenshtein(folded, form, 1) <= 1 or _swapped(folded, form):
                        return form
        return None

    def _candidates(self, doc: Doc) -> list[Span]:
        spans = [Span(doc, start, end, label=name) for name, start, end in self._matcher(doc)]
        for token in doc:
            digits = ascii_digits(token.text)
            if digits in self._postal and self._cues.is_postal_code(token):
                spans.append(Span(doc, token.i, token.i + 1, label=digits))
        return spans

    def _counts(self, span: Span, others: Sequence[Span], language: str | None, within: str | None) -> bool:
        entry = self._named.get(span.label_)
        if entry is None:  # a postal code
            return True
        if self._cues.is_company(span):
            return False
        words = [token for token in span.doc if not _is_mark(token)]
        if len(words) == sum(not _is_mark(token) for token in span) and not entry.needs_municipality:
            return True
        if within_longer_name(span):
            return False
        if not entry.loose and (_glued_suffix(span) or (len(span.text) <= 2 and span.text.isupper())):
            return False  # "EU:iin", "osa II"
        form = " ".join(token.norm_ for token in span)
        if entry.surname and form in entry.nominatives and self._cues.is_surname(span, self._words):
            return False
        if span.text.islower() and form in entry.ordinary_in.get(language or "", ()):  # Somali "ii": to me
            return False
        if entry.everyday is not None and form not in entry.everyday:
            return True
        if within == entry.place.municipality_code and len(words) <= 3 and not _before_number(span):
            return True
        if self._beside_municipality(span, entry, others):
            return True
        if entry.needs_municipality:
            return False
        following = span.doc[span.end].norm_ if span.end < len(span.doc) else ""
        if span.text[0].isupper() and form not in entry.nominatives and following.startswith(self._cues.services):
            return True
        return self._spoken_of_as_home(span, form in entry.nominatives, entry.loose)

    def _spoken_of_as_home(self, span: Span, nominative: bool, loose: bool) -> bool:
        doc = span.doc
        before = doc[span.start - 1].norm_ if span.start else ""
        if before == ":" and span.start > 1:
            before = doc[span.start - 2].norm_
        attached = before[:1] in "بلوف" and before[1:] in self._cues.before  # "بمدينة": in the town of
        if before in self._cues.before or attached or _attached_preposition(span):
            return True
        end = span.end + 2 if _ending_follows(span) else span.end
        around = [*doc[max(0, span.start - 2) : span.start], *doc[end : end + 2]]
        if any(token.norm_ in self._cues.near for token in around) and not (nominative and span.text[0].islower()):
            return True
        inside = span.start > 0 and doc[span.start - 1].text not in SENTENCE_END
        return inside and span.text[0].isupper() and (not nominative or not loose)

    def _beside_municipality(self, span: Span, entry: _Named, others: Sequence[Span]) -> bool:
        for other in others:
            place = self._place(other.label_)
            if other.label_ == span.label_ or place.municipality_code != entry.place.municipality_code:
                continue
            between = span.doc[other.end : span.start] if other.end <= span.start else span.doc[span.end : other.start]
            apart = other.end <= span.start or span.end <= other.start
            if apart and len(between) <= 1 and all(_is_mark(token) for token in between):
                neighbour = self._named.get(other.label_)
                if neighbour is None or neighbour.everyday == frozenset():
                    return True
        return False

    def _place(self, place_id: str) -> Place:
        return self._named[place_id].place if place_id in self._named else self._postal[place_id]

    def _match(self, span: Span) -> PlaceMatch:
        place = self._place(span.label_)
        return PlaceMatch(
            span.start_char,
            span.end_char,
            span.text,
            place.id,
            place.kind,
            place.municipality_code,
            self._from_home(span),
        )

    def _from_home(self, span: Span) -> int | None:
        """Words to the nearest word of living in the same clause; Arabic writes "and" together with the verb."""
        distances = []
        for step, index in ((-1, span.start - 1), (1, span.end)):
            for distance in range(1, _HOME_REACH + 1):
                word = span.doc[index].norm_ if 0 <= index < len(span.doc) else ","
                joined = word.startswith("و") and word[1:] in self._cues.near
                if word in self._cues.near or (joined and step == -1):
                    distances.append(distance)
                    break
                if joined or word in self._cues.joins or word in CLAUSE_END:
                    break
                index += step
        return min(distances, default=None)


@cache
def place_finder() -> PlaceFinder:
    """The one PlaceFinder of this process, built from data/regions at first use."""
    return PlaceFinder()


def _tokenizer(vocab: spacy.vocab.Vocab) -> Tokenizer:
    # Every mark is a token of its own and so is every Han character, so that names are found in text without spaces.
    infixes = compile_infix_regex([_PUNCTUATION, rf"(?<=[{_HAN}])(?=.)", rf"(?<=.)(?=[{_HAN}])"])
    return Tokenizer(
        vocab,
        prefix_search=compile_prefix_regex([_PUNCTUATION]).search,
        suffix_search=compile_suffix_regex([_PUNCTUATION]).search,
        infix_finditer=infixes.finditer,
        url_match=_NET.match,
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _named_places(directory: Path, data: Mapping[str, Any]) -> Iterator[_Named]:
    municipalities = {row["code"]: row for row in _rows(directory / "municipalities.csv")}
    simplified = str.maketrans(data["han_variants"])
    for row in data["places"]:
        place = Place(row["id"], row["kind"], row["name"], row["municipality"])
        names = [place.name, *(name for some in row.get("names_ours", {}).values() for name in some)]
        if place.kind == "municipality":
            names += _register_names(municipalities[place.municipality_code])
        names = [name.translate(simplified) for name in names]
        everyday = row.get("everyday", [])
        bare = row.get("loose", everyday != "all")
        finnish = set(row.get("forms", [])) or set(_finnish_forms(row))
        as_it_is = set(row.get("undeclined", []))
        foreign = {form for name in names for form in ([name] if name in as_it_is else _foreign_forms(name, bare))}
        slips = {place.name, *names, *finnish} if _obvious_when_mistyped(row) else set()
        if everyday == "all":
            ordinary = None
        else:
            declined = (form for word in everyday if word not in as_it_is for form in _foreign_forms(word, loose=True))
            ordinary = _folded({*everyday, *declined})
        yield _Named(
            place,
            _folded(finnish | foreign | set(row.get("more", []))),
            _folded(names),
            frozenset(form for form in _folded(slips) if _long_enough(form)),
            ordinary,
            row.get("needs_municipality", False),
            row.get("surname", False),
            row.get("loose", True),
            {language: _folded(words) for language, words in row.get("ordinary_in", {}).items()},
        )


def _with_spellings(entries: Sequence[_Named]) -> Iterator[_Named]:
    """The entries with further Cyrillic spellings of their names, where these are no other place's form."""
    spelled = {
        entry.place.id: _folded(
            form
            for name in entry.nominatives - (entry.everyday or frozenset())
            for variant in _cyrillic_spellings(name)
            for form in _foreign_forms(variant, loose=True)
        )
        for entry in entries
    }
    claims = Counter(form for forms in spelled.values() for form in forms)
    taken = {form: entry.place.id for entry in entries for form in entry.forms}
    for entry in entries:
        free = {
            form for form in spelled[entry.place.id] if claims[form] == 1 and taken.get(form) in (None, entry.place.id)
        }
        yield replace(entry, forms=entry.forms | free)


def _cyrillic_spellings(name: str) -> Iterator[str]:
    """How else people write the sounds that Russian and Ukrainian have no letter for ("Тюрнявя": Тирнява, Турнава)."""
    if len(name) < _LATIN_TYPO or not "а" <= name[-1] <= "я" or " " in name:
        return
    choices = ([letter, *_SOUNDS.get(letter, "")] for letter in name.replace("аа", "а").replace("уу", "у"))
    yield from ("".join(letters) for letters in product(*choices))


def _folded(words: Iterable[str]) -> frozenset[str]:
    """Words as the matcher sees them: folded, their tokens one space apart."""
    return frozenset(" ".join(_PIECES.findall(fold(word))) for word in words)


def _obvious_when_mistyped(row: Mapping[str, Any]) -> bool:
    shortest = _DISTRICT_TYPO if row["kind"] == "district" else _LATIN_TYPO
    unlike_others = row.get("typos", True) and not row.get("surname") and row.get("everyday") != "all"
    return unlike_others and len(row["name"]) >= shortest


def _long_enough(form: str) -> bool:
    return form.isalpha() and len(form) >= (_LATIN_TYPO if form.isascii() else _OTHER_TYPO)


def _register_names(row: Mapping[str, str]) -> list[str]:
    columns = (row["names_cyrillic"], row["names_arabic_script"], row["names_cjk"], row["names_greek"])
    names = [name.split("،")[0] for column in columns for name in column.split("|") if name]
    return [row["name_sv"], *names]


def _finnish_forms(row: Mapping[str, Any]) -> Iterator[str]:
    """The case forms of a Finnish name. Folding makes ä and a one, so vowel harmony needs no care here."""
    forms = list(_cases(row["name"], row["stem"], row.get("weak", row["stem"])))
    yield from forms
    if row["kind"] != "district":  # Estonians put their endings on the Finnish stem: Haukiputaas, Kalajoel
        weak = row.get("weak", row["stem"])
        yield from (weak + ending for ending in ("", *_ESTONIAN))
    if "-" in row["name"]:  # Yli-Ii, often written without the hyphen
        yield from (form.replace("-", " ") for form in forms)


def _cases(name: str, stem: str, weak: str) -> Iterator[str]:
    yield name
    yield from (weak + ending for ending in ("n", "ssa", "sta", "lla", "lta", "lle", "ksi"))
    yield from (stem + "a", stem + "na", stem + stem[-1] + "n")
    if stem[-2] in "aeiouyäö":
        yield from (stem + "ta", stem + "h" + stem[-1] + "n", stem + "seen")
    yield from (name + ending for ending in _DEMONYM)
    if name.endswith(_I_NAMES):
        yield from (name + ending for ending in _I_DEMONYM)


def _foreign_forms(name: str, loose: bool) -> Iterator[str]:
    """A name as it stands and with the endings of Swedish, Estonian, Turkish, Russian and Ukrainian."""
    yield name
    last = name[-1].lower()
    if "а" <= last <= "я":
        if last in "ая":
            yield from (name[:-1] + ending for ending in ("ы", "и", "е", "у", "ю", "ой", "ою", "ей", "і", "ї"))
            if name.endswith("ка"):  # Ukrainian: Лімінка, у Лімінці
                yield name[:-2] + "ці"
        elif last not in "еиоуыэюйьъ":
            yield from (name + ending for ending in ("а", "у", "е", "ом", "і"))
    elif loose and (last.isascii() or last in "äöå"):
        yield name + "s"
        bridge = "" if last in "aeiouyäöå" else "e"
        yield from (name + bridge + ending for ending in (*_ESTONIAN, "") if bridge or ending)
        yield from (name + ending for ending in _TURKISH)


def _typo_index(places: Iterable[_Named]) -> dict[tuple[int, str, str], list[str]]:
    """Forms by their halves: a word one slip away from a form still shares its first or its second half."""
    index: dict[tuple[int, str, str], list[str]] = {}
    for entry in places:
        for form in entry.slips & entry.forms:
            head = len(form) // 2
            index.setdefault((len(form), "head", form[:head]), []).append(form)
            index.setdefault((len(form), "tail", form[head:]), []).append(form)
    return index


def _swapped(word: str, form: str) -> bool:
    """True when two neighbouring letters changed places."""
    if len(word) != len(form):
        return False
    wrong = [i for i, (a, b) in enumerate(zip(word, form, strict=True)) if a != b]
    return (
        len(wrong) == 2
        and wrong[1] == wrong[0] + 1
        and word[wrong[0]] == form[wrong[1]]
        and word[wrong[1]] == form[wrong[0]]
    )


def _is_mark(token: Token) -> bool:
    return not any(char.isalnum() for char in token.text)


def _glued_suffix(span: Span) -> bool:
    """True for a case ending written after a colon or apostrophe ("EU:iin")."""
    if span.start < 2:
        return False
    mark, word = span.doc[span.start - 1], span.doc[span.start - 2]
    return mark.text in (":", "'", "’") and not mark.whitespace_ and not word.whitespace_


def _ending_follows(span: Span) -> bool:
    """True where a case ending is written after the name and an apostrophe ("Ii'de")."""
    rest = span.doc[span.end : span.end + 2]
    glued = not span.doc[span.end - 1].whitespace_ and len(rest) == 2 and not rest[0].whitespace_
    return bool(glued and rest[0].text in ("'", "’") and rest[1].is_alpha)


def _before_number(span: Span) -> bool:
    return span.end < len(span.doc) and span.doc[span.end].text[0].isdigit()


def _attached_preposition(span: Span) -> bool:
    written, name = fold(span[0].text), span[0].norm_
    return written != name and any(written == prefix + name for prefix in _ATTACHED_PREPOSITIONS)
