"""The staff desk's pages under /staff: reads forms, shows pages. Who may do what is decided in the domain rooms.

Every route but the login needs a session (`shell.guarded`), every form of a session carries its token. Pages work
without JavaScript; after a form is taken the browser is sent to a page that can be reloaded. One module a subject,
each with its ROUTES.
"""

from __future__ import annotations

from aiohttp import web

from bot.requests.desk import Desk
from bot.staff.accounts import Accounts
from bot.staff.second_step import SecondStep
from bot.staff.sessions import Sessions
from bot.web.keys import DATABASE, SETTINGS
from bot.web.staff import accounts, catalogue, county, gaps, inbox, log, login, me, requests
from bot.web.staff.shell import ACCOUNTS, DESK, SECOND_STEP, SESSIONS, guarded

__all__ = ["add_staff"]


def add_staff(app: web.Application) -> None:
    """Adds the staff desk to an application that carries DATABASE and SETTINGS when it starts."""
    app.on_startup.append(_start)
    login.add_login(app)
    county.add_county(app)
    for subject in (login, inbox, requests, log, accounts, catalogue, gaps, me):
        for route in subject.ROUTES:
            app.router.add_route(route.method, route.path, guarded(route.page), name=route.name)


async def _start(app: web.Application) -> None:
    app[ACCOUNTS] = Accounts(app[DATABASE])
    app[SESSIONS] = Sessions(app[DATABASE], app[SETTINGS])
    app[SECOND_STEP] = SecondStep(app[DATABASE])
    app[DESK] = Desk(app[DATABASE])
