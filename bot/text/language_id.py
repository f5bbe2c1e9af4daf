"""Which language is a message in? For switching the answers to the language a family really writes.

Only a clear case counts: a wrong switch is worse than none, since every answer names its language and can be
switched by a tap. Library: lingua (docs/decisions/0005-language-identification.md).
"""

from __future__ import annotations

import re
from functools import lru_cache

from lingua import IsoCode639_1, Language, LanguageDetector, LanguageDetectorBuilder

from bot.i18n import languages

OTHERS = ("DE", "FR", "ES", "PL", "UR", "SQ", "RO", "BG", "HR")
"""Languages people here also write, so that they are not taken for a supported one."""
MINIMUM_WORDS = 3
CONFIDENT = 0.80
_WORD = re.compile(r"[^\W\d_]+")
_SORANI = re.compile(r"[ڕڵۆێڤە]")


@lru_cache(maxsize=1)
def _detector() -> LanguageDetector:
    codes = [*(code.upper() for code in languages()), *OTHERS]
    known = [getattr(IsoCode639_1, code) for code in codes if hasattr(IsoCode639_1, code)]
    wanted = {Language.from_iso_code_639_1(code) for code in known}
    return LanguageDetectorBuilder.from_languages(*wanted).build()


class LanguageIdentifier:
    """Identifies languages; the chosen one is the prior."""

    def confident(self, text: str, current: str) -> str | None:
        """The ISO code of the message's language where it is clear, else None.

        Messages under MINIMUM_WORDS words only count where their script alone differs from the current language's.
        """
        words = _WORD.findall(text)
        if not words:
            return None
        letters = "".join(words)
        if len(_SORANI.findall(letters)) >= max(2, len(letters) // 12):
            return "ckb"
        spaced = len(words) >= MINIMUM_WORDS or re.search(r"[\u4e00-\u9fff]{4}", letters)
        if not spaced:
            return None
        values = _detector().compute_language_confidence_values(text)
        shares = {each.language.iso_code_639_1.name.lower(): each.value for each in values}
        best = max(shares, key=lambda code: shares[code])
        if best == current or shares.get(current, 0.0) > 0.15:
            return None
        return best if shares[best] >= CONFIDENT else None
