"""What all pages of the staff desk share: the guard before each, the page around it, forms, cookies.

A subject's module holds its pages and a table ROUTES of them; bot.web.staff puts the tables together. No page is
reached but through `guarded`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web

from bot.i18n import _
from bot.requests import desk
from bot.requests.desk import Desk
from bot.requests.summary import centre_label
from bot.requests.translation import Translation
from bot.staff.accounts import Accounts
from bot.staff.county_login import CountyLogin
from bot.staff.rights import Forbidden, Right
from bot.staff.second_step import SecondStep
from bot.staff.sessions import Sessions, StaffSession
from bot.web.keys import SETTINGS
from bot.web.templating import render

ACCOUNTS = web.AppKey("accounts", Accounts)
SESSIONS = web.AppKey("sessions", Sessions)
DESK = web.AppKey("desk", Desk)
TRANSLATION: web.AppKey[Translation] = web.AppKey("translation")

SECOND_STEP = web.AppKey("second_step", SecondStep)
COUNTY: web.AppKey[CountyLogin | None] = web.AppKey("county")

SESSION_COOKIE = "staff_session"
LANGUAGE = "fi"
PAGE = 50
LIVE = "X-Live"
"""The header of what staff.js fetches by itself to renew a list."""
ID = r"{id:[0-9a-f-]{36}}"
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
Form = Mapping[str, str]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Page = Callable[[web.Request, StaffSession], Awaitable[web.StreamResponse]]


class Route(NamedTuple):
    """A page of the desk and where it stands; `name` is unique."""

    method: str
    path: str
    page: Page
    name: str
    by_itself: bool = False
    """The browser asks by itself: that is no use of the session, which ends for want of use all the same."""


def guarded(page: Page, *, by_itself: bool = False) -> Handler:
    """`page` behind the session, the form token and the domain's refusals. No staff page is made without it."""

    async def handler(request: web.Request) -> web.StreamResponse:
        sessions = request.app[SESSIONS]
        session = await sessions.find(cookie(request, SESSION_COOKIE))
        if session is None:
            return await _signed_out(request)
        if request.method == "POST" and not session.allows((await form_of(request)).get("csrf", "")):
            return error_page(request, session, 403, _("The form did not come from this page. Nothing was changed."))
        if not by_itself and LIVE not in request.headers:
            await sessions.touch(session)
        try:
            response = await page(request, session)
        except Forbidden:
            return error_page(request, session, 403, _("Your role does not include this."))
        except desk.NotFound:
            return error_page(request, session, 404, _("There is no such request at your family centres."))
        except web.HTTPRedirection as redirect:
            return see_other(redirect.headers["Location"])
        if not response.prepared:
            response.headers["Cache-Control"] = "no-store"
        return response

    return handler


async def _signed_out(request: web.Request) -> web.StreamResponse:
    if request.method != "POST":
        return see_other("/staff/login?" + urlencode({"next": request.path_qs}))
    # A session that ran out must not cost the worker what was just written: it is given back for copying.
    form = await form_of(request)
    response = render(
        request,
        "staff/signed_out.html",
        language=LANGUAGE,
        status=401,
        session=None,
        written="\n".join(value for name in ("text", "reason") if (value := form.get(name, "").strip())),
        back=safe_next(request.path.rsplit("/", 1)[0]),
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def staff_page(
    request: web.Request, session: StaffSession, template: str, *, status: int = 200, **context: Any
) -> web.Response:
    """A page of the desk around `template`, with what the worker's role shows in the head of each."""
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


def error_page(request: web.Request, session: StaffSession, status: int, problem: str) -> web.Response:
    """A page of a session that says what went wrong; `problem` is a msgid."""
    return staff_page(request, session, "staff/error.html", status=status, problem=problem)


def see_other(path: str) -> web.Response:
    """Sends the browser on after a form."""
    return web.Response(status=303, headers={"Location": path, "Cache-Control": "no-store"})


async def form_of(request: web.Request) -> dict[str, str]:
    """The form's text fields. Raises HTTPBadRequest."""
    try:
        fields = await request.post()
    except (UnicodeDecodeError, LookupError, ValueError):
        raise web.HTTPBadRequest from None
    # No database takes the zero character; files are not asked for.
    return {name: value.replace("\0", "") for name, value in fields.items() if isinstance(value, str)}


def number(text: str, low: int) -> int | None:
    """A whole number of at least `low`; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= low else None


def centre_choices(codes: frozenset[str] | set[str]) -> list[tuple[str, str]]:
    """Codes and labels of family centres, for a choice."""
    return sorted(((code, centre_label(code)) for code in codes), key=lambda row: row[1])


def safe_next(path: str) -> str:
    """`path` where it stays inside the desk, else the inbox."""
    inside = path == "/staff" or path.startswith(("/staff/", "/staff?"))
    return path if inside and "\\" not in path and path.isprintable() and path.isascii() else "/staff"


def cookie(request: web.Request, name: str) -> str:
    """A cookie's value, empty where there is none."""
    # Our own secrets are ASCII; bytes that are no text at all would break the digest.
    value = request.cookies.get(name, "")
    return value if value.isascii() else ""


def set_cookie(
    request: web.Request,
    response: web.StreamResponse,
    name: str,
    value: str,
    path: str,
    *,
    max_age: int | None = None,
    samesite: str = "Strict",
) -> None:
    """Sets a cookie of the desk: out of reach of scripts and of other sites. `max_age`: seconds; None: till closing."""
    secure = request.app[SETTINGS].secure_cookies
    response.set_cookie(name, value, path=path, max_age=max_age, httponly=True, samesite=samesite, secure=secure)


def device_name(request: web.Request) -> str:
    """What the browser says it is, in two words, so that a worker knows a session by it ("Firefox, Windows")."""
    agent = request.headers.get("User-Agent", "")
    return ", ".join(
        name for table in (_BROWSERS, _SYSTEMS) if (name := next((n for mark, n in table if mark in agent), ""))
    )
