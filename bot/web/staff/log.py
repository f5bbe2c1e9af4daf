"""The access log, for auditors."""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import web

from bot.i18n import _, languages, supported
from bot.requests import access_log, log_report
from bot.staff.sessions import StaffSession
from bot.web.keys import DATABASE
from bot.web.staff.shell import PAGE, Route, error_page, number, staff_page
from bot.web.templating import render


async def show_log(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """The access log, for auditors; `?verify=1` also checks the chain."""
    database, query = request.app[DATABASE], request.query
    reference = _reference(request)
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
        actions=log_report.ACTIONS,
        languages=languages(),
        reference=reference,
        login=login,
        older="/staff/log?" + urlencode({**kept, "before": shown[-1].number}) if len(found) > len(shown) else None,
        chain=await access_log.verify(database) if query.get("verify") == "1" else None,
    )


async def show_report(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """The report for the family, to be printed or saved; that it was made is in the log."""
    language = request.query.get("language", "")
    try:
        report = await log_report.make(
            request.app[DATABASE], session.worker, _reference(request), language if supported(language) else None
        )
    except log_report.UnknownReference:
        return error_page(request, session, 404, _("No request has this reference."))
    return render(
        request,
        "log_report.html",
        language=report.language,
        report=report,
        title=log_report.TITLE,
        right=log_report.RIGHT,
        heads=log_report.HEADS,
        nobody=log_report.NOBODY,
    )


def _reference(request: web.Request) -> str:
    return "".join(c for c in request.query.get("reference", "").upper() if c.isalnum() or c == "-")[:16]


ROUTES = (
    Route("GET", "/staff/log", show_log, "staff_log"),
    Route("GET", "/staff/log/report", show_report, "staff_log_report"),
)
