"""A service as a family sees it: one language, few words, only what helps to get there."""

from __future__ import annotations

from datetime import date
from typing import Any

from babel.dates import get_day_names

from bot import clock
from bot.catalogue.model import Channel, Hours, Service, in_language
from bot.i18n import HELSINKI, _, locale_of, pgettext, supported, translate, translate_in

_SUMMARY = 150


def service_card(service: Service, language: str, why: tuple[str, ...] = ()) -> dict[str, Any]:
    """`{id, name, name_fi?, summary, organisation, url, phone, channels, why, cost, languages}`, texts in `language`.

    `name_fi` is there only where the Finnish name is another: the family can say it at the door. `why`: msgids.
    Texts that a language lacks come in English, Finnish or Swedish.
    """
    name = in_language(service.names, language)
    channels = [channel_card(channel, language) for channel in _ordered(service.channels, language)]
    card: dict[str, Any] = {
        "id": service.id,
        "name": name,
        "summary": _summary(service, language),
        "organisation": service.organisation,
        "url": next((each["url"] for each in channels if each["url"]), None),
        "phone": next(
            ({"number": each["number"], "tel": each["tel"]} for each in channels if each["tel"]),
            None,
        ),
        "channels": channels,
        "why": [translate(reason, language) for reason in why],
        "cost": service.charge,
        "languages": list(service.languages),
    }
    if service.names.get("fi", name) != name:
        card["name_fi"] = service.names["fi"]
    return card


def channel_card(channel: Channel, language: str) -> dict[str, Any]:
    """`{kind, name, url, number, tel, note, charge, languages, address, lat, lon, hours}`; None where not known.

    `hours`: sentences in `language` for the rules in force today.
    """
    return {
        "kind": channel.kind,
        "name": in_language(channel.names, language),
        "url": in_language(channel.urls, language) or None,
        "number": channel.number,
        "tel": channel.tel,
        "note": in_language(channel.note, language) or None,
        "charge": channel.charge,
        "languages": list(channel.languages),
        "address": in_language(channel.address, language) or None,
        "lat": channel.lat,
        "lon": channel.lon,
        "hours": hours_lines(channel.hours, language, clock.now().astimezone(HELSINKI).date()),
    }


def hours_lines(rules: tuple[Hours, ...], language: str, today: date) -> list[str]:
    """Opening hours as people read them, one sentence a rule; exceptions of today stand first."""
    language = language if supported(language) else "en"
    days = get_day_names("abbreviated", locale=locale_of(language))
    lines = []
    for rule in sorted((each for each in rules if each.holds_on(today)), key=lambda each: not each.exceptional):
        if rule.closed:
            line = translate_in("opening hours", pgettext("opening hours", "Closed"), language)
        elif rule.always:
            line = translate(_("Open day and night"), language)
        elif rule.opens and rule.closes:
            line = f"{rule.opens}–{rule.closes}"
        elif rule.by_appointment:
            line = translate(_("By appointment"), language)
        else:
            line = ""
        if line and rule.first_day is not None:
            line = f"{_days(rule, days)} {line}"
        parts = (line, in_language(rule.note, language))
        if text := ", ".join(part for part in parts if part):
            lines.append(text)
    return lines


def _days(rule: Hours, names: Any) -> str:
    first = str(names[rule.first_day])
    return first if rule.last_day in (None, rule.first_day) else f"{first}–{names[rule.last_day]}"


def _ordered(channels: tuple[Channel, ...], language: str) -> list[Channel]:
    """Channels that serve the person's language first, then those that do not tell, in the catalogue's own order."""
    return sorted(channels, key=lambda each: 0 if language in each.languages else 1 if not each.languages else 2)


def _summary(service: Service, language: str) -> str:
    if text := in_language(service.summaries, language):
        return text
    words = in_language(service.descriptions, language).split("\n")[0]
    if len(words) <= _SUMMARY:
        return words
    return words[:_SUMMARY].rpartition(" ")[0].rstrip(",.;:") + "…"
