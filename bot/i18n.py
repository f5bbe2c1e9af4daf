"""Languages and gettext: the one place that turns an English msgid into a person's language.

Catalogues are Babel's (`locales/<lang>/LC_MESSAGES/bot.po`, compiled to .mo by `make i18n`); the register of
languages is `data/languages.yml`. A missing catalogue falls back to English, never to an error: a person in
trouble must get some answer.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

import yaml
from babel import Locale
from babel.dates import format_date, format_datetime, get_timezone
from babel.lists import format_list

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "locales"
DOMAIN = "bot"
HELSINKI = get_timezone("Europe/Helsinki")


@dataclass(frozen=True)
class Language:
    """A language of the interface: ISO code, its own name, writing direction, Babel locale, review state, the pattern
    of a day with its weekday, and (where CLDR has none) the separators of a list."""

    code: str
    name: str
    dir: str
    locale: str
    review: str
    day: str
    list: tuple[str, str] | None = None

    @property
    def rtl(self) -> bool:
        """True where the script runs from right to left."""
        return self.dir == "rtl"


@cache
def languages() -> dict[str, Language]:
    """The register of languages in display order, by code. Source: data/languages.yml."""
    rows = yaml.safe_load((ROOT / "data" / "languages.yml").read_text(encoding="utf-8"))
    return {
        code: Language(
            code,
            row["name"],
            row["dir"],
            row.get("locale", code),
            row["review"],
            row["day"],
            tuple(row["list"]) if "list" in row else None,
        )
        for code, row in rows.items()
    }


def supported(code: str | None) -> bool:
    """True for a code in the register."""
    return code in languages()


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The gettext catalogue of a language; English msgids where there is none."""
    return gettext.translation(DOMAIN, localedir=str(LOCALES), languages=[language], fallback=True)


def translate(msgid: str, language: str, **values: object) -> str:
    """`msgid` in `language`, placeholders `%(name)s` filled with `values`."""
    text = translations(language).gettext(msgid) if msgid else ""
    return text % values if values else text


def translate_young(msgid: str, language: str, **values: object) -> str:
    """`msgid` as it is said to a child or young person (context "young"), else as to everybody."""
    text = translations(language).pgettext("young", msgid)
    return translate(msgid, language, **values) if text == msgid else text % values if values else text


def translate_in(context: str, msgid: str, language: str) -> str:
    """`msgid` in the sense of `context`, where one English word stands for two things."""
    return translations(language).pgettext(context, msgid)


def pgettext(context: str, msgid: str) -> str:
    """Marks a msgid with a context for extraction; returns it unchanged."""
    return msgid


def _(msgid: str) -> str:
    """Marks a msgid for extraction where the language is not known yet; returns it unchanged."""
    return msgid


def locale_of(language: str) -> Locale:
    """The Babel locale of a supported language (its fallback is chosen in data/languages.yml)."""
    return Locale.parse(languages()[language].locale)


def day(value: date, language: str) -> str:
    """A date as people say it, with the weekday ("torstai 26. marraskuuta")."""
    return format_date(value, format=languages()[language].day, locale=locale_of(language))


LEFT_TO_RIGHT, END = "\u2066", "\u2069"


def isolated(number: str) -> str:
    """A number, reference or address that keeps its left-to-right order inside right-to-left text."""
    return f"{LEFT_TO_RIGHT}{number}{END}"


def moment(value: datetime, language: str) -> str:
    """A moment in Finnish time, short form of the locale."""
    return format_datetime(value, format="short", locale=locale_of(language), tzinfo=HELSINKI)


def listing(items: Iterable[str], language: str) -> str:
    """Items joined as the language joins them ("a, b ja c")."""
    own, parts = languages()[language].list, list(items)
    if own and len(parts) > 1:
        return own[0].join(parts[:-1]) + own[1] + parts[-1]
    return format_list(parts, locale=locale_of(language))
