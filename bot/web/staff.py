"""The staff desk's pages under /staff: reads forms, shows pages. Who may do what is decided in bot.requests.desk.

Every route but the login needs a session (`_guarded`), every form of a session carries its token. Pages work without
JavaScript; after a form is taken the browser is sent to a page that can be reloaded.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.i18n import _
from bot.requests import access_log, desk
from bot.requests.desk import Desk
from bot.requests.summary import QUIET, centre_label, need_label, waiting_text
from bot.routing import needs
from bot.routing.places import regions
from bot.staff.accounts import Accounts, LoginFailed, TooManyTries
from bot.staff.rights import Forbidden, Right
from bot.staff.sessions import Sessions, StaffSession
from bot.web.keys import DATABASE, SETTINGS
from bot.web.security import address_of
from bot.web.templating import render

ACCOUNTS = web.AppKey("accounts", Accounts)
SESSIONS = web.AppKey("sessions", Sessions)
DESK = web.AppKey("desk", Desk)

SESSION_COOKIE, FORM_COOKIE = "staff_session", "staff_form"
LANGUAGE = "fi"
PAGE = 50
ID = r"{id:[0-9a-f-]{36}}"
Form = Mapping[str, str]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Page = Callable[[web.Request, StaffSession], Awaitable[web.StreamResponse]]

DONE = {
    "claim": _("You took the request."),
    "release": _("The request is free for others again."),
    "note": _("The note was saved."),
    "contacted": _("The contact was recorded."),
    "answer": _("The answer was saved. The family can read it now."),
    "close": _("The request is closed."),
    "reopen": _("The request is open again, and you have it."),
    "transfer": _("The request was passed on."),
}
EVENTS = {
    "new": _("The request arrived"),
    "claimed": _("Taken"),
    "released": _("Given back"),
    "note": _("Note"),
    "contacted": _("Contacted"),
    "tried": _("Tried to reach"),
    "closed": _("Closed"),
    "reopened": _("Opened again"),
    "transferred": _("Passed on"),
    "added": _("The family wrote more"),
    "withdrawn": _("The family withdrew the request"),
}
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
REFUSALS = {
    "claim": _("This request cannot be taken now."),
    "release": _("This request is nobody's, so it cannot be given back."),
    "note": _("No note can be added to a withdrawn request."),
    "contacted": _("Take the request first. Then record the contact."),
    "answer": _("Take the request first. Then write the answer."),
    "close": _("The request cannot be closed like this yet. Take it and record the contact first."),
    "reopen": _("Only a closed request can be opened again."),
    "transfer": _("A closed request cannot be passed on. Open it again first."),
}
ROLES = {
    "worker": _("Worker"),
    "coordinator": _("Coordinator"),
    "admin": _("Administrator"),
    "auditor": _("Auditor"),
}


def add_staff(app: web.Application) -> None:
    """Adds the staff desk to an application that carries DATABASE and SETTINGS when it starts."""
    app.on_startup.append(_start)
    router = app.router
    router.add_get("/staff/login", show_login, name="staff_login", allow_head=False)
    router.add_post("/staff/login", log_in)
    for method, path, page, name in (
        ("POST", "/staff/logout", log_out, "staff_logout"),
        ("GET", "/staff", show_inbox, "staff_inbox"),
        ("GET", "/staff/log", show_log, "staff_log"),
        ("GET", "/staff/accounts", show_accounts, "staff_accounts"),
        ("GET", f"/staff/requests/{ID}", show_request, "staff_request"),
        *(("POST", f"/staff/requests/{ID}/{action}", act, f"staff_{action}") for action in DONE),
    ):
        router.add_route(method, path, _guarded(page), name=name)


async def _start(app: web.Application) -> None:
    app[ACCOUNTS] = Accounts(app[DATABASE])
    app[SESSIONS] = Sessions(app[DATABASE], app[SETTINGS])
    app[DESK] = Desk(app[DATABASE])


# --- login ---------------------------------------------------------------------------------------------------------


async def show_login(request: web.Request) -> web.Response:
    """The login form; who is logged in already goes on."""
    if await request.app[SESSIONS].find(_cookie(request, SESSION_COOKIE)):
        raise web.HTTPSeeOther(_safe_next(request.query.get("next", "")))
    return _login_page(request, request.query)


async def log_in(request: web.Request) -> web.StreamResponse:
    """Checks login and password; starts a session."""
    form = await _form(request)
    secret = _cookie(request, FORM_COOKIE)
    if not secret or not hmac.compare_digest(_form_token(request, secret).encode(), form.get("csrf", "").encode()):
        return _login_page(request, form, 403, _("The page was open too long. Please log in again."))
    try:
        worker = await request.app[ACCOUNTS].authenticate(
            form.get("login", ""), form.get("password", ""), address_of(request)
        )
    except LoginFailed:
        return _login_page(request, form, 401, _("The login or the password is not right."))
    except TooManyTries as error:
        response = _login_page(
            request,
            form,
            429,
            _("Too many wrong tries. Please wait %(minutes)s minutes and try again."),
            minutes=-(-error.seconds // 60),
        )
        response.headers["Retry-After"] = str(error.seconds)
        return response
    sessions = request.app[SESSIONS]
    await sessions.end(_cookie(request, SESSION_COOKIE))
    await sessions.forget_old()
    response = _see_other(_safe_next(form.get("next", "")))
    _set_cookie(request, response, SESSION_COOKIE, await sessions.create(worker), "/staff")
    response.del_cookie(FORM_COOKIE, path="/staff/login")
    return response


async def log_out(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Ends the session."""
    await request.app[SESSIONS].end(_cookie(request, SESSION_COOKIE))
    response = _see_other("/staff/login")
    response.del_cookie(SESSION_COOKIE, path="/staff")
    return response


