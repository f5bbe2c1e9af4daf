"""Whom to call, and what the safety card says.

Numbers, hours and their sources are data (`data/helplines.yml`). This module must not show a number whose status
does not start with "verified", must never leave 112 out, and must not say anything about how people get hurt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from babel.lists import format_list

from bot.i18n import _, locale_of, translate
from bot.safety.screen import Category

DATA = Path(__file__).resolve().parent.parent.parent / "data" / "helplines.yml"
EMERGENCY = "emergency"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Babel reads Python, not YAML: the English names of the lines that are shown stand here once more, so that they
# reach the translators. A test holds the two together.
TRANSLATED_NAMES = (
    _("Emergency number"),
    _("Medical Helpline"),
    _("Pohde social and crisis emergency services"),
    _("MIELI Crisis Helpline"),
    _("Nollalinja"),
    _("EU number for violence against women (goes to Nollalinja)"),
    _("MLL Child and Youth Phone"),
    _("Assistance system for victims of human trafficking"),
)


@dataclass(frozen=True, slots=True)
class Helpline:
    """One line of data/helplines.yml; the file says what each field means.

    `number` is for reading, `tel` for dialling. `hours` is None where they are unknown or stale. `languages` are
    spoken, `interpreted` are reached with an interpreter; both empty where the source does not say.
    """

    id: str
    names: dict[str, str]
    number: str
    tel: str
    hours: dict[str, Any] | None
    languages: tuple[str, ...]
    interpreted: tuple[str, ...]
    cost: str | None
    topics: tuple[str, ...]
    source: str
    source_date: str
    status: str
    show: bool

    def name(self, language: str) -> str:
        """The line's name in `language`: official where there is one, else translated, else Finnish."""
        if language in self.names:
            return self.names[language]
        return translate(self.names["en"], language) if "en" in self.names else self.names["fi"]

    def hours_text(self, language: str) -> str | None:
        """The opening hours as people say them in `language`; None where nothing certain is known."""
        if self.hours is None:
            return None
        if self.hours.get("always"):
            return translate(_("open day and night"), language)
        if self.hours.get("days") == "daily":
            return translate(_("open every day"), language)
        names = locale_of(language).days["format"]["abbreviated"]
        spans = [
            translate(
                _("%(days)s %(start)s–%(end)s"),
                language,
                days="–".join(names[WEEKDAYS.index(day)] for day in (row["days"][0], row["days"][-1])),
                start=row["from"],
                end=row["to"],
            )
            for row in self.hours["week"]
        ]
        return format_list(spans, style="unit", locale=locale_of(language))

    def reach(self, language: str) -> int:
        """How well the line serves a speaker of `language`: 0 speaks, 1 interprets, 2 not known, 3 neither."""
        if language in self.languages:
            return 0
        if language in self.interpreted:
            return 1
        return 3 if self.languages else 2


def helplines() -> tuple[Helpline, ...]:
    """The lines a family may see, in file order. Raises ValueError if one of them is not verified."""
    return tuple(line for line in _book()[0].values() if line.show)


def helplines_for(category: Category, language: str, limit: int = 4) -> list[Helpline]:
    """Whom to call about `category`, the most urgent first, at most `limit` lines, 112 always among them.

    Lines of equal urgency are ordered by how well they serve `language`. A line for speakers of another language
    than `language` or Finnish is left out.
    """
    lines, order = _book()
    chosen: list[Helpline] = []
    for tier in order[category]:
        usable = [lines[name] for name in tier if lines[name].show]
        usable = [line for line in usable if line.reach(language) < 3 or "fi" in line.languages]
        chosen += sorted(usable, key=lambda line: line.reach(language))
    kept = chosen[: max(limit, 1)]
    if all(line.id != EMERGENCY for line in kept):
        kept[-1] = lines[EMERGENCY]
    return kept


