"""Where the services have gaps, for everybody at the desk: nothing here is about people."""

from __future__ import annotations

from aiohttp import web

from bot import clock
from bot.catalogue.gaps import FEW, find_gaps
from bot.i18n import languages
from bot.routing.needs import needs
from bot.routing.places import regions
from bot.staff.sessions import StaffSession
from bot.web.keys import CATALOGUE
from bot.web.staff.shell import LANGUAGE, Route, staff_page

SHOWN = 30
"""Services listed by name; of more only the number is told."""


async def show_gaps(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Needs and municipalities with few services, texts missing by language, old and unreachable services."""
    found = await request.app[CATALOGUE].all(language=LANGUAGE)
    places = {each.code: each.name for each in regions().municipalities()}
    titles = {each.id: each.label(LANGUAGE) for each in needs().values() if each.id.startswith("need_")}
    gaps = find_gaps([each.service for each in found], titles, places, languages(), clock.now())
    return staff_page(
        request,
        session,
        "staff/gaps.html",
        gaps=gaps,
        few=FEW,
        titles=titles,
        places=places,
        names={code: each.name for code, each in languages().items()},
        shown=SHOWN,
    )


ROUTES = (Route("GET", "/staff/catalogue/gaps", show_gaps, "staff_gaps"),)