def _login_page(
    request: web.Request, form: Form, status: int = 200, problem: str | None = None, **values: object
) -> web.Response:
    secret = _cookie(request, FORM_COOKIE) or secrets.token_urlsafe(32)
    response = render(
        request,
        "staff/login.html",
        language=LANGUAGE,
        status=status,
        session=None,
        problem=problem,
        values=values,
        login=form.get("login", ""),
        next=form.get("next", ""),
        csrf=_form_token(request, secret),
    )
    _set_cookie(request, response, FORM_COOKIE, secret, "/staff/login")
    response.headers["Cache-Control"] = "no-store"
    return response


def _form_token(request: web.Request, secret: str) -> str:
    # A form of another site cannot know it: the cookie is out of its reach, the key too.
    return request.app[DATABASE].box.digest("staff-login", secret)


def _safe_next(path: str) -> str:
    inside = path == "/staff" or path.startswith(("/staff/", "/staff?"))
    return path if inside and "\\" not in path and path.isprintable() and path.isascii() else "/staff"


def _cookie(request: web.Request, name: str) -> str:
    # Our own secrets are ASCII; bytes that are no text at all would break the digest.
    value = request.cookies.get(name, "")
    return value if value.isascii() else ""


def _set_cookie(request: web.Request, response: web.StreamResponse, name: str, value: str, path: str) -> None:
    secure = request.app[SETTINGS].secure_cookies
    response.set_cookie(name, value, path=path, httponly=True, samesite="Strict", secure=secure)


# --- pages ---------------------------------------------------------------------------------------------------------


