"""Folding: one spelling for the many ways people type the same word.

Capitals, dots (ä/a, å/a, ö/o), Arabic short vowels, hamza and letter variants of Arabic, Persian and Sorani keyboards,
Turkish dotless i and Eastern digits all fold to one form, so that word lists need one entry. Folding is for
comparing only: what a person wrote is never shown or stored folded.
"""

from __future__ import annotations

import unicodedata

# Letters whose mark makes another letter, not another spelling: Russian й/и, Ukrainian ї ("її" = "her"), Sorani ئ.
_KEEP = frozenset("йїئ")

_VARIANTS = str.maketrans(
    {
        "ı": "i",
        "ß": "ss",
        "đ": "d",
        "ø": "o",
        "æ": "a",
        "ى": "ي",
        "ی": "ي",
        "ێ": "ي",
        "ې": "ي",
        "ک": "ك",
        "ڪ": "ك",
        "ہ": "ه",
        "ھ": "ه",
        "ة": "ه",
        "ە": "ه",
        "ۆ": "و",
        "ڤ": "ف",
        "ڵ": "ل",
        "ڕ": "ر",
        "ٱ": "ا",
        "ـ": None,  # tatweel only stretches a word
        "’": "'",
        "ʼ": "'",
        "`": "'",
        "´": "'",
    }
)

_DIGITS = str.maketrans({chr(zero + n): str(n) for zero in (0x0660, 0x06F0, 0xFF10) for n in range(10)})


def ascii_digits(text: str) -> str:
    """`text` with Arabic-Indic, Persian and full-width digits as 0-9; the length never changes."""
    return text.translate(_DIGITS)


def fold(text: str) -> str:
    """The form in which words are compared. The length may change: never use it for offsets."""
    if text.isascii():
        return text.lower()
    kept = []
    for char in unicodedata.normalize("NFC", text.casefold()):
        if char in _KEEP:
            kept.append(char)
        else:
            kept.extend(c for c in unicodedata.normalize("NFKD", char) if unicodedata.category(c) not in ("Mn", "Cf"))
    return "".join(kept).translate(_VARIANTS).translate(_DIGITS)
