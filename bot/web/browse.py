"""The services as pages, without a script: by words, age and life situation, need and municipality; one page each."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot import clock
from bot.catalogue.card import channel_card, service_card
from bot.catalogue.model import FALLBACK, Service
from bot.catalogue.opening import open_at, service_open
from bot.catalogue.search import AGE_REASONS, DELIVERY_REASONS, Found
from bot.i18n import HELSINKI, _, languages, supported, translate
from bot.routing.needs import needs
from bot.routing.places import regions
from bot.web.keys import CATALOGUE
from bot.web.locale import language_of
from bot.web.page import get, page

routes = web.RouteTableDef()
PAGE = 20
"""Services on a page."""
DELIVERIES = {"on_site": _("At a place"), **DELIVERY_REASONS}
MAP = "https://www.openstreetmap.org/?mlat={lat:.5f}&mlon={lon:.5f}#map=16/{lat:.5f}/{lon:.5f}"


@get(routes, "/services")
async def services(request: web.Request) -> web.StreamResponse:
    """What was asked for, or the ways in: age, topic, municipality."""
    language, query = language_of(request), request.query
    words = query.get("q", "").strip()[:200]
    place = regions().resolve(query["municipality"][:100]) if query.get("municipality") else None
    wish: dict[str, Any] = {
        "need": query.get("need") if query.get("need") in needs() else None,
        "age_group": query.get("age") if query.get("age") in AGE_REASONS else None,
        "municipality": place.municipality_code if place else None,
        "delivery": query.get("delivery") if query.get("delivery") in DELIVERIES else None,
        "service_language": query.get("speaks") if supported(query.get("speaks")) else None,
    }
    open_now = query.get("open") == "yes"
    offset = _number(query.get("from", "")) // PAGE * PAGE
    asked = bool(words or open_now or any(wish.values()))
    found: list[Found] = []
    if asked:
        catalogue = request.app[CATALOGUE]
        window: dict[str, Any] = {"language": language, "open_now": open_now, "limit": PAGE + 1, "offset": offset}
        found = await (catalogue.search(words, **window, **wish) if words else catalogue.all(**window, **wish))
    return page(
        request,
        "services.html",
        asked=asked,
        cards=[each.card(language) for each in found[:PAGE]],
        q=words,
        wish=wish,
        open_now=open_now,
        earlier=_link(request, offset - PAGE) if offset else None,
        later=_link(request, offset + PAGE) if len(found) > PAGE else None,
        needs=[(each.id, each.label(language)) for each in needs().values() if each.id.startswith("need_")],
        ages=[(id_, translate(title, language)) for id_, title in AGE_REASONS.items()],
        deliveries=[(id_, translate(title, language)) for id_, title in DELIVERIES.items()],
        municipalities=regions().municipalities(),
    )


@get(routes, "/services/{id}")
async def service(request: web.Request) -> web.StreamResponse:
    """One service: what it is, how to get it, how to reach it today."""
    language = language_of(request)
    found = await request.app[CATALOGUE].get(request.match_info["id"])
    if found is None or found.audience == "other":
        raise web.HTTPNotFound
    now = clock.now().astimezone(HELSINKI)
    channels = [
        {**channel_card(each, language), "open": open_at(each.hours, now), "map": _map(each.lat, each.lon)}
        for each in found.channels
    ]
    return page(
        request,
        "service.html",
        card=service_card(found, language),
        channels=channels,
        open=service_open(found, now),
        about=_text(found.descriptions, language),
        how=_text(found.instructions, language),
        needs=[(each, needs()[each].label(language)) for each in found.needs if each in needs()],
        spoken=[languages()[code].name if supported(code) else code for code in found.languages],
        interpreter=language not in found.languages and language not in FALLBACK,
        where=_where(found, language),
    )


def _number(text: str) -> int:
    return min(int(text), 10_000) if text.isascii() and text.isdigit() and len(text) <= 5 else 0


def _link(request: web.Request, offset: int) -> str:
    kept = {name: value for name, value in request.query.items() if name != "from"}
    return f"{request.path}?{urlencode({**kept, 'from': offset} if offset else kept)}"


def _map(lat: float | None, lon: float | None) -> str | None:
    return None if lat is None or lon is None else MAP.format(lat=lat, lon=lon)


def _text(texts: dict[str, str], language: str) -> dict[str, Any] | None:
    """Paragraphs and the language they are in; `other` is that language's name where it is not the person's."""
    code = next((each for each in (language, *FALLBACK, *texts) if texts.get(each)), None)
    if code is None:
        return None
    register = languages()
    return {
        "lines": [line for line in texts[code].splitlines() if line.strip()],
        "lang": code,
        "dir": register[code].dir if code in register else "ltr",
        "other": None if code == language else register[code].name if code in register else code,
    }


def _where(found: Service, language: str) -> str:
    if found.whole_country:
        return translate(_("In the whole country"), language)
    if found.county:
        return translate(_("In all of North Ostrobothnia"), language)
    known = {each.code: each.name for each in regions().municipalities()}
    return ", ".join(sorted(known[code] for code in found.municipalities if code in known))
