"""The accounts, for administrators."""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import web

from bot.i18n import _
from bot.requests.summary import centre_label
from bot.staff.accounts import UnknownAccount
from bot.staff.sessions import StaffSession
from bot.web.staff.shell import ACCOUNTS, Route, form_of, staff_page

ROLES = {
    "worker": _("Worker"),
    "coordinator": _("Coordinator"),
    "admin": _("Administrator"),
    "auditor": _("Auditor"),
}


async def show_accounts(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """The accounts; they are changed on the command line."""
    done = _("All sessions of %(login)s are ended.") if request.query.get("done") else None
    return await _accounts(request, session, done=done)


async def sign_out(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Ends all sessions of one account: a lost phone, a worker who left."""
    login = (await form_of(request)).get("login", "")
    try:
        await request.app[ACCOUNTS].sign_out_by(session.worker, login)
    except UnknownAccount:
        return await _accounts(request, session, 404, problem=_("There is no such account."))
    raise web.HTTPSeeOther("/staff/accounts?" + urlencode({"done": login}))


async def _accounts(
    request: web.Request,
    session: StaffSession,
    status: int = 200,
    problem: str | None = None,
    done: str | None = None,
) -> web.Response:
    return staff_page(
        request,
        session,
        "staff/accounts.html",
        status=status,
        accounts=await request.app[ACCOUNTS].seen_by(session.worker),
        roles=ROLES,
        centre_label=centre_label,
        problem=problem,
        done=done,
        login=request.query.get("done", ""),
    )


ROUTES = (
    Route("GET", "/staff/accounts", show_accounts, "staff_accounts"),
    Route("POST", "/staff/accounts/sign-out", sign_out, "staff_accounts_sign_out"),
)
