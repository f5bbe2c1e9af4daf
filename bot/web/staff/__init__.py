"""The staff desk's pages under /staff: reads forms, shows pages. Who may do what is decided in the domain rooms.

Every route but the login needs a session (`shell.guarded`), every form of a session carries its token. Pages work
without JavaScript; after a form is taken the browser is sent to a page that can be reloaded. One module a subject,
each with its ROUTES.
"""

from __future__ import annotations

from aiohttp import web

from bot.requests.desk import Desk
from bot.requests.translation import NO_TRANSLATION, LibreTranslate, Translation
from bot.settings import Settings
from bot.staff.accounts import Accounts
from bot.staff.second_step import SecondStep
from bot.staff.sessions import Sessions
from bot.web.keys import DATABASE, SETTINGS
from bot.web.staff import accounts, catalogue, county, gaps, inbox, live, log, login, me, requests
from bot.web.staff.shell import ACCOUNTS, DESK, SECOND_STEP, SESSIONS, TRANSLATION, guarded

__all__ = ["add_staff"]


def add_staff(app: web.Application) -> None:
    """Adds the staff desk to an application that carries DATABASE and SETTINGS when it starts."""
    app.on_startup.append(_start)
    app.on_cleanup.append(_stop)
    login.add_login(app)
    county.add_county(app)
    for subject in (login, inbox, live, requests, log, accounts, catalogue, gaps, me):
        for route in subject.ROUTES:
            handler = guarded(route.page, by_itself=route.by_itself)
            app.router.add_route(route.method, route.path, handler, name=route.name)


async def _start(app: web.Application) -> None:
    app[ACCOUNTS] = Accounts(app[DATABASE])
    app[SESSIONS] = Sessions(app[DATABASE], app[SETTINGS])
    app[SECOND_STEP] = SecondStep(app[DATABASE])
    app[TRANSLATION] = _translation(app[SETTINGS])
    app[DESK] = Desk(app[DATABASE], app[TRANSLATION])


async def _stop(app: web.Application) -> None:
    await app[TRANSLATION].close()


def _translation(settings: Settings) -> Translation:
    if not settings.translate_url:
        return NO_TRANSLATION
    return LibreTranslate(settings.translate_url, settings.translate_key)
