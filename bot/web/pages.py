"""The pages families see: chat, the form without the chat, privacy, accessibility."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.conversation.phrases import greeting
from bot.i18n import _, languages, supported, translate
from bot.requests.draft import Invalid, RequestDraft
from bot.requests.service import KeyReused
from bot.routing.needs import needs
from bot.routing.places import regions
from bot.safety.helplines import as_message, helplines_for
from bot.web.keys import REQUESTS, SETTINGS
from bot.web.locale import language_of
from bot.web.security import limit_address
from bot.web.templating import render

routes = web.RouteTableDef()
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
EXIT_URL = "https://www.ilmatieteenlaitos.fi/"
"""Where the quick exit leads: a weather page, as neutral as a page can be."""

# What the page's script says by itself.
SCRIPT_TEXTS = {
    "typing": _("I am thinking …"),
    "offline": _("No connection. Your message was not sent."),
    "again": _("Send again"),
    "you": _("You"),
    "bot": _("Bot"),
    "staff": _("Worker"),
    "open": _("Open the page"),
    "finnish": _("In Finnish: %(name)s"),
    "erased": _("The conversation is erased."),
    "erase": _("Erase this conversation now?"),
    "gone": _("The earlier conversation has ended. We start a new one."),
    "free": _("Free of charge"),
}


def _page(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    language = language_of(request)
    rest = request.path.split("/", 2)[2] if request.match_info.get("language") else request.path.lstrip("/")
    return render(
        request,
        template,
        language=language,
        status=status,
        languages=languages().values(),
        rest=rest,
        exit_url=EXIT_URL,
        settings=request.app[SETTINGS],
        **context,
    )


def _both(path: str) -> list[str]:
    return [path, "/{language:[a-z]{2,3}}" + path]


def _get(path: str) -> Callable[[Handler], Handler]:
    def add(handler: Handler) -> Handler:
        for each in _both(path):
            routes.get(each)(_known_language(handler))
        return handler

    return add


def _known_language(handler: Handler) -> Handler:
    async def wrapped(request: web.Request) -> web.StreamResponse:
        named = request.match_info.get("language")
        if named is not None and not supported(named):
            raise web.HTTPNotFound
        return await handler(request)

    return wrapped


@_get("/")
async def chat(request: web.Request) -> web.StreamResponse:
    """The chat; its first view is complete without a script."""
    language = language_of(request)
    texts = {name: translate(msgid, language) for name, msgid in SCRIPT_TEXTS.items()}
    lines = [as_message(line, language) for line in helplines_for("danger", language)]
    return _page(request, "chat.html", greeting=greeting(language), texts=texts, helplines=lines)


@_get("/privacy")
async def privacy(request: web.Request) -> web.StreamResponse:
    """Who sees what, and how long it is kept: from the real configuration."""
    return _page(request, "privacy.html")


@_get("/accessibility")
async def accessibility(request: web.Request) -> web.StreamResponse:
    """The accessibility statement."""
    return _page(request, "accessibility.html")


@_get("/request")
async def request_form(request: web.Request) -> web.StreamResponse:
    """The contact request form without the chat."""
    return _form(request, {}, {})


def _form(request: web.Request, values: dict[str, str], errors: dict[str, str], status: int = 200) -> web.Response:
    language = language_of(request)
    return _page(
        request,
        "request.html",
        status=status,
        values={"key": secrets.token_urlsafe(16), **values},
        errors=errors,
        needs=_need_choices(language),
        action=request.path,
    )


async def send_request(request: web.Request) -> web.StreamResponse:
    """Takes the form; shows it again with what must be checked, or the receipt."""
    language = language_of(request)
    await limit_address(request, "request")
    posted = await request.post()
    values = {name: str(value)[:5000] for name, value in posted.items()}
    draft = RequestDraft(
        language=language,
        story=values.get("story", ""),
        need=values.get("need") or "open",
        place=values.get("place", ""),
        name=values.get("name"),
        contact=values.get("contact"),
        safe=values.get("safe"),
        interpreter=bool(values.get("interpreter")),
        consent=bool(values.get("consent")),
    )
    try:
        receipt = await request.app[REQUESTS].submit(draft, f"form:{values.get('key') or secrets.token_hex(8)}")
    except Invalid as error:
        return _form(request, values, {each.field: translate(each.message, language) for each in error.problems}, 422)
    except KeyReused:
        return _form(request, {**values, "key": secrets.token_urlsafe(16)}, {}, 409)
    return _page(request, "receipt.html", receipt=receipt, centre=regions().serving(receipt.centre))


for _path in _both("/request"):
    routes.post(_path)(_known_language(send_request))


def _need_choices(language: str) -> list[tuple[str, str]]:
    return [(each.id, each.label(language)) for each in needs().values() if each.id.startswith("need_")]
