"""The accounts, for administrators."""

from __future__ import annotations

from aiohttp import web

from bot.i18n import _
from bot.requests.summary import centre_label
from bot.staff.sessions import StaffSession
from bot.web.staff.shell import ACCOUNTS, Route, staff_page

ROLES = {
    "worker": _("Worker"),
    "coordinator": _("Coordinator"),
    "admin": _("Administrator"),
    "auditor": _("Auditor"),
}


async def show_accounts(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """The accounts, for administrators; they are changed on the command line."""
    accounts = await request.app[ACCOUNTS].seen_by(session.worker)
    return staff_page(
        request, session, "staff/accounts.html", accounts=accounts, roles=ROLES, centre_label=centre_label
    )


ROUTES = (Route("GET", "/staff/accounts", show_accounts, "staff_accounts"),)
