"""What a worker reads first: the request in Finnish, whatever language the family wrote in.

Codes become words here; the family's own words are never translated or changed, they stand beside the summary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import phonenumbers
from babel.units import format_unit

from bot.i18n import _, languages, listing, locale_of, translate
from bot.routing import needs
from bot.routing.places import regions
from bot.storage.models import ContactRequestRow

WRITER_LABELS: Mapping[str, str] = {
    "parent": _("A parent"),
    "young": _("The child or young person"),
    "relative": _("A relative"),
    "worried": _("Somebody else who is worried"),
}
QUIET = _("Do not leave a message")
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"  # keep right-to-left words from turning the Finnish around them


@dataclass(frozen=True)
class Words:
    """What the family wrote, untouched. `label`: msgid; `language`: ISO code; `dir`: ltr, rtl or auto."""

    label: str
    text: str
    language: str
    dir: str


def summary_fi(body: Mapping[str, Any], row: ContactRequestRow) -> list[tuple[str, str]]:
    """Label and value, in order of reading, all in Finnish. `body`: the opened `sealed_body` (RequestDraft's fields).

    Empty for a withdrawn request, whose body is erased.
    """
    if not body:
        return []

    def say(msgid: str, **values: object) -> str:
        return translate(msgid, "fi", **values)

    contact = contact_text(body.get("contact"), body.get("contact_kind"))
    wanted = language_name(body.get("contact_language") or row.language, "fi")
    also = body.get("also") or []
    found = [
        (say(_("Need")), need_label(row.need, "fi")),
        *([(say(_("Also")), listing([need_label(each, "fi") for each in also], "fi"))] if also else []),
        (say(_("Place")), place_label(row.place)),
        (say(_("Family centre")), centre_label(row.centre)),
        (say(_("Child's age")), ages_text(body.get("child_ages") or [], "fi") or say(_("Not told"))),
        (say(_("Who writes")), say(WRITER_LABELS.get(str(body.get("writer")), _("Not told")))),
        (say(_("Name")), str(body.get("name") or say(_("Anonymous")))),
        (say(_("Contact")), contact or say(_("None given. The family follows the request with reference and PIN."))),
    ]
    if body.get("quiet"):
        found.append((say(_("Careful")), say(QUIET)))
    if safe := body.get("safe"):
        told = f"”{_ISOLATE}{safe}{_END_ISOLATE}” ({language_name(row.language, 'fi')})"
        found.append((say(_("When and how to contact")), told))
    elif contact:
        found.append((say(_("When and how to contact")), say(_("Any time"))))
    interpreter = say(_("Yes, %(name)s"), name=wanted) if row.interpreter else say(_("No need told"))
    found.append((say(_("Interpreter")), interpreter))
    if body.get("more_time"):
        found.append((say(_("More time")), say(_("Reserve a longer time"))))
    found.append((say(_("Language of the request")), language_name(row.language, "fi")))
    return found


def original_words(body: Mapping[str, Any]) -> list[Words]:
    """The family's own words, in the order they were asked."""
    language = str(body.get("language") or "")
    told = ((_("What it is about"), body.get("story")), (_("When and how to contact"), body.get("safe")))
    return [words(label, str(text), language) for label, text in told if text]


def words(label: str, text: str, language: str) -> Words:
    """Words in a language of the register, with its writing direction; `auto` for another language."""
    known = languages().get(language)
    return Words(label, text, language, known.dir if known else "auto")


def need_label(need_id: str, language: str) -> str:
    """The need's name; a request may have none."""
    found = needs.need(need_id)
    return found.label(language) if found else translate(_("No topic named"), language)


def team_label(team_id: str) -> str:
    """The team's name for staff; it exists in Finnish."""
    found = needs.teams().get(team_id)
    return found.fi if found else team_id


def place_label(place_id: str) -> str:
    """A place as people know it: a district, former municipality or postal code with its municipality."""
    place = regions().resolve(place_id) if place_id else None
    if place is None:
        return place_id
    if place.kind == "municipality":
        return place.name
    municipality = regions().municipality(place.municipality_code)
    name = f"{place.id} {place.name}" if place.kind == "postal_code" else place.name
    return f"{name}, {municipality.name}" if municipality and municipality.name != place.name else name


def centre_label(code: str) -> str:
    """A family centre as staff know it: its name where it is known, otherwise where it is."""
    centre = regions().centre(code)
    return (centre.name or centre.place_label) if centre else code


def language_name(code: str, language: str) -> str:
    """A language's name in another ("arabia"); what is no code is given back as it is."""
    return str(locale_of(language).languages.get(code, code))


def ages_text(months: list[int], language: str) -> str:
    """Ages as people say them: months under two years, years after that."""
    locale = locale_of(language)
    texts = [
        format_unit(age, "month", locale=locale) if age < 24 else format_unit(age // 12, "year", locale=locale)
        for age in sorted(months)
    ]
    return listing(texts, language)


def waiting_text(age: timedelta, language: str) -> str:
    """How long something has waited, in hours and from two days on in days."""
    hours = int(age.total_seconds() // 3600)
    if hours < 1:
        return translate(_("under an hour"), language)
    if hours < 48:
        return format_unit(hours, "hour", locale=locale_of(language))
    return format_unit(hours // 24, "day", locale=locale_of(language))


def contact_text(contact: str | None, kind: str | None) -> str:
    """A phone number in groups of digits, an e-mail address as it is; empty where there is none."""
    if not contact or kind != "phone":
        return contact or ""
    try:
        number = phonenumbers.parse(contact, "FI")
    except phonenumbers.NumberParseException:
        return contact  # better an odd number before a worker's eyes than none
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
