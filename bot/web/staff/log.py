"""The access log, for auditors."""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import web

from bot.i18n import _
from bot.requests import access_log
from bot.staff.sessions import StaffSession
from bot.web.keys import DATABASE
from bot.web.staff.shell import PAGE, Route, number, staff_page

LOGGED = {
    "open": _("Opened"),
    "claim": _("Taken"),
    "release": _("Given back"),
    "note": _("Note"),
    "contacted": _("Contact recorded"),
    "answer": _("Answer written"),
    "close": _("Closed"),
    "reopen": _("Opened again"),
    "transfer": _("Passed on"),
}


async def show_log(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """The access log, for auditors; `?verify=1` also checks the chain."""
    database, query = request.app[DATABASE], request.query
    reference = "".join(c for c in query.get("reference", "").upper() if c.isalnum() or c == "-")[:16]
    login = query.get("login", "").replace("\0", "").strip()[:80].casefold()
    found = await access_log.entries(
        database,
        session.worker,
        reference=reference or None,
        login=login or None,
        before=number(query.get("before", ""), low=1),
        limit=PAGE * 2 + 1,
    )
    shown = found[: PAGE * 2]
    kept = {name: value for name, value in (("reference", reference), ("login", login)) if value}
    return staff_page(
        request,
        session,
        "staff/log.html",
        entries=shown,
        actions=LOGGED,
        reference=reference,
        login=login,
        older="/staff/log?" + urlencode({**kept, "before": shown[-1].number}) if len(found) > len(shown) else None,
        chain=await access_log.verify(database) if query.get("verify") == "1" else None,
    )


ROUTES = (Route("GET", "/staff/log", show_log, "staff_log"),)
