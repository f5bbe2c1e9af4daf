"""Whom to call, and what the safety card says. Only verified numbers are ever shown (data/helplines.yml).

Must not invent: a line without verified hours shows none, and "free" is said only where the source says it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from babel import Locale

from bot.i18n import _, locale_of, translate

PATH = Path(__file__).resolve().parents[2] / "data" / "helplines.yml"
CATEGORIES = ("self_harm", "danger", "violence", "child_protection", "exploitation", "fgm")
# The line that must come first whatever the language: seconds count, or it knows this trouble best.
FIRST = {
    "danger": ("emergency",),
    "self_harm": ("emergency",),
    "violence": ("nollalinja", "emergency"),
    "child_protection": ("pohde_social_crisis", "emergency"),
    "exploitation": ("trafficking", "emergency"),
    "fgm": ("emergency", "nollalinja"),
}


@dataclass(frozen=True)
class Helpline:
    """A helpline. `number` as shown, `tel` for a tel: link; `hours`: "always" or None (unknown: none is shown)."""

    id: str
    names: dict[str, str]
    number: str
    tel: str
    hours: str | None
    languages: tuple[str, ...]
    interpreted: tuple[str, ...]
    free: bool
    topics: tuple[str, ...]
    show: bool
    status: str

    def name(self, language: str) -> str:
        """Its name in a language; where there is none its own (a name is not translated by us)."""
        return self.names.get(language) or self.names.get("en") or next(iter(self.names.values()))

    def speaks(self, language: str) -> bool:
        """True where the line speaks the language or interprets it."""
        return language in self.languages or language in self.interpreted


@cache
def helplines() -> dict[str, Helpline]:
    """Every helpline of the table by id, shown or not."""
    rows: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return {
        id_: Helpline(
            id=id_,
            names=row["name"],
            number=row["number"],
            tel=row["tel"],
            hours=row["hours"],
            languages=tuple(row["languages"]),
            interpreted=tuple(row["interpreted"]),
            free=row["free"],
            topics=tuple(row["topics"]),
            show=row["show"],
            status=row["status"],
        )
        for id_, row in rows.items()
    }


def helplines_for(category: str, language: str, limit: int = 4) -> list[Helpline]:
    """The lines of a card, first the one to call first; verified only, 112 always among them."""
    first = FIRST.get(category, ("emergency",))
    fitting = [line for line in helplines().values() if line.show and (category in line.topics or line.id in first)]
    # A line in one language only is of no use to a person who does not speak it.
    able = [line for line in fitting if not line.languages or line.speaks(language) or len(line.languages) > 1]

    def order(line: Helpline) -> tuple[int, int, int]:
        place = first.index(line.id) if line.id in first else len(first)
        topic = line.topics.index(category) if category in line.topics else 0
        return (place, 0 if line.speaks(language) else 1, topic)

    return sorted(able, key=order)[:limit]


def as_message(line: Helpline, language: str) -> dict[str, Any]:
    """A helpline as a message carries it: `{id, name, number, tel, hours, languages}`, texts in `language`."""
    locale = locale_of(language)
    spoken = [_language_name(code, locale) for code in line.languages]
    if language in line.interpreted and language not in line.languages:
        spoken.append(translate(_("%(name)s with an interpreter"), language, name=_language_name(language, locale)))
    hours = translate(_("open day and night"), language) if line.hours == "always" else None
    return {
        "id": line.id,
        "name": line.name(language),
        "number": line.number,
        "tel": f"tel:{line.tel}",
        "hours": hours,
        "languages": spoken,
        "free": line.free,
    }


def _language_name(code: str, locale: Locale) -> str:
    return str(locale.languages.get(code) or Locale.parse("en").languages.get(code) or code)


TEXTS = {
    "self_harm": _(
        "Thank you for telling me. This is serious, and you are not alone. If life is in danger now, call 112. "
        "If you can, do not stay alone: ask someone to be with you. These people answer you:"
    ),
    "danger": _("If someone is in danger now, call 112 at once. If you can, go to a safe place first. You can also call:"),
    "violence": _(
        "Nobody may hurt or frighten you. It is not your fault. You can talk about it here, and you can leave this page "
        "fast with the button at the top. If you are in danger now, call 112. These people help:"
    ),
    "child_protection": _(
        "It is good that you care about the child. If the child is in danger now, call 112. "
        "You can ask for advice without giving your name:"
    ),
    "exploitation": _(
        "Nobody may force you to work, to marry, or keep your passport. You have a right to help. "
        "If you are in danger now, call 112. These people help:"
    ),
    "fgm": _(
        "No girl may be cut. You can stop it, and you get help. If it is about to happen, call 112. These people help:"
    ),
}


def card_text(category: str, language: str) -> str:
    """The card's words: what to do now, and that there is help."""
    return translate(TEXTS[category], language)


def still_here(language: str) -> str:
    """After the numbers: the bot stays."""
    return translate(_("I am still here. You can go on writing to me."), language)
