"""What the bot knows of a service: one shape, whatever catalogue it came from.

Adapters (bot.catalogue.ptv11) fill it, the store keeps it as JSON, search and cards read it. Texts are dicts from
language code to words; which language a person sees is decided when a card is made, never here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter

Texts = dict[str, str]
Kind = Literal["web", "phone", "location", "electronic", "form"]
FALLBACK = ("en", "fi", "sv")
"""Languages tried, in this order, where a text is missing in the person's own."""

_VIOLENT = re.compile(
    r"väkival\w+ (lopet|käyttä|teki)|lopettaa väkival|käyttää väkival|oma\w* väkival|väkivaltaisesti käyttäyty|"
    r"slut\w* (med|använda) våld|använder våld|utöv\w* våld|våldsut|"
    r"stop using violence|us(e|es|ing) violence|perpetrator|batterer"
)


def in_language(texts: Mapping[str, str], language: str) -> str:
    """The text in `language`, else in English, Finnish, Swedish, else in any language; "" where there is none."""
    for code in (language, *FALLBACK):
        if texts.get(code):
            return texts[code]
    return next((text for text in texts.values() if text), "")


@dataclass(frozen=True)
class Hours:
    """A rule of opening: weekdays 0 (Monday) to 6, times "HH:MM" in Finland; `always` is day and night.

    `valid_from` and `valid_to` (inclusive) bound the rule; `exceptional` rules override the usual ones on their days.
    """

    first_day: int | None = None
    last_day: int | None = None
    opens: str | None = None
    closes: str | None = None
    always: bool = False
    closed: bool = False
    by_appointment: bool = False
    exceptional: bool = False
    valid_from: date | None = None
    valid_to: date | None = None
    note: Texts = field(default_factory=dict)

    def holds_on(self, day: date) -> bool:
        """True where the rule is in force on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Channel:
    """A way to reach a service. `number` as people read it, `tel` as a phone dials it (E.164, or a short number).

    `lat`, `lon`: WGS84 degrees. `languages`: languages served on this channel, empty where not told.
    `charge`: "free", "chargeable" or None where not told.
    """

    kind: Kind
    names: Texts = field(default_factory=dict)
    urls: Texts = field(default_factory=dict)
    number: str | None = None
    tel: str | None = None
    note: Texts = field(default_factory=dict)
    charge: str | None = None
    languages: tuple[str, ...] = ()
    address: Texts = field(default_factory=dict)
    municipality: str | None = None
    lat: float | None = None
    lon: float | None = None
    hours: tuple[Hours, ...] = ()


@dataclass(frozen=True)
class Service:
    """A service for families. Codes are PTV's (classes, target groups, life events); `needs` are the bot's own.

    `needs`: best fitting first. `age_groups`: of bot.catalogue.search.AGE_GROUPS; empty where not told.
    `delivery`: of "on_site", "remote", "at_home"; empty where not told. `audience`: "family", "young" (may come
    without a parent), "worried" (anyone who worries about a child) or "other" (not for families).
    Where it is served: `whole_country`, or `county` (all of North Ostrobothnia), or `municipalities` (codes).
    """

    id: str
    source: str
    source_id: str
    names: Texts
    alternative_names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    summaries: Texts = field(default_factory=dict)
    descriptions: Texts = field(default_factory=dict)
    instructions: Texts = field(default_factory=dict)
    keywords: dict[str, tuple[str, ...]] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    life_events: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    age_groups: tuple[str, ...] = ()
    audience: str = "family"
    delivery: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    municipalities: frozenset[str] = frozenset()
    whole_country: bool = False
    county: bool = False
    organisation: str | None = None
    charge: str | None = None
    channels: tuple[Channel, ...] = ()
    modified: datetime | None = None

    def serves(self, municipality: str) -> bool:
        """True where a family of this municipality of North Ostrobothnia (three-digit code) may use the service."""
        return self.whole_country or self.county or municipality in self.municipalities

    @property
    def remote(self) -> bool:
        """True where the service can be used from anywhere (phone, chat, video)."""
        return "remote" in self.delivery

    @property
    def for_violent(self) -> bool:
        """True where the service says that it is for those who use violence themselves."""
        words = " ".join(
            texts[language] for language in FALLBACK for texts in (self.names, self.summaries) if language in texts
        )
        named = " ".join(name for names in self.alternative_names.values() for name in names)
        return _VIOLENT.search(f"{words} {named}".casefold()) is not None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; the same service always gives the same JSON."""
        data: dict[str, Any] = _adapter().dump_python(self, mode="json", exclude_defaults=True)
        if self.municipalities:
            data["municipalities"] = sorted(self.municipalities)
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Service:
        """The service that `to_json` wrote; pydantic.ValidationError (a ValueError) where the shape is another."""
        return _adapter().validate_python(data)

    @classmethod
    def from_text(cls, text: str) -> Service:
        """As `from_json`, from JSON that is still text: several times as fast."""
        return _adapter().validate_json(text)

    def digest(self) -> str:
        """SHA-256 of all that is known of the service, apart from the time it was modified."""
        data = self.to_json()
        data.pop("modified", None)
        return hashlib.sha256(json.dumps(data, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@cache
def _adapter() -> TypeAdapter[Service]:
    return TypeAdapter(Service)
