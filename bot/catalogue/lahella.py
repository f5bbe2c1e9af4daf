"""Reads activity files of Lähellä.fi (NGOs, parishes, clubs) into services.

Pure: a dict comes in, a Service goes out, or BadRecord says why not. Only what the record tells is used: a place that
is none of North Ostrobothnia's, a status that is not a published one, or a last event that is over set it aside.
Long-lasting notices flow into PTV by themselves; this file import is for the others.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bot import clock
from bot.catalogue.model import Channel, Kind, Service, Texts
from bot.catalogue.ptv11 import BadRecord, dialled
from bot.routing.places import regions

SOURCE = "lahella"
PUBLISHED = {"published", "active", "approved"}
"""Statuses under which an activity is shown; any other sets it aside."""
_NEEDS = {"hobby": ("need_leisure",), "support": ("need_peer_support",)}
_PLACES: dict[str, tuple[Kind, ...]] = {
    "place": ("location",),
    "hybrid": ("location", "web"),
    "online": ("web",),
    "phone": ("phone",),
}
_SUMMARY = 150
_TAG = re.compile(r"<[^>]*>")
_BLOCK = re.compile(r"</?(p|br|li|ul|ol|div|h[1-6])\b[^>]*>", re.IGNORECASE)


def parse_activity(record: Any) -> Service:
    """The service of an activity. Raises BadRecord."""
    if not isinstance(record, Mapping):
        raise BadRecord("not an object")
    key = record.get("_key")
    if not isinstance(key, str | int) or not str(key).strip() or len(str(key)) > 60:
        raise BadRecord("no _key")
    status = str(record.get("status") or "").casefold()
    if status not in PUBLISHED:
        raise BadRecord(f"status is {status or 'not told'}")
    traits = _mapping(record, "traits")
    names = _translated(traits, "name")
    if not names:
        raise BadRecord("no name")
    municipalities = _municipalities(_strings(traits, "region"))
    if not municipalities:
        raise BadRecord("no municipality of North Ostrobothnia")
    descriptions = _translated(traits, "summary")
    channels = tuple(_channels(record, names))
    _not_over(record)
    kind = str(traits.get("type") or "")
    delivery = [
        word
        for word, kinds in (("on_site", {"location"}), ("remote", {"phone"}))
        if any(channel.kind in kinds for channel in channels)
    ]
    if "remote" not in delivery and any(
        each.get("type") in ("online", "hybrid") for each in _objects(record, "channels")
    ):
        delivery.append("remote")
    return Service(
        id=f"{SOURCE}:{key}",
        source=SOURCE,
        source_id=str(key),
        names=names,
        summaries={language: _first(words) for language, words in descriptions.items()},
        descriptions=descriptions,
        instructions=_translated(traits, "registration"),
        keywords={"fi": words} if (words := tuple(_strings(traits, "theme"))) else {},
        needs=_NEEDS.get(kind, ()),
        # A call for volunteers helps those who call, not a family in need.
        audience="other" if kind == "voluntary" else "family",
        delivery=tuple(delivery),
        languages=tuple(dict.fromkeys(re.split(r"[-_]", code)[0].casefold() for code in _strings(traits, "locale"))),
        municipalities=municipalities,
        charge="free" if any("free" in price.casefold() for price in _strings(traits, "pricing")) else None,
        channels=channels,
    )


def _municipalities(named: Iterable[str]) -> frozenset[str]:
    """Codes of "city/FI/Oulu" and the like; other kinds of region and other counties' cities tell nothing here."""
    known = {each.name.casefold(): each.code for each in regions().municipalities()}
    found = set()
    for region in named:
        parts = region.split("/")
        if len(parts) == 3 and parts[:2] == ["city", "FI"] and parts[2].casefold() in known:
            found.add(known[parts[2].casefold()])
    return frozenset(found)


def _channels(record: Mapping[str, Any], names: Texts) -> Iterable[Channel]:
    contacts = _objects(record, "contacts")
    urls = [url for contact in contacts if re.match(r"https?://[^\s/]", url := str(contact.get("value") or "").strip())]
    phones = [
        both
        for contact in contacts
        if str(contact.get("type")) == "phone" and (both := dialled(str(contact.get("value") or "")))
    ]
    for each in _objects(record, "channels"):
        kinds = _PLACES.get(str(each.get("type")))
        if kinds is None:
            raise BadRecord(f"unknown channel type {each.get('type')}")
        if "location" in kinds:
            lat, lon = _centre(each)
            yield Channel("location", names=names, address=_translated(each, "address"), lat=lat, lon=lon)
    for number, tel in dict.fromkeys(phones):
        yield Channel("phone", names=names, number=number, tel=tel)
    for url in dict.fromkeys(urls):
        yield Channel("web", names=names, urls={"fi": url})


def _centre(channel: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """(lat, lon) in WGS84 of map.center, which is [lon, lat]; Nones where it lies outside Finland."""
    centre = _mapping(channel, "map").get("center")
    if not isinstance(centre, list) or len(centre) != 2:
        return None, None
    try:
        lon, lat = float(centre[0]), float(centre[1])
    except (TypeError, ValueError):
        return None, None
    return (lat, lon) if 59 <= lat <= 71 and 19 <= lon <= 32 else (None, None)


def _not_over(record: Mapping[str, Any]) -> None:
    """Raises BadRecord where all events are single ones of the past."""
    events = [event for channel in _objects(record, "channels") for event in _objects(channel, "events")]
    if not events or any(event.get("recurrence") for event in events):
        return
    starts = []
    for event in events:
        try:
            start = datetime.fromisoformat(str(event.get("start")))
        except ValueError:
            return  # a time nobody can read proves nothing
        starts.append(start if start.tzinfo else start.replace(tzinfo=clock.now().tzinfo))
    if max(starts) < clock.now():
        raise BadRecord("its last event is over")


def _translated(record: Mapping[str, Any], key: str) -> Texts:
    found: Texts = {}
    translations = record.get("translations")
    if not isinstance(translations, Mapping):
        return found
    for language, texts in translations.items():
        value = texts.get(key) if isinstance(texts, Mapping) else None
        if isinstance(value, str) and (text := plain(value)):
            found[str(language)] = text
    return found


def plain(markup: str) -> str:
    """The words of html, a line for each block."""
    text = html.unescape(_TAG.sub("", _BLOCK.sub("\n", markup)))
    # A record may hold escaped tags; what is left of them must not become markup anywhere.
    text = _TAG.sub("", text)
    return "\n".join(line for raw in text.splitlines() if (line := " ".join(raw.split())))


def _first(words: str) -> str:
    line = words.split("\n")[0]
    if len(line) <= _SUMMARY:
        return line
    return line[:_SUMMARY].rpartition(" ")[0].rstrip(",.;:") + "…"


def _mapping(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = record.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadRecord(f"{key} is not an object")
    return value


def _objects(record: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = record.get(key) or []
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise BadRecord(f"{key} is not a list of objects")
    return value


def _strings(record: Mapping[str, Any], key: str) -> list[str]:
    value = record.get(key) or []
    if not isinstance(value, list):
        raise BadRecord(f"{key} is not a list")
    return [text for each in value if isinstance(each, str) and (text := each.strip())]
