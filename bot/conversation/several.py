"""Several needs in one message: "we are divorcing and my son won't sleep" tells of two.

The engine's classifier names one. Here the message's clauses are read one by one; a need that a clause surely tells
and that is not the one handled now is remembered (actions offer it afterwards). Only messages with two long clauses
cost anything more. Figures: docs/understanding.md.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection

from bot.text.details import split_joined

SURE = 0.65
"""From this share a clause's need counts."""
LIKELY = 0.3
"""From this share it counts where the whole message points to it too."""
CLAUSES_MAX = 6
LETTERS_MIN = 8

Parse = Callable[[str], Awaitable[tuple[str, float]]]


async def needs_beside(text: str, language: str, handled: str, likeliest: Collection[str], parse: Parse) -> list[str]:
    """Ids of the needs that clauses of `text` tell beside `handled`, surest first.

    `likeliest`: needs high in the whole message's ranking. `parse`: text -> (intent, share).
    """
    parts = [part for part in split_joined(text, language) if _tells(part)][:CLAUSES_MAX]
    if len(parts) < 2:
        return []
    found: dict[str, float] = {}
    for part in parts:
        intent, share = await parse(part)
        enough = LIKELY if intent in likeliest else SURE
        if intent.startswith("need_") and intent != handled and share >= enough:
            found[intent] = max(share, found.get(intent, 0.0))
    return sorted(found, key=lambda need: -found[need])[:1]


def _tells(part: str) -> bool:
    """Long enough to be a need: "we are divorcing", one long word in Turkish, five characters in Chinese."""
    return len(part) >= LETTERS_MIN or len(re.findall(r"[\u4e00-\u9fff]", part)) >= LETTERS_MIN // 2
