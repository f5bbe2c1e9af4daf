"""How fresh the services are that families see, for everybody at the desk: nothing here is about people."""

from __future__ import annotations

from aiohttp import web

from bot import clock
from bot.catalogue import sources
from bot.i18n import _
from bot.staff.sessions import StaffSession
from bot.web.keys import DATABASE
from bot.web.staff.shell import Route, staff_page

NAMES = {
    "embedded": _("The bot's own services"),
    "ptv": _("Suomi.fi Service Catalogue (PTV)"),
    "ptv12": _("Suomi.fi Service Catalogue (PTV), new interface"),
    "ptv-file": _("Service Catalogue from a file"),
    "lahella": _("Lähellä.fi from a file"),
}


async def show_catalogue(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Every catalogue: how many services, when refreshed, what the last refresh did and set aside, and warnings."""
    now = clock.now()
    found = await sources.statuses(request.app[DATABASE])
    return staff_page(
        request,
        session,
        "staff/catalogue.html",
        sources=[(each, each.stale(now), _age_hours(each)) for each in found],
        names=NAMES,
    )


def _age_hours(status: sources.SourceStatus) -> int | None:
    age = status.age(clock.now())
    return None if age is None else int(age.total_seconds() // 3600)


ROUTES = (Route("GET", "/staff/catalogue", show_catalogue, "staff_catalogue"),)