async def show_inbox(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """The requests of the worker's own family centres; other roles are sent to what is theirs."""
    worker = session.worker
    for right, path in ((Right.LOG, "/staff/log"), (Right.ACCOUNTS, "/staff/accounts")):
        if worker.may(right) and not worker.may(Right.REQUESTS):
            raise web.HTTPSeeOther(path)
    query = request.query
    status = query.get("status") if query.get("status") in desk.STATUSES else None
    need = query.get("need") if query.get("need") in (*needs.needs(), needs.OPEN) else None
    centre = query.get("centre") if query.get("centre") in worker.centres else None
    mine = query.get("mine") == "1"
    page = _number(query.get("page", ""), low=1) or 1
    rows = await request.app[DESK].inbox(
        worker,
        status=status,
        need=need,
        centre=centre,
        mine=mine,
        limit=PAGE + 1,
        offset=(page - 1) * PAGE,
        language=LANGUAGE,
    )
    chosen = {"status": status, "need": need, "centre": centre, "mine": "1" if mine else None}
    kept = {name: value for name, value in chosen.items() if value}
    return _page(
        request,
        session,
        "staff/inbox.html",
        rows=rows[:PAGE],
        counts=await request.app[DESK].counts(worker),
        statuses=desk.STATUSES,
        urgencies=desk.URGENCIES,
        needs=sorted(((id, need_label(id, LANGUAGE)) for id in (*needs.needs(), needs.OPEN)), key=lambda row: row[1]),
        centres=_centres(worker.centres),
        chosen=chosen,
        waiting=lambda age: waiting_text(age, LANGUAGE),
        done=DONE.get(query.get("done", "")),
        newer=_inbox_path({**kept, "page": page - 1}) if page > 1 else None,
        older=_inbox_path({**kept, "page": page + 1}) if len(rows) > PAGE else None,
    )


async def show_request(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """One request; the look is written into the access log."""
    reason = request.query.get("reason", "").replace("\0", "").strip() or desk.HANDLING
    try:
        return await _request_page(request, session, reason=reason, done=DONE.get(request.query.get("done", "")))
    except desk.BadInput as error:
        return _error(request, session, 400, error.message)


async def act(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Does what the form asks for; a conflict or a missing field shows the request again with what was typed."""
    form = await _form(request)
    action, id = request.path.rsplit("/", 1)[1], request.match_info["id"]
    try:
        await _do(request.app[DESK], action, session, id, form)
    except desk.Taken as error:
        problem, values, status = _("%(name)s has taken this request."), {"name": error.by}, 409
    except desk.WrongTransition as error:
        problem, values, status = REFUSALS[error.action], {}, 409
    except desk.BadInput as error:
        problem, values, status = error.message, {}, 400
    else:
        if action == "transfer":
            raise web.HTTPSeeOther("/staff?done=transfer")
        raise web.HTTPSeeOther(f"/staff/requests/{id}?done={action}")
    return await _request_page(
        request, session, status=status, problem=problem, values=values, typed={**form, "action": action}
    )


async def _do(desk_: Desk, action: str, session: StaffSession, id: str, form: Form) -> None:
    worker = session.worker
    match action:
        case "claim":
            await desk_.claim(worker, id)
        case "release":
            await desk_.release(worker, id, form.get("reason", ""))
        case "note":
            await desk_.note(worker, id, form.get("text", ""))
        case "contacted":
            await desk_.contacted(worker, id, form.get("how", ""), form.get("text", ""))
        case "answer":
            await desk_.answer(worker, id, form.get("text", ""))
        case "close":
            await desk_.close(worker, id, form.get("outcome", ""))
        case "reopen":
            await desk_.reopen(worker, id)
        case "transfer":
            await desk_.transfer(worker, id, form.get("centre", ""), form.get("reason", ""))


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
        before=_number(query.get("before", ""), low=1),
        limit=PAGE * 2 + 1,
    )
    shown = found[: PAGE * 2]
    kept = {name: value for name, value in (("reference", reference), ("login", login)) if value}
    return _page(
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


async def show_accounts(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """The accounts, for administrators; they are changed on the command line."""
    accounts = await request.app[ACCOUNTS].seen_by(session.worker)
    return _page(request, session, "staff/accounts.html", accounts=accounts, roles=ROLES, centre_label=centre_label)


async def _request_page(
    request: web.Request,
    session: StaffSession,
    *,
    status: int = 200,
    reason: str = desk.HANDLING,
    problem: str | None = None,
    values: Mapping[str, object] | None = None,
    typed: Form | None = None,
    done: str | None = None,
) -> web.StreamResponse:
    view = await request.app[DESK].open(session.worker, request.match_info["id"], reason, LANGUAGE)
    return _page(
        request,
        session,
        "staff/request.html",
        status=status,
        view=view,
        row=view.row,
        statuses=desk.STATUSES,
        urgencies=desk.URGENCIES,
        events=EVENTS,
        ways=desk.WAYS,
        outcomes=desk.OUTCOMES,
        quiet=QUIET,
        centre_label=centre_label,
        centres=_centres({each.code for each in regions().centres()} - {view.row.centre}),
        waiting=lambda age: waiting_text(age, LANGUAGE),
        problem=problem,
        values=values or {},
        typed=typed or {},
        done=done,
    )


# --- what all pages share --------------------------------------------------------------------------------------------


def _guarded(page: Page) -> Handler:
    """`page` behind the session, the form token and the domain's refusals. No staff page is made without it."""

    async def handler(request: web.Request) -> web.StreamResponse:
        sessions = request.app[SESSIONS]
        session = await sessions.find(_cookie(request, SESSION_COOKIE))
        if session is None:
            return await _signed_out(request)
        if request.method == "POST" and not session.allows((await _form(request)).get("csrf", "")):
            return _error(request, session, 403, _("The form did not come from this page. Nothing was changed."))
        await sessions.touch(session)
        try:
            response = await page(request, session)
        except Forbidden:
            return _error(request, session, 403, _("Your role does not include this."))
        except desk.NotFound:
            return _error(request, session, 404, _("There is no such request at your family centres."))
        except web.HTTPRedirection as redirect:
            return _see_other(redirect.headers["Location"])
        response.headers["Cache-Control"] = "no-store"
        return response

    return handler


async def _signed_out(request: web.Request) -> web.StreamResponse:
    if request.method != "POST":
        return _see_other("/staff/login?" + urlencode({"next": request.path_qs}))
    # A session that ran out must not cost the worker what was just written: it is given back for copying.
    form = await _form(request)
    response = render(
        request,
        "staff/signed_out.html",
        language=LANGUAGE,
        status=401,
        session=None,
        written="\n".join(value for name in ("text", "reason") if (value := form.get(name, "").strip())),
        back=_safe_next(request.path.rsplit("/", 1)[0]),
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(
    request: web.Request, session: StaffSession, template: str, *, status: int = 200, **context: Any
) -> web.Response:
    worker = session.worker
    response = render(
        request,
        template,
        language=LANGUAGE,
        status=status,
        session=session,
        reads_requests=worker.may(Right.REQUESTS),
        reads_log=worker.may(Right.LOG),
        sees_accounts=worker.may(Right.ACCOUNTS),
        csrf=session.csrf,
        **context,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _error(request: web.Request, session: StaffSession, status: int, problem: str) -> web.Response:
    return _page(request, session, "staff/error.html", status=status, problem=problem)


def _see_other(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path, "Cache-Control": "no-store"})


async def _form(request: web.Request) -> dict[str, str]:
    try:
        fields = await request.post()
    except (UnicodeDecodeError, LookupError, ValueError):
        raise web.HTTPBadRequest from None
    # No database takes the zero character; files are not asked for.
    return {name: value.replace("\0", "") for name, value in fields.items() if isinstance(value, str)}


def _number(text: str, low: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= low else None


def _centres(codes: frozenset[str] | set[str]) -> list[tuple[str, str]]:
    return sorted(((code, centre_label(code)) for code in codes), key=lambda row: row[1])


def _inbox_path(query: Mapping[str, object]) -> str:
    return "/staff?" + urlencode(query)