def helplines_for_young(language: str) -> list[Helpline]:
    """Lines where children and young people can talk, those that speak `language` first; 112 is not among them."""
    lines = [line for line in helplines() if "child_young" in line.topics and line.id != EMERGENCY]
    usable = [line for line in lines if line.reach(language) < 3 or "fi" in line.languages]
    return sorted(usable, key=lambda line: line.reach(language))


def as_message(helpline: Helpline, language: str) -> dict[str, Any]:
    """The line as the safety message of docs/API carries it: id, name, number, tel, hours, languages, note.

    `note` says what to expect on calling. `languages` are ISO codes, spoken ones first, then interpreted ones.
    """
    return {
        "id": helpline.id,
        "name": helpline.name(language),
        "number": helpline.number,
        "tel": helpline.tel,
        "hours": helpline.hours_text(language),
        "languages": [*helpline.languages, *helpline.interpreted],
        "note": _on_calling(helpline, language),
    }


def _on_calling(helpline: Helpline, language: str) -> str | None:
    """What a caller may count on, only where the source says so: that it is free, and that they are understood."""
    told = []
    if helpline.cost == "free":
        told.append(translate(_("The call is free."), language))
    if language != "fi" and helpline.reach(language) == 0:
        told.append(translate(_("They speak your language."), language))
    elif language != "fi" and helpline.reach(language) == 1:
        told.append(translate(_("Say which language you speak. You get an interpreter on the phone."), language))
    return " ".join(told) or None


# Facts in the cards: 112 free (112.fi), Nollalinja's hours, price and phone bill, FGM forbidden also abroad and treated
# in public health care (nollalinja.fi/en and nollalinja.fi/en/female-genital-mutilation-fgm), social and crisis
# emergency services day and night (Pohde, 19.12.2025). Sources stand with the numbers in data/helplines.yml.
_CARDS: dict[Category, tuple[str, ...]] = {
    "danger": (
        _("If someone is in danger, call 112 now. The call is free."),
        _("Go to a safe place if you can, and take the children with you."),
        _("You are not alone. There is help day and night."),
    ),
    "self_harm": (
        _("If life is in danger, call 112 now. The call is free."),
        _("Do not stay alone with this. Call one of these numbers, or go to someone you trust."),
        _("If you are worried about someone else, stay with them until help comes."),
        _("These thoughts can pass. There is help day and night."),
    ),
    "violence": (
        _("Nobody deserves violence. It is not your fault."),
        _("Nollalinja listens and advises day and night. The call is free and does not show on the phone bill."),
        _("If you are in danger now, call 112."),
        _("You can leave this page quickly at any time."),
    ),
    "child_protection": (
        _("It is right to speak up for a child."),
        _("Social and crisis emergency services answer day and night."),
        _("If a child is in danger now, call 112."),
    ),
    "exploitation": (
        _("Nobody may force you to work or to marry, or take your passport or papers."),
        _("There are people who can help. You can call and ask for advice first."),
        _("If you are in danger now, call 112."),
    ),
    "fgm": (
        _("Cutting a girl is forbidden in Finland. Taking her abroad for it is forbidden too."),
        _("If it has been done to you, it is not your fault, and you can get treatment in public health care."),
        _("If a girl is about to be taken away or hurt, call 112 now."),
    ),
}


def card_text(category: Category, language: str) -> str:
    """What the safety card says: what to do now and that help exists. A few short sentences, one a line."""
    return "\n".join(translate(sentence, language) for sentence in _CARDS[category])


def still_here(language: str) -> str:
    """What the bot adds after a safety card, so that nobody is left with a number alone."""
    return translate(_("I am still here. You can go on writing to me, or ask us to call you."), language)


@cache
def _book() -> tuple[dict[str, Helpline], dict[str, list[list[str]]]]:
    data = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    lines: dict[str, Helpline] = {}
    for row in data["helplines"]:
        fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
        line = Helpline(**fields)
        if line.show and not line.status.startswith("verified"):
            raise ValueError(f"{DATA.name}: {line.id} has `show: true` but its status is {line.status!r}")
        lines[line.id] = line
    return lines, data["order"]
