"""Pieces of words: what a linear model reads of a message beside its meaning. Pure; the engine uses it too.

Pieces of two to four letters within words, hashed to a fixed number of columns: no word list is kept, and the same
message gives the same columns in every process and Python.
"""

from __future__ import annotations

import re
from collections import Counter
from math import log, sqrt
from zlib import crc32

from bot.text.folding import fold

COLUMNS = 1 << 15
_SIZES = (2, 3, 4)
_WORD = re.compile(r"\w+")


def pieces(text: str) -> dict[int, float]:
    """Column to weight, of length 1 as a vector; empty for a text without a letter or digit."""
    found: Counter[int] = Counter()
    for word in _WORD.findall(fold(text)):
        padded = f" {word} "
        for size in _SIZES:
            for start in range(max(1, len(padded) - size + 1)):
                found[crc32(padded[start : start + size].encode("utf-8", "ignore")) % COLUMNS] += 1
    weights = {column: 1 + log(count) for column, count in found.items()}
    length = sqrt(sum(weight * weight for weight in weights.values()))
    return {column: weight / length for column, weight in weights.items()}
