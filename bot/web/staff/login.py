"""Logging in and out."""

from __future__ import annotations

import hmac
import secrets

from aiohttp import web

from bot.i18n import _
from bot.staff.accounts import LoginFailed, TooManyTries
from bot.staff.sessions import StaffSession
from bot.web.keys import DATABASE
from bot.web.security import address_of
from bot.web.staff.shell import (
    ACCOUNTS,
    LANGUAGE,
    SESSION_COOKIE,
    SESSIONS,
    Form,
    Route,
    cookie,
    form_of,
    safe_next,
    see_other,
    set_cookie,
)
from bot.web.templating import render

FORM_COOKIE = "staff_form"


def add_login(app: web.Application) -> None:
    """Adds the two routes that work without a session."""
    app.router.add_get("/staff/login", show_login, name="staff_login", allow_head=False)
    app.router.add_post("/staff/login", log_in)


async def show_login(request: web.Request) -> web.Response:
    """The login form; who is logged in already goes on."""
    if await request.app[SESSIONS].find(cookie(request, SESSION_COOKIE)):
        raise web.HTTPSeeOther(safe_next(request.query.get("next", "")))
    return _login_page(request, request.query)


async def log_in(request: web.Request) -> web.StreamResponse:
    """Checks login and password; starts a session."""
    form = await form_of(request)
    secret = cookie(request, FORM_COOKIE)
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
    await sessions.end(cookie(request, SESSION_COOKIE))
    response = see_other(safe_next(form.get("next", "")))
    set_cookie(request, response, SESSION_COOKIE, await sessions.create(worker), "/staff")
    response.del_cookie(FORM_COOKIE, path="/staff/login")
    return response


async def log_out(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Ends the session."""
    await request.app[SESSIONS].end(cookie(request, SESSION_COOKIE))
    response = see_other("/staff/login")
    response.del_cookie(SESSION_COOKIE, path="/staff")
    return response


def _login_page(
    request: web.Request, form: Form, status: int = 200, problem: str | None = None, **values: object
) -> web.Response:
    secret = cookie(request, FORM_COOKIE) or secrets.token_urlsafe(32)
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
    set_cookie(request, response, FORM_COOKIE, secret, "/staff/login")
    response.headers["Cache-Control"] = "no-store"
    return response


def _form_token(request: web.Request, secret: str) -> str:
    # A form of another site cannot know it: the cookie is out of its reach, the key too.
    return request.app[DATABASE].box.digest("staff-login", secret)


ROUTES = (Route("POST", "/staff/logout", log_out, "staff_logout"),)
