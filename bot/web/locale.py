"""Which language a request wants: what it says itself, then the browser's list, then the configured one."""

from __future__ import annotations

from aiohttp import web
from babel import negotiate_locale

from bot.i18n import languages, supported
from bot.web.keys import SETTINGS


def accepted(header: str, default: str) -> str:
    """The best supported language of an Accept-Language header."""
    weighted: list[tuple[float, str]] = []
    for part in header.split(",")[:20]:
        tag, _sep, weight = part.strip().partition(";q=")
        try:
            weighted.append((float(weight) if weight else 1.0, tag.split("-")[0].lower()))
        except ValueError:
            continue
    wanted = [tag for _weight, tag in sorted(weighted, key=lambda row: -row[0])]
    return negotiate_locale(wanted, list(languages())) or default


def language_of(request: web.Request) -> str:
    """The request's language: path (/ar/…), ?language=, Accept-Language, BOT_LANGUAGE."""
    for named in (request.match_info.get("language"), request.query.get("language")):
        if supported(named):
            return str(named)
    return accepted(request.headers.get("Accept-Language", ""), request.config_dict[SETTINGS].language)
