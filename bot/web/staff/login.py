"""Logging in, with a second step where the account has one, and out."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from bot.i18n import _
from bot.staff.accounts import LoginFailed, TooManyTries, Worker
from bot.staff.second_step import PENDING, BadCode
from bot.staff.sessions import StaffSession
from bot.web.keys import DATABASE
from bot.web.security import address_of
from bot.web.staff.shell import (
    ACCOUNTS,
    COUNTY,
    LANGUAGE,
    SECOND_STEP,
    SESSION_COOKIE,
    SESSIONS,
    Form,
    Route,
    cookie,
    device_name,
    form_of,
    safe_next,
    see_other,
    set_cookie,
)
from bot.web.templating import render

LOGIN = "/staff/login"
FORM_COOKIE, STEP_COOKIE, DEVICE_COOKIE = "staff_form", "staff_step", "staff_device"
DEVICE_AGE = 180 * 24 * 3600
"""Seconds a browser keeps the secret that tells it was logged in with before."""
TOO_OLD = _("The page was open too long. Please log in again.")
TOO_MANY = _("Too many wrong tries. Please wait %(minutes)s minutes and try again.")


def add_login(app: web.Application) -> None:
    """Adds the routes that work without a session."""
    app.router.add_get(LOGIN, show_login, name="staff_login", allow_head=False)
    app.router.add_post(LOGIN, log_in)
    app.router.add_get(f"{LOGIN}/code", show_code, name="staff_login_code", allow_head=False)
    app.router.add_post(f"{LOGIN}/code", take_code)


async def show_login(request: web.Request) -> web.Response:
    """The login form; who is logged in already goes on."""
    if await request.app[SESSIONS].find(cookie(request, SESSION_COOKIE)):
        raise web.HTTPSeeOther(safe_next(request.query.get("next", "")))
    return login_page(request, request.query)


async def log_in(request: web.Request) -> web.StreamResponse:
    """Checks login and password; starts a session, or asks for the second step."""
    form = await form_of(request)
    if not _allows(request, form):
        return login_page(request, form, 403, TOO_OLD)
    try:
        worker = await request.app[ACCOUNTS].authenticate(
            form.get("login", ""), form.get("password", ""), address_of(request), cookie(request, DEVICE_COOKIE)
        )
    except LoginFailed:
        return login_page(request, form, 401, _("The login or the password is not right."))
    except TooManyTries as error:
        return _wait(login_page(request, form, 429, TOO_MANY, minutes=-(-error.seconds // 60)), error)
    next_ = safe_next(form.get("next", ""))
    ticket = await request.app[SECOND_STEP].begin(worker)
    if ticket is None:
        return await _logged_in(request, worker, next_)
    response = see_other(f"{LOGIN}/code?" + urlencode({"next": next_}))
    set_cookie(request, response, STEP_COOKIE, ticket, LOGIN, max_age=int(PENDING.total_seconds()))
    return response


async def show_code(request: web.Request) -> web.Response:
    """The form for the second step; without a password before it, the login form."""
    if not cookie(request, STEP_COOKIE):
        raise web.HTTPSeeOther(LOGIN)
    return _code_page(request, request.query)


async def take_code(request: web.Request) -> web.StreamResponse:
    """Checks the code of the second step; starts a session."""
    form = await form_of(request)
    if not _allows(request, form):
        return login_page(request, form, 403, TOO_OLD)
    try:
        worker = await request.app[SECOND_STEP].finish(cookie(request, STEP_COOKIE), form.get("code", ""))
    except LoginFailed:
        return login_page(request, form, 401, TOO_OLD)
    except BadCode:
        return _code_page(request, form, 401, _("The code is not right, or it has been used already."))
    except TooManyTries as error:
        return _wait(_code_page(request, form, 429, TOO_MANY, minutes=-(-error.seconds // 60)), error)
    return await _logged_in(request, worker, safe_next(form.get("next", "")))


async def start_session(request: web.Request, response: web.StreamResponse, worker: Worker) -> None:
    """Ends the browser's old session and gives `response` the cookie of a new one."""
    sessions = request.app[SESSIONS]
    await sessions.end(cookie(request, SESSION_COOKIE))
    secret = await sessions.create(worker, device_name(request))
    set_cookie(request, response, SESSION_COOKIE, secret, "/staff")
    for name in (FORM_COOKIE, STEP_COOKIE):
        response.del_cookie(name, path=LOGIN)


async def _logged_in(request: web.Request, worker: Worker, next_: str) -> web.Response:
    response = see_other(next_)
    await start_session(request, response, worker)
    device = cookie(request, DEVICE_COOKIE) or secrets.token_urlsafe(32)
    await request.app[ACCOUNTS].remember(worker, device)
    set_cookie(request, response, DEVICE_COOKIE, device, "/staff", max_age=DEVICE_AGE)
    return response


async def log_out(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Ends the session."""
    await request.app[SESSIONS].end(cookie(request, SESSION_COOKIE))
    response = see_other("/staff/login")
    response.del_cookie(SESSION_COOKIE, path="/staff")
    return response


def login_page(
    request: web.Request, form: Form, status: int = 200, problem: str | None = None, **values: object
) -> web.Response:
    """The login form with what was typed and what went wrong."""
    county = request.app[COUNTY] is not None
    login = form.get("login", "")
    return _form_page(request, "staff/login.html", form, status, problem, values, login=login, county=county)


def _code_page(
    request: web.Request, form: Form, status: int = 200, problem: str | None = None, **values: object
) -> web.Response:
    return _form_page(request, "staff/login_code.html", form, status, problem, values)


def _form_page(
    request: web.Request,
    template: str,
    form: Form,
    status: int,
    problem: str | None,
    values: Mapping[str, object],
    **more: object,
) -> web.Response:
    secret = cookie(request, FORM_COOKIE) or secrets.token_urlsafe(32)
    response = render(
        request,
        template,
        language=LANGUAGE,
        status=status,
        session=None,
        problem=problem,
        values=values,
        next=form.get("next", ""),
        csrf=_form_token(request, secret),
        **more,
    )
    set_cookie(request, response, FORM_COOKIE, secret, LOGIN)
    response.headers["Cache-Control"] = "no-store"
    return response


def _wait(response: web.Response, error: TooManyTries) -> web.Response:
    response.headers["Retry-After"] = str(error.seconds)
    return response


def _allows(request: web.Request, form: Form) -> bool:
    secret = cookie(request, FORM_COOKIE)
    return bool(secret) and hmac.compare_digest(_form_token(request, secret).encode(), form.get("csrf", "").encode())


def _form_token(request: web.Request, secret: str) -> str:
    # A form of another site cannot know it: the cookie is out of its reach, the key too.
    return request.app[DATABASE].box.digest("staff-login", secret)


ROUTES = (Route("POST", "/staff/logout", log_out, "staff_logout"),)
