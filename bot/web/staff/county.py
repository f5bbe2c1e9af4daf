"""Logging in with the county's account: to the provider, and back."""

from __future__ import annotations

import logging
from pathlib import Path

from aiohttp import web

from bot.i18n import _
from bot.settings import ROOT, Settings
from bot.staff.accounts import TooManyTries
from bot.staff.county_login import ON_THE_WAY, CountyLogin
from bot.staff.groups import NotEntitled, load_groups
from bot.staff.identity_provider import IdentityProvider, ProviderAway, TokenRefused
from bot.storage.database import Database
from bot.web.keys import DATABASE, SETTINGS
from bot.web.security import address_of
from bot.web.staff.login import TOO_MANY, login_page, start_session
from bot.web.staff.shell import COUNTY, LANGUAGE, cookie, safe_next, see_other, set_cookie
from bot.web.templating import render

log = logging.getLogger(__name__)
HERE = "/staff/login/county"
COOKIE = "staff_county"
REFUSED = _("Logging in with the county's account did not work. Please try again.")
AWAY = _("The county's login does not answer now. Please try again in a moment.")


def add_county(app: web.Application) -> None:
    """Adds the two routes; without a provider in the settings they lead nowhere."""
    app.router.add_get(HERE, go, name="staff_county", allow_head=False)
    app.router.add_get(f"{HERE}/back", come_back, name="staff_county_back", allow_head=False)
    app.on_startup.append(_start)
    app.on_cleanup.append(_stop)


def county_login(database: Database, settings: Settings) -> CountyLogin | None:
    """The login of the settings, None where there is none. Raises BadGroups."""
    if not settings.oidc_issuer:
        return None
    provider = IdentityProvider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
        settings.public_url.rstrip("/") + f"{HERE}/back",
        settings.oidc_scopes,
    )
    return CountyLogin(database, provider, load_groups(ROOT / Path(settings.oidc_groups)), settings.oidc_claim)


async def go(request: web.Request) -> web.StreamResponse:
    """Sends the browser to the provider."""
    county = _county(request)
    try:
        url, ticket = await county.begin(safe_next(request.query.get("next", "")))
    except ProviderAway as error:
        log.warning("county login: %s", error)
        return login_page(request, request.query, 503, AWAY)
    response = see_other(url)
    # Lax: the browser comes back from another site.
    set_cookie(request, response, COOKIE, ticket, HERE, max_age=int(ON_THE_WAY.total_seconds()), samesite="Lax")
    return response


async def come_back(request: web.Request) -> web.StreamResponse:
    """Takes the provider's answer; starts a session."""
    county = _county(request)
    try:
        worker, next_ = await county.finish(request.query, cookie(request, COOKIE), address_of(request))
    except ProviderAway as error:
        log.warning("county login: %s", error)
        response = login_page(request, {}, 503, AWAY)
    except TokenRefused:
        response = login_page(
            request, {}, 401, _("Logging in with the county's account did not work. Please try again.")
        )
    except NotEntitled:
        response = login_page(
            request, {}, 403, _("Your county account has no right to the staff desk. Ask your administrator for it.")
        )
    except TooManyTries as error:
        response = login_page(request, {}, 429, TOO_MANY, minutes=-(-error.seconds // 60))
    else:
        # No redirect: the session's cookie is not sent on a way that began on another site. The page goes on by itself.
        response = render(request, "staff/county.html", language=LANGUAGE, session=None, next=safe_next(next_))
        await start_session(request, response, worker)
    response.del_cookie(COOKIE, path=HERE)
    response.headers["Cache-Control"] = "no-store"
    return response


def _county(request: web.Request) -> CountyLogin:
    county = request.app[COUNTY]
    if county is None:
        raise web.HTTPNotFound
    return county


async def _start(app: web.Application) -> None:
    app[COUNTY] = county_login(app[DATABASE], app[SETTINGS])


async def _stop(app: web.Application) -> None:
    if (county := app[COUNTY]) is not None:
        await county.close()
