"""The worker's own account: password, second step of the login, sessions."""

from __future__ import annotations

import segno
from aiohttp import web
from markupsafe import Markup

from bot.i18n import _
from bot.requests.summary import centre_label
from bot.staff.accounts import BadAccount, LoginFailed, TooManyTries
from bot.staff.second_step import BadCode, Offer
from bot.staff.sessions import StaffSession
from bot.web.security import address_of
from bot.web.staff.accounts import ROLES
from bot.web.staff.login import DEVICE_COOKIE, TOO_MANY
from bot.web.staff.shell import ACCOUNTS, SECOND_STEP, SESSIONS, Route, cookie, form_of, staff_page

DONE = {
    "ended": _("The session is ended."),
    "others": _("All your other sessions are ended."),
    "off": _("Login asks for the password only now."),
}
WRONG_CODE = _("The code is not right, or it has been used already.")


async def show_me(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Who I am here, how I log in, where I am logged in."""
    return await _me(request, session, done=DONE.get(request.query.get("done", "")))


async def change_password(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """A new password, for the old one; all sessions end."""
    form, device = await form_of(request), cookie(request, DEVICE_COOKIE)
    if form.get("new") != form.get("again"):
        return await _me(request, session, 400, _("The two new passwords differ."))
    try:
        await request.app[ACCOUNTS].change_password(
            session.worker,
            form.get("old", ""),
            form.get("new", ""),
            address_of(request),
            device,
        )
    except BadAccount:
        return await _me(
            request, session, 400, _("The new password is too easy to guess. It needs at least 12 characters.")
        )
    except LoginFailed:
        return await _me(request, session, 400, _("The old password is not right."))
    except TooManyTries as error:
        return await _too_many(request, session, error)
    raise web.HTTPSeeOther("/staff/login")


async def show_totp(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """A new secret for the phone, as a picture and in letters."""
    if (await request.app[ACCOUNTS].own(session.worker)).totp:
        raise web.HTTPSeeOther("/staff/me")
    return _totp(request, session, request.app[SECOND_STEP].offer(session.worker))


async def turn_on(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Puts the secret in use once the phone shows its code; other sessions end, recovery codes are shown once."""
    form, step = await form_of(request), request.app[SECOND_STEP]
    ticket = form.get("ticket", "")
    try:
        codes = await step.turn_on(session.worker, ticket, form.get("code", ""))
    except BadCode:
        try:
            offer = step.offered(session.worker, ticket)
        except BadCode:
            raise web.HTTPSeeOther("/staff/me/totp") from None
        return _totp(request, session, offer, WRONG_CODE)
    except TooManyTries as error:
        return await _too_many(request, session, error)
    await request.app[SESSIONS].end_others(session)
    return staff_page(request, session, "staff/codes.html", codes=codes)


async def turn_off(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Takes the second step away, for a code."""
    try:
        await request.app[SECOND_STEP].turn_off(session.worker, (await form_of(request)).get("code", ""))
    except BadCode:
        return await _me(request, session, 400, WRONG_CODE)
    except TooManyTries as error:
        return await _too_many(request, session, error)
    raise web.HTTPSeeOther("/staff/me?done=off")


async def renew_codes(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """New recovery codes, for a code."""
    try:
        codes = await request.app[SECOND_STEP].renew_codes(session.worker, (await form_of(request)).get("code", ""))
    except BadCode:
        return await _me(request, session, 400, WRONG_CODE)
    except TooManyTries as error:
        return await _too_many(request, session, error)
    return staff_page(request, session, "staff/codes.html", codes=codes)


async def end_session(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Ends one of the worker's own sessions."""
    await request.app[SESSIONS].end_own(session, (await form_of(request)).get("id", ""))
    raise web.HTTPSeeOther("/staff/me?done=ended")


async def end_others(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Ends the worker's sessions everywhere but here."""
    await request.app[SESSIONS].end_others(session)
    raise web.HTTPSeeOther("/staff/me?done=others")


async def _me(
    request: web.Request,
    session: StaffSession,
    status: int = 200,
    problem: str | None = None,
    done: str | None = None,
    **values: object,
) -> web.Response:
    return staff_page(
        request,
        session,
        "staff/me.html",
        status=status,
        account=await request.app[ACCOUNTS].own(session.worker),
        codes_left=await request.app[SECOND_STEP].codes_left(session.worker),
        sessions=await request.app[SESSIONS].list(session),
        roles=ROLES,
        centre_label=centre_label,
        problem=problem,
        values=values,
        done=done,
    )


async def _too_many(request: web.Request, session: StaffSession, error: TooManyTries) -> web.Response:
    response = await _me(request, session, 429, TOO_MANY, minutes=-(-error.seconds // 60))
    response.headers["Retry-After"] = str(error.seconds)
    return response


def _totp(request: web.Request, session: StaffSession, offer: Offer, problem: str | None = None) -> web.Response:
    # Drawn here: the secret goes to nobody else. segno writes attributes, no style that our CSP would refuse.
    picture = segno.make(offer.uri, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")
    return staff_page(
        request,
        session,
        "staff/totp.html",
        status=400 if problem else 200,
        offer=offer,
        secret=" ".join(offer.secret[at : at + 4] for at in range(0, len(offer.secret), 4)),
        picture=Markup(picture),  # noqa: S704 - made of the QR code's squares
        problem=problem,
    )


ROUTES = (
    Route("GET", "/staff/me", show_me, "staff_me"),
    Route("POST", "/staff/me/password", change_password, "staff_me_password"),
    Route("GET", "/staff/me/totp", show_totp, "staff_me_totp"),
    Route("POST", "/staff/me/totp", turn_on, "staff_me_totp_on"),
    Route("POST", "/staff/me/totp/off", turn_off, "staff_me_totp_off"),
    Route("POST", "/staff/me/codes", renew_codes, "staff_me_codes"),
    Route("POST", "/staff/me/sessions/end", end_session, "staff_me_session_end"),
    Route("POST", "/staff/me/sessions/end-others", end_others, "staff_me_sessions_end"),
)
