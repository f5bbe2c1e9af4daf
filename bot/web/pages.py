"""The pages families see beside the chat: the form without the chat, privacy, accessibility."""

from __future__ import annotations

import secrets

from aiohttp import web

from bot.conversation import feedback
from bot.i18n import translate
from bot.requests.draft import Invalid, RequestDraft
from bot.requests.service import KeyReused
from bot.routing.needs import needs
from bot.routing.places import regions
from bot.web.keys import DATABASE, REQUESTS
from bot.web.locale import language_of
from bot.web.page import get, page, post
from bot.web.security import limit_address

routes = web.RouteTableDef()
RATINGS = ("1", "2", "3", "4", "5")


@get(routes, "/privacy")
async def privacy(request: web.Request) -> web.StreamResponse:
    """Who sees what, and how long it is kept: from the real configuration."""
    return page(request, "privacy.html")


@get(routes, "/accessibility")
async def accessibility(request: web.Request) -> web.StreamResponse:
    """The accessibility statement."""
    return page(request, "accessibility.html")


@get(routes, "/leaving")
async def leaving(request: web.Request) -> web.StreamResponse:
    """What the fast exit hides and what it cannot."""
    return page(request, "leaving.html")


@get(routes, "/feedback")
async def feedback_form(request: web.Request) -> web.StreamResponse:
    """Feedback on the service and its accessibility."""
    return page(request, "feedback.html", sent=False, empty=False)


@post(routes, "/feedback")
async def send_feedback(request: web.Request) -> web.StreamResponse:
    """Keeps the feedback."""
    posted = await request.post()
    words = str(posted.get("words", "")).strip()[:4000]
    rating = str(posted.get("rating", ""))
    if not words and rating not in RATINGS:
        return page(request, "feedback.html", sent=False, empty=True, status=422)
    await limit_address(request, "feedback")
    stars = int(rating) if rating in RATINGS else None
    await feedback.keep(request.app[DATABASE], language_of(request), stars, words)
    return page(request, "feedback.html", sent=True, empty=False)


@get(routes, "/request")
async def request_form(request: web.Request) -> web.StreamResponse:
    """The contact request form without the chat."""
    return _form(request, {}, {})


def _form(request: web.Request, values: dict[str, str], errors: dict[str, str], status: int = 200) -> web.Response:
    language = language_of(request)
    return page(
        request,
        "request.html",
        status=status,
        values={"key": secrets.token_urlsafe(16), **values},
        errors=errors,
        needs=_need_choices(language),
        action=request.path,
    )


@post(routes, "/request")
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
    return page(request, "receipt.html", receipt=receipt, centre=regions().serving(receipt.centre))


def _need_choices(language: str) -> list[tuple[str, str]]:
    return [(each.id, each.label(language)) for each in needs().values() if each.id.startswith("need_")]
