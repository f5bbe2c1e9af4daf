"""What every page for families shares: its addresses with and without a language, its frame, its headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.i18n import languages, supported
from bot.web.keys import SETTINGS
from bot.web.locale import language_of
from bot.web.templating import render

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
EXIT_URL = "https://www.ilmatieteenlaitos.fi/"
"""Where the quick exit leads: a weather page, as neutral as a page can be."""


def page(
    request: web.Request, template: str, *, status: int = 200, language: str | None = None, **context: Any
) -> web.Response:
    """A page in the request's language (or another), compressed."""
    path = request.path.split("/", 2)[2] if request.match_info.get("language") else request.path.lstrip("/")
    # A language link keeps the search, the page's municipality and so on.
    rest = f"{path}?{request.query_string}" if request.query_string else path
    response = render(
        request,
        template,
        language=language or language_of(request),
        status=status,
        languages=languages().values(),
        rest=rest,
        exit_url=EXIT_URL,
        settings=request.app[SETTINGS],
        **context,
    )
    response.enable_compression()
    return response


def both(path: str) -> list[str]:
    """A page's address, and the same in a language (`/ar/…`)."""
    return [path, "/{language:[a-z]{2,3}}" + path]


def known_language(handler: Handler) -> Handler:
    """404 for a language that is not in the register."""

    async def wrapped(request: web.Request) -> web.StreamResponse:
        named = request.match_info.get("language")
        if named is not None and not supported(named):
            raise web.HTTPNotFound
        return await handler(request)

    return wrapped


def get(routes: web.RouteTableDef, path: str) -> Callable[[Handler], Handler]:
    """Registers a page for GET at both its addresses."""
    return _route(routes.get, path)


def post(routes: web.RouteTableDef, path: str) -> Callable[[Handler], Handler]:
    """Registers a form's target at both its addresses."""
    return _route(routes.post, path)


def _route(method: Callable[[str], Callable[[Handler], Handler]], path: str) -> Callable[[Handler], Handler]:
    def add(handler: Handler) -> Handler:
        for each in both(path):
            method(each)(known_language(handler))
        return handler

    return add
